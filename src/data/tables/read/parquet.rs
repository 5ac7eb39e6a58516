//! Parquet files: column by column, each row group by row group.

use crate::platform::files::File;
use std::io::{BufReader, ErrorKind, Read, Seek as _, SeekFrom};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use bytes::{Buf as _, Bytes};
use half::f16;
use parquet::basic::{Compression, ConvertedType, LogicalType, TimeUnit, Type};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_column_reader};
use parquet::data_type::DataType;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::{ChunkReader, FileReader as _, Length, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;

use super::pages::Pages;
use super::pandas::Pandas;
use super::seekable::Seekable;
use super::{ChooseColumns, Layout, Location, TableBuilder, check_width, thrift};
use crate::data::DateFormat;
use crate::data::preprocess::dates::DAY;
use crate::data::tables::column::{FieldError, ReadAs, StoredType};
use crate::data::tables::na::NaValues;
use crate::data::tables::table::{Header, IndexColumn, Table};
use crate::{Error, Result, Setting};

/// Rows that are decoded in one call.
const ROWS: usize = 8192;

pub(super) fn read(
    input: Seekable,
    path: &Path,
    layout: Layout,
    na: &Rc<NaValues>,
    read_as: ChooseColumns<'_>,
) -> Result<Table> {
    let bad = |error: ParquetError| damaged(path, &error.to_string());
    let source = BoundedSource::new(input, path)?;
    let (bytes, footer) = (source.length, source.footer().map_err(bad)?);
    let chunks = thrift::chunks(&footer).map_err(bad)?;
    let reader = SerializedFileReader::new(source.clone()).map_err(bad)?;
    let schema = reader.metadata().file_metadata().schema_descr_ptr();
    check_width(path, schema.num_columns())?;
    thrift::check_columns(&chunks, &schema).map_err(bad)?;
    let rows = rows(reader.metadata()).map_err(|problem| damaged(path, problem))?;
    let names: Vec<String> = schema.columns().iter().map(|column| column.path().string()).collect();
    let pandas = Pandas::of(reader.metadata().file_metadata().key_value_metadata());
    let index = (0..).zip(&names).filter(|(_, name)| pandas.is_index(name));
    let index = index.map(|(column, _)| (column, IndexColumn::Declared)).collect();
    let header = Header { index, ..Header::given(path, names.clone()) };
    let mut table = TableBuilder::new(header, Vec::new(), na, read_as)?;
    table.date_order(layout.date_order);
    check_size(&table, rows, bytes)?;
    for (index, column) in schema.columns().iter().enumerate() {
        let meaning = Meaning::of(column, table.builders[index].read_as());
        check(path, column, &meaning, table.builders[index].read_as())?;
        let stored = match (column.physical_type(), meaning) {
            _ if pandas.categorical.contains(&names[index]) => StoredType::Categories,
            (Type::BOOLEAN, _) => StoredType::Boolean,
            (_, Meaning::Text) => StoredType::Text,
            (_, Meaning::Date(dates)) => StoredType::Dates(dates.format()),
            _ => StoredType::Inferred,
        };
        table.store(index, stored);
        let mut first = 0;
        for group in 0..reader.num_row_groups() {
            if *table.builders[index].read_as() == ReadAs::Skip {
                break;
            }
            let group = reader.get_row_group(group).map_err(bad)?;
            let chunk = group.metadata().column(index);
            check_codec(path, &column.path().string(), chunk.compression())?;
            let rows = group.metadata().num_rows() as usize;
            if column.max_rep_level() == 0 && chunk.num_values() != rows as i64 {
                return Err(damaged(path, "a column has more or fewer rows than its group"));
            }
            thrift::check_pages(&source, chunk).map_err(bad)?;
            let pages = Pages::of(&*group, index).map_err(bad)?;
            let values = get_column_reader(column.clone(), Box::new(pages));
            let mut sink = Sink {
                table: &mut table,
                column: index,
                meaning: &meaning,
                path,
                row: first,
                end: first + rows,
                levels: column.max_def_level(),
            };
            sink.take(values)?;
            first += rows;
        }
    }
    table.finish(rows)
}

/// The rows of the groups, or what is wrong with them: the file has their number once more.
fn rows(metadata: &ParquetMetaData) -> Result<usize, &'static str> {
    let groups = metadata.row_groups().iter();
    let rows = groups
        .map(RowGroupMetaData::num_rows)
        .try_fold(0i64, |all, rows| (rows >= 0).then(|| all.checked_add(rows)).flatten());
    match rows {
        Some(rows) if rows == metadata.file_metadata().num_rows() => {
            usize::try_from(rows).map_err(|_| "it has too many rows")
        }
        _ => Err("the rows of its groups are not those of the file"),
    }
}

