//! Reads files into tables. The first bytes of a file, not its name, decide its format: delimited
//! text, Parquet, `.npy`, `.npz` or IDX, each optionally compressed by gzip. Each file is read in
//! one pass.
//!
//! Must not know: what the columns are used for.

mod dtype;
mod foreign;
mod frame;
#[cfg(feature = "gzip")]
mod gunzip;
mod idx;
mod lines;
mod npy;
#[cfg(feature = "npz")]
mod npz;
#[cfg(feature = "parquet")]
mod pages;
#[cfg(feature = "parquet")]
mod pandas;
#[cfg(feature = "parquet")]
mod parquet;
#[cfg(any(feature = "npz", feature = "parquet"))]
mod seekable;
mod sniff;
mod source;
mod text;
#[cfg(feature = "parquet")]
mod thrift;

use std::collections::HashSet;
use std::ops::Range;
use std::path::Path;
use std::rc::Rc;

use super::cells::Cells;
use super::column::{ColumnBuilder, Decimal, FieldError, ReadAs, StoredType};
use super::na::NaValues;
use super::table::{Header, RawColumn, Table};
use crate::data::DateFormat;
use crate::platform::host_memory;
use crate::{Error, Result, Setting};

pub use frame::{Frame, FrameColumn, FrameValues};
#[cfg(any(feature = "npz", feature = "parquet"))]
use seekable::Seekable;
pub use source::{Arrays, Source};
use source::{Input, Kind};

/// A file with more columns is rejected as damaged.
const MAX_COLUMNS: usize = 1 << 18;

/// The layout of a text file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// The field separator; by default detected from the first lines.
    pub delimiter: Option<u8>,
    /// What the first line is.
    pub header: FirstLine,
    /// The decimal separator.
    pub decimal: Decimal,
    /// The character that begins lines which are comments.
    pub comment: Option<u8>,
    /// The order of day, month and year where a column's texts decide none.
    pub date_order: Option<DateFormat>,
}

/// What the first line of a text file is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FirstLine {
    /// The names of the columns. Names that are plainly values are an error.
    #[default]
    Infer,
    /// The names of the columns, whatever they look like.
    Names,
    /// A row of data: the columns are named x1, x2, …
    Row,
}

/// Decides how each column is read, from the names of all columns.
pub(super) type ChooseColumns<'a> = &'a dyn Fn(&Header) -> Result<Vec<ReadAs>>;

/// Reads a table.
///
/// # Errors
/// [`Error::File`] where it cannot be read, [`Error::Data`] for problems in its contents, with file,
/// line or row, and column.
pub(super) fn read(
    source: &Source,
    layout: Layout,
    na: &Rc<NaValues>,
    read_as: ChooseColumns<'_>,
) -> Result<Table> {
    let path = source.path().to_owned();
    let table = match source {
        Source::Frame(frame) => frame::read(frame, &path, layout, na, read_as),
        _ => read_file(source, &path, layout, na, read_as),
    }?;
    if table.rows == 0 {
        return Err(table.error("there are no rows after the header", "add some rows"));
    }
    Ok(table)
}

fn read_file(
    source: &Source,
    path: &Path,
    layout: Layout,
    na: &Rc<NaValues>,
    read_as: ChooseColumns<'_>,
) -> Result<Table> {
    let input = Input::open(source)?;
    let arrays = source.parts().1;
    if arrays.is_some() && input.kind() != Kind::Zip {
        return Err(Error::data(
            path,
            None,
            "it has no arrays with names: only .npz files have",
            ("leave out ", Setting::Arrays),
        ));
    }
    match input.kind() {
        Kind::Npy => npy::read(input, path, layout, na, read_as),
        #[cfg(feature = "npz")]
        Kind::Zip => npz::read(Seekable::of(input, source)?, (path, arrays), layout, na, read_as),
        #[cfg(not(feature = "npz"))]
        Kind::Zip => Err(left_out(path, "a zip archive", "npz")),
        Kind::Idx => idx::read(input, path, na, read_as),
        #[cfg(feature = "parquet")]
        Kind::Parquet => parquet::read(Seekable::of(input, source)?, path, layout, na, read_as),
        #[cfg(not(feature = "parquet"))]
        Kind::Parquet => Err(left_out(path, "a Parquet file", "parquet")),
        Kind::Text => text::read(input, path, layout, na, read_as),
    }
}

