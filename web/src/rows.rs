//! The rows that a configuration trains on.

use halfplane::data::{Prepared, Preprocess, Source as Bytes, TableOptions, Validation, prepare};
use halfplane::{Dataset, Error, TrainingData};

use crate::configuration::{Configuration, Source};
use crate::errors::{self, Result, invalid, thrown};
use crate::samples::TARGET;

/// A file that was dropped on the page.
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
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
    pub(crate) fn of(configuration: &Configuration, file: Option<&File>) -> Result<Self> {
        configuration.check_rows().map_err(thrown)?;
        let validation = (configuration.validation > 0.0)
            .then_some(Validation::Fraction(configuration.validation));
        let (text, prepared) = match (configuration.data, configuration.data.sample()) {
            (Source::Xor, _) => {
                let data = TrainingData::from(&Dataset::xor());
                return Ok(Self { data, warnings: Vec::new(), text: None });
            }
            (_, Some(sample)) => {
                let Configuration { points, noise, draw, seed, .. } = *configuration;
                let text = sample.text(points, noise, draw);
                let options = TableOptions {
                    target: Some(TARGET.into()),
                    preprocess: Preprocess::None,
                    validation,
                    seed,
                    ..TableOptions::default()
                };
                let prepared = prepare(&Bytes::Memory(text.clone().into_bytes()), &options);
                (Some(text), prepared.map_err(thrown)?)
            }
            (_, None) => (None, read(configuration, validation, file)?),
        };
        let Prepared { training, validation, warnings } = prepared;
        let data = TrainingData::from((&training, validation.as_ref()));
        Ok(Self { data, warnings, text })
    }
}

/// Reads the dropped file.
fn read(
    configuration: &Configuration,
    validation: Option<Validation>,
    file: Option<&File>,
) -> Result<Prepared> {
    let Some(file) = file else {
        return Err(thrown(no_file()));
    };
    let options = TableOptions {
        target: configuration.target.clone().map(Into::into),
        task: configuration.task,
        validation,
        seed: configuration.seed,
        ..TableOptions::default()
    };
    let source = Bytes::Memory(file.bytes.clone());
    prepare(&source, &options).map_err(|error| errors::of_file(&file.name, error))
}

fn no_file() -> Error {
    invalid("there is no table", "drop a file on the page")
}