/// Refuses tables that do not fit into the memory, and those made to fill it: a run of equal values
/// is a few bytes, however long it is.
fn check_size(table: &TableBuilder, rows: usize, bytes: u64) -> Result<()> {
    /// Bytes of cells that are taken whatever they came from.
    const FREE: u64 = 1 << 30;
    /// Bytes of cells for a byte of the file beyond that.
    const MOST: u64 = 1000;
    table.check_room(rows)?;
    let cells = (rows as u64).saturating_mul(4 * table.cells.width() as u64);
    if cells > FREE.saturating_add(bytes.saturating_mul(MOST)) {
        return Err(Error::data(
            &table.header.path,
            None,
            format!("it has {rows} rows in {bytes} bytes: next to all of them are equal"),
            "use fewer rows",
        ));
    }
    Ok(())
}

/// Refuses a compression that this program cannot undo.
fn check_codec(path: &Path, column: &str, codec: Compression) -> Result<()> {
    let name = match codec {
        Compression::UNCOMPRESSED | Compression::SNAPPY | Compression::GZIP(_) => return Ok(()),
        // Its decompressor is written in C, which a browser has no compiler for.
        Compression::ZSTD(_) if cfg!(target_arch = "wasm32") => "zstd",
        Compression::ZSTD(_) => return Ok(()),
        Compression::LZO => "lzo",
        Compression::BROTLI(_) => "brotli",
        Compression::LZ4 | Compression::LZ4_RAW => "lz4",
    };
    Err(Error::data(
        path,
        None,
        format!("column `{column}` is compressed with {name}, which is not read here"),
        match cfg!(target_arch = "wasm32") {
            true => "write the file with snappy or gzip, or take the command line, which reads it",
            false => {
                "write the file with snappy, gzip or zstd: in pandas, to_parquet(…, compression=\"zstd\")"
            }
        },
    ))
}

fn damaged(path: &Path, what: &str) -> Error {
    let what = what.trim_start_matches("Parquet error: ");
    Error::data(path, None, format!("it is damaged ({what})"), "get the file again")
}

/// How the stored values of a column are interpreted.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Meaning {
    Number,
    Unsigned,
    /// Integers, to be divided by this.
    Decimal(f64),
    Half,
    Text,
    Date(StoredDates),
    Unsupported,
}

