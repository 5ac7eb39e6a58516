//! A file to data sets: read, split, fitted on the training rows, applied to all of them.

mod known;
mod labels;
mod options;

use std::rc::Rc;

use super::Warning;
use super::apply::Applied;
use super::column::Want;
use super::fit::{Fitted, Said, fit, fit_target};
use super::na::Na;
use super::read::{Source, read};
use super::table::Table;
use super::target::Target;
use super::weights::class_weights;
use crate::Result;
use crate::data::{Dataset, Preprocessing, Split, TargetEncoding, Targets, Task, split};

pub use known::{read_features, read_labelled};
pub use options::{Preprocess, TableOptions, Validation};

use labels::{encode_target, read_labels, take_target, take_weights, weighted};

/// A table made ready.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The rows to train on.
    pub training: Dataset,
    /// The rows to validate with, if that was asked for.
    pub validation: Option<Dataset>,
    /// What a user should know.
    pub warnings: Vec<Warning>,
}

/// Rows of a network's inputs.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    /// The inputs, \[N, I\] row by row.
    pub values: Vec<f32>,
    /// Rows, N.
    pub rows: usize,
    /// What a user should know.
    pub warnings: Vec<Warning>,
}

/// What a trained model knows of its table.
#[derive(Clone, Copy, Debug)]
pub struct Schema<'a> {
    /// How the columns become inputs.
    pub preprocessing: &'a Preprocessing,
    /// The column that it predicts.
    pub target: &'a str,
    /// The classes in the order of the outputs; none for regression.
    pub classes: &'a [String],
    /// The task.
    pub task: Task,
}

/// Reads a table to train on. Everything is fitted on its training rows alone.
///
/// # Errors
/// [`Error::File`](crate::Error::File) where it cannot be read,
/// [`Error::Data`](crate::Error::Data) for everything wrong with its contents,
/// [`Error::Invalid`](crate::Error::Invalid) for options that make no sense together.
pub fn prepare(source: &Source, options: &TableOptions) -> Result<Prepared> {
    options.check()?;
    let raw = Raw::read(source, options)?;
    let parts = match options.validation {
        Some(Validation::Fraction(fraction)) => Some(split(&raw.targets, fraction, options.seed)?),
        Some(Validation::Table { .. }) | None => None,
    };
    let mut prepared = raw.fit(parts, options)?;
    if let Some(Validation::Table { data, labels }) = &options.validation {
        let schema = prepared.training.schema();
        let weight = options.sample_weight.as_deref();
        let (validation, more) =
            read_labelled(data, labels.as_ref(), options.layout, &schema, weight)?;
        prepared.validation = Some(validation);
        prepared.warnings.extend(more);
    }
    Ok(prepared)
}

/// A table whose target is known, and whose columns are not.
struct Raw {
    table: Table,
    target_name: String,
    targets: Targets,
    classes: Vec<String>,
    weights: Option<Vec<f32>>,
}

impl Raw {
    fn read(source: &Source, options: &TableOptions) -> Result<Self> {
        let na = Rc::new(Na::new(&options.na));
        let mut table = read(source, options.layout, &na, &|header| options.wants(header))?;
        let (target_name, Target { targets, classes }) = match &options.labels {
            Some(labels) => {
                let name = options.target.as_deref();
                let mut labels =
                    read_labels(&table, labels, options.layout, &na, name, &Want::Label)?;
                take_target(&mut labels, options.task)?
            }
            None => take_target(&mut table, options.task)?,
        };
        let weights = match &options.sample_weight {
            Some(name) => Some(take_weights(&mut table, name)?),
            None => None,
        };
        Ok(Self { table, target_name, targets, classes, weights })
    }

    /// Fits everything to the training rows and applies it.
    fn fit(self, parts: Option<Split>, options: &TableOptions) -> Result<Prepared> {
        let Self { table, target_name, mut targets, classes, weights } = self;
        let mut training = vec![true; table.rows];
        for row in parts.iter().flat_map(|parts| &parts.validation) {
            training[*row] = false;
        }
        let said = Said {
            preprocess: options.preprocess,
            drop: &options.drop,
            categorical: &options.categorical,
        };
        let Fitted { columns, mut warnings } = fit(&table, &training, &said)?;
        let (fitted, coarse) = fit_target(&target_name, &targets, &training);
        warnings.extend(coarse);
        let target = match options.preprocess {
            Preprocess::Auto => fitted,
            Preprocess::None => TargetEncoding::AsIs,
        };
        encode_target(&mut targets, &target);
        let preprocessing = Preprocessing { columns, target, na: options.na.clone() };
        let Applied { features: [first, others], .. } = preprocessing.apply(table, &training)?;
        let data = |targets: Targets, features: Vec<f32>| Dataset {
            inputs: preprocessing.outputs(),
            rows: targets.rows(),
            features: features.into(),
            targets: targets.into(),
            weights: None,
            preprocessing: preprocessing.clone(),
            target_name: target_name.clone(),
            classes: classes.clone(),
        };
        let (training, validation) = match parts {
            Some(Split { training, validation }) => {
                let of = |rows: &[usize]| {
                    let own = |all: &Vec<f32>| rows.iter().map(|row| all[*row]).collect();
                    weights.as_ref().map(own)
                };
                let apart = weighted(data(targets.select(&validation), others), of(&validation))?;
                (weighted(data(targets.select(&training), first), of(&training))?, Some(apart))
            }
            None => (weighted(data(targets, first), weights)?, None),
        };
        let training = class_weights(training, &options.class_weight)?;
        Ok(Prepared { training, validation, warnings })
    }
}

impl Dataset {
    /// What a model that is trained on this data knows of its table.
    pub fn schema(&self) -> Schema<'_> {
        Schema {
            preprocessing: &self.preprocessing,
            target: &self.target_name,
            classes: &self.classes,
            task: self.task(),
        }
    }
}
