//! Delimited text: CSV, TSV and similar.

use std::collections::{HashMap, HashSet};
use std::ops::RangeInclusive;
use std::path::Path;
use std::rc::Rc;

use csv::{ByteRecord, Reader, ReaderBuilder};

use super::lines::{self, Lines};
use super::sniff::{self, Dialect, Sample};
use super::source::Input;
use super::{
    ChooseColumns, FirstLine, Layout, Location, TableBuilder, check_width, foreign, refused,
};
use crate::data::tables::column::{FieldError, value};
use crate::data::tables::na::NaValues;
use crate::data::tables::table::{Header, IndexColumn, Table, free_name};
use crate::{Error, Remedy, Result, Setting};

/// Bytes that the parser reads in one call.
const BUFFER: usize = 1 << 18;

/// The byte order mark of UTF-8, with which some programs begin a file.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

pub(super) fn read(
    mut input: Input,
    path: &Path,
    layout: Layout,
    na: &Rc<NaValues>,
    read_as: ChooseColumns<'_>,
) -> Result<Table> {
    check_text(path, input.head())?;
    let whole = input.is_short();
    if input.head().starts_with(BYTE_ORDER_MARK) {
        input.skip(BYTE_ORDER_MARK.len());
    }
    let head = input.head().strip_prefix(BYTE_ORDER_MARK).unwrap_or(input.head());
    let (before, said) = match sniff::said(head) {
        Some((line, delimiter)) => (line, Some(delimiter)),
        None => (0, None),
    };
    let head = &head[before..];
    let dialect = Dialect { whole, comment: layout.comment };
    let delimiter = match layout.delimiter.or(said) {
        Some(delimiter) => delimiter,
        None => sniff::delimiter(head, dialect, layout.decimal).map_err(|two| {
            let [a, b] = two.map(sniff::name);
            let problem = format!("its fields may be separated by {a} or by {b}");
            Error::data(path, None, problem, ("say which with ", Setting::Delimiter))
        })?,
    };
    let sample = Sample::of(head, delimiter, dialect);
    if let Some(text) = sample.leading_comment(layout.comment) {
        let problem = format!("the first line seems to be a comment: `{text}`");
        let remedy = ("leave comments out with ", Setting::Comment.to(&text[..1]));
        return Err(Error::data(path, Some(1 + u64::from(before > 0)), problem, remedy));
    }
    let hint = sample.is_single().then(|| sniff::blanks(head, dialect)).flatten();
    input.skip(before);
    let lines_before = u64::from(before > 0);
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .comment(layout.comment)
        .buffer_capacity(BUFFER)
        .from_reader(Lines::after(lines_before, input, layout.comment));
    let mut record = ByteRecord::new();
    let error = |error| csv_error(path, error);
    if !reader.read_byte_record(&mut record).map_err(error)? {
        let remedy = "give it a header and some rows";
        return Err(Error::data(path, None, "the file is empty", remedy));
    }
    let line = line_of(&reader, &record);
    check_closed(path, &reader, &record)?;
    // Where fields are no fields, whether the first line names them is not the question.
    let first_line = match &hint {
        Some(_) if layout.header == FirstLine::Infer => FirstLine::Names,
        _ => layout.header,
    };
    let layout = Layout { header: first_line, ..layout };
    let mut header = header(path, layout, &record, &sample, line)?;
    header.hint = hint;
    let mut table = TableBuilder::new(header, Vec::new(), na, read_as)?;
    table.decimal(layout.decimal);
    table.date_order(layout.date_order);
    let mut rows = 0;
    if layout.header == FirstLine::Row {
        push(&mut table, &reader, &record)?;
        rows += 1;
    }
    while next(&mut reader, &mut record).map_err(error)? {
        check_closed(path, &reader, &record)?;
        push(&mut table, &reader, &record)?;
        rows += 1;
        table.check_room(rows)?;
    }
    table.finish(rows)
}

/// Reads the next record, if there is one.
#[inline]
fn next(reader: &mut Reader<Lines<Input>>, record: &mut ByteRecord) -> csv::Result<bool> {
    let start = reader.position().byte();
    reader.get_mut().begin_record(start);
    reader.read_byte_record(record)
}

/// Rejects a record whose last field takes the rest of the file for the text of a quote.
#[inline]
fn check_closed(path: &Path, reader: &Reader<Lines<Input>>, record: &ByteRecord) -> Result<()> {
    let is_open = reader.get_ref().ended_in_quotes()
        && record.iter().next_back().is_some_and(|field| memchr::memchr(b'\n', field).is_some());
    if !is_open {
        return Ok(());
    }
    let problem = "a quote that is opened here is never closed";
    let remedy = "close it, or remove it; within quotes, write \"\" for a quote";
    Err(Error::data(path, line_of(reader, record), problem, remedy))
}

/// Rejects input that is not text.
fn check_text(path: &Path, head: &[u8]) -> Result<()> {
    let refuse = |problem: &str, remedy: &str| Err(Error::data(path, None, problem, remedy));
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return refuse("the text is UTF-16", "save the file as UTF-8");
    }
    if let Some(foreign) = foreign::recognised(head) {
        return Err(refused(path, foreign));
    }
    if head.contains(&0) {
        return refuse(
            "it is neither text nor Parquet, .npy, .npz or IDX",
            "save the table as CSV, or in one of these formats",
        );
    }
    Ok(())
}

