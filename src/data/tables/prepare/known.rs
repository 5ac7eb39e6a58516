//! Rows for a model that is trained already.

use std::rc::Rc;

use super::labels::{encode_target, read_labels, take_weights, weighted};
use super::{Features, Schema};
use crate::Result;
use crate::data::tables::apply::Applied;
use crate::data::tables::column::Want;
use crate::data::tables::fit::coarse_target;
use crate::data::tables::na::Na;
use crate::data::tables::read::{Layout, Source, read};
use crate::data::tables::table::Values;
use crate::data::{Dataset, Preprocessing, Targets, Task, Warning};

/// Reads rows to predict for. Only the columns that the preprocessing needs must be there, in any
/// order.
///
/// # Errors
/// As [`prepare`](super::prepare).
pub fn read_features(
    source: &Source,
    layout: Layout,
    preprocessing: &Preprocessing,
) -> Result<Features> {
    let na = Rc::new(Na::new(&preprocessing.na));
    let table = read(source, layout, &na, &|header| preprocessing.wants(header))?;
    let rows = table.rows;
    let Applied { features: [values, _], warnings } =
        preprocessing.apply(table, &vec![true; rows])?;
    Ok(Features { values, rows, warnings })
}

/// Reads rows with their target, for a model that is trained already: to evaluate it, or to
/// validate with.
///
/// # Errors
/// As [`prepare`](super::prepare); a class that the model does not know is one.
pub fn read_labelled(
    source: &Source,
    labels: Option<&Source>,
    layout: Layout,
    schema: &Schema<'_>,
    sample_weight: Option<&str>,
) -> Result<(Dataset, Vec<Warning>)> {
    let Schema { preprocessing, target, classes, task } = *schema;
    let na = Rc::new(Na::new(&preprocessing.na));
    let wanted = match task {
        Task::Regression => Want::Complete,
        Task::Binary | Task::Multiclass => Want::Classes(classes.to_vec()),
    };
    let mut table = read(source, layout, &na, &|header| {
        let mut wants = preprocessing.wants(header)?;
        if labels.is_none() {
            wants[header.column(target)?] = wanted.clone();
        }
        if let Some(name) = sample_weight {
            wants[header.column(name)?] = Want::Complete;
        }
        Ok(wants)
    })?;
    let labels = match labels {
        Some(labels) => Some(read_labels(&table, labels, layout, &na, Some(target), &wanted)?),
        None => None,
    };
    let labelled = labels.as_ref().unwrap_or(&table);
    let mut targets = match labelled.column(target).map(|column| &column.values) {
        Some(Values::Numbers(cell)) => {
            Targets::Numbers { values: labelled.numbers(*cell).collect(), columns: 1 }
        }
        Some(Values::Words(cell, _)) if task == Task::Binary => {
            let values = labelled.codes(*cell).map(|code| code as f32).collect();
            Targets::Binary { values, columns: 1 }
        }
        Some(Values::Words(cell, _)) => {
            Targets::Classes { values: labelled.codes(*cell).collect(), count: classes.len() }
        }
        _ => return Err(table.error(format!("there is no column `{target}`"), "add the target")),
    };
    let coarse = coarse_target(target, &targets);
    encode_target(&mut targets, &preprocessing.target);
    let weights = sample_weight.map(|name| take_weights(&mut table, name)).transpose()?;
    let rows = table.rows;
    let Applied { features: [features, _], mut warnings } =
        preprocessing.apply(table, &vec![true; rows])?;
    warnings.extend(coarse);
    let data = Dataset {
        inputs: preprocessing.outputs(),
        rows,
        features: features.into(),
        targets: targets.into(),
        weights: None,
        preprocessing: preprocessing.clone(),
        target_name: target.to_owned(),
        classes: classes.to_vec(),
    };
    Ok((weighted(data, weights)?, warnings))
}
