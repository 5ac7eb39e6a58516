//! A table as it was read: columns of numbers or of texts, before preprocessing.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::cells::Cells;
use crate::data::DateFormat;
use crate::{Error, Remedy};

/// The code of a missing value in a column of texts.
pub(super) const MISSING_CODE: u32 = u32::MAX;

/// The code of a text that is none of the model's categories.
pub(super) const UNKNOWN_CODE: u32 = u32::MAX - 1;

/// A table in memory.
#[derive(Clone, Debug)]
pub(super) struct Table {
    /// The file that it was read from, for errors.
    pub(super) path: PathBuf,
    pub(super) rows: usize,
    pub(super) columns: Vec<RawColumn>,
    pub(super) names: Names,
    pub(super) cells: Cells,
    /// The rows of the file that were removed, counted from 0, in order.
    pub(super) left_out: Vec<usize>,
}

/// Where the names of a table's columns are from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names {
    /// From the file.
    Given,
    /// The file has none: they are x1, x2, …
    MadeUp,
}

/// A column as it was read.
#[derive(Clone, Debug)]
pub(super) struct RawColumn {
    pub(super) name: String,
    pub(super) values: Values,
    pub(super) index: Option<IndexColumn>,
    /// The array of pictures that it is a pixel of, by its place among such arrays: all of its
    /// pixels have one scale.
    pub(super) pictures: Option<usize>,
    /// Words among numbers or dates.
    pub(super) strays: Option<Strays>,
    /// Some texts of a column of texts that are numbers in part, and no categories for certain.
    pub(super) mixed: Vec<String>,
}

/// Words among numbers or dates, which count as missing values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Strays {
    /// The number of rows.
    pub(super) rows: usize,
    /// The different words, in order of first appearance.
    pub(super) words: Vec<String>,
}

impl Strays {
    /// The first of the words.
    pub(super) fn example(&self) -> String {
        self.words.first().cloned().unwrap_or_default()
    }
}

/// Why a column is taken to number the rows, as pandas' index does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IndexColumn {
    /// The file says so.
    Declared,
    /// Its name suggests it; whether it holds different whole numbers shows later.
    Suspected,
}

/// What a column holds, with the index of its cell in each row.
#[derive(Clone, Debug)]
pub(super) enum Values {
    /// A number; NaN where it is missing.
    Numbers(usize),
    /// The code of a text.
    Text(usize, Categories),
    /// The index of a moment, or [`MISSING_CODE`].
    Dates(usize, Dates),
    /// A target, whose task is not decided yet.
    Target(RawTarget),
    /// More different texts than are kept in memory.
    TooManyCategories,
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

/// The moments of a column of dates, in seconds since the beginning of 1970 or since midnight, to which its
/// cells are indices.
#[derive(Clone, Debug)]
pub(super) struct Dates {
    pub(super) format: DateFormat,
    pub(super) moments: Rc<[i64]>,
}

/// A target as it was read: numbers, texts, or numbers that may be names of classes.
#[derive(Clone, Debug, Default)]
pub(super) struct RawTarget {
    /// The cell of its number, where every field is a number.
    pub(super) numbers: Option<usize>,
    /// The cell of its code, unless there are too many different values.
    pub(super) texts: Option<(usize, Categories)>,
    /// The first field that is not a number.
    pub(super) first_text: Option<TextField>,
    /// The first field that is a number as people write them, such as `$1,234`.
    pub(super) first_dressed: Option<TextField>,
    /// Rows that are missing by a word, such as `NA`, not by an empty field.
    pub(super) na_words: usize,
}

/// A field that is not a number, as an error shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct TextField {
    /// Its line in a text file, counted from 1.
    pub(super) line: Option<u64>,
    pub(super) text: String,
}

impl Table {
    /// The texts that mean a missing value in some columns only, by their names: those that `given` lists,
    /// and the words among numbers.
    pub(super) fn na_columns(
        &self,
        given: &BTreeMap<String, Vec<String>>,
    ) -> BTreeMap<String, Vec<String>> {
        let mut all = given.clone();
        for RawColumn { name, values, strays, .. } in &self.columns {
            if let (Values::Numbers(_), Some(strays)) = (values, strays) {
                all.entry(name.clone()).or_default().extend(strays.words.iter().cloned());
            }
        }
        all
    }

    /// An error about the whole table.
    pub(super) fn error(&self, problem: impl Into<String>, remedy: impl Into<Remedy>) -> Error {
        Error::data(&self.path, None, problem, remedy)
    }

    /// Removes the rows that `keep` \[N\] does not mark.
    pub(super) fn retain(&mut self, keep: &[bool]) {
        let count = keep.iter().filter(|own| **own).count();
        if count < self.rows {
            self.cells.retain(keep);
            let number_of = self.row_numbers();
            let out = (0..self.rows).filter(|row| !keep[*row]).map(|row| number_of(row) - 1);
            self.left_out = self.left_out.iter().copied().chain(out).collect();
            self.left_out.sort_unstable();
            self.rows = count;
        }
    }

    /// The number of a row in its file, counted from 1, from its place among those that are left.
    pub(super) fn row_numbers(&self) -> impl Fn(usize) -> usize + use<> {
        let left_out = self.left_out.clone();
        move |row| {
            let before = left_out.iter().enumerate().take_while(|(at, out)| **out - at <= row);
            row + before.count() + 1
        }
    }

    /// The column with this name.
    pub(super) fn column(&self, name: &str) -> Option<&RawColumn> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The numbers in a cell of each row.
    pub(super) fn numbers(&self, cell: usize) -> impl Iterator<Item = f32> + '_ {
        self.cells.column(cell, self.rows).map(f32::from_bits)
    }

    /// A column of dates: the moment of each row, if it is not missing.
    pub(super) fn moments<'a>(
        &'a self,
        cell: usize,
        dates: &'a Dates,
    ) -> impl Iterator<Item = Option<i64>> + Clone + 'a {
        (0..self.rows)
            .map(move |row| dates.moments.get(self.cells.get(row, cell) as usize).copied())
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
    pub(super) from: Names,
    /// The columns, by their index, that seem to number the rows.
    pub(super) index: HashMap<usize, IndexColumn>,
    /// Where there is one column only: what its texts may be instead.
    pub(super) hint: Option<Remedy>,
}

impl Header {
    /// A header of these names.
    pub(super) fn given(path: &Path, names: Vec<String>) -> Self {
        let (index, from) = (HashMap::new(), Names::Given);
        Self { path: path.into(), line: None, names, from, index, hint: None }
    }

    /// The header of a file without column names: x1, x2, …
    pub(super) fn numbered(path: &Path, count: usize) -> Self {
        let names = (1..=count).map(|column| format!("x{column}")).collect();
        Self { from: Names::MadeUp, ..Self::given(path, names) }
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

/// A name that is not taken yet: this one, or else with `_2`, `_3`, … after it.
pub(super) fn free_name(name: &str, taken: &HashSet<String>) -> String {
    let numbered = (2..).map(|count| format!("{name}_{count}"));
    let mut names = std::iter::once(name.to_owned()).chain(numbered);
    names.find(|name| !taken.contains(name)).unwrap_or_default()
}

/// The first eight names, as text.
pub(super) fn shortened<'a>(names: impl Iterator<Item = &'a str> + Clone) -> String {
    let count = names.clone().count();
    let shown: Vec<&str> = names.take(8).collect();
    let more = if count > 8 { format!(", … ({count} in all)") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}
