//! Warnings about a table.

use super::table::shortened;
use crate::{Remedy, Setting};

/// Something in a table that may be a mistake.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Warning {
    /// A column was dropped, since nearly every row has a different text.
    Identifier {
        /// The column's name.
        column: String,
        /// One of its texts.
        example: String,
    },
    /// A column was dropped, since it has more different texts than are kept in memory.
    TooManyCategories {
        /// The column's name.
        column: String,
    },
    /// A column was dropped, since it has many texts, all of them rare.
    RareTexts {
        /// The column's name.
        column: String,
        /// The number of different texts.
        texts: usize,
        /// The number of rows with a text.
        rows: usize,
    },
    /// Many rows have a text that shares one input with all others that are rare.
    PooledTexts {
        /// The column's name.
        column: String,
        /// The number of different texts.
        texts: usize,
        /// The number of texts with an input of their own.
        kept: usize,
        /// The number of rows with another text.
        rows: usize,
    },
    /// A column has a different whole number in nearly every row.
    Keys {
        /// The column's name.
        column: String,
    },
    /// Whole numbers that may well be counts or grades are taken for classes.
    OrderedClasses {
        /// The target's name.
        column: String,
        /// The smallest of the numbers.
        first: String,
        /// The largest one.
        last: String,
    },
    /// All training rows have the same number as their target.
    ConstantTarget {
        /// The target's name.
        column: String,
        /// The number.
        value: f32,
    },
    /// A column numbers the rows.
    RowNumbers {
        /// The column's name.
        column: String,
    },
    /// A column was dropped, since it numbers the rows, as pandas' index does.
    Index {
        /// The column's name.
        column: String,
        /// Whether the file itself says that it is an index.
        declared: bool,
    },
    /// Rows were left out, since they have no target.
    MissingTargets {
        /// The target's name.
        column: String,
        /// The number of rows that were left out.
        rows: usize,
        /// The number of all rows.
        of: usize,
    },
    /// A class has too few rows for the folds.
    RareClass {
        /// The class.
        class: String,
        /// The number of its rows.
        rows: usize,
        /// The number of folds that have none of them to train on, or none to validate with.
        absent: usize,
        /// The number of folds.
        folds: usize,
    },
    /// A column alone tells the target in every row.
    TellsTarget {
        /// The column's name.
        column: String,
        /// Which target, where there are several.
        target: Option<String>,
    },
    /// The rows of the file are not in the order of their time.
    OutOfOrder {
        /// The column with the time.
        column: String,
    },
    /// Numbers whose differences are lost to the rounding of float32.
    LowPrecision {
        /// The column's name.
        column: String,
        /// The mean of the numbers.
        mean: f32,
        /// The distance between neighbouring float32 numbers there.
        step: f32,
    },
    /// Texts that are none of the model's categories.
    UnknownCategories {
        /// The column's name.
        column: String,
        /// The number of rows with such a text.
        rows: usize,
        /// One of the texts.
        example: String,
        /// How they are encoded: "other" where the model has such an input, else "no category".
        counts_as: &'static str,
    },
    /// A few words in a column of numbers: they count as missing values.
    StrayWords {
        /// The column's name.
        column: String,
        /// The number of rows with a word.
        rows: usize,
        /// The different words, in order of first appearance.
        words: Vec<String>,
    },
    /// A column of few texts that are numbers in part: they are categories.
    PartlyNumbers {
        /// The column's name.
        column: String,
        /// Two of the texts, where there are as many.
        examples: Vec<String>,
    },
    /// Words where the training rows had numbers: they count as missing values.
    WordsAmongNumbers {
        /// The column's name.
        column: String,
        /// The number of rows with a word.
        rows: usize,
        /// The first of the words.
        example: String,
    },
    /// Columns of dates or times became numbers.
    Dates {
        /// The columns' names.
        columns: Vec<String>,
    },
    /// Words among dates: they count as missing values.
    WordsAmongDates {
        /// The column's name.
        column: String,
        /// The number of rows with a word.
        rows: usize,
        /// One of the words.
        example: String,
    },
    /// Rows of classes that the model does not know.
    UnknownClasses {
        /// The target's name.
        column: String,
        /// The number of rows of such classes.
        rows: usize,
        /// The number of all rows.
        of: usize,
        /// One of the classes.
        example: String,
    },
    /// Missing values where the training rows had none.
    MissingValues {
        /// The column's name.
        column: String,
        /// The number of rows with a missing value.
        rows: usize,
        /// How they are encoded: "the mean", "other" or "no category".
        counts_as: &'static str,
    },
}