/// The error for a file of another kind.
fn refused(path: &Path, foreign: foreign::Foreign) -> Error {
    Error::data(
        path,
        None,
        format!("it is {}, which is not read here", foreign.kind),
        foreign.remedy,
    )
}

/// The error for a format whose reader this build leaves out.
#[cfg(not(all(feature = "gzip", feature = "npz", feature = "parquet")))]
fn left_out(path: &Path, kind: &str, feature: &str) -> Error {
    Error::data(
        path,
        None,
        format!("it is {kind}, which this build does not read"),
        format!("build it with the feature `{feature}`, or save the table as CSV"),
    )
}

/// A table while it is read.
struct TableBuilder {
    header: Header,
    builders: Vec<ColumnBuilder>,
    cells: Cells,
    pictures: Vec<Range<usize>>,
    /// The rows that the memory of the host has room for.
    most_rows: u64,
}

/// Where in a file an error is.
#[derive(Clone, Copy, Debug)]
enum Location {
    /// A line of a text file, counted from 1, if it is known.
    Line(Option<u64>),
    /// A row of a binary file, counted from 0.
    Row(usize),
}

impl TableBuilder {
    /// `pictures` are the columns of the pixels of each array of pictures.
    fn new(
        header: Header,
        pictures: Vec<Range<usize>>,
        na: &Rc<NaValues>,
        read_as: ChooseColumns<'_>,
    ) -> Result<Self> {
        let mut seen = HashSet::new();
        if let Some(twice) = header.names.iter().find(|name| !seen.insert(name.as_str())) {
            let problem = format!("two columns are named `{twice}`");
            return Err(Error::data(&header.path, header.line, problem, "rename one of them"));
        }
        let wanted = read_as(&header)?;
        let mut width = 0;
        let mut builder = |(name, read_as): (&String, ReadAs)| {
            let cell = width;
            width += match read_as {
                ReadAs::Skip => 0,
                ReadAs::Target => 2,
                _ => 1,
            };
            ColumnBuilder::new(name.clone(), read_as, na.in_column(name), cell)
        };
        let builders = header.names.iter().zip(wanted).map(&mut builder).collect();
        let most_rows = usable_memory() / (4 * width.max(1) as u64);
        Ok(Self { header, builders, cells: Cells::new(width), pictures, most_rows })
    }

    /// Refuses more rows than the memory has room for.
    #[inline]
    fn check_room(&self, rows: usize) -> Result<()> {
        if rows as u64 > self.most_rows { Err(self.no_room(rows)) } else { Ok(()) }
    }

    #[cold]
    fn no_room(&self, rows: usize) -> Error {
        let most = self.most_rows;
        Error::data(
            &self.header.path,
            None,
            format!("it has {rows} rows or more, and the memory has room for {most}"),
            "use fewer rows or columns",
        )
    }

    /// Sets the decimal separator of all columns.
    fn decimal(&mut self, decimal: Decimal) {
        self.builders.iter_mut().for_each(|builder| builder.decimal = decimal);
    }

    /// Sets the order of dates whose texts decide none.
    fn date_order(&mut self, order: Option<DateFormat>) {
        self.builders.iter_mut().for_each(|builder| builder.date_order = order);
    }

    /// Appends a text to a column.
    #[inline]
    fn push(
        &mut self,
        column: usize,
        text: &[u8],
        line: impl Fn() -> Option<u64>,
    ) -> Result<(), FieldError> {
        self.builders[column].push(&mut self.cells, text, line)
    }

    /// Appends a number to a column; `text` prints it.
    #[inline]
    fn push_number(
        &mut self,
        column: usize,
        number: f32,
        text: impl FnOnce() -> String,
    ) -> Result<(), FieldError> {
        self.builders[column].push_number(&mut self.cells, number, text)
    }

    /// Appends a truth value to a column.
    #[inline]
    fn push_boolean(&mut self, column: usize, value: bool) -> Result<(), FieldError> {
        self.builders[column].push_boolean(&mut self.cells, value)
    }

