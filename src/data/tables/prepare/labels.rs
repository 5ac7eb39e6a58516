//! Targets and sample weights: the columns of a table that are not inputs.

use std::rc::Rc;

use crate::data::tables::column::ReadAs;
use crate::data::tables::na::NaValues;
use crate::data::tables::read::{Layout, Source, read};
use crate::data::tables::table::{RawColumn, Table, Values};
use crate::data::tables::target::{Target, target};
use crate::data::{Dataset, TargetEncoding, Targets, Task};
use crate::{Error, Result, Setting};

/// Reads the targets of a table's rows from a file of their own: its only column, or the one named
/// `target`.
pub(super) fn read_labels(
    table: &Table,
    source: &Source,
    layout: Layout,
    na: &Rc<NaValues>,
    target: Option<&str>,
    target_as: &ReadAs,
) -> Result<Table> {
    let mut labels = read(source, layout, na, &|header| {
        let index = match (&header.names[..], target) {
            ([_], _) => 0,
            (_, Some(name)) => header.column(name)?,
            (names, None) => {
                return Err(Error::data(
                    &header.path,
                    header.line,
                    format!("there are {} columns of labels", names.len()),
                    ("name one of them with ", Setting::Target),
                ));
            }
        };
        let mut read_as = vec![ReadAs::Skip; header.names.len()];
        read_as[index] = target_as.clone();
        Ok(read_as)
    })?;
    check_rows(table, &labels)?;
    labels.columns.retain(|column| !matches!(column.values, Values::Skipped));
    if let (Some(name), [column]) = (target, &mut labels.columns[..]) {
        column.name = name.to_owned();
    }
    match labels.columns.iter().find(|column| table.column(&column.name).is_some()) {
        Some(RawColumn { name, .. }) => Err(table.error(
            format!("both the table and the file of labels have a column `{name}`"),
            ("leave one of them out: ", Setting::Drop.to(name), ", or no ", Setting::Labels),
        )),
        None => Ok(labels),
    }
}

/// Removes the target from the table: its name and its values.
pub(super) fn take_target(table: &mut Table, task: Option<Task>) -> Result<(String, Target)> {
    let index = table.columns.iter().position(|own| matches!(own.values, Values::Target(_)));
    match index.map(|index| table.columns.remove(index)) {
        Some(RawColumn { name, values: Values::Target(label) }) => {
            let target = target(table, &name, &label, task)?;
            Ok((name, target))
        }
        _ => Err(table.error("there is no column to predict", ("name one with ", Setting::Target))),
    }
}

/// Removes the sample weights from the table.
pub(super) fn take_weights(table: &mut Table, name: &str) -> Result<Vec<f32>> {
    let index = table.columns.iter().position(|column| column.name == name);
    let column = index.map(|index| table.columns.remove(index).values);
    let Some(Values::Numbers(cell)) = column else {
        return Err(table.error(
            format!("there is no column `{name}`"),
            ("give ", Setting::SampleWeight, " the name of a column"),
        ));
    };
    match table.numbers(cell).position(|weight| weight < 0.0) {
        Some(row) => Err(table.error(
            format!("row {}, column `{name}`: a negative weight", row + 1),
            "weights are numbers of at least 0",
        )),
        None => Ok(table.numbers(cell).collect()),
    }
}

/// Scales targets to what the network learns.
pub(super) fn encode_target(targets: &mut Targets, encoding: &TargetEncoding) {
    if let Targets::Numbers { values, .. } = targets {
        encoding.apply(values);
    }
}

/// A data set with sample weights, where there are any.
pub(super) fn weighted(data: Dataset, weights: Option<Vec<f32>>) -> Result<Dataset> {
    match weights {
        Some(weights) => data.with_weights(weights),
        None => Ok(data),
    }
}

/// Rejects labels whose number differs from that of the table's rows.
fn check_rows(table: &Table, labels: &Table) -> Result<()> {
    if table.rows == labels.rows {
        return Ok(());
    }
    Err(Error::data(
        &labels.path,
        None,
        format!("{} labels, but {} has {} rows", labels.rows, table.path.display(), table.rows),
        "give one label for each row of the table",
    ))
}
