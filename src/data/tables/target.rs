//! The target of a table: its task and its classes.

use super::column::{
    FieldError, MAX_CLASSES, MAX_NUMERIC_CLASSES, evidence, mostly_numbers, shortest_decimal, value,
};
use super::table::{RawTarget, Table, TextField};
use crate::data::{Targets, Task, Warning};
use crate::{Error, Remedy, Result, Setting};

/// So many classes may have one row each, in a small table.
const FEW_CLASSES: usize = 10;

/// A target with its task decided, and the names of its classes (none for regression).
#[derive(Debug)]
pub(super) struct Target {
    pub(super) targets: Targets,
    pub(super) classes: Vec<String>,
    pub(super) warning: Option<Warning>,
}

/// Makes a target of the column `name`. Without a `task`, two different values are binary, texts or
/// a few whole numbers are classes, other numbers are regression.
///
/// # Errors
/// [`Error::Data`] where the column does not fit the task, or has one class only.
pub(super) fn target(
    table: &Table,
    name: &str,
    raw: &RawTarget,
    task: Option<Task>,
) -> Result<Target> {
    let error = |field: &Option<TextField>, problem: String, remedy: Remedy| {
        let line = field.as_ref().and_then(|field| field.line);
        Error::data(&table.path, line, problem, remedy)
    };
    let first_text = || raw.first_text.as_ref().map(|field| field.text.clone()).unwrap_or_default();
    let classes = raw
        .texts
        .as_ref()
        .map(|(cell, texts)| classes(table.codes(*cell), &texts.list, raw.numbers.is_some()));
    if task != Some(Task::Multiclass)
        && let (None, Some((_, names))) = (&raw.numbers, &classes)
        && let Some(fault) = evidence(names)
    {
        let (problem, remedy) = fault.describe(name);
        let remedy = match fault {
            FieldError::Date(_) => "convert it to numbers first, such as days since a date".into(),
            FieldError::FormattedNumber(_) => "remove what sets thousands apart, and units".into(),
            FieldError::Unit(..) => "remove the unit".into(),
            _ => remedy,
        };
        let or_classes = ("; or use ", Setting::Task.to("multiclass"), ", if these are names");
        let at = raw.first_dressed.as_ref().or(raw.first_text.as_ref()).cloned();
        return Err(error(&at, problem, (remedy, or_classes).into()));
    }
    if task.is_none()
        && let (None, Some((_, names)), Some(_)) = (&raw.numbers, &classes, &raw.first_text)
        && mostly_numbers(names)
    {
        let field = raw.first_dressed.as_ref().or(raw.first_text.as_ref()).cloned();
        let text = field.as_ref().map(|field| field.text.as_str()).unwrap_or_default();
        return Err(error(
            &field,
            format!("column `{name}`: `{text}` is not a number, as most of its values are"),
            (
                "remove or replace it; or use ",
                Setting::Task.to("multiclass"),
                ", if these are names",
            )
                .into(),
        ));
    }
    let inferred = task.is_none() && raw.numbers.is_some();
    let task = match task {
        Some(task) => task,
        None => infer(classes.as_ref().map(|(_, names)| &names[..]), raw.numbers.is_some()),
    };
    if task == Task::Regression {
        return match raw.numbers {
            Some(cell) => {
                let values = table.numbers(cell).collect();
                let targets = Targets::Numbers { values, columns: 1 };
                Ok(Target { targets, classes: Vec::new(), warning: None })
            }
            None => Err(error(
                &raw.first_text,
                format!("column `{name}`: `{}` is not a number", first_text()),
                ("regression needs numbers; use another ", Setting::Task, " or ", Setting::Target)
                    .into(),
            )),
        };
    }
    let refuse = |problem: String, remedy: Remedy| Err(table.error(problem, remedy));
    let Some((rows, names)) = classes else {
        return refuse(
            format!("the target `{name}` has over {MAX_CLASSES} different values"),
            ("use ", Setting::Task.to("regression"), ", or another ", Setting::Target).into(),
        );
    };
    let rows_of = class_sizes(&rows, names.len());
    if names.len() > FEW_CLASSES
        && 2 * rows_of.iter().filter(|rows| **rows == 1).count() > names.len()
    {
        return refuse(
            format!(
                "the target `{name}` has {} classes in {} rows, most of them in one row only: `{}`, …",
                names.len(),
                table.rows,
                names[0],
            ),
            ("classes are learned from several rows of each: choose another ", Setting::Target)
                .into(),
        );
    }
    match (task, names.len()) {
        (_, 1) => refuse(
            format!("the target `{name}` has one class only, `{}`", names[0]),
            ("a classifier needs at least two: choose another ", Setting::Target).into(),
        ),
        (Task::Binary, 2) => {
            let values = rows.iter().map(|&class| class as f32).collect();
            let targets = Targets::Binary { values, columns: 1 };
            Ok(Target { targets, classes: names, warning: None })
        }
        (Task::Binary, count) => refuse(
            format!("the target `{name}` has {count} classes, and binary needs two"),
            ("use ", Setting::Task.to("multiclass"), " or regression").into(),
        ),
        (_, count) => {
            let warning = inferred.then(|| ordered(name, &names, &rows_of)).flatten();
            let targets = Targets::Classes { values: rows, count };
            Ok(Target { targets, classes: names, warning })
        }
    }
}

