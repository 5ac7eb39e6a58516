//! Files to tables. What a file is shows in its first bytes, not in its name: text in columns,
//! Parquet, `.npy`, `.npz` or IDX, and any of them through gzip. Each is read in one pass.
//!
//! Must not know: what the columns are wanted for.

mod idx;
mod lines;
mod npy;
#[cfg(feature = "npz")]
mod npz;
#[cfg(feature = "parquet")]
mod pages;
#[cfg(feature = "parquet")]
mod parquet;
#[cfg(any(feature = "npz", feature = "parquet"))]
mod seekable;
mod sniff;
mod source;
mod text;

use std::collections::HashSet;
use std::path::Path;
use std::rc::Rc;

use super::cells::Cells;
use super::column::{Builder, Decimal, Fault, Want};
use super::na::Na;
use super::table::{Header, Quantity, Table};
use crate::{Error, Result};

#[cfg(any(feature = "npz", feature = "parquet"))]
use seekable::Seekable;
pub use source::Source;
use source::{Input, Kind};

/// More columns than this are taken for a damaged file.
const MOST_COLUMNS: usize = 1 << 18;

/// How a text file is laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// What parts the fields; found out from the first lines where it is not said.
    pub delimiter: Option<u8>,
    /// Whether the first line names the columns.
    pub header: FirstLine,
    /// What stands before a number's fraction.
    pub decimal: Decimal,
}

/// What the first line of a text file is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FirstLine {
    /// The names of the columns.
    #[default]
    Names,
    /// A row: the columns are named x1, x2, …
    Row,
}

/// Says what is wanted of each column, knowing all their names.
pub(super) type Wants<'a> = &'a dyn Fn(&Header) -> Result<Vec<Want>>;

/// Reads a table.
///
/// # Errors
/// [`Error::File`] where it cannot be read, [`Error::Data`] for everything wrong with its contents,
/// by file, line or row, and column.
pub(super) fn read(
    source: &Source,
    layout: Layout,
    na: &Rc<Na>,
    wants: Wants<'_>,
) -> Result<Table> {
    let input = Input::open(source)?;
    let path = source.path().to_owned();
    let table = match input.kind() {
        Kind::Npy => npy::read(input, &path, na, wants),
        #[cfg(feature = "npz")]
        Kind::Zip => npz::read(Seekable::of(input, source)?, &path, na, wants),
        #[cfg(not(feature = "npz"))]
        Kind::Zip => Err(left_out(&path, "a zip archive", "npz")),
        Kind::Idx => idx::read(input, &path, na, wants),
        #[cfg(feature = "parquet")]
        Kind::Parquet => parquet::read(Seekable::of(input, source)?, &path, na, wants),
        #[cfg(not(feature = "parquet"))]
        Kind::Parquet => Err(left_out(&path, "a Parquet file", "parquet")),
        Kind::Text => text::read(input, &path, layout, na, wants),
    }?;
    if table.rows == 0 {
        return Err(table.error("there are no rows after the header", "add some rows"));
    }
    Ok(table)
}

/// The error for a kind of file whose reader is not in this build.
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
struct Building {
    header: Header,
    builders: Vec<Builder>,
    cells: Cells,
    quantity: Quantity,
}

/// Where in a file something is.
#[derive(Clone, Copy, Debug)]
enum At {
    Line(Option<u64>),
    /// Counted from 0.
    Row(usize),
}

impl Building {
    fn new(header: Header, quantity: Quantity, na: &Rc<Na>, wants: Wants<'_>) -> Result<Self> {
        let mut seen = HashSet::new();
        if let Some(twice) = header.names.iter().find(|name| !seen.insert(name.as_str())) {
            let problem = format!("two columns are named `{twice}`");
            return Err(Error::data(&header.path, header.line, problem, "rename one of them"));
        }
        let wanted = wants(&header)?;
        let mut width = 0;
        let mut builder = |(name, want): (&String, Want)| {
            let cell = width;
            width += match want {
                Want::Skip => 0,
                Want::Label => 2,
                _ => 1,
            };
            Builder::new(name.clone(), want, na, cell)
        };
        let builders = header.names.iter().zip(wanted).map(&mut builder).collect();
        Ok(Self { header, builders, cells: Cells::new(width), quantity })
    }

    /// Says how numbers are written in what follows.
    fn decimal(&mut self, decimal: Decimal) {
        self.builders.iter_mut().for_each(|builder| builder.decimal = decimal);
    }

    /// Appends a text to a column.
    #[inline]
    fn push(
        &mut self,
        column: usize,
        text: &[u8],
        line: impl Fn() -> Option<u64>,
    ) -> Result<(), Fault> {
        self.builders[column].push(&mut self.cells, text, line)
    }

    /// Appends a number to a column; `text` is how it is written out.
    #[inline]
    fn push_number(
        &mut self,
        column: usize,
        number: f32,
        text: impl FnOnce() -> String,
    ) -> Result<(), Fault> {
        self.builders[column].push_number(&mut self.cells, number, text)
    }

    /// The error for a faulty field.
    fn error(&self, column: usize, at: At, fault: &Fault) -> Error {
        fault_error(&self.header.path, self.builders[column].name(), at, fault)
    }

    fn finish(self, rows: usize) -> Result<Table> {
        let Self { header: Header { path, .. }, builders, cells, quantity } = self;
        let mut columns = Vec::with_capacity(builders.len());
        for builder in builders {
            let name = builder.name().to_owned();
            let column = builder.finish().map_err(|(place, fault)| {
                fault_error(&path, &name, At::Line(place.line), &fault)
            })?;
            columns.push(column);
        }
        Ok(Table { path, rows, columns, cells, quantity })
    }
}

fn fault_error(path: &Path, column: &str, at: At, fault: &Fault) -> Error {
    let (problem, remedy) = fault.told(column);
    match at {
        At::Line(line) => Error::data(path, line, problem, remedy),
        At::Row(row) => Error::data(path, None, format!("row {}, {problem}", row + 1), remedy),
    }
}

/// Refuses a count of columns that no table has.
fn check_width(path: &Path, columns: usize) -> Result<()> {
    if columns > MOST_COLUMNS {
        return Err(Error::data(
            path,
            None,
            format!("it has {columns} columns; at most {MOST_COLUMNS} are read"),
            "give it fewer columns, or mend the file",
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
            "it ends before all the values that its head promises",
            "get the file again: this one is cut off",
        ),
        _ => damaged(path, error),
    }
}

/// The error for a stream that breaks.
fn damaged(path: &Path, error: std::io::Error) -> Error {
    // What flate2 says of a damaged gzip stream.
    match error.kind() {
        std::io::ErrorKind::InvalidInput
        | std::io::ErrorKind::InvalidData
        | std::io::ErrorKind::UnexpectedEof => {
            Error::data(path, None, format!("it is damaged ({error})"), "get the file again")
        }
        _ => Error::read(path, error),
    }
}
