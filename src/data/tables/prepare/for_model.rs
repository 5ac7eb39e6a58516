//! Reads tables for a trained model, with the preprocessing that it was trained with.

use std::rc::Rc;

use super::labels::{
    encode_target, leave_out_missing, leave_out_unknown, read_labels, take_weights, weighted,
};
use super::{Features, Schema};
use crate::Result;
use crate::data::tables::apply::Encoded;
use crate::data::tables::column::{OtherClasses, ReadAs};
use crate::data::tables::fit::target_precision;
use crate::data::tables::na::NaValues;
use crate::data::tables::read::{Layout, Source, read};
use crate::data::tables::table::{Table, Values};
use crate::data::{Dataset, Preprocessing, TargetColumn, Targets, Task, Warning};

/// Reads rows to predict. Only the columns that the preprocessing needs must be there, in any
/// order.
///
/// # Errors
/// As [`prepare`](super::prepare).
pub fn read_features(
    source: &Source,
    layout: Layout,
    preprocessing: &Preprocessing,
) -> Result<Features> {
    let na = Rc::new(NaValues::of(&preprocessing.na, &preprocessing.na_columns));
    let table = read(source, layout, &na, &|header| preprocessing.read_as(header))?;
    let rows = table.rows;
    let Encoded { features: [values, _], warnings } =
        preprocessing.apply(table, &vec![true; rows])?;
    Ok(Features { values, rows, warnings })
}

/// Rows with their target, to evaluate a model on.
#[derive(Clone, Debug)]
pub struct Labelled {
    /// The rows whose class the model knows, or all rows of a regression.
    pub data: Dataset,
    /// The number of rows of other classes, which no prediction can get right.
    pub unknown_rows: usize,
    /// The sum of the sample weights of these rows; their number where there are no weights.
    pub unknown_weight: f64,
    /// What may be wrong with the table.
    pub warnings: Vec<Warning>,
}

/// Reads rows with their target, to validate during training.
///
/// # Errors
/// As [`prepare`](super::prepare), and where a class is none of the model's.
pub fn read_labelled(
    source: &Source,
    labels: Option<&Source>,
    layout: Layout,
    schema: &Schema<'_>,
    sample_weight: Option<&str>,
) -> Result<(Dataset, Vec<Warning>)> {
    let refused = OtherClasses::Refused;
    let read = read_rows(source, labels, layout, schema, sample_weight, refused)?;
    Ok((read.data, read.warnings))
}

/// Reads rows with their target, to evaluate a model. Rows of classes that the model does not know
/// are counted apart.
///
/// # Errors
/// As [`prepare`](super::prepare), and where the model knows the class of no row.
pub fn read_evaluated(
    source: &Source,
    labels: Option<&Source>,
    layout: Layout,
    schema: &Schema<'_>,
    sample_weight: Option<&str>,
) -> Result<Labelled> {
    read_rows(source, labels, layout, schema, sample_weight, OtherClasses::Unknown)
}

fn read_rows(
    source: &Source,
    labels: Option<&Source>,
    layout: Layout,
    schema: &Schema<'_>,
    sample_weight: Option<&str>,
    other_classes: OtherClasses,
) -> Result<Labelled> {
    let Schema { preprocessing, targets: columns, task } = *schema;
    let na = Rc::new(NaValues::of(&preprocessing.na, &preprocessing.na_columns));
    let target_as = |place: usize| match task {
        Task::Regression => ReadAs::TargetNumbers,
        Task::Binary | Task::Multiclass => {
            ReadAs::Classes(columns[place].classes.clone(), other_classes)
        }
    };
    let mut table = read(source, layout, &na, &|header| {
        let mut read_as = preprocessing.read_as(header)?;
        if labels.is_none() {
            for (place, target) in columns.iter().enumerate() {
                read_as[header.column(&target.name)?] = target_as(place);
            }
        }
        if let Some(name) = sample_weight {
            read_as[header.column(name)?] = ReadAs::CompleteNumbers;
        }
        Ok(read_as)
    })?;
    let mut labels = match labels {
        Some(labels) => {
            let names: Vec<String> = columns.iter().map(|own| own.name.clone()).collect();
            Some(read_labels(&table, labels, layout, &na, Some(&names.into()), &target_as)?)
        }
        None => None,
    };
    let left_out = leave_out_missing(&mut table, labels.as_mut(), |column| {
        columns.iter().any(|target| target.name == column.name)
    })?;
    let unknown = leave_out_unknown(&mut table, labels.as_mut(), columns, sample_weight)?;
    let mut targets = targets_of(labels.as_ref().unwrap_or(&table), columns, task)?;
    let low_precision = target_precision(columns, &targets);
    encode_target(&mut targets, &preprocessing.target);
    let weights = sample_weight.map(|name| take_weights(&mut table, name)).transpose()?;
    let rows = table.rows;
    let Encoded { features: [features, _], mut warnings } =
        preprocessing.apply(table, &vec![true; rows])?;
    warnings.extend(left_out);
    warnings.extend(low_precision);
    let data = Dataset {
        inputs: preprocessing.outputs(),
        rows,
        features: features.into(),
        targets: targets.into(),
        weights: None,
        preprocessing: preprocessing.clone(),
        target_columns: columns.to_vec(),
    };
    warnings.extend(unknown.warnings);
    Ok(Labelled {
        data: weighted(data, weights)?,
        unknown_rows: unknown.rows,
        unknown_weight: unknown.weight,
        warnings,
    })
}

/// The targets in these columns, one value of each in every row.
fn targets_of(table: &Table, columns: &[TargetColumn], task: Task) -> Result<Targets> {
    let each = columns.iter().map(|TargetColumn { name, .. }| {
        match table.column(name).map(|column| &column.values) {
            Some(Values::Numbers(cell) | Values::Text(cell, _)) => Ok(*cell),
            _ => Err(table.error(format!("there is no column `{name}`"), "add the target")),
        }
    });
    let cells: Vec<usize> = each.collect::<Result<_>>()?;
    let words = || (0..table.rows).flat_map(|row| cells.iter().map(move |cell| (row, *cell)));
    let codes = || words().map(|(row, cell)| table.cells.get(row, cell));
    Ok(match task {
        Task::Regression => {
            Targets::Numbers { values: codes().map(f32::from_bits).collect(), columns: cells.len() }
        }
        Task::Binary => Targets::Binary {
            values: codes().map(|code| code as f32).collect(),
            columns: cells.len(),
        },
        Task::Multiclass => {
            let count = columns.first().map_or(0, |own| own.classes.len());
            Targets::Classes { values: codes().collect(), count }
        }
    })
}