/// The header, from the first record.
fn header(
    path: &Path,
    layout: Layout,
    record: &ByteRecord,
    sample: &Sample,
    line: Option<u64>,
) -> Result<Header> {
    check_width(path, record.len())?;
    // Some programs end every line with a delimiter.
    let width = record.len() - usize::from(record.len() > 1 && sample.ends_empty(record.len()));
    if layout.header == FirstLine::Row {
        return Ok(Header::numbered(path, width));
    }
    let names = record.iter().take(width).map(|name| {
        std::str::from_utf8(name.trim_ascii())
            .map(str::to_owned)
            .map_err(|_| Error::data(path, line, "the text is not UTF-8", "save the file as UTF-8"))
    });
    let mut names = names.collect::<Result<Vec<_>>>()?;
    if layout.header == FirstLine::Infer {
        check_names(path, &names, sample, line)?;
    }
    // pandas and R write their index as a first column without a name.
    let mut index = HashMap::new();
    if let Some(first) = names.first()
        && (first.is_empty() || is_unnamed(first))
    {
        index.insert(0, IndexColumn::Suspected);
    }
    let mut taken: HashSet<String> = names.iter().cloned().collect();
    for (name, column) in names.iter_mut().zip(1..).filter(|(name, _)| name.is_empty()) {
        *name = free_name(&format!("x{column}"), &taken);
        taken.insert(name.clone());
    }
    Ok(Header { line, index, ..Header::given(path, names) })
}

/// Whether pandas (`Unnamed: 0`) or readr (`...1`) has given a nameless column this name.
fn is_unnamed(name: &str) -> bool {
    let number = name.strip_prefix("Unnamed: ").or_else(|| name.strip_prefix("..."));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

/// Rejects names that are values: the first line is a row.
fn check_names(path: &Path, names: &[String], sample: &Sample, line: Option<u64>) -> Result<()> {
    let numbers: Vec<f64> = names.iter().filter_map(|name| value(name)).collect();
    if are_counted(&numbers) {
        return Ok(());
    }
    // Integers such as years may name columns beside texts; fractions such as 0.94 do not.
    let fractions = numbers.iter().any(|number| number.fract() != 0.0);
    let problem = if numbers.len() == names.len() || (fractions && 2 * numbers.len() > names.len())
    {
        "the first line must name the columns, but it holds numbers".to_owned()
    } else if let Some(examples) = sample.first_line_is_data() {
        format!(
            "the first line must name the columns, but it looks like a row: {}",
            examples.join(", ")
        )
    } else {
        return Ok(());
    };
    let remedy = Remedy::Sentence(vec![
        "add a header line, such as x1,x2,y; or use ".into(),
        Setting::Header.to("row"),
        "; or ".into(),
        Setting::Header.to("names"),
        ", if these are names".into(),
    ]);
    Err(Error::data(path, line, problem, remedy))
}

/// Whether numbers of the first line are names all the same: years in a row, or 0, 1, 2, …, which pandas
/// writes where columns have no names.
fn are_counted(numbers: &[f64]) -> bool {
    /// Fewer may be a row of small numbers.
    const LEAST: usize = 4;
    const YEARS: RangeInclusive<f64> = 1500.0..=2200.0;
    let [first, .., last] = numbers[..] else { return false };
    let years = YEARS.contains(&first) && YEARS.contains(&last);
    numbers.len() >= LEAST
        && (first == 0.0 || years)
        && numbers.windows(2).all(|pair| pair[1] - pair[0] == 1.0)
}

/// Appends a record to the columns.
#[inline]
fn push(
    table: &mut TableBuilder,
    reader: &Reader<Lines<Input>>,
    record: &ByteRecord,
) -> Result<()> {
    let columns = table.builders.len();
    // A delimiter at the end of a line makes an empty field more.
    let trailing = record.len() == columns + 1 && record[columns].trim_ascii().is_empty();
    if record.len() != columns && !trailing {
        return Err(ragged(table, reader, record));
    }
    let line = || line_of(reader, record);
    for (column, field) in record.iter().take(columns).enumerate() {
        if let Err(fault) = table.push(column, field, line) {
            return Err(field_error(table, column, line(), &fault));
        }
    }
    Ok(())
}

#[cold]
fn ragged(table: &TableBuilder, reader: &Reader<Lines<Input>>, record: &ByteRecord) -> Error {
    let reference = match table.header.line {
        Some(_) => "the header",
        None => "the first row",
    };
    let is_comment = record.get(0).is_some_and(|first| first.trim_ascii().starts_with(b"#"))
        || table.header.names.first().is_some_and(|first| first.starts_with('#'));
    let remedy: Remedy = match is_comment {
        true => {
            let comment = Setting::Comment.to("#");
            ("every row must have a field for each column; leave comments out with ", comment)
                .into()
        }
        false => "every row must have a field for each column".into(),
    };
    Error::data(
        &table.header.path,
        line_of(reader, record),
        format!("{} fields, but {reference} has {}", record.len(), table.builders.len()),
        remedy,
    )
}

#[cold]
fn field_error(
    table: &TableBuilder,
    column: usize,
    line: Option<u64>,
    fault: &FieldError,
) -> Error {
    table.error(column, Location::Line(line), fault)
}

/// The line of a record. The parser's own count misses a `\n` after `\r`, and blank lines.
fn line_of(reader: &Reader<Lines<Input>>, record: &ByteRecord) -> Option<u64> {
    let position = record.position()?;
    Some(reader.get_ref().line_at(position.byte()).unwrap_or(position.line()))
}

/// The error for one of the csv crate.
fn csv_error(path: &Path, error: csv::Error) -> Error {
    let line = error.position().map(csv::Position::line);
    let text = error.to_string();
    match error.into_kind() {
        csv::ErrorKind::Io(source) => lines::error(path, source),
        _ => Error::data(path, line, text, "correct the file"),
    }
}
