//! Scores as text.

use std::fmt::Write as _;

use halfplane::metrics::{Classification, Regression, Scores};

use super::picture::{short, shortened};

/// The most classes for which the confusion matrix is printed.
const MATRIX: usize = 20;

/// The most characters of a class name: longer ones are cut.
const LETTERS: usize = 24;

/// All scores of a task, line by line; for classification also scores per class, the confusion
/// matrix and the reliability table.
pub(crate) fn scores(scores: &Scores, classes: &[String]) -> String {
    match scores {
        Scores::Regression(own) => regression(own),
        Scores::Classification(own) => {
            let names: Vec<String> = classes.iter().map(|name| shortened(name, LETTERS)).collect();
            let mut text = classification(own, classes.len());
            text += &per_class(own, &names);
            if classes.len() <= MATRIX {
                text += &confusion(own, &names);
            }
            text + &calibration(own)
        }
    }
}

fn regression(own: &Regression) -> String {
    let r2 = own.r2.map_or("undefined (the target never changes)".to_owned(), short);
    format!("R²    {r2}\nRMSE  {}\nMAE   {}\n", short(own.rmse), short(own.mae))
}

fn classification(own: &Classification, classes: usize) -> String {
    let area = |area: Option<f64>| area.map_or("undefined (a class has no rows)".to_owned(), short);
    let mean = if classes > 2 { ", mean of one class against the others" } else { "" };
    format!(
        "accuracy           {}\nbalanced accuracy  {}\nF1, mean           {}\nlog loss           {}\n\
         Brier score        {}\nROC AUC            {}{mean}\nPR AUC             {}{mean}\n\
         calibration error  {}\n",
        short(own.accuracy),
        short(own.balanced_accuracy),
        short(own.f1_macro),
        short(own.log_loss),
        short(own.brier),
        area(own.roc_auc),
        area(own.pr_auc),
        short(own.calibration.expected_error),
    )
}

fn per_class(own: &Classification, names: &[String]) -> String {
    let share = |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{value:.4}"));
    let mut rows = vec![["class", "precision", "recall", "F1", "rows"].map(str::to_owned).to_vec()];
    rows.extend(own.per_class.iter().zip(names).map(|(class, name)| {
        vec![
            name.clone(),
            share(class.precision),
            share(class.recall),
            share(class.f1),
            class.support.to_string(),
        ]
    }));
    format!("\n{}", table(&rows))
}

fn confusion(own: &Classification, names: &[String]) -> String {
    let head = std::iter::once("true \\ predicted".to_owned()).chain(names.iter().cloned());
    let mut rows = vec![head.collect::<Vec<_>>()];
    rows.extend(names.iter().enumerate().map(|(truth, name)| {
        let counts =
            (0..names.len()).map(|predicted| own.confusion.count(truth, predicted).to_string());
        std::iter::once(name.clone()).chain(counts).collect()
    }));
    format!("\n{}", table(&rows))
}

fn calibration(own: &Classification) -> String {
    let mut rows = vec![["predicted", "observed", "rows"].map(str::to_owned).to_vec()];
    rows.extend(own.calibration.bins.iter().map(|bin| {
        vec![
            format!("{:.4}", bin.predicted),
            format!("{:.4}", bin.observed),
            bin.weight.to_string(),
        ]
    }));
    format!("\n{}", table(&rows))
}

/// A table with columns as narrow as possible: the first is left-aligned, the others right-aligned.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| {
        rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            // Writing to a String cannot fail.
            let _ = match column {
                0 => write!(text, "{cell:<width$}"),
                _ => write!(text, "  {cell:>width$}"),
            };
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    text
}