impl Meaning {
    fn of(column: &ColumnDescriptor, read_as: &ReadAs) -> Self {
        let decimal = || Self::Decimal(10f64.powi(column.type_scale()));
        let physical = column.physical_type();
        // A date column that is listed as numeric is read as the integer that the file stores.
        let date = |stored| match read_as {
            ReadAs::Numbers | ReadAs::KnownNumbers => Self::Number,
            _ => Self::Date(stored),
        };
        let per_second = |unit: &TimeUnit| match unit {
            TimeUnit::MILLIS => 1_000,
            TimeUnit::MICROS => 1_000_000,
            TimeUnit::NANOS => 1_000_000_000,
        };
        match (column.logical_type_ref(), column.converted_type(), physical) {
            (Some(LogicalType::Decimal(_)), ..) | (_, ConvertedType::DECIMAL, _) => decimal(),
            (Some(LogicalType::Date), ..) | (_, ConvertedType::DATE, _) => date(StoredDates::Days),
            (Some(LogicalType::Time(own)), ..) => date(StoredDates::Times(per_second(&own.unit))),
            (Some(LogicalType::Timestamp(own)), ..) => {
                date(StoredDates::Moments(per_second(&own.unit)))
            }
            (_, ConvertedType::TIME_MILLIS, _) => date(StoredDates::Times(1_000)),
            (_, ConvertedType::TIME_MICROS, _) => date(StoredDates::Times(1_000_000)),
            (_, ConvertedType::TIMESTAMP_MILLIS, _) => date(StoredDates::Moments(1_000)),
            (_, ConvertedType::TIMESTAMP_MICROS, _) => date(StoredDates::Moments(1_000_000)),
            (_, _, Type::INT96) => Self::Date(StoredDates::Moments(1)),
            (Some(LogicalType::Float16), _, Type::FIXED_LEN_BYTE_ARRAY) => Self::Half,
            (
                _,
                ConvertedType::UINT_8
                | ConvertedType::UINT_16
                | ConvertedType::UINT_32
                | ConvertedType::UINT_64,
                _,
            ) => Self::Unsigned,
            (_, _, Type::BYTE_ARRAY) => Self::Text,
            (_, _, Type::FIXED_LEN_BYTE_ARRAY) => Self::Unsupported,
            _ => Self::Number,
        }
    }
}

/// What the integers of a column of dates count.
#[derive(Clone, Copy, Debug, PartialEq)]
enum StoredDates {
    /// Days since 1970-01-01.
    Days,
    /// So many in a second, since 1970.
    Moments(i64),
    /// So many in a second, since midnight.
    Times(i64),
}

impl StoredDates {
    fn format(self) -> DateFormat {
        match self {
            Self::Days | Self::Moments(_) => DateFormat::Ymd,
            Self::Times(_) => DateFormat::Clock,
        }
    }

    /// Whole seconds.
    fn seconds(self, stored: i64) -> i64 {
        match self {
            Self::Days => stored.saturating_mul(DAY),
            Self::Moments(per_second) | Self::Times(per_second) => stored.div_euclid(per_second),
        }
    }
}

/// Rejects columns that hold neither numbers nor texts, unless they are skipped.
fn check(
    path: &Path,
    column: &ColumnDescriptor,
    meaning: &Meaning,
    read_as: &ReadAs,
) -> Result<()> {
    let name = column.path().string();
    let refuse = |problem: String| {
        let remedy = ("convert it to plain columns first, or ", Setting::Drop.to(&name));
        Err(Error::data(path, None, format!("column `{name}` {problem}"), remedy))
    };
    if *read_as == ReadAs::Skip {
        return Ok(());
    }
    let physical = column.physical_type();
    if column.max_rep_level() > 0 {
        return refuse("holds lists".into());
    }
    match meaning {
        Meaning::Date(_)
            if matches!(
                read_as,
                ReadAs::CompleteNumbers
                    | ReadAs::Target
                    | ReadAs::TargetNumbers
                    | ReadAs::Classes(..)
            ) || physical == Type::INT96
                && matches!(read_as, ReadAs::Numbers | ReadAs::KnownNumbers) =>
        {
            let kind = match column.logical_type_ref() {
                Some(kind) => format!("{kind:?}"),
                None => format!("{:?}", column.converted_type()),
            };
            // Only the type's name, without its parameters.
            let kind = kind.split('(').next().unwrap_or_default();
            let (problem, remedy) = FieldError::Date(format!("the type {kind}")).describe(&name);
            Err(Error::data(path, None, problem, remedy))
        }
        Meaning::Unsupported => refuse("holds bytes that are neither numbers nor text".into()),
        _ => Ok(()),
    }
}

/// Appends the values of a column in one row group.
struct Sink<'a> {
    table: &'a mut TableBuilder,
    column: usize,
    meaning: &'a Meaning,
    path: &'a Path,
    row: usize,
    end: usize,
    levels: i16,
}

