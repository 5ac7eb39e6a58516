//! From files to data sets.

mod damaged;
mod dates;
mod found;
mod meaning;
mod tables;
mod targets;

use std::path::{Path, PathBuf};

use halfplane::data::{Encoding, Prepared, Source, TableOptions, prepare};
use halfplane::{Dataset, Result};

/// A file of tests/data/found.
fn found(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/found").join(name)
}

/// The table of a text.
fn text(text: &str, options: &TableOptions) -> Result<Prepared> {
    prepare(&Source::Memory(text.into()), options)
}

/// The options where nothing is asked for.
fn plain() -> TableOptions {
    TableOptions::default()
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

/// What a column became.
fn encoding<'a>(data: &'a Dataset, name: &str) -> &'a Encoding {
    let mut columns = data.preprocessing().columns.iter();
    &columns.find(|column| column.name == name).expect("the column is there").encoding
}

/// The categories of a column of words.
fn categories<'a>(data: &'a Dataset, name: &str) -> &'a [String] {
    match encoding(data, name) {
        Encoding::Categorical { categories, .. } => categories,
        other => panic!("`{name}` is {other:?}"),
    }
}