impl Warning {
    /// What was found.
    pub fn problem(&self) -> String {
        match self {
            Self::Identifier { column, example } => format!(
                "column `{column}` is dropped: nearly every row has a different text, such as \
                 `{example}`"
            ),
            Self::TooManyCategories { column } => format!(
                "column `{column}` is dropped: it has too many different texts for categories"
            ),
            Self::RareTexts { column, texts, rows } => format!(
                "column `{column}` is dropped: it has {texts} different texts in {}, none of them \
                 frequent",
                row_count(*rows),
            ),
            Self::PooledTexts { column, texts, kept, rows } => format!(
                "column `{column}` has {texts} different texts, of which {kept} have an input of \
                 their own: the others, in {}, share one",
                row_count(*rows),
            ),
            Self::Keys { column } => {
                format!("column `{column}` has a different whole number in nearly every row")
            }
            Self::OrderedClasses { column, first, last } => format!(
                "the whole numbers `{first}` to `{last}` of the target `{column}` are taken for \
                 classes without an order"
            ),
            Self::ConstantTarget { column, value } => format!(
                "the target `{column}` is {value} in all training rows: there is nothing to learn"
            ),
            Self::RowNumbers { column } => format!("column `{column}` counts the rows"),
            Self::Index { column, declared: true } => {
                format!(
                    "column `{column}` is dropped: the file says that it is an index of the rows"
                )
            }
            Self::Index { column, declared: false } => format!(
                "column `{column}` is dropped: it has no name of its own and numbers the rows, as \
                 an index does"
            ),
            Self::MissingTargets { column, rows, of } => {
                format!("column `{column}`: {} of {of} without a target left out", row_count(*rows),)
            }
            Self::RareClass { class, rows, absent, folds } => format!(
                "class `{class}` has {} only: {absent} of {folds} folds have none of it to train on, \
                 or none to validate with",
                row_count(*rows),
            ),
            Self::TellsTarget { column, target } => format!(
                "column `{column}` alone tells the target{} in every row: if it is not known before the \
                 target is, the score says nothing of new rows",
                target.as_ref().map(|name| format!(" `{name}`")).unwrap_or_default(),
            ),
            Self::OutOfOrder { column } => format!(
                "the rows are not in the order of `{column}`: for the folds they are taken in that \
                 order"
            ),
            Self::LowPrecision { column, mean, step } => format!(
                "column `{column}` has numbers near {mean}, where float32 rounds to steps of \
                 {step}: too coarse for how little they differ"
            ),
            Self::UnknownCategories { column, rows, example, counts_as } => format!(
                "column `{column}` has values that the training rows had rarely or not at all, in {} \
                 (such as `{example}`): they count as {counts_as}",
                row_count(*rows),
            ),
            Self::StrayWords { column, rows, words } => format!(
                "column `{column}` has words among its numbers, in {} ({}): they count as missing",
                row_count(*rows),
                quoted(words),
            ),
            Self::PartlyNumbers { column, examples } => format!(
                "column `{column}` has texts that are numbers in part ({}): they are taken as categories",
                quoted(examples),
            ),
            Self::WordsAmongNumbers { column, rows, example } => format!(
                "column `{column}` has words where the training rows had numbers, in {} (such as \
                 `{example}`): they count as missing",
                row_count(*rows),
            ),
            Self::Dates { columns } => {
                let names = columns.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>();
                let (word, verb) =
                    if columns.len() == 1 { ("column", "holds") } else { ("columns", "hold") };
                format!(
                    "{word} {} {verb} dates or times: their inputs are the days since 1970, the year, the \
                     month, the day of the week, the hour and the minute of the day, where these differ",
                    names.join(", "),
                )
            }
            Self::WordsAmongDates { column, rows, example } => format!(
                "column `{column}` has other words among dates, in {} (such as `{example}`): they count as \
                 missing",
                row_count(*rows),
            ),
            Self::UnknownClasses { column, rows, of, example } => format!(
                "column `{column}`: {rows} of {of} rows have a class that the model does not know \
                 (such as `{example}`): they count as wrong in the accuracy; the other scores, which \
                 are undefined for them, are those of the other rows"
            ),
            Self::MissingValues { column, rows, counts_as } => format!(
                "column `{column}` has missing values, in {}, where the training rows had none: \
                 they count as {counts_as}",
                row_count(*rows),
            ),
        }
    }