impl Sink<'_> {
    fn take(&mut self, values: ColumnReader) -> Result<()> {
        let meaning = *self.meaning;
        match values {
            ColumnReader::BoolColumnReader(reader) => {
                self.typed(reader, |sink, value| sink.table.push_boolean(sink.column, *value))
            }
            ColumnReader::Int32ColumnReader(reader) => self.typed(reader, |sink, value| {
                whole(sink, meaning, i64::from(*value), i64::from(*value as u32))
            }),
            ColumnReader::Int64ColumnReader(reader) => {
                self.typed(reader, |sink, value| match (meaning, u64::try_from(*value)) {
                    (Meaning::Unsigned, Err(_)) => {
                        let value = *value as u64;
                        sink.number(value as f32, || value.to_string())
                    }
                    _ => whole(sink, meaning, *value, *value),
                })
            }
            ColumnReader::FloatColumnReader(reader) => self.typed(reader, |sink, value| {
                sink.number(*value, || float(f64::from(*value), value))
            }),
            ColumnReader::DoubleColumnReader(reader) => self
                .typed(reader, |sink, value| sink.number(*value as f32, || float(*value, value))),
            ColumnReader::ByteArrayColumnReader(reader) => {
                self.typed(reader, |sink, value| bytes(sink, meaning, value.data()))
            }
            ColumnReader::FixedLenByteArrayColumnReader(reader) => {
                self.typed(reader, |sink, value| bytes(sink, meaning, value.data()))
            }
            ColumnReader::Int96ColumnReader(reader) => self.typed(reader, |sink, value| {
                let seconds = value.to_seconds();
                sink.table.push_moment(sink.column, seconds, seconds)
            }),
        }
    }

    fn number(&mut self, number: f32, text: impl FnOnce() -> String) -> Result<(), FieldError> {
        self.table.push_number(self.column, number, text)
    }

    fn text(&mut self, text: &[u8]) -> Result<(), FieldError> {
        self.table.push(self.column, text, || None)
    }

    fn typed<T: DataType>(
        &mut self,
        mut reader: ColumnReaderImpl<T>,
        push: impl Fn(&mut Self, &T::T) -> Result<(), FieldError>,
    ) -> Result<()> {
        let (mut values, mut levels) = (Vec::new(), Vec::new());
        while self.row < self.end {
            values.clear();
            levels.clear();
            let most = ROWS.min(self.end - self.row);
            let wanted = (self.levels > 0).then_some(&mut levels);
            let (records, ..) = reader
                .read_records(most, wanted, None, &mut values)
                .map_err(|error| damaged(self.path, &error.to_string()))?;
            let full = self.levels;
            let present = |record: usize| full == 0 || levels.get(record) == Some(&full);
            let mut next = values.iter();
            for record in 0..records {
                let value = if present(record) { next.next() } else { None };
                let pushed = match value {
                    Some(value) => push(self, value),
                    None => self.table.push_absent(self.column),
                };
                pushed.map_err(|fault| {
                    self.table.error(self.column, Location::Row(self.row + record), &fault)
                })?;
            }
            if records == 0 {
                return Err(damaged(self.path, "a column has fewer rows than its group"));
            }
            self.row += records;
        }
        Ok(())
    }
}

/// A whole number, signed or not.
fn whole(
    sink: &mut Sink<'_>,
    meaning: Meaning,
    signed: i64,
    unsigned: i64,
) -> Result<(), FieldError> {
    match meaning {
        Meaning::Decimal(divisor) => {
            let value = signed as f64 / divisor;
            sink.number(value as f32, || value.to_string())
        }
        Meaning::Date(dates) => sink.table.push_moment(sink.column, dates.seconds(signed), signed),
        Meaning::Unsigned => sink.number(unsigned as f32, || unsigned.to_string()),
        _ => sink.number(signed as f32, || signed.to_string()),
    }
}

