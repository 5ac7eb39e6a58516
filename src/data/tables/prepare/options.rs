//! Options for reading a table.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::target_names::TargetNames;
use crate::data::tables::column::ReadAs;
use crate::data::tables::fit::ColumnOptions;
use crate::data::tables::na::NA_VALUES;
use crate::data::tables::read::{Layout, Source};
use crate::data::tables::table::{Header, IndexColumn};
use crate::data::{ClassWeight, KFold, Task};
use crate::spec::named;
use crate::{Error, Remedy, Result, Setting};

/// How a table becomes a [`Dataset`](crate::Dataset). The defaults infer everything.
#[derive(Clone, Debug, PartialEq)]
pub struct TableOptions {
    /// How a text file is laid out.
    pub layout: Layout,
    /// The name of the column to predict, or of several; by default the last one.
    pub target: Option<TargetNames>,
    /// A separate file with the target.
    pub labels: Option<Source>,
    /// The task, of all targets where there are several; by default inferred from the target.
    pub task: Option<Task>,
    /// Whether columns are preprocessed.
    pub preprocess: Preprocess,
    /// Into how many bins the ranges of numbers are divided.
    pub bins: Bins,
    /// Columns that are categorical, even where they hold numbers.
    pub categorical: Vec<String>,
    /// Columns that are numeric: a text in them is an error.
    pub numeric: Vec<String>,
    /// Columns that are ignored.
    pub drop: Vec<String>,
    /// Texts that mean a missing value, as an empty field always does.
    pub na: Vec<String>,
    /// More of them, by the name of the column in which they do.
    pub na_columns: BTreeMap<String, Vec<String>>,
    /// The source of validation rows, if any.
    pub validation: Option<Validation>,
    /// How rows are dealt out to folds, for [`FoldedTable`](crate::data::FoldedTable). A column that
    /// decides it is no input.
    pub folds: Option<FoldBy>,
    /// The weights of the classes in the loss.
    pub class_weight: ClassWeight,
    /// The name of a column of sample weights, which is then not an input.
    pub sample_weight: Option<String>,
    /// The seed of the split into training and validation rows.
    pub seed: u64,
}

/// Whether the columns of a table are preprocessed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preprocess {
    /// Numbers are standardised, texts one-hot encoded, missing values imputed.
    #[default]
    Auto,
    /// All columns must hold numbers, which are used unchanged.
    None,
}

named!(Preprocess, "preprocessing", {
    Auto => "auto",
    None => "none",
});

/// Into how many bins the range of a number is divided: each is an input of its own, beside the
/// standardised number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bins {
    /// As many as pay with so many rows and columns: none below 500 rows.
    #[default]
    Auto,
    /// The standardised number is the only input.
    None,
    /// So many, or fewer where numbers are equal; at least 3.
    Most(usize),
}

impl FromStr for Bins {
    type Err = String;

    fn from_str(word: &str) -> std::result::Result<Self, Self::Err> {
        match (word, word.parse()) {
            ("auto", _) => Ok(Self::Auto),
            ("none", _) => Ok(Self::None),
            (_, Ok(count @ 3..=256)) => Ok(Self::Most(count)),
            _ => Err(format!("`{word}` is not auto, none or a number of bins from 3 to 256")),
        }
    }
}

/// The source of validation rows.
#[derive(Clone, Debug, PartialEq)]
pub enum Validation {
    /// A fraction of the table's rows, between 0 and 1, drawn by [`split`](crate::data::split).
    Fraction(f64),
    /// A separate table with the same columns.
    Table {
        /// The table.
        data: Source,
        /// A separate file with its target.
        labels: Option<Source>,
    },
}

/// How the rows of a table are dealt out to folds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FoldBy {
    /// By chance, stratified by class.
    Chance(KFold),
    /// All rows of a group are in one fold.
    Groups {
        /// The column that names the group of each row.
        column: String,
        /// The number of folds.
        folds: usize,
    },
    /// Folds follow one another in time, and each is trained on what came before.
    Time {
        /// The column with the time of each row: a number, or a date such as 2026-01-31.
        column: String,
        /// The number of folds.
        folds: usize,
        /// Rows left out between training and validation rows.
        gap: usize,
    },
    /// A column names the fold of each row.
    Column {
        /// The column.
        column: String,
    },
}

