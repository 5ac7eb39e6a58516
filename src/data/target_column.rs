//! What is predicted: columns of a table by their names, with the classes of each.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// A column that is predicted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetColumn {
    /// Its name in the table's header.
    pub name: String,
    /// The names of its classes, by class index; none where it holds numbers. Of two, the second is
    /// "yes".
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
}

impl TargetColumn {
    /// A column with this name and these classes.
    pub fn new(name: impl Into<String>, classes: Vec<String>) -> Self {
        Self { name: name.into(), classes }
    }
}

/// The name of the only column; of several their names, separated by commas.
pub(crate) fn name_of(columns: &[TargetColumn]) -> Cow<'_, str> {
    match columns {
        [only] => Cow::Borrowed(&only.name),
        _ => columns.iter().map(|own| own.name.as_str()).collect::<Vec<_>>().join(", ").into(),
    }
}

/// The classes of the only column; none where there are several, which have classes of their own.
pub(crate) fn classes_of(columns: &[TargetColumn]) -> &[String] {
    match columns {
        [only] => &only.classes,
        _ => &[],
    }
}

/// A column of values \[N, columns\].
pub(crate) fn column_of(
    values: &[f32],
    column: usize,
    columns: usize,
) -> impl Iterator<Item = f32> + Clone + '_ {
    values.iter().skip(column).step_by(columns).copied()
}
