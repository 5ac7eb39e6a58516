//! From a file to data sets: the table is read and split, the preprocessing is fitted to the
//! training rows and applied to all rows.

mod features;
mod folds;
mod for_model;
mod labels;
mod options;
mod target_names;

use std::rc::Rc;

use super::Warning;
use super::apply::Encoded;
use super::column::ReadAs;
use super::fit::{Fitted, fit, fit_targets};
use super::leak::suspects;
use super::na::NaValues;
use super::read::{Source, read};
use super::table::{Table, Values};
use super::targets::Decided;
use super::weights::class_weights;
use crate::Result;
use crate::data::{
    Dataset, Preprocessing, Split, TargetColumn, TargetEncoding, Targets, Task, split,
};

pub use features::fit_features;
pub use folds::FoldedTable;
pub use for_model::{Labelled, read_evaluated, read_features, read_labelled};
pub use options::{Bins, FoldBy, Preprocess, TableOptions, Validation};
pub use target_names::TargetNames;

use labels::{encode_target, leave_out_missing, read_labels, take_targets, take_weights, weighted};

/// A table that is ready for training.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The training rows.
    pub training: Dataset,
    /// The validation rows, if [`TableOptions::validation`] requests them.
    pub validation: Option<Dataset>,
    /// What may be wrong with the table.
    pub warnings: Vec<Warning>,
}

/// Rows to predict, as inputs of a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    /// The inputs, \[N, I\], row-major.
    pub values: Vec<f32>,
    /// The number of rows, N.
    pub rows: usize,
    /// What may be wrong with the table.
    pub warnings: Vec<Warning>,
}

/// The table that a model expects: its columns and targets.
#[derive(Clone, Copy, Debug)]
pub struct Schema<'a> {
    /// How the columns become inputs.
    pub preprocessing: &'a Preprocessing,
    /// The target columns, in the order of the outputs.
    pub targets: &'a [TargetColumn],
    /// The task.
    pub task: Task,
}

/// Reads a table to train on. The preprocessing is fitted to its training rows only, so that the
/// validation rows stay unseen.
///
/// # Errors
/// [`Error::File`](crate::Error::File) where it cannot be read,
/// [`Error::Data`](crate::Error::Data) for every problem in its contents,
/// [`Error::Invalid`](crate::Error::Invalid) for options that contradict one another.
pub fn prepare(source: &Source, options: &TableOptions) -> Result<Prepared> {
    options.check()?;
    let raw = RawTable::read(source, options)?;
    let split = match options.validation {
        Some(Validation::Fraction(fraction)) => Some(split(&raw.targets, fraction, options.seed)?),
        Some(Validation::Table { .. }) | None => None,
    };
    let mut prepared = raw.fit(split, options)?;
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

/// A table whose target is decided, before the preprocessing of its columns.
#[derive(Clone, Debug)]
struct RawTable {
    table: Table,
    targets: Targets,
    target_columns: Vec<TargetColumn>,
    weights: Option<Vec<f32>>,
    warnings: Vec<Warning>,
}

impl RawTable {
    fn read(source: &Source, options: &TableOptions) -> Result<Self> {
        let na = Rc::new(NaValues::of(&options.na, &options.na_columns));
        let mut table = read(source, options.layout, &na, &|header| options.read_as(header))?;
        let mut labels = match &options.labels {
            Some(labels) => {
                let (layout, target) = (options.layout, options.target.as_ref());
                Some(read_labels(&table, labels, layout, &na, target, &|_| ReadAs::Target)?)
            }
            None => None,
        };
        let mut warnings = leave_out_missing(&mut table, labels.as_mut(), |column| {
            matches!(column.values, Values::Target(_))
        })?;
        let labelled = labels.as_mut().unwrap_or(&mut table);
        let Decided { targets, columns: target_columns, warning } =
            take_targets(labelled, options.target.as_ref(), options.task)?;
        warnings.extend(warning);
        let weights = match &options.sample_weight {
            Some(name) => Some(take_weights(&mut table, name)?),
            None => None,
        };
        Ok(Self { table, targets, target_columns, weights, warnings })
    }

    /// Fits the preprocessing to the training rows and applies it to all rows.
    fn fit(self, split: Option<Split>, options: &TableOptions) -> Result<Prepared> {
        let Self { table, mut targets, target_columns, weights, mut warnings } = self;
        let mut training = vec![split.is_none(); table.rows];
        for row in split.iter().flat_map(|split| &split.training) {
            training[*row] = true;
        }
        let Fitted { columns, warnings: more } = fit(&table, &training, &options.columns())?;
        warnings.extend(more);
        for (place, target) in target_columns.iter().enumerate() {
            let several = target_columns.len() > 1;
            let own = if several { &targets.column(place) } else { &targets };
            let suspects = suspects(&table, own, &columns).into_iter();
            let target = several.then(|| target.name.clone());
            warnings.extend(
                suspects.map(|column| Warning::TellsTarget { column, target: target.clone() }),
            );
        }
        let (fitted, more) = fit_targets(&target_columns, &targets, &training);
        warnings.extend(more);
        let target = match options.preprocess {
            Preprocess::Auto => fitted,
            Preprocess::None => TargetEncoding::AsIs,
        };
        encode_target(&mut targets, &target);
        let (na, na_columns) = (options.na.clone(), table.na_columns(&options.na_columns));
        let preprocessing = Preprocessing { columns, target, na, na_columns };
        let Encoded { features: [first, others], .. } = preprocessing.apply(table, &training)?;
        let (is_training, inputs) = (training, preprocessing.outputs());
        let data = |targets: Targets, features: Vec<f32>| Dataset {
            inputs: preprocessing.outputs(),
            rows: targets.rows(),
            features: features.into(),
            targets: targets.into(),
            weights: None,
            preprocessing: preprocessing.clone(),
            target_columns: target_columns.clone(),
        };
        let (training, validation) = match split {
            Some(Split { training, validation }) => {
                let of = |rows: &[usize]| {
                    let own = |all: &Vec<f32>| rows.iter().map(|row| all[*row]).collect();
                    weights.as_ref().map(own)
                };
                let others = chosen(others, &is_training, &validation, inputs);
                let held_out =
                    weighted(data(targets.select(&validation), others), of(&validation))?;
                (weighted(data(targets.select(&training), first), of(&training))?, Some(held_out))
            }
            None => (weighted(data(targets, first), weights)?, None),
        };
        let training = class_weights(training, &options.class_weight)?;
        Ok(Prepared { training, validation, warnings })
    }
}

/// Of the features of all rows that are not for training, those of the validation rows: folds that
/// follow one another in time leave some out.
fn chosen(others: Vec<f32>, is_training: &[bool], validation: &[usize], inputs: usize) -> Vec<f32> {
    if validation.len() * inputs == others.len() {
        return others;
    }
    let mut is_chosen = vec![false; is_training.len()];
    validation.iter().for_each(|row| is_chosen[*row] = true);
    let others_chosen = (0..is_training.len()).filter(|row| !is_training[*row]);
    let rows = others.chunks_exact(inputs).zip(others_chosen);
    rows.filter(|(_, row)| is_chosen[*row]).flat_map(|(features, _)| features).copied().collect()
}

impl Dataset {
    /// The table that a model trained on this data expects.
    pub fn schema(&self) -> Schema<'_> {
        Schema {
            preprocessing: &self.preprocessing,
            targets: &self.target_columns,
            task: self.task(),
        }
    }
}
