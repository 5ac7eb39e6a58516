//! The rows that a configuration trains on.

#[cfg(feature = "all")]
use halfplane::data::{Fold, FoldBy, FoldedTable, KFold};
use halfplane::data::{Prepared, Preprocess, Source as Bytes, TableOptions, Validation, prepare};
use halfplane::{Dataset, Error, TrainingData};

use crate::configuration::{Configuration, Source};
use crate::errors::{self, Result, invalid, thrown};
use crate::samples::TARGET;

/// A file that was dropped on the page.
pub(crate) struct File {
    name: String,
    bytes: Vec<u8>,
}

impl File {
    /// As it comes from the page, where there is one.
    pub(crate) fn of(name: Option<String>, bytes: Option<Vec<u8>>) -> Option<Self> {
        name.zip(bytes).map(|(name, bytes)| Self { name, bytes })
    }
}

/// Rows, and what was found out about them.
pub(crate) struct Rows {
    pub(crate) data: TrainingData,
    pub(crate) warnings: Vec<halfplane::data::Warning>,
    /// The table as text, where the page has drawn it.
    pub(crate) text: Option<String>,
}

impl Rows {
    /// Draws or reads the rows.
    pub(crate) fn of(configuration: &Configuration, file: Option<File>) -> Result<Self> {
        let Some(table) = Table::of(configuration, file)? else {
            let data = TrainingData::from(&Dataset::xor());
            return Ok(Self { data, warnings: Vec::new(), text: None });
        };
        let share = configuration.validation;
        let validation = (share > 0.0).then_some(Validation::Fraction(share));
        let options = TableOptions { validation, ..table.options.clone() };
        let prepared = prepare(&table.source, &options).map_err(|error| table.thrown(error))?;
        let Prepared { training, validation, warnings } = prepared;
        let data = TrainingData::from((&training, validation.as_ref()));
        Ok(Self { data, warnings, text: table.text })
    }
}

/// Deals the rows out to so many folds, as the command line does by the same seed.
#[cfg(feature = "all")]
pub(crate) fn folds(
    configuration: &Configuration,
    folds: usize,
    file: Option<File>,
) -> Result<Vec<Fold>> {
    let Some(table) = Table::of(configuration, file)? else {
        return Err(thrown(invalid(
            "the built-in xor has 4 rows, of which none can be left out",
            "choose another sample, or drop a table",
        )));
    };
    let by = FoldBy::Chance(KFold { folds, repeats: 1, seed: configuration.seed });
    let options = TableOptions { folds: Some(by), ..table.options.clone() };
    let folded = FoldedTable::read(&table.source, &options).map_err(|error| table.thrown(error))?;
    let each = (0..folded.splits().len()).map(|number| folded.fold(number));
    each.collect::<halfplane::Result<_>>().map_err(|error| table.thrown(error))
}

/// A table, and how it is read.
struct Table {
    /// The file that it is, where the page has not drawn it.
    name: Option<String>,
    source: Bytes,
    options: TableOptions,
    /// What the page has drawn.
    text: Option<String>,
}

impl Table {
    /// Draws it, or takes the dropped file; none where the rows are the lecture's.
    fn of(configuration: &Configuration, file: Option<File>) -> Result<Option<Self>> {
        configuration.check_rows().map_err(thrown)?;
        let Configuration { points, noise, draw, seed, .. } = *configuration;
        if configuration.data == Source::Xor {
            return Ok(None);
        }
        if let Some(sample) = configuration.data.sample() {
            let text = sample.text(points, noise, draw);
            let options = TableOptions {
                target: Some(TARGET.into()),
                preprocess: Preprocess::None,
                seed,
                ..TableOptions::default()
            };
            let source = Bytes::Memory(text.clone().into_bytes());
            return Ok(Some(Self { name: None, source, options, text: Some(text) }));
        }
        let Some(File { name, bytes }) = file else { return Err(thrown(no_file())) };
        let options = TableOptions {
            target: configuration.target.clone().map(Into::into),
            task: configuration.task,
            seed,
            ..TableOptions::default()
        };
        Ok(Some(Self { name: Some(name), source: Bytes::Memory(bytes), options, text: None }))
    }

    /// What is wrong with it, in the command line's words.
    fn thrown(&self, error: Error) -> wasm_bindgen::JsError {
        match &self.name {
            Some(name) => errors::of_file(name, error),
            None => thrown(error),
        }
    }
}

fn no_file() -> Error {
    invalid("there is no table", "drop a file on the page")
}