impl FoldBy {
    /// The column that decides, where one does.
    pub fn column(&self) -> Option<&str> {
        match self {
            Self::Chance(_) => None,
            Self::Groups { column, .. } | Self::Time { column, .. } | Self::Column { column } => {
                Some(column)
            }
        }
    }
}

/// Five folds by chance.
impl Default for FoldBy {
    fn default() -> Self {
        Self::Chance(KFold::new(5))
    }
}

impl Default for TableOptions {
    fn default() -> Self {
        Self {
            layout: Layout::default(),
            target: None,
            labels: None,
            task: None,
            preprocess: Preprocess::Auto,
            bins: Bins::Auto,
            categorical: Vec::new(),
            numeric: Vec::new(),
            drop: Vec::new(),
            na: NA_VALUES.iter().map(ToString::to_string).collect(),
            na_columns: BTreeMap::new(),
            validation: None,
            folds: None,
            class_weight: ClassWeight::None,
            sample_weight: None,
            seed: 777,
        }
    }
}

impl TableOptions {
    /// Checks what can be checked without the table.
    pub(super) fn check(&self) -> Result<()> {
        let lists = [
            (Setting::Categorical, &self.categorical),
            (Setting::Numeric, &self.numeric),
            (Setting::Drop, &self.drop),
        ];
        for (index, (own, names)) in lists.iter().enumerate() {
            for (other, others) in &lists[..index] {
                if let Some(name) = names.iter().find(|name| others.contains(name)) {
                    return Err(Error::invalid(
                        format!("column `{name}` is in two lists"),
                        ("keep it in one of ", *other, " and ", *own),
                    ));
                }
            }
        }
        self.check_targets(self.target.as_ref().map_or(&[], TargetNames::certain))?;
        if self.preprocess == Preprocess::None && !self.categorical.is_empty() {
            return Err(Error::invalid(
                "categorical columns need preprocessing: networks take numbers",
                ("leave out ", Setting::Preprocess.to("none"), ", or ", Setting::Categorical),
            ));
        }
        if self.preprocess == Preprocess::None && matches!(self.bins, Bins::Most(_)) {
            return Err(Error::invalid(
                "bins are part of the preprocessing",
                ("leave out ", Setting::Preprocess.to("none"), ", or ", Setting::Bins),
            ));
        }
        Ok(())
    }

    /// Checks that no other option names these targets.
    fn check_targets(&self, targets: &[String]) -> Result<()> {
        // A target may have the name of a dropped column where it has a file of its own.
        let drop = if self.labels.is_some() { &[][..] } else { &self.drop };
        let lists = [
            (Setting::Categorical, &self.categorical[..]),
            (Setting::Numeric, &self.numeric),
            (Setting::Drop, drop),
        ];
        for (own, names) in lists {
            if let Some(name) = names.iter().find(|name| targets.contains(name)) {
                return Err(Error::invalid(
                    format!("column `{name}` is the target, but it is listed among other columns"),
                    Remedy::Sentence(vec![
                        "leave it out of ".into(),
                        own.into(),
                        "; use ".into(),
                        Setting::Task.into(),
                        " to say what kind of target it is".into(),
                    ]),
                ));
            }
        }
        Ok(())
    }

    /// The columns that are named as inputs, targets or weight.
    pub(super) fn named(&self) -> Vec<&str> {
        let lists = self.categorical.iter().chain(&self.numeric);
        let lists = lists.chain(&self.sample_weight).map(String::as_str);
        let targets = self.target.iter().flat_map(TargetNames::possible);
        let key = self.folds.as_ref().and_then(FoldBy::column);
        lists.chain(targets).chain(key).collect()
    }

