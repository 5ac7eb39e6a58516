//! Warnings about a table.

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
    /// A column numbers the rows.
    RowNumbers {
        /// The column's name.
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

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Identifier { column, example } => write!(
                f,
                "column `{column}` is dropped: nearly every row has a different text, such as \
                 `{example}` (--categorical {column} keeps it, --drop {column} silences this)"
            ),
            Self::TooManyCategories { column } => write!(
                f,
                "column `{column}` is dropped: it has too many different texts for categories \
                 (--drop {column} silences this)"
            ),
            Self::RowNumbers { column } => write!(
                f,
                "column `{column}` counts the rows: unless their order matters, --drop {column}"
            ),
            Self::LowPrecision { column, mean, step } => write!(
                f,
                "column `{column}` has numbers near {mean}, where float32 rounds to steps of \
                 {step}: too coarse for how little they differ; subtract a constant from the column \
                 first"
            ),
            Self::UnknownCategories { column, rows, example, counts_as } => write!(
                f,
                "column `{column}` has values that the training rows did not have, in {} (such as \
                 `{example}`): they count as {counts_as}",
                row_count(*rows),
            ),
            Self::MissingValues { column, rows, counts_as } => write!(
                f,
                "column `{column}` has missing values, in {}, where the training rows had none: \
                 they count as {counts_as}",
                row_count(*rows),
            ),
        }
    }
}

fn row_count(rows: usize) -> String {
    if rows == 1 { "1 row".to_owned() } else { format!("{rows} rows") }
}
