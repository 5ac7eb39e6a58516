//! A table as it was read: columns of numbers or of texts, before preprocessing.

use std::path::{Path, PathBuf};

use super::cells::Cells;
use crate::{Error, Remedy};

/// The code of a missing value in a column of texts.
pub(super) const MISSING_CODE: u32 = u32::MAX;

/// The code of a text that is none of the model's categories.
pub(super) const UNKNOWN_CODE: u32 = u32::MAX - 1;

/// A table in memory.
#[derive(Debug)]
pub(super) struct Table {
    /// The file that it was read from, for errors.
    pub(super) path: PathBuf,
    pub(super) rows: usize,
    pub(super) columns: Vec<RawColumn>,
    pub(super) cells: Cells,
    pub(super) scaling: Scaling,
}

/// How numeric columns are standardised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scaling {
    /// Each column by a mean and a deviation of its own.
    PerColumn,
    /// All columns by one mean and one deviation: they are the pixels of an image.
    Shared,
}

/// A column as it was read.
#[derive(Debug)]
pub(super) struct RawColumn {
    pub(super) name: String,
    pub(super) values: Values,
}

/// What a column holds, with the index of its cell in each row.
#[derive(Debug)]
pub(super) enum Values {
    /// A number; NaN where it is missing.
    Numbers(usize),
    /// The code of a text.
    Text(usize, Categories),
    /// A target, whose task is not decided yet.
    Target(RawTarget),
    /// More different texts than are kept in memory, with some examples.
    TooManyCategories(Vec<String>),
    /// Nothing: the column was not read.
    Skipped,
}

/// The different texts of a column. Its cells hold codes: an index into `list`, [`MISSING_CODE`] or
/// [`UNKNOWN_CODE`].
#[derive(Clone, Debug, Default)]
pub(super) struct Categories {
    /// The different texts, in order of first appearance.
    pub(super) list: Vec<String>,
    /// The first text whose code is [`UNKNOWN_CODE`].
    pub(super) unknown: Option<String>,
}

/// A target as it was read: numbers, texts, or numbers that may be names of classes.
#[derive(Debug, Default)]
pub(super) struct RawTarget {
    /// The cell of its number, where every field is a number.
    pub(super) numbers: Option<usize>,
    /// The cell of its code, unless there are too many different values.
    pub(super) texts: Option<(usize, Categories)>,
    /// The first field that is not a number.
    pub(super) first_text: Option<TextField>,
}

/// A field that is not a number, as an error shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct TextField {
    /// Its line in a text file, counted from 1.
    pub(super) line: Option<u64>,
    pub(super) text: String,
}

impl Table {
    /// An error about the whole table.
    pub(super) fn error(&self, problem: impl Into<String>, remedy: impl Into<Remedy>) -> Error {
        Error::data(&self.path, None, problem, remedy)
    }

    /// The column with this name.
    pub(super) fn column(&self, name: &str) -> Option<&RawColumn> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The numbers in a cell of each row.
    pub(super) fn numbers(&self, cell: usize) -> impl Iterator<Item = f32> + '_ {
        self.cells.column(cell, self.rows).map(f32::from_bits)
    }

    /// The codes in a cell of each row.
    pub(super) fn codes(&self, cell: usize) -> impl Iterator<Item = u32> + '_ {
        self.cells.column(cell, self.rows)
    }
}

/// The names of a table's columns, with their place for errors.
#[derive(Clone, Debug)]
pub(super) struct Header {
    pub(super) path: PathBuf,
    /// The line of the names in a text file, counted from 1.
    pub(super) line: Option<u64>,
    pub(super) names: Vec<String>,
}

impl Header {
    /// The header of a file without column names: x1, x2, …
    pub(super) fn numbered(path: &Path, count: usize) -> Self {
        let names = (1..=count).map(|column| format!("x{column}")).collect();
        Self { path: path.into(), line: None, names }
    }

    /// The index of the column with this name.
    ///
    /// # Errors
    /// [`Error::Data`] where there is none; it suggests the most similar name.
    pub(super) fn column(&self, name: &str) -> Result<usize, Error> {
        self.names.iter().position(|own| own == name).ok_or_else(|| {
            let known = self.names.iter().map(String::as_str);
            let remedy = match crate::error::nearest(name, known.clone()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("its columns are {}", shortened(known)),
            };
            Error::data(&self.path, None, format!("there is no column `{name}`"), remedy)
        })
    }
}

/// The first eight names, as text.
pub(super) fn shortened<'a>(names: impl Iterator<Item = &'a str> + Clone) -> String {
    let count = names.clone().count();
    let shown: Vec<&str> = names.take(8).collect();
    let more = if count > 8 { format!(", … ({count} in all)") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}