/// The warning about classes that may be counts or grades: several numbers without a gap, of which some
/// are far more frequent than others, as labels of kinds rarely are.
fn ordered(column: &str, names: &[String], rows_of: &[usize]) -> Option<Warning> {
    const MIN_CLASSES: usize = 5;
    const MIN_RATIO: usize = 5;
    let (first, last) = (names.first()?, names.last()?);
    let span = value(last)? - value(first)?;
    let (least, most) = (rows_of.iter().min()?, rows_of.iter().max()?);
    let is_ordered =
        names.len() >= MIN_CLASSES && span < 1.5 * names.len() as f64 && *most >= MIN_RATIO * least;
    is_ordered.then(|| Warning::OrderedClasses {
        column: column.to_owned(),
        first: first.clone(),
        last: last.clone(),
    })
}

/// The number of rows of each class.
fn class_sizes(rows: &[u32], classes: usize) -> Vec<usize> {
    let mut sizes = vec![0; classes];
    rows.iter().for_each(|class| sizes[*class as usize] += 1);
    sizes
}

/// Sorts the classes, numbers by value and texts alphabetically; returns each row's class index and
/// the names of the classes.
fn classes(
    codes: impl Iterator<Item = u32>,
    texts: &[String],
    numeric: bool,
) -> (Vec<u32>, Vec<String>) {
    let mut order: Vec<(String, usize)> = texts.iter().cloned().zip(0..).collect();
    if numeric {
        let size = |text: &str| value(text).unwrap_or(f64::NAN);
        order
            .sort_unstable_by(|a, b| size(&a.0).total_cmp(&size(&b.0)).then_with(|| a.0.cmp(&b.0)));
    } else {
        order.sort_unstable();
    }
    // Equal numbers such as `1` and `1.0` are one class: `1` where the file has both, otherwise as the
    // file has it, so that predictions can be held against it.
    let mut class_of_code = vec![0; order.len()];
    let mut names: Vec<String> = Vec::new();
    for (text, code) in order {
        let same =
            |last: &str| numeric && value(last).is_some_and(|last| value(&text) == Some(last));
        match names.last_mut().filter(|last| same(last)) {
            Some(last) => {
                shortest_decimal(&text).into_iter().for_each(|short| short.clone_into(last))
            }
            None => names.push(text),
        }
        class_of_code[code] = names.len() as u32 - 1;
    }
    (codes.map(|code| class_of_code[code as usize]).collect(), names)
}

/// Infers the task from the classes, if they are few enough to be kept.
fn infer(classes: Option<&[String]>, numeric: bool) -> Task {
    let Some(names) = classes else { return Task::Regression };
    let whole = |name: &String| value(name).is_some_and(|number| number.fract() == 0.0);
    match names.len() {
        ..=2 => Task::Binary,
        count if numeric && (count > MAX_NUMERIC_CLASSES || !names.iter().all(whole)) => {
            Task::Regression
        }
        _ => Task::Multiclass,
    }
}
