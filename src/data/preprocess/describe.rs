//! A preprocessing in a few short lines, for people.

use std::fmt;

use super::{
    Column, Dropped, Encoding, MissingNumber, MissingWord, OtherWord, Preprocessing, TargetEncoding,
};

/// Names of columns that are shown of many.
const SHOWN: usize = 8;

impl fmt::Display for Preprocessing {
    /// Writes a line for each way in which columns are encoded, with their names.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = |wanted: &dyn Fn(&Encoding) -> bool| -> Vec<&Column> {
            self.columns.iter().filter(|column| wanted(&column.encoding)).collect()
        };
        let lines = [
            ("as they stand", columns(&|encoding| *encoding == Encoding::AsIs)),
            ("standardised", columns(&|encoding| matches!(encoding, Encoding::Numeric { .. }))),
            ("one-hot", columns(&|encoding| matches!(encoding, Encoding::Categorical { .. }))),
            ("missing numbers take the mean, and show in an input of their own", {
                let missing = MissingNumber::MeanAndIndicator;
                columns(&|own| matches!(own, Encoding::Numeric { missing: m, .. } if *m == missing))
            }),
            ("left out", columns(&|encoding| matches!(encoding, Encoding::Dropped(_)))),
        ];
        for (what, columns) in lines.iter().filter(|(_, columns)| !columns.is_empty()) {
            let named: Vec<String> = columns.iter().take(SHOWN).map(|own| shown(own)).collect();
            let more = if columns.len() > SHOWN { ", …" } else { "" };
            writeln!(f, "{} {what}: {}{more}", columns.len(), named.join(", "))?;
        }
        if let TargetEncoding::Standardised { mean, scale } = self.target {
            writeln!(
                f,
                "the target is standardised, by mean {mean} and deviation {scale}: the loss is in that unit"
            )?;
        }
        Ok(())
    }
}

/// A column's name, with what is worth saying of it on that line.
fn shown(column: &Column) -> String {
    let Column { name, encoding } = column;
    match encoding {
        Encoding::Categorical { categories, other, missing } => {
            let pooled = if *other == OtherWord::Pooled { " + other" } else { "" };
            let missing = if *missing == MissingWord::Category { " + missing" } else { "" };
            format!("{name} ({}{pooled}{missing})", categories.len())
        }
        Encoding::Dropped(why) => {
            let why = match why {
                Dropped::Asked => return name.clone(),
                Dropped::Constant => "one value only",
                Dropped::Empty => "empty",
                Dropped::Identifier => "a word of its own in nearly every row",
                Dropped::ManyWords => "too many different words",
            };
            format!("{name} ({why})")
        }
        Encoding::Numeric { .. } | Encoding::AsIs => name.clone(),
    }
}
