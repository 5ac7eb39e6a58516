//! Several targets of a table: numbers, or labels of two values each.

use std::collections::HashSet;

use super::table::{RawTarget, Table};
use super::target::{Target, target};
use crate::data::{TargetColumn, Targets, Task, Warning};
use crate::{Error, Remedy, Result, Setting};

/// The targets of a table, with the columns that they are from.
#[derive(Debug)]
pub(super) struct Decided {
    pub(super) targets: Targets,
    pub(super) columns: Vec<TargetColumn>,
    pub(super) warning: Option<Warning>,
}

/// Makes targets of columns, one output of a network for each: all of them hold numbers, or all have
/// two values. A single column may have more classes.
///
/// # Errors
/// As [`target`]; [`Error::Data`] where several are of different kinds, or one has more than two classes.
pub(super) fn targets(
    table: &Table,
    columns: &[(String, RawTarget)],
    task: Option<Task>,
) -> Result<Decided> {
    if let [(name, raw)] = columns {
        let Target { targets, classes, warning } = target(table, name, raw, task)?;
        return Ok(Decided { targets, columns: vec![TargetColumn::new(name, classes)], warning });
    }
    if task == Some(Task::Multiclass) {
        return Err(Error::invalid(
            format!("there are {} targets, and a network has the classes of one", columns.len()),
            (
                "train a model for each, or leave out ",
                Setting::Task.to("multiclass"),
                ": several targets are numbers, or have two values each",
            ),
        ));
    }
    let each = columns.iter().map(|(name, raw)| {
        let task = task.or_else(|| is_number(table, raw).then_some(Task::Regression));
        target(table, name, raw, task)
    });
    let each: Vec<Target> = each.collect::<Result<_>>()?;
    check_kinds(table, columns, &each)?;
    let words: Vec<&[u32]> = each.iter().map(|own| own.targets.words()).collect();
    let count = columns.len();
    let values = (0..table.rows)
        .flat_map(|row| words.iter().map(move |own| f32::from_bits(own[row])))
        .collect();
    let targets = match each[0].targets {
        Targets::Numbers { .. } => Targets::Numbers { values, columns: count },
        _ => Targets::Binary { values, columns: count },
    };
    let columns = columns.iter().zip(each);
    let columns = columns.map(|((name, _), own)| TargetColumn::new(name, own.classes)).collect();
    Ok(Decided { targets, columns, warning: None })
}

/// Whether a column among several targets holds more than two different numbers: a few of them would be
/// the classes of a single target, but several have no more than two classes each.
fn is_number(table: &Table, raw: &RawTarget) -> bool {
    let Some(cell) = raw.numbers else { return false };
    let mut seen = HashSet::new();
    // 0 and −0 are the same.
    let mut numbers = table.numbers(cell).map(|number| (number + 0.0).to_bits());
    numbers.any(|number| seen.insert(number) && seen.len() > 2)
}

/// Refuses targets of different kinds.
fn check_kinds(table: &Table, columns: &[(String, RawTarget)], each: &[Target]) -> Result<()> {
    let named = |wanted: &dyn Fn(&Target) -> bool| {
        let own = columns.iter().zip(each).filter(|(_, own)| wanted(own));
        own.map(|((name, _), _)| format!("`{name}`")).collect::<Vec<_>>()
    };
    let numbers = named(&|own| own.targets.task() == Task::Regression);
    let labels = named(&|own| own.targets.task() == Task::Binary);
    let classes = named(&|own| own.targets.task() == Task::Multiclass);
    if numbers.len() == each.len() || labels.len() == each.len() {
        return Ok(());
    }
    let told = |names: &[String], one: &str, several: &str| {
        let verb = if names.len() == 1 { one } else { several };
        (!names.is_empty()).then(|| format!("{} {verb}", names.join(", ")))
    };
    let kinds = [
        told(&numbers, "holds numbers", "hold numbers"),
        told(&labels, "has two values", "have two values each"),
        told(&classes, "has more classes", "have more classes each"),
    ];
    let kinds = kinds.into_iter().flatten().collect::<Vec<_>>().join(", ");
    let all_numeric = columns.iter().all(|(_, raw)| raw.numbers.is_some());
    let remedy: Remedy = if all_numeric {
        let all = Setting::Task.to("regression");
        ("use ", all, ", which takes all of them as numbers, or train a model for each kind").into()
    } else if classes.is_empty() {
        ("train a model for each kind: name its columns with ", Setting::Target).into()
    } else {
        ("train a model for each of them: name one with ", Setting::Target).into()
    };
    let problem = "several targets must all be numbers, or have two values each";
    Err(table.error(format!("{problem}: {kinds}"), remedy))
}
