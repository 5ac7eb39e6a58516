//! [`Preprocessing`] as text: one line for each kind of encoding.

use std::fmt;

use super::{
    Column, DropReason, Encoding, MissingCategory, MissingNumber, Preprocessing, TargetEncoding,
    UnknownCategory,
};

/// The most column names that one line lists.
const MAX_NAMES: usize = 8;

impl fmt::Display for Preprocessing {
    /// Writes a line for each kind of encoding, with the names of its columns.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = |wanted: &dyn Fn(&Encoding) -> bool| -> Vec<&Column> {
            self.columns.iter().filter(|column| wanted(&column.encoding)).collect()
        };
        let lines = [
            ("used unchanged", columns(&|encoding| *encoding == Encoding::AsIs)),
            ("standardised", columns(&|encoding| matches!(encoding, Encoding::Numeric { .. }))),
            ("also divided into bins, an input each", {
                columns(&|own| matches!(own, Encoding::Numeric { bins, .. } if !bins.is_empty()))
            }),
            ("one-hot", columns(&|encoding| matches!(encoding, Encoding::Categorical { .. }))),
            (
                "made numbers of dates",
                columns(&|encoding| matches!(encoding, Encoding::Date { .. })),
            ),
            ("imputed with the mean, plus a missing indicator", {
                let missing = MissingNumber::MeanAndIndicator;
                columns(&|own| match own {
                    Encoding::Numeric { missing: own, .. }
                    | Encoding::Date { missing: own, .. } => *own == missing,
                    _ => false,
                })
            }),
            ("dropped", columns(&|encoding| matches!(encoding, Encoding::Dropped(_)))),
        ];
        for (what, columns) in lines.iter().filter(|(_, columns)| !columns.is_empty()) {
            let named: Vec<String> = columns.iter().take(MAX_NAMES).map(|own| label(own)).collect();
            let more = if columns.len() > MAX_NAMES { ", …" } else { "" };
            writeln!(f, "{} {what}: {}{more}", columns.len(), named.join(", "))?;
        }
        match &self.target {
            TargetEncoding::AsIs => Ok(()),
            TargetEncoding::Standardised { mean, scale } => writeln!(
                f,
                "the target is standardised, by mean {mean} and deviation {scale}: the loss is in that unit"
            ),
            TargetEncoding::Each(_) => writeln!(
                f,
                "each target is standardised, by its own mean and deviation: the loss is in that unit"
            ),
        }
    }
}

/// A column's name, with its number of categories or why it is dropped.
fn label(column: &Column) -> String {
    let Column { name, encoding } = column;
    match encoding {
        Encoding::Categorical { categories, other, missing } => {
            let pooled = if *other == UnknownCategory::Pooled { " + other" } else { "" };
            let missing = if *missing == MissingCategory::Category { " + missing" } else { "" };
            format!("{name} ({}{pooled}{missing})", categories.len())
        }
        Encoding::Date { parts, .. } => {
            let parts: Vec<&str> = parts.iter().map(|own| own.part.name()).collect();
            format!("{name} ({})", parts.join(", "))
        }
        Encoding::Dropped(why) => {
            let why = match why {
                DropReason::Requested => return name.clone(),
                DropReason::Constant => "one value only",
                DropReason::Empty => "empty",
                DropReason::Identifier => "a different value in nearly every row",
                DropReason::RareTexts => "rare values only",
                DropReason::Index => "an index of the rows",
                DropReason::TooManyCategories => "too many different values",
            };
            format!("{name} ({why})")
        }
        Encoding::Numeric { .. } | Encoding::AsIs => name.clone(),
    }
}
