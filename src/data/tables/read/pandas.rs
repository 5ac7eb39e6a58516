//! What pandas writes into the metadata of a Parquet file: which columns are its index, and which are
//! categorical.

use std::collections::HashSet;

use parquet::file::metadata::KeyValue;
use serde::Deserialize;

/// Columns with a meaning beyond their stored type.
#[derive(Debug, Default)]
pub(super) struct Pandas {
    index: HashSet<String>,
    pub(super) categorical: HashSet<String>,
}

/// The part of the metadata that is read.
#[derive(Deserialize)]
struct Metadata {
    /// Names, or for an index that is not stored its description.
    #[serde(default)]
    index_columns: Vec<serde_json::Value>,
    #[serde(default)]
    columns: Vec<Column>,
}

#[derive(Deserialize)]
struct Column {
    /// The name in the file; older versions of pandas have `name` only.
    field_name: Option<String>,
    name: Option<String>,
    pandas_type: Option<String>,
}

impl Pandas {
    /// From the metadata of a file; nothing where pandas has not written it.
    pub(super) fn of(metadata: Option<&Vec<KeyValue>>) -> Self {
        let own = metadata.into_iter().flatten().find(|entry| entry.key == "pandas");
        let text = own.and_then(|entry| entry.value.as_deref()).unwrap_or_default();
        let Ok(metadata) = serde_json::from_str::<Metadata>(text) else { return Self::default() };
        let name = |column: Column| column.field_name.or(column.name);
        let categorical = |column: &Column| column.pandas_type.as_deref() == Some("categorical");
        Self {
            index: metadata
                .index_columns
                .iter()
                .filter_map(|index| index.as_str().map(str::to_owned))
                .collect(),
            categorical: metadata
                .columns
                .into_iter()
                .filter(categorical)
                .filter_map(name)
                .collect(),
        }
    }

    /// Whether a column is an index. Its name tells, too, where a program has copied the columns but
    /// not the metadata.
    pub(super) fn is_index(&self, name: &str) -> bool {
        self.index.contains(name) || name.starts_with("__index_level_")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Pandas {
        let entry = KeyValue { key: "pandas".into(), value: Some(text.into()) };
        Pandas::of(Some(&vec![entry]))
    }

    #[test]
    fn index_and_categorical_columns_are_known() {
        let own = of(r#"{"index_columns": ["id", {"kind": "range", "start": 0}], "columns": [
            {"name": "a", "field_name": "a", "pandas_type": "categorical"},
            {"name": "b", "field_name": "b", "pandas_type": "int64"}], "pandas_version": "3"}"#);
        assert!(own.is_index("id") && own.is_index("__index_level_0__") && !own.is_index("a"));
        assert!(own.categorical.contains("a") && own.categorical.len() == 1);
        // Older files, and what is no such metadata.
        assert!(of(r#"{"index_columns": ["__index_level_0__"]}"#).is_index("__index_level_0__"));
        for text in ["", "[]", "{\"index_columns\": 3}", "null"] {
            assert!(of(text).index.is_empty(), "{text}");
        }
        assert!(Pandas::of(None).index.is_empty());
    }
}
