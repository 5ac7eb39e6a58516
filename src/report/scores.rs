//! Scores as text.

use std::fmt::Write as _;

use halfplane::data::TargetColumn;
use halfplane::metrics::{Classification, MultiLabel, Regression, Scores};

use super::picture::{short, shortened};

/// The most classes for which the confusion matrix is printed.
const MATRIX: usize = 20;

/// The most characters of a class name: longer ones are cut.
const LETTERS: usize = 24;

/// All scores of a task, line by line; for classification also scores per class, the confusion
/// matrix and the reliability table; for several targets their means, then those of each.
pub(crate) fn scores(scores: &Scores, targets: &[TargetColumn]) -> String {
    match scores {
        Scores::Regression(own) => regression(own, targets),
        Scores::MultiLabel(own) => multi_label(own, targets),
        Scores::Classification(own) => {
            let classes = targets.first().map_or(&[][..], |own| &own.classes);
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

fn regression(own: &Regression, targets: &[TargetColumn]) -> String {
    let count = own.per_target.len();
    let mean = if count > 1 { format!(", mean of {count} targets") } else { String::new() };
    let changes = if count > 1 { "a target never changes" } else { "the target never changes" };
    let r2 = own.r2.map_or(format!("undefined ({changes})"), |own| short(own) + &mean);
    let text =
        format!("R²    {r2}\nRMSE  {}{mean}\nMAE   {}{mean}\n", short(own.rmse), short(own.mae));
    if count == 0 {
        return text;
    }
    let mut rows = vec![["target", "R²", "RMSE", "MAE"].map(str::to_owned).to_vec()];
    rows.extend(
        targets.iter().zip(&own.per_target).map(|(target, own)| {
            vec![name(target), defined(own.r2), short(own.rmse), short(own.mae)]
        }),
    );
    format!("{text}\n{}", table(&rows))
}

fn multi_label(own: &MultiLabel, targets: &[TargetColumn]) -> String {
    let undefined = |score: Option<f64>, why: &str| match score {
        Some(score) => short(score),
        None => format!("undefined ({why})"),
    };
    let text = format!(
        "accuracy           {} of rows, all of whose labels are right\n\
         right labels       {}\nbalanced accuracy  {}\nF1 of \"yes\"        {}\n\
         log loss           {}\nBrier score        {}\nROC AUC            {}\n\
         PR AUC             {}\ncalibration error  {}\n(all but the first: the mean of {} labels)\n",
        short(own.accuracy),
        short(own.label_accuracy),
        short(own.balanced_accuracy),
        undefined(own.f1_macro, "no label is yes"),
        short(own.log_loss),
        short(own.brier),
        undefined(own.roc_auc, "a label never changes"),
        undefined(own.pr_auc, "a label is never yes"),
        short(own.calibration_error),
        own.per_label.len(),
    );
    let head =
        ["label", "accuracy", "precision", "recall", "F1", "log loss", "ROC AUC", "PR AUC", "yes"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(targets.iter().zip(&own.per_label).map(|(target, own)| {
        let yes = &own.per_class[1];
        vec![
            name(target),
            short(own.accuracy),
            defined(yes.precision),
            defined(yes.recall),
            defined(yes.f1),
            short(own.log_loss),
            defined(own.roc_auc),
            defined(own.pr_auc),
            yes.support.to_string(),
        ]
    }));
    format!("{text}\n{}", table(&rows))
}

fn name(target: &TargetColumn) -> String {
    shortened(&target.name, LETTERS)
}

fn defined(score: Option<f64>) -> String {
    score.map_or("–".to_owned(), short)
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
