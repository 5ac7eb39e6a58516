//! What a user can say about a table.

use crate::data::tables::column::Want;
use crate::data::tables::na::NA;
use crate::data::tables::read::{Layout, Source};
use crate::data::tables::table::Header;
use crate::data::{ClassWeight, Task};
use crate::spec::named;
use crate::{Error, Result};

/// How a table becomes a data set.
#[derive(Clone, Debug, PartialEq)]
pub struct TableOptions {
    /// How a text file is laid out.
    pub layout: Layout,
    /// The column to predict; the last where it is not named.
    pub target: Option<String>,
    /// A file of its own for the target.
    pub labels: Option<Source>,
    /// The task; inferred from the target where it is not named.
    pub task: Option<Task>,
    /// What is done to the columns.
    pub preprocess: Preprocess,
    /// Columns that hold words, whatever they look like.
    pub categorical: Vec<String>,
    /// Columns that hold numbers: a word in them is an error.
    pub numeric: Vec<String>,
    /// Columns that are left out.
    pub drop: Vec<String>,
    /// Words that stand for a missing value, beside an empty field.
    pub na: Vec<String>,
    /// What to validate with.
    pub validation: Option<Validation>,
    /// How much the classes count.
    pub class_weight: ClassWeight,
    /// A column that says how much each row counts. It is no input.
    pub sample_weight: Option<String>,
    /// The seed of the split.
    pub seed: u64,
}

/// What is done to the columns of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preprocess {
    /// Numbers are standardised, words become one-hot, missing values are filled in.
    #[default]
    Auto,
    /// Nothing: all columns hold numbers, and they are taken as they stand.
    None,
}

named!(Preprocess, "way to preprocess", {
    Auto => "auto",
    None => "none",
});

/// What to validate with.
#[derive(Clone, Debug, PartialEq)]
pub enum Validation {
    /// A fraction of the rows.
    Fraction(f64),
    /// A table of its own, with the same columns.
    Table {
        /// The table.
        data: Source,
        /// A file of its own for its target.
        labels: Option<Source>,
    },
}

impl Default for TableOptions {
    fn default() -> Self {
        Self {
            layout: Layout::default(),
            target: None,
            labels: None,
            task: None,
            preprocess: Preprocess::Auto,
            categorical: Vec::new(),
            numeric: Vec::new(),
            drop: Vec::new(),
            na: NA.iter().map(ToString::to_string).collect(),
            validation: None,
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
            ("--categorical", &self.categorical),
            ("--numeric", &self.numeric),
            ("--drop", &self.drop),
        ];
        for (place, (own, names)) in lists.iter().enumerate() {
            for (other, others) in &lists[..place] {
                if let Some(name) = names.iter().find(|name| others.contains(name)) {
                    return Err(Error::invalid(
                        format!("column `{name}` stands in {other} and in {own}"),
                        "leave it in one of them",
                    ));
                }
            }
            if let Some(name) = names.iter().find(|name| self.target.as_ref() == Some(name)) {
                return Err(Error::invalid(
                    format!("column `{name}` is the target and stands in {own}"),
                    "say by --task what kind of target it is",
                ));
            }
        }
        if self.preprocess == Preprocess::None && !self.categorical.is_empty() {
            return Err(Error::invalid(
                "categories without preprocessing: networks take numbers",
                "leave out --preprocess none, or --categorical",
            ));
        }
        Ok(())
    }

    /// What is wanted of each column.
    pub(super) fn wants(&self, header: &Header) -> Result<Vec<Want>> {
        let names = &header.names;
        let every = if self.preprocess == Preprocess::None { Want::Complete } else { Want::Infer };
        let mut wants = vec![every; names.len()];
        for (list, want) in [
            (&self.categorical, Want::Words),
            (&self.drop, Want::Skip),
            (&self.numeric, Want::Numbers),
        ] {
            for name in list {
                let complete = want == Want::Numbers && self.preprocess == Preprocess::None;
                wants[header.column(name)?] = if complete { Want::Complete } else { want.clone() };
            }
        }
        if let Some(name) = &self.sample_weight {
            wants[header.column(name)?] = Want::Complete;
        }
        if self.labels.is_some() {
            return Ok(wants);
        }
        let free =
            |name: &String| !self.drop.contains(name) && self.sample_weight.as_ref() != Some(name);
        let target = match &self.target {
            Some(name) => header.column(name)?,
            None => names.iter().rposition(free).unwrap_or(names.len() - 1),
        };
        if names.len() < 2 {
            return Err(Error::data(
                &header.path,
                header.line,
                "there is one column, and nothing to predict it from",
                "give at least one column beside the target, and part them by commas, tabs, \
                 semicolons or |; or give the target in a file of its own, by --labels",
            ));
        }
        if self.sample_weight.as_ref() == Some(&names[target]) {
            return Err(Error::invalid(
                format!("column `{}` is both the target and the weight", names[target]),
                "choose another --target",
            ));
        }
        wants[target] = Want::Label;
        Ok(wants)
    }
}
