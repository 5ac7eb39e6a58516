//! Targets and sample weights: the columns of a table that are not inputs.

use std::rc::Rc;

use super::target_names::TargetNames;
use crate::data::tables::column::{FieldError, ReadAs};
use crate::data::tables::na::NaValues;
use crate::data::tables::read::{Layout, Source, read};
use crate::data::tables::table::{
    MISSING_CODE, Names, RawColumn, RawTarget, Table, UNKNOWN_CODE, Values, free_name,
};
use crate::data::tables::targets::{Decided, targets};
use crate::data::{Dataset, TargetColumn, TargetEncoding, Targets, Task, Warning};
use crate::{Error, Result, Setting};

/// Reads the targets of a table's rows from a file of their own: its only column, or those that
/// `target` names, each as `target_as` says of its place among them.
pub(super) fn read_labels(
    table: &Table,
    source: &Source,
    layout: Layout,
    na: &Rc<NaValues>,
    target: Option<&TargetNames>,
    target_as: &dyn Fn(usize) -> ReadAs,
) -> Result<Table> {
    let mut labels = read(source, layout, na, &|header| {
        let mut read_as = vec![ReadAs::Skip; header.names.len()];
        match (&header.names[..], target) {
            ([_], None) => read_as[0] = target_as(0),
            ([only], Some(target)) if target.of_only(only).is_some() => read_as[0] = target_as(0),
            (_, Some(target)) => {
                for (place, name) in target.of(header)?.iter().enumerate() {
                    read_as[header.column(name)?] = target_as(place);
                }
            }
            (names, None) => {
                return Err(Error::data(
                    &header.path,
                    header.line,
                    format!("there are {} columns of labels", names.len()),
                    ("name one of them, or several, with ", Setting::Target),
                ));
            }
        }
        Ok(read_as)
    })?;
    check_rows(table, &labels)?;
    labels.columns.retain(|column| !matches!(column.values, Values::Skipped));
    if let [column] = &mut labels.columns[..] {
        match target {
            Some(target) => {
                if let Some(name) = target.of_only(&column.name) {
                    column.name = name;
                }
            }
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

/// Where more than half of the rows lack a target, so many must have one.
const LEAST_TARGETS: usize = 10;

/// Removes the rows that lack a target, of those that are columns of `labels`, or of the table itself.
/// A warning tells of each column how many of its values are missing.
///
/// # Errors
/// [`Error::Data`] where more than half of the rows lack one, and few are left or a word that means a
/// missing value may be the name of a class.
pub(super) fn leave_out_missing(
    table: &mut Table,
    labels: Option<&mut Table>,
    is_target: impl Fn(&RawColumn) -> bool,
) -> Result<Vec<Warning>> {
    let own: &Table = labels.as_deref().unwrap_or(table);
    let of = own.rows;
    let mut keep = vec![true; of];
    let mut warnings = Vec::new();
    let target_columns = || own.columns.iter().filter(|column| is_target(column));
    for column in target_columns() {
        let Some(present) = present(own, column) else { continue };
        let rows = present.iter().filter(|own| !**own).count();
        keep.iter_mut().zip(&present).for_each(|(keep, own)| *keep &= own);
        if rows > 0 {
            warnings.push(Warning::MissingTargets { column: column.name.clone(), rows, of });
        }
    }
    let missing = keep.iter().filter(|own| !**own).count();
    let may_be_class = target_columns().any(|column| match &column.values {
        Values::Target(raw) => raw.numbers.is_none() && 2 * raw.na_words > of,
        _ => false,
    });
    if 2 * missing > of && (may_be_class || of - missing < LEAST_TARGETS) {
        let names: Vec<String> = warnings.iter().filter_map(missing_in).collect();
        let columns = if names.len() == 1 { "column" } else { "columns" };
        return Err(own.error(
            format!("{columns} {}: {missing} of {of} rows have no target", names.join(", ")),
            (
                "choose another ",
                Setting::Target,
                "; or give ",
                Setting::Na,
                " a list without a word that is the name of a class",
            ),
        ));
    }
    if let Some(labels) = labels {
        labels.retain(&keep);
    }
    table.retain(&keep);
    Ok(warnings)
}

/// The column that a warning about missing targets is about.
fn missing_in(warning: &Warning) -> Option<String> {
    match warning {
        Warning::MissingTargets { column, .. } => Some(format!("`{column}`")),
        _ => None,
    }
}

/// Which rows have a value in a target's column; `None` where that is not known.
fn present(table: &Table, column: &RawColumn) -> Option<Vec<bool>> {
    match &column.values {
        Values::Target(RawTarget { numbers: Some(cell), .. }) | Values::Numbers(cell) => {
            Some(table.numbers(*cell).map(|number| !number.is_nan()).collect())
        }
        Values::Target(RawTarget { texts: Some((cell, _)), .. }) | Values::Text(cell, _) => {
            Some(table.codes(*cell).map(|code| code != MISSING_CODE).collect())
        }
        _ => None,
    }
}

/// Rows of classes that a model does not know.
#[derive(Debug, Default)]
pub(super) struct Unknown {
    pub(super) rows: usize,
    /// The sum of their sample weights.
    pub(super) weight: f64,
    pub(super) warnings: Vec<Warning>,
}

/// Removes the rows of which a class, in one of the columns `targets` of `labels` or of the table itself,
/// is none of a model's.
///
/// # Errors
/// [`Error::Data`] where no row is left.
pub(super) fn leave_out_unknown(
    table: &mut Table,
    labels: Option<&mut Table>,
    targets: &[TargetColumn],
    sample_weight: Option<&str>,
) -> Result<Unknown> {
    let own: &Table = labels.as_deref().unwrap_or(table);
    let of = own.rows;
    let (mut keep, mut found) = (vec![true; of], Unknown::default());
    let mut last = None;
    for target in targets {
        let column = own.column(&target.name).map(|column| &column.values);
        let Some(Values::Text(cell, texts)) = column else { continue };
        let Some(example) = texts.unknown.clone() else { continue };
        let is_known = |code: u32| code != UNKNOWN_CODE;
        let rows = own.codes(*cell).filter(|code| !is_known(*code)).count();
        keep.iter_mut().zip(own.codes(*cell)).for_each(|(keep, code)| *keep &= is_known(code));
        last = Some((target, example.clone()));
        let column = target.name.clone();
        found.warnings.push(Warning::UnknownClasses { column, rows, of, example });
    }
    let Some((target, example)) = last else { return Ok(found) };
    found.rows = keep.iter().filter(|own| !**own).count();
    if found.rows == of {
        let (problem, remedy) =
            FieldError::UnknownClass(example, target.classes.clone()).describe(&target.name);
        return Err(own.error(format!("{problem}, nor that of any other row"), remedy));
    }
    found.weight = match sample_weight.and_then(|name| table.column(name)).map(|own| &own.values) {
        Some(Values::Numbers(cell)) => table
            .numbers(*cell)
            .zip(&keep)
            .filter(|(_, keep)| !**keep)
            .map(|(weight, _)| f64::from(weight))
            .sum(),
        _ => found.rows as f64,
    };
    if let Some(labels) = labels {
        labels.retain(&keep);
    }
    table.retain(&keep);
    Ok(found)
}

/// Removes the targets from the table, in the order in which they are named, and decides what they are.
pub(super) fn take_targets(
    table: &mut Table,
    named: Option<&TargetNames>,
    task: Option<Task>,
) -> Result<Decided> {
    let mut columns = Vec::new();
    let mut index = 0;
    while index < table.columns.len() {
        if !matches!(table.columns[index].values, Values::Target(_)) {
            index += 1;
        } else if let RawColumn { name, values: Values::Target(raw), .. } =
            table.columns.remove(index)
        {
            columns.push((name, raw));
        }
    }
    if columns.is_empty() {
        return Err(
            table.error("there is no column to predict", ("name one with ", Setting::Target))
        );
    }
    if let Some(named) = named {
        columns.sort_by_key(|(name, _)| named.place(name));
    }
    targets(table, &columns, task)
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
