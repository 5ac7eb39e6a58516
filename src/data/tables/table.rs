//! A table as it was read: columns of numbers or of words, before they become anything else.

use std::path::{Path, PathBuf};

use super::cells::Cells;
use crate::Error;

/// The code of a missing word.
pub(super) const MISSING: u32 = u32::MAX;

/// The code of a word that is none of those that were asked for.
pub(super) const UNKNOWN: u32 = u32::MAX - 1;

/// A table in memory.
#[derive(Debug)]
pub(super) struct Table {
    /// Where it came from, for errors.
    pub(super) path: PathBuf,
    pub(super) rows: usize,
    pub(super) columns: Vec<RawColumn>,
    pub(super) cells: Cells,
    pub(super) quantity: Quantity,
}

/// Whether the columns can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quantity {
    /// Each has a unit of its own.
    Many,
    /// All are of one kind, as the pixels of a picture are.
    One,
}

/// A column.
#[derive(Debug)]
pub(super) struct RawColumn {
    pub(super) name: String,
    pub(super) values: Values,
}

/// What a column holds, and in which cell of each row.
#[derive(Debug)]
pub(super) enum Values {
    /// A number; NaN where it is missing.
    Numbers(usize),
    /// A word.
    Words(usize, Words),
    /// What is to be predicted, while it is not settled what that is.
    Label(Label),
    /// More different words than are kept, such as these.
    Many(Vec<String>),
    /// Nothing: nobody wanted it.
    Skipped,
}

/// The words whose numbers stand in the cells: a place in the list, [`MISSING`] or [`UNKNOWN`].
#[derive(Clone, Debug, Default)]
pub(super) struct Words {
    /// The different words in the order of their coming.
    pub(super) list: Vec<String>,
    /// The first word that was [`UNKNOWN`].
    pub(super) unknown: Option<String>,
}

/// A target: numbers, words, or numbers that may be names.
#[derive(Debug, Default)]
pub(super) struct Label {
    /// The cell of its number, where every field is one.
    pub(super) numbers: Option<usize>,
    /// The cell of its word, unless there are too many different ones.
    pub(super) words: Option<(usize, Words)>,
    /// The first field that is no number.
    pub(super) word: Option<Place>,
}

/// A field that is to be told of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// Its line, where the file has lines.
    pub(super) line: Option<u64>,
    /// What it says.
    pub(super) text: String,
}

impl Table {
    /// An error about the whole of it.
    pub(super) fn error(&self, problem: impl Into<String>, remedy: impl Into<String>) -> Error {
        Error::data(&self.path, None, problem, remedy)
    }

    /// The column of a name.
    pub(super) fn column(&self, name: &str) -> Option<&RawColumn> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The numbers in a cell of each row.
    pub(super) fn numbers(&self, cell: usize) -> impl Iterator<Item = f32> + '_ {
        self.cells.column(cell, self.rows).map(f32::from_bits)
    }

    /// The words' numbers in a cell of each row.
    pub(super) fn codes(&self, cell: usize) -> impl Iterator<Item = u32> + '_ {
        self.cells.column(cell, self.rows)
    }
}

/// The names of a table's columns, and the file that has them.
#[derive(Clone, Debug)]
pub(super) struct Header {
    pub(super) path: PathBuf,
    /// The line that they stand in.
    pub(super) line: Option<u64>,
    pub(super) names: Vec<String>,
}

impl Header {
    /// Columns that a file does not name: x1, x2, …
    pub(super) fn numbered(path: &Path, count: usize) -> Self {
        let names = (1..=count).map(|column| format!("x{column}")).collect();
        Self { path: path.into(), line: None, names }
    }

    /// The place of a name.
    ///
    /// # Errors
    /// [`Error::Data`] suggests the nearest one.
    pub(super) fn column(&self, name: &str) -> Result<usize, Error> {
        self.names.iter().position(|own| own == name).ok_or_else(|| {
            let known = self.names.iter().map(String::as_str);
            let remedy = match crate::spec::nearest(name, known.clone()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("its columns are {}", shortened(known)),
            };
            Error::data(&self.path, None, format!("there is no column `{name}`"), remedy)
        })
    }
}

/// At most eight names.
pub(super) fn shortened<'a>(names: impl Iterator<Item = &'a str> + Clone) -> String {
    let count = names.clone().count();
    let shown: Vec<&str> = names.take(8).collect();
    let more = if count > 8 { format!(", … ({count} in all)") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}
