//! Targets and sample weights: the columns of a table that are not inputs.

use std::rc::Rc;

use crate::data::tables::column::{FieldError, ReadAs};
use crate::data::tables::na::NaValues;
use crate::data::tables::read::{Layout, Source, read};
use crate::data::tables::table::{
    MISSING_CODE, Names, RawColumn, RawTarget, Table, UNKNOWN_CODE, Values, free_name,
};
use crate::data::tables::target::{Target, target};
use crate::data::{Dataset, TargetEncoding, Targets, Task, Warning};
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
    if let [column] = &mut labels.columns[..] {
        match target {
            Some(name) => column.name = name.to_owned(),
            // A name that was made up gives way to one that tells more, and clashes with none.
            None if labels.names == Names::MadeUp => {
                let taken = table.columns.iter().map(|column| column.name.clone()).collect();
                column.name = free_name("y", &taken);
            }
            None => {}
        }
    }
    let read = |name: &str| {
        table.column(name).is_some_and(|column| !matches!(column.values, Values::Skipped))
    };
    match labels.columns.iter().find(|column| read(&column.name)) {
        Some(RawColumn { name, .. }) => Err(table.error(
            format!("both the table and the file of labels have a column `{name}`"),
            ("leave one of them out: ", Setting::Drop.to(name), ", or no ", Setting::Labels),
        )),
        None => Ok(labels),
    }
}

/// Removes the rows without a target, which is the column `target` of `labels`, or of the table
/// itself.
///
/// # Errors
/// [`Error::Data`] where more than half of the rows have none.
pub(super) fn leave_out_missing(
    table: &mut Table,
    labels: Option<&mut Table>,
    target: Option<&str>,
) -> Result<Option<Warning>> {
    let own: &Table = labels.as_deref().unwrap_or(table);
    let is_target = |column: &&RawColumn| match target {
        Some(name) => column.name == name,
        None => matches!(column.values, Values::Target(_)),
    };
    let Some(column) = own.columns.iter().find(is_target) else { return Ok(None) };
    let numbers = |cell: usize| own.numbers(cell).map(|number| !number.is_nan()).collect();
    let codes = |cell: usize| own.codes(cell).map(|code| code != MISSING_CODE).collect();
    let keep: Vec<bool> = match &column.values {
        Values::Target(RawTarget { numbers: Some(cell), .. }) | Values::Numbers(cell) => {
            numbers(*cell)
        }
        Values::Target(RawTarget { texts: Some((cell, _)), .. }) | Values::Text(cell, _) => {
            codes(*cell)
        }
        _ => return Ok(None),
    };
    let missing = keep.iter().filter(|own| !**own).count();
    if 2 * missing > keep.len() {
        return Err(own.error(
            format!("column `{}`: {missing} of {} rows have no target", column.name, keep.len(),),
            (
                "choose another ",
                Setting::Target,
                "; or give ",
                Setting::Na,
                " a list without a word that is the name of a class",
            ),
        ));
    }
    let warning =
        Warning::MissingTargets { column: column.name.clone(), rows: missing, of: keep.len() };
    if let Some(labels) = labels {
        labels.retain(&keep);
    }
    table.retain(&keep);
    Ok((missing > 0).then_some(warning))
}

/// Rows of classes that a model does not know.
#[derive(Debug, Default)]
pub(super) struct Unknown {
    pub(super) rows: usize,
    /// The sum of their sample weights.
    pub(super) weight: f64,
    pub(super) warning: Option<Warning>,
}

/// Removes the rows whose class, in the column `target` of `labels` or of the table itself, is none
/// of a model's.
///
/// # Errors
/// [`Error::Data`] where no row is left.
pub(super) fn leave_out_unknown(
    table: &mut Table,
    labels: Option<&mut Table>,
    target: &str,
    sample_weight: Option<&str>,
    classes: &[String],
) -> Result<Unknown> {
    let own: &Table = labels.as_deref().unwrap_or(table);
    let Some(Values::Text(cell, texts)) = own.column(target).map(|column| &column.values) else {
        return Ok(Unknown::default());
    };
    let Some(example) = texts.unknown.clone() else { return Ok(Unknown::default()) };
    let keep: Vec<bool> = own.codes(*cell).map(|code| code != UNKNOWN_CODE).collect();
    let (rows, of) = (keep.iter().filter(|own| !**own).count(), keep.len());
    if rows == of {
        let (problem, remedy) =
            FieldError::UnknownClass(example, classes.to_vec()).describe(target);
        return Err(own.error(format!("{problem}, nor that of any other row"), remedy));
    }
    let weight = match sample_weight.and_then(|name| table.column(name)).map(|own| &own.values) {
        Some(Values::Numbers(cell)) => table
            .numbers(*cell)
            .zip(&keep)
            .filter(|(_, keep)| !**keep)
            .map(|(weight, _)| f64::from(weight))
            .sum(),
        _ => rows as f64,
    };
    let warning = Some(Warning::UnknownClasses { column: target.to_owned(), rows, of, example });
    if let Some(labels) = labels {
        labels.retain(&keep);
    }
    table.retain(&keep);
    Ok(Unknown { rows, weight, warning })
}

/// Removes the target from the table: its name and its values.
pub(super) fn take_target(table: &mut Table, task: Option<Task>) -> Result<(String, Target)> {
    let index = table.columns.iter().position(|own| matches!(own.values, Values::Target(_)));
    match index.map(|index| table.columns.remove(index)) {
        Some(RawColumn { name, values: Values::Target(label), .. }) => {
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
            format!("row {}, column `{name}`: a negative weight", table.row_numbers()(row)),
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