fn bytes(sink: &mut Sink<'_>, meaning: Meaning, value: &[u8]) -> Result<(), FieldError> {
    match (meaning, value) {
        (Meaning::Decimal(divisor), _) => {
            let value = two_s_complement(value) / divisor;
            sink.number(value as f32, || value.to_string())
        }
        (Meaning::Half, &[low, high]) => {
            let value = f16::from_le_bytes([low, high]).to_f32();
            sink.number(value, || value.to_string())
        }
        _ => sink.text(value),
    }
}

/// A whole number of any width, in big-endian order.
/// A float as text files have it: a whole one as `1.0`.
fn float(value: f64, shown: &impl std::fmt::Display) -> String {
    let is_short = value.fract() == 0.0 && value.abs() < 1e15;
    if is_short { format!("{shown}.0") } else { shown.to_string() }
}

fn two_s_complement(bytes: &[u8]) -> f64 {
    let negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
    let start = if negative { -1 } else { 0 };
    if bytes.len() <= size_of::<i128>() {
        return bytes.iter().fold(start, |all: i128, byte| all << 8 | i128::from(*byte)) as f64;
    }
    bytes.iter().fold(f64::from(start as i8), |all, byte| all * 256.0 + f64::from(*byte))
}

/// A source that checks every requested range against its length: a damaged file may announce
/// ranges of any size.
#[derive(Clone)]
struct BoundedSource {
    bytes: Storage,
    length: u64,
}

#[derive(Clone)]
enum Storage {
    File(Arc<File>),
    Memory(Bytes),
}

impl BoundedSource {
    fn new(input: Seekable, path: &Path) -> Result<Self> {
        Ok(match input {
            Seekable::File(file) => {
                let length = file.metadata().map_err(|error| Error::read(path, error))?.len();
                Self { bytes: Storage::File(Arc::new(file)), length }
            }
            Seekable::Memory(bytes) => {
                let bytes = Bytes::from(bytes.into_inner());
                Self { length: bytes.len() as u64, bytes: Storage::Memory(bytes) }
            }
        })
    }

    /// The footer; without the file's last eight bytes, its length and the format's mark.
    fn footer(&self) -> parquet::errors::Result<Bytes> {
        let end = self.length.checked_sub(8);
        let end = end.ok_or_else(|| ParquetError::EOF("it ends before its footer".into()))?;
        let tail = self.get_bytes(end, 8)?;
        let length = u64::from(tail.first_chunk().map_or(0, |word| u32::from_le_bytes(*word)));
        let start = end.checked_sub(length);
        let start = start.ok_or_else(|| ParquetError::EOF("its footer begins before it".into()))?;
        self.get_bytes(start, length as usize)
    }

    fn check(&self, end: Option<u64>) -> parquet::errors::Result<()> {
        match end {
            Some(end) if end <= self.length => Ok(()),
            _ => Err(ParquetError::EOF("a column lies beyond the end of the file".into())),
        }
    }
}

/// A reader whose end is an error: code that skips the bytes that a damaged file announces would
/// otherwise loop for ever.
struct EofIsError<R>(R);

impl<R: Read> Read for EofIsError<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self.0.read(buffer)? {
            0 if !buffer.is_empty() => Err(ErrorKind::UnexpectedEof.into()),
            count => Ok(count),
        }
    }
}

impl Length for BoundedSource {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for BoundedSource {
    type T = Box<dyn Read>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        self.check(Some(start))?;
        match &self.bytes {
            Storage::File(file) => {
                let mut file = file.try_clone()?;
                file.seek(SeekFrom::Start(start))?;
                Ok(Box::new(EofIsError(BufReader::new(file))))
            }
            Storage::Memory(bytes) => {
                Ok(Box::new(EofIsError(bytes.slice(start as usize..).reader())))
            }
        }
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        self.check(start.checked_add(length as u64))?;
        match &self.bytes {
            Storage::File(_) => {
                let mut bytes = Vec::with_capacity(length);
                self.get_read(start)?.take(length as u64).read_to_end(&mut bytes)?;
                Ok(Bytes::from(bytes))
            }
            Storage::Memory(bytes) => Ok(bytes.slice(start as usize..start as usize + length)),
        }
    }
}
