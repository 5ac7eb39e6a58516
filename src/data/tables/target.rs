//! The target of a table: the task that it sets, and its classes.

use super::column::{FEW_NUMBERS, Fault, MOST_CLASSES, is_decimal_comma, mostly_numbers, value};
use super::table::{Label, Place, Table};
use crate::data::{Targets, Task};
use crate::{Error, Result};

/// A target, ready to be learned, and the names of its classes.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) targets: Targets,
    pub(super) classes: Vec<String>,
}

/// Makes a target of a column. The task is inferred where it is not given: two different values
/// are binary, words or a few whole numbers are classes, other numbers are regression.
///
/// # Errors
/// [`Error::Data`] where the column does not fit the task, or has one class only.
pub(super) fn target(
    table: &Table,
    name: &str,
    label: &Label,
    task: Option<Task>,
) -> Result<Target> {
    let error = |place: &Option<Place>, problem: String, remedy: &str| {
        let line = place.as_ref().and_then(|place| place.line);
        Error::data(&table.path, line, problem, remedy)
    };
    if task != Some(Task::Multiclass)
        && let (None, Some(place)) = (&label.numbers, &label.word)
        && is_decimal_comma(&place.text)
    {
        let (problem, remedy) = Fault::DecimalComma(place.text.clone()).told(name);
        let remedy = format!("{remedy}; or use --task multiclass, if these are names");
        return Err(error(&label.word, problem, &remedy));
    }
    let word = || label.word.as_ref().map(|place| place.text.clone()).unwrap_or_default();
    let classes = label
        .words
        .as_ref()
        .map(|(cell, words)| classes(table.codes(*cell), &words.list, label.numbers.is_some()));
    if task.is_none()
        && let (None, Some((_, names)), Some(_)) = (&label.numbers, &classes, &label.word)
        && mostly_numbers(names)
    {
        return Err(error(
            &label.word,
            format!("column `{name}`: `{}` is not a number, as most of its values are", word()),
            "remove or replace it; or use --task multiclass, if these are names",
        ));
    }
    let task = match task {
        Some(task) => task,
        None => infer(classes.as_ref().map(|(_, names)| &names[..]), label.numbers.is_some()),
    };
    if task == Task::Regression {
        return match label.numbers {
            Some(cell) => {
                let values = table.numbers(cell).collect();
                let targets = Targets::Numbers { values, columns: 1 };
                Ok(Target { targets, classes: Vec::new() })
            }
            None => Err(error(
                &label.word,
                format!("column `{name}`: `{}` is not a number", word()),
                "regression needs numbers; use another --task or --target",
            )),
        };
    }
    let refuse = |problem: String, remedy: &str| Err(table.error(problem, remedy));
    let Some((rows, names)) = classes else {
        return refuse(
            format!("the target `{name}` has over {MOST_CLASSES} different values"),
            "use --task regression, or another --target",
        );
    };
    match (task, names.len()) {
        (_, 1) => refuse(
            format!("the target `{name}` has one class only, `{}`", names[0]),
            "there is nothing to tell apart: choose another --target",
        ),
        (Task::Binary, 2) => {
            let values = rows.iter().map(|&class| class as f32).collect();
            Ok(Target { targets: Targets::Binary { values, columns: 1 }, classes: names })
        }
        (Task::Binary, count) => refuse(
            format!("the target `{name}` has {count} classes, and binary needs two"),
            "use --task multiclass or regression",
        ),
        (_, count) => {
            Ok(Target { targets: Targets::Classes { values: rows, count }, classes: names })
        }
    }
}

/// Puts the classes in order, numbers by size and words by letter, and renumbers the rows.
fn classes(
    codes: impl Iterator<Item = u32>,
    words: &[String],
    numeric: bool,
) -> (Vec<u32>, Vec<String>) {
    let mut order: Vec<(String, usize)> = words.iter().cloned().zip(0..).collect();
    if numeric {
        let size = |word: &str| value(word).unwrap_or(f64::NAN);
        order.sort_by(|a, b| size(&a.0).total_cmp(&size(&b.0)).then_with(|| a.0.cmp(&b.0)));
    } else {
        order.sort();
    }
    // `1` and `1.0` are one class: numbers that are equal share the place of the first.
    let mut place = vec![0; order.len()];
    let mut names: Vec<String> = Vec::new();
    for (word, number) in order {
        let same =
            |last: &String| numeric && value(last).is_some_and(|last| value(&word) == Some(last));
        if !names.last().is_some_and(same) {
            names.push(word);
        }
        place[number] = names.len() as u32 - 1;
    }
    (codes.map(|code| place[code as usize]).collect(), names)
}

/// The task that a target looks like.
fn infer(classes: Option<&[String]>, numeric: bool) -> Task {
    let Some(names) = classes else { return Task::Regression };
    let whole = |name: &String| value(name).is_some_and(|number| number.fract() == 0.0);
    match names.len() {
        ..=2 => Task::Binary,
        count if numeric && (count > FEW_NUMBERS || !names.iter().all(whole)) => Task::Regression,
        _ => Task::Multiclass,
    }
}
