//! Tables dealt out to folds: reading them, in words, and what networks say of rows that they have not
//! seen.

use std::path::Path;

use halfplane::data::{
    Fold, FoldBy, FoldedTable, Prepared, Source, Split, TableOptions, TargetColumn, Warning,
};
use halfplane::model::csv::{field, quoted, table};
use halfplane::selection::{CrossValidation, Held};
use halfplane::{Dataset, Error, Model, Result, Targets, Task};

use super::arguments::{DataArguments, FoldArguments};
use crate::report::{self, picture};

/// A table and its folds.
pub(super) struct DealtOut {
    /// How the rows were dealt out.
    pub(super) by: FoldBy,
    pub(super) folds: Vec<Fold>,
    /// The rows of each.
    pub(super) splits: Vec<Split>,
    /// All rows.
    pub(super) all: Dataset,
    pub(super) warnings: Vec<Warning>,
}

impl DealtOut {
    /// Reads a table, and fits everything that is fitted to the training rows of each fold. The table itself
    /// comes along, for whoever deals its rows out in other ways, too.
    pub(super) fn read(
        data: &Path,
        table: &DataArguments,
        folds: &FoldArguments,
        seed: u64,
        bring: Bring<'_>,
    ) -> Result<(Self, FoldedTable)> {
        let (by, folded) = open(data, table, folds, seed, bring)?;
        let Prepared { training: all, warnings, .. } = folded.all()?;
        let folds = (0..folded.splits().len()).map(|number| folded.fold(number));
        let folds = folds.collect::<Result<Vec<Fold>>>()?;
        let splits = folded.splits().to_vec();
        Ok((Self { by, folds, splits, all, warnings }, folded))
    }
}

/// Gives a source whose bytes are at hand for one that has to be read from somewhere.
pub(super) type Bring<'a> = &'a mut dyn FnMut(Source) -> Result<Source>;

/// Reads a table and deals it out, as the arguments say.
pub(super) fn open(
    data: &Path,
    table: &DataArguments,
    folds: &FoldArguments,
    seed: u64,
    bring: Bring<'_>,
) -> Result<(FoldBy, FoldedTable)> {
    if data == Path::new("xor") {
        return Err(Error::Invalid {
            problem: "the built-in xor has 4 rows, of which none can be left out".into(),
            remedy: "give a table".into(),
        });
    }
    let by = folds.by(seed);
    let options = table.options(data, seed)?;
    let labels = options.labels.map(&mut *bring).transpose()?;
    let options = TableOptions { folds: Some(by.clone()), labels, ..options };
    Ok((by, FoldedTable::read(&bring(table.source(data))?, &options)?))
}

/// What is predicted from what, in words.
pub(super) fn predicted(all: &Dataset, data: &Path) -> String {
    format!(
        "{} predicted from {} rows of {}",
        report::target_names(all.target_columns()),
        picture::thousands(all.rows()),
        data.display(),
    )
}

/// How rows were dealt out, in words.
pub(super) fn described(by: &FoldBy, data: &Dataset, count: usize) -> String {
    match by {
        FoldBy::Chance(kfold) => {
            let kind = if data.classes().is_empty() { "" } else { "stratified " };
            match kfold.repeats {
                1 => format!("{count} {kind}folds"),
                repeats => format!("{} {kind}folds, dealt out {repeats} times", kfold.folds),
            }
        }
        FoldBy::Groups { column, .. } => format!("{count} folds, by the groups of `{column}`"),
        FoldBy::Time { column, gap: 0, .. } => format!("{count} folds in the order of `{column}`"),
        FoldBy::Time { column, gap, .. } => {
            format!(
                "{count} folds in the order of `{column}`, {gap} rows apart from what came before"
            )
        }
        FoldBy::Column { column } => format!("{count} folds, named by `{column}`"),
    }
}

/// The predictions of networks that have not seen the rows, as CSV; `model` is one like theirs.
pub(super) fn predictions(
    all: &Dataset,
    result: &CrossValidation,
    model: &Model,
) -> Result<String> {
    let mut held: Vec<&Held> = result.out_of_fold.iter().collect();
    held.sort_by_key(|own| (own.row, own.fold));
    let values: Vec<f32> = held.iter().flat_map(|own| own.prediction.iter().copied()).collect();
    let (mut header, lines) = table(model, &values)?;
    if all.target_columns().len() > 1 {
        // The targets themselves have these names.
        let mut names = quoted(&model.target_columns("predicted"));
        if all.task() == Task::Binary {
            names.splice(0..0, quoted(&model.target_columns("p")));
        }
        header = names.join(",");
    }
    let truth = truth(all);
    let names = all.target_columns().iter().map(|own| field(&own.name)).collect::<Vec<_>>();
    let mut text = format!("row,fold,{},{header}\n", names.join(","));
    for (own, line) in held.into_iter().zip(lines) {
        text += &format!("{},{},{},{line}\n", own.row + 1, own.fold + 1, truth[own.row]);
    }
    Ok(text)
}

/// The targets of each row as CSV.
fn truth(all: &Dataset) -> Vec<String> {
    let columns = all.target_columns();
    match all.original_targets() {
        Targets::Numbers { values, .. } => values
            .chunks(columns.len())
            .map(|row| row.iter().map(ToString::to_string).collect::<Vec<_>>().join(","))
            .collect(),
        Targets::Binary { values, .. } => values
            .chunks(columns.len())
            .map(|row| {
                let of = |(own, yes): (&TargetColumn, &f32)| field(&own.classes[*yes as usize]);
                columns.iter().zip(row).map(of).collect::<Vec<_>>().join(",")
            })
            .collect(),
        Targets::Classes { values, .. } => {
            values.iter().map(|class| field(&columns[0].classes[*class as usize])).collect()
        }
    }
}