    /// Appends a moment to a column; `stored` is the number that stands for it in the file.
    fn push_moment(&mut self, column: usize, moment: i64, stored: i64) -> Result<(), FieldError> {
        self.builders[column].push_moment(&mut self.cells, moment, stored)
    }

    /// Appends a value that is missing to a column.
    fn push_absent(&mut self, column: usize) -> Result<(), FieldError> {
        self.builders[column].push_absent(&mut self.cells)
    }

    /// Says what the file says that a column holds, before its first value.
    fn store(&mut self, column: usize, stored: StoredType) {
        self.builders[column].store(stored);
    }

    /// The error for a field of a column.
    fn error(&self, column: usize, at: Location, fault: &FieldError) -> Error {
        fault_error(&self.header.path, self.builders[column].name(), at, fault)
    }

    fn finish(self, rows: usize) -> Result<Table> {
        let Self {
            header: Header { path, from, index, .. }, builders, mut cells, pictures, ..
        } = self;
        let mut columns = Vec::with_capacity(builders.len());
        for (at, builder) in builders.into_iter().enumerate() {
            let name = builder.name().to_owned();
            let column = builder.finish(&mut cells).map_err(|(place, fault)| {
                fault_error(&path, &name, Location::Line(place.line), &fault)
            })?;
            let pictures = pictures.iter().position(|pixels| pixels.contains(&at));
            columns.push(RawColumn { index: index.get(&at).copied(), pictures, ..column });
        }
        Ok(Table { path, rows, columns, names: from, cells, left_out: Vec::new() })
    }
}

/// Bytes of memory that a table may take: most of what the host has.
pub(super) fn usable_memory() -> u64 {
    host_memory().map_or(u64::MAX, |bytes| bytes / 4 * 3)
}

fn fault_error(path: &Path, column: &str, at: Location, fault: &FieldError) -> Error {
    let (problem, remedy) = fault.describe(column);
    match at {
        Location::Line(line) => Error::data(path, line, problem, remedy),
        Location::Row(row) => {
            Error::data(path, None, format!("row {}, {problem}", row + 1), remedy)
        }
    }
}

/// Rejects a number of columns that only a damaged file has.
fn check_width(path: &Path, columns: usize) -> Result<()> {
    if columns > MAX_COLUMNS {
        return Err(Error::data(
            path,
            None,
            format!("it has {columns} columns; at most {MAX_COLUMNS} are read"),
            "use fewer columns, or get the file again if it is damaged",
        ));
    }
    Ok(())
}

/// The error for a file that ends too early.
fn truncated(path: &Path, error: std::io::Error) -> Error {
    match error.kind() {
        std::io::ErrorKind::UnexpectedEof => Error::data(
            path,
            None,
            "it ends before the last value that its header announces",
            "get the file again: this copy is incomplete",
        ),
        _ => damaged(path, error),
    }
}

/// Reads on behind the last value: checksums stand at the end of a stream, and a header that
/// announces less than there is is damaged, too.
///
/// # Errors
/// [`Error::Data`] where more follows, or where the checksum is another.
fn finish(reader: &mut impl std::io::Read, path: &Path) -> Result<()> {
    loop {
        match reader.read(&mut [0]) {
            Ok(0) => return Ok(()),
            Ok(_) => {
                return Err(Error::data(
                    path,
                    None,
                    "it goes on after the last value that its header announces",
                    "get the file again; of several arrays in one file, save each by itself",
                ));
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(damaged(path, error)),
        }
    }
}

/// The error for a stream that fails while it is read.
fn damaged(path: &Path, error: std::io::Error) -> Error {
    #[cfg(feature = "gzip")]
    if error.get_ref().is_some_and(|inner| inner.is::<gunzip::TooDense>()) {
        let remedy = "decompress it with gunzip first if it is to be so";
        return Error::data(path, None, error.to_string(), remedy);
    }
    // flate2 reports a damaged gzip stream by these kinds.
    match error.kind() {
        std::io::ErrorKind::InvalidInput
        | std::io::ErrorKind::InvalidData
        | std::io::ErrorKind::UnexpectedEof => {
            Error::data(path, None, format!("it is damaged ({error})"), "get the file again")
        }
        _ => Error::read(path, error),
    }
}