    /// What to do about it, if anything.
    pub fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Identifier { column, .. } | Self::RareTexts { column, .. } => {
                Some(Remedy::Sentence(vec![
                    Setting::Categorical.to(column),
                    " keeps it, ".into(),
                    Setting::Drop.to(column),
                    " silences this".into(),
                ]))
            }
            Self::TooManyCategories { column } => {
                Some((Setting::Drop.to(column), " silences this").into())
            }
            Self::Index { column, .. } => Some(Remedy::Sentence(vec![
                Setting::Numeric.to(column),
                " keeps it, ".into(),
                Setting::Drop.to(column),
                " silences this".into(),
            ])),
            Self::StrayWords { column, .. } => Some(
                (
                    "if the numbers are names, ",
                    Setting::Categorical.to(column),
                    " takes all values as such",
                )
                    .into(),
            ),
            Self::PartlyNumbers { column, examples } => examples.last().map(|example| {
                Remedy::Sentence(vec![
                    "for numbers, remove units and words, or ".into(),
                    Setting::Na.to(format!("{column}={example}")),
                    " where it means a missing value".into(),
                ])
            }),
            Self::ConstantTarget { .. } => Some(("choose another ", Setting::Target).into()),
            Self::Keys { column } => {
                Some(("if it is a key or numbers the rows, ", Setting::Drop.to(column)).into())
            }
            Self::OrderedClasses { .. } => Some(
                (
                    "if they are counts or grades, ",
                    Setting::Task.to("regression"),
                    " learns their order",
                )
                    .into(),
            ),
            Self::Dates { columns } => columns.first().map(|column| {
                Remedy::Sentence(vec![
                    Setting::Drop.to(column),
                    " leaves one out, ".into(),
                    Setting::Categorical.to(column),
                    " takes its texts as categories".into(),
                ])
            }),
            Self::RowNumbers { column } => {
                Some(("unless their order matters, ", Setting::Drop.to(column)).into())
            }
            Self::LowPrecision { .. } => Some("subtract a constant from the column first".into()),
            Self::RareClass { .. } => {
                Some(("give more rows of it, or use fewer ", Setting::Folds).into())
            }
            Self::TellsTarget { column, .. } => {
                Some(("leave it out, then, by ", Setting::Drop.to(column)).into())
            }
            Self::OutOfOrder { .. }
            | Self::MissingTargets { .. }
            | Self::PooledTexts { .. }
            | Self::WordsAmongNumbers { .. }
            | Self::WordsAmongDates { .. }
            | Self::UnknownClasses { .. }
            | Self::UnknownCategories { .. }
            | Self::MissingValues { .. } => None,
        }
    }
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.problem())?;
        self.remedy().map_or(Ok(()), |remedy| write!(f, "; {remedy}"))
    }
}

/// The first words of a list, each in backticks.
fn quoted(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    shortened(words.iter().map(String::as_str))
}

fn row_count(rows: usize) -> String {
    if rows == 1 { "1 row".to_owned() } else { format!("{rows} rows") }
}