    /// What they say of the columns' encodings.
    pub(super) fn columns(&self) -> ColumnOptions<'_> {
        ColumnOptions {
            preprocess: self.preprocess,
            bins: self.bins,
            drop: &self.drop,
            categorical: &self.categorical,
            named: self.named(),
        }
    }

    /// How each column of a table with this header must be read that has no target.
    pub(super) fn read_inputs_as(&self, header: &Header) -> Result<Vec<ReadAs>> {
        let names = &header.names;
        let every = if self.preprocess == Preprocess::None {
            ReadAs::CompleteNumbers
        } else {
            ReadAs::Infer
        };
        let mut read_as = vec![every; names.len()];
        for (list, list_as) in [
            (&self.categorical, ReadAs::Text),
            (&self.drop, ReadAs::Skip),
            (&self.numeric, ReadAs::Numbers),
        ] {
            for name in list {
                let complete = list_as == ReadAs::Numbers && self.preprocess == Preprocess::None;
                read_as[header.column(name)?] =
                    if complete { ReadAs::CompleteNumbers } else { list_as.clone() };
            }
        }
        // The target may have a file of its own.
        let is_target = |name: &str| {
            self.target.as_ref().is_some_and(|own| own.possible().any(|target| target == name))
        };
        let apart = |name: &&String| self.labels.is_some() && is_target(name);
        for name in self.na_columns.keys().filter(|name| !apart(name)) {
            header.column(name)?;
        }
        if let Some(name) = &self.sample_weight {
            read_as[header.column(name)?] = ReadAs::CompleteNumbers;
        }
        let key = self.folds.as_ref().and_then(FoldBy::column);
        if let Some(name) = key {
            read_as[header.column(name)?] = ReadAs::Text;
        }
        for column in (0..names.len()).filter(|column| self.is_index(header, *column)) {
            read_as[column] = ReadAs::Skip;
        }
        Ok(read_as)
    }

    /// Whether a column is the index that the file names, and no option names it.
    fn is_index(&self, header: &Header, column: usize) -> bool {
        header.index.get(&column) == Some(&IndexColumn::Declared)
            && !self.named().contains(&header.names[column].as_str())
    }

    /// How each column of a table with this header must be read.
    pub(super) fn read_as(&self, header: &Header) -> Result<Vec<ReadAs>> {
        let mut read_as = self.read_inputs_as(header)?;
        if self.labels.is_some() {
            return Ok(read_as);
        }
        let names = &header.names;
        let key = self.folds.as_ref().and_then(FoldBy::column);
        let free = |column: &usize| {
            let name = &names[*column];
            !self.drop.contains(name)
                && self.sample_weight.as_ref() != Some(name)
                && key != Some(name)
                && !self.is_index(header, *column)
        };
        let targets = match &self.target {
            Some(target) => target.of(header)?,
            None => {
                let last = (0..names.len()).rev().find(free).unwrap_or(names.len() - 1);
                vec![names[last].clone()]
            }
        };
        if names.len() < 2 {
            if let Some(hint) = header.hint.clone() {
                let problem = "there is one column only: its fields seem to be separated by blanks";
                return Err(Error::data(&header.path, header.line, problem, hint));
            }
            return Err(Error::data(
                &header.path,
                header.line,
                "there is one column only, and nothing to predict it from",
                (
                    "give at least one column beside the target, separated by commas, tabs, \
                     semicolons or |; or give the target in a separate file with ",
                    Setting::Labels,
                ),
            ));
        }
        for target in &targets {
            let other = match target {
                _ if self.sample_weight.as_ref() == Some(target) => "the weight",
                _ if key == Some(target) => "what folds go by",
                _ => continue,
            };
            return Err(Error::invalid(
                format!("column `{target}` is both the target and {other}"),
                ("choose another ", Setting::Target),
            ));
        }
        if self.target.is_some() {
            self.check_targets(&targets)?;
        }
        if targets.len() == names.len() {
            return Err(Error::data(
                &header.path,
                header.line,
                "every column is a target, and there is nothing to predict them from",
                ("leave one out of ", Setting::Target),
            ));
        }
        for target in &targets {
            read_as[header.column(target)?] = ReadAs::Target;
        }
        Ok(read_as)
    }
}
