//! What a user should know about a table that is no error.

/// Something about a table that may not be meant.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Warning {
    /// A column was left out, since nearly every row has a word of its own.
    Identifier {
        /// Its name.
        column: String,
        /// Such a word.
        example: String,
    },
    /// A column was left out, since it has more different words than are kept.
    ManyWords {
        /// Its name.
        column: String,
    },
    /// A column counts the rows.
    RowNumbers {
        /// Its name.
        column: String,
    },
    /// Numbers so large, and so near to one another, that float32 can hardly tell them apart.
    Coarse {
        /// The column.
        column: String,
        /// Their mean.
        near: f32,
        /// From one number that float32 has there to the next.
        step: f32,
    },
    /// Words that are none of the categories of a column.
    Unknown {
        /// The column.
        column: String,
        /// In how many rows.
        rows: usize,
        /// Such a word.
        example: String,
        /// What they count as: "other" where the model has such an input, else "no category".
        counts_as: &'static str,
    },
    /// Missing values where the training had none.
    Missing {
        /// The column.
        column: String,
        /// In how many rows.
        rows: usize,
        /// What they count as: "the mean", or as for unknown words.
        counts_as: &'static str,
    },
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Identifier { column, example } => write!(
                f,
                "column `{column}` is left out: nearly every row has a word of its own, such as \
                 `{example}` (--categorical {column} keeps it, --drop {column} silences this)"
            ),
            Self::ManyWords { column } => write!(
                f,
                "column `{column}` is left out: it has too many different words for categories \
                 (--drop {column} silences this)"
            ),
            Self::RowNumbers { column } => write!(
                f,
                "column `{column}` counts the rows: unless that means something, --drop {column}"
            ),
            Self::Coarse { column, near, step } => write!(
                f,
                "column `{column}` has numbers near {near}, which are kept in steps of {step} \
                 (float32): that is too coarse for how little they differ; subtract what they have \
                 in common before"
            ),
            Self::Unknown { column, rows, example, counts_as } => write!(
                f,
                "column `{column}` has words that are none of the model's categories, in {} (such \
                 as `{example}`): they count as {counts_as}",
                rows_of(*rows),
            ),
            Self::Missing { column, rows, counts_as } => write!(
                f,
                "column `{column}` has missing values, in {}, which the training rows had not: they \
                 count as {counts_as}",
                rows_of(*rows),
            ),
        }
    }
}

fn rows_of(rows: usize) -> String {
    if rows == 1 { "1 row".to_owned() } else { format!("{rows} rows") }
}
