//! Targets and weights: the columns of a table that are no inputs.

use std::rc::Rc;

use crate::data::tables::column::Want;
use crate::data::tables::na::Na;
use crate::data::tables::read::{Layout, Source, read};
use crate::data::tables::table::{RawColumn, Table, Values};
use crate::data::tables::target::{Target, target};
use crate::data::{Dataset, TargetEncoding, Targets, Task};
use crate::{Error, Result};

/// Reads a file of labels for the rows of a table: one column, by the name of the target.
pub(super) fn read_labels(
    table: &Table,
    source: &Source,
    layout: Layout,
    na: &Rc<Na>,
    target: Option<&str>,
    want: &Want,
) -> Result<Table> {
    let mut labels = read(source, layout, na, &|header| {
        let place = match (&header.names[..], target) {
            ([_], _) => 0,
            (_, Some(name)) => header.column(name)?,
            (names, None) => {
                return Err(Error::data(
                    &header.path,
                    header.line,
                    format!("there are {} columns of labels", names.len()),
                    "say by --target which to take",
                ));
            }
        };
        let mut wants = vec![Want::Skip; header.names.len()];
        wants[place] = want.clone();
        Ok(wants)
    })?;
    check_rows(table, &labels)?;
    labels.columns.retain(|column| !matches!(column.values, Values::Skipped));
    if let (Some(name), [column]) = (target, &mut labels.columns[..]) {
        column.name = name.to_owned();
    }
    match labels.columns.iter().find(|column| table.column(&column.name).is_some()) {
        Some(RawColumn { name, .. }) => Err(table.error(
            format!("there is a column `{name}`, and labels of that name beside it"),
            format!("leave one of them out: --drop {name}, or no --labels"),
        )),
        None => Ok(labels),
    }
}

/// The one column that was read as a target, and its name. It leaves the table.
pub(super) fn take_target(table: &mut Table, task: Option<Task>) -> Result<(String, Target)> {
    let place = table.columns.iter().position(|own| matches!(own.values, Values::Label(_)));
    match place.map(|place| table.columns.remove(place)) {
        Some(RawColumn { name, values: Values::Label(label) }) => {
            let target = target(table, &name, &label, task)?;
            Ok((name, target))
        }
        _ => Err(table.error("there is no column to predict", "name one by --target")),
    }
}

/// The weights of the rows, whose column leaves the table.
pub(super) fn take_weights(table: &mut Table, name: &str) -> Result<Vec<f32>> {
    let place = table.columns.iter().position(|column| column.name == name);
    let column = place.map(|place| table.columns.remove(place).values);
    let Some(Values::Numbers(cell)) = column else {
        return Err(table.error(format!("there is no column `{name}`"), "mend --sample-weight"));
    };
    match table.numbers(cell).position(|weight| weight < 0.0) {
        Some(row) => Err(table.error(
            format!("row {}, column `{name}`: a negative weight", row + 1),
            "weights are numbers of at least 0",
        )),
        None => Ok(table.numbers(cell).collect()),
    }
}

/// The target as the network learns it.
pub(super) fn encode_target(targets: &mut Targets, encoding: &TargetEncoding) {
    if let Targets::Numbers { values, .. } = targets {
        encoding.apply(values);
    }
}

/// Data with such weights, where there are any.
pub(super) fn weighted(data: Dataset, weights: Option<Vec<f32>>) -> Result<Dataset> {
    match weights {
        Some(weights) => data.with_weights(weights),
        None => Ok(data),
    }
}

/// Refuses a table whose rows do not go with those of another.
fn check_rows(table: &Table, labels: &Table) -> Result<()> {
    if table.rows == labels.rows {
        return Ok(());
    }
    Err(Error::data(
        &labels.path,
        None,
        format!("{} labels, but {} has {} rows", labels.rows, table.path.display(), table.rows),
        "give the labels of the same rows",
    ))
}
