//! A table and its folds: everything that is fitted is fitted to the training rows of each.

use std::collections::{BTreeSet, HashMap};

use xxhash_rust::xxh3::Xxh3;

use super::options::{FoldBy, TableOptions};
use super::{Prepared, RawTable};
use crate::data::tables::Warning;
use crate::data::tables::read::Source;
use crate::data::tables::table::{MISSING_CODE, Table, Values};
use crate::data::{
    Fold, GroupKFold, KFold, PredefinedSplit, Split, Targets, TimeSeriesSplit, classes_of,
};
use crate::{Error, Result, Setting};

/// A table whose rows are dealt out to folds.
///
/// Means, deviations, categories, the target's scale and class weights are those of the training rows
/// of each fold, as a table of these rows alone would have them.
#[derive(Debug)]
pub struct FoldedTable {
    raw: RawTable,
    by: FoldBy,
    /// The number of each row's text in the column that decides, among all of them; for times and named
    /// folds in their order.
    key: Option<Vec<usize>>,
    splits: Vec<Split>,
    warnings: Vec<Warning>,
    options: TableOptions,
}

impl FoldedTable {
    /// Fewer rows than these are not dealt out unless the options say so.
    pub const LEAST_ROWS: usize = 20;

    /// Reads a table and deals its rows out as [`TableOptions::folds`] says; by default to 5 folds, or to
    /// none where there are fewer than [`FoldedTable::LEAST_ROWS`].
    ///
    /// # Errors
    /// As [`super::prepare`]; [`Error::Data`] where rows, classes or the named column are not enough
    /// for the folds, [`Error::Invalid`] where there is a validation set, too.
    pub fn read(source: &Source, options: &TableOptions) -> Result<Self> {
        options.check()?;
        if options.validation.is_some() {
            return Err(Error::invalid(
                "there are both folds and a validation set",
                ("leave out ", Setting::Validation, ": each fold is the validation set of one"),
            ));
        }
        let by = options.folds.clone().unwrap_or_default();
        let mut raw = RawTable::read(source, options)?;
        let key = by.column().map(|name| Key::take(&mut raw.table, name)).transpose()?;
        let mut warnings = Vec::new();
        let key = match (&by, key) {
            (FoldBy::Time { column, .. }, Some(key)) => {
                let ranks = key.ranks(&raw.table, column)?;
                if !ranks.is_sorted() {
                    warnings.push(Warning::OutOfOrder { column: column.clone() });
                }
                Some(ranks)
            }
            (FoldBy::Column { .. }, Some(key)) => Some(key.sorted()),
            (_, key) => key.map(|own| own.codes),
        };
        let all: Vec<usize> = (0..raw.table.rows).collect();
        let splits = match &by {
            FoldBy::Chance(_) if options.folds.is_none() && all.len() < Self::LEAST_ROWS => {
                Vec::new()
            }
            FoldBy::Chance(kfold) if options.folds.is_none() => {
                KFold { seed: options.seed, ..*kfold }.split(&raw.targets)?
            }
            by => deal(by, &raw.targets, key.as_deref(), &all)?,
        };
        warnings.extend(raw.rare_classes(&splits));
        Ok(Self { raw, by, key, splits, warnings, options: options.clone() })
    }

    /// The rows of each fold.
    pub fn splits(&self) -> &[Split] {
        &self.splits
    }

    /// The number of rows of the table that have a target.
    pub fn rows(&self) -> usize {
        self.raw.table.rows
    }

    /// A hash of all splits, which tells whether two tables were dealt out alike.
    pub fn hash(&self) -> u64 {
        let mut hash = Xxh3::new();
        for Split { training, validation } in &self.splits {
            for rows in [training, validation] {
                hash.update(&(rows.len() as u64).to_le_bytes());
                rows.iter().for_each(|row| hash.update(&(*row as u64).to_le_bytes()));
            }
        }
        hash.digest()
    }

    /// A fold, with what is fitted to its training rows.
    ///
    /// # Errors
    /// As [`super::prepare`].
    ///
    /// # Panics
    /// Where there is no fold of that number.
    pub fn fold(&self, number: usize) -> Result<Fold> {
        self.fold_of(&self.splits[number])
    }

    /// The same of any rows.
    ///
    /// # Errors
    /// As [`super::prepare`].
    ///
    /// # Panics
    /// Where there is no row of a number.
    pub fn fold_of(&self, split: &Split) -> Result<Fold> {
        let rows = split.validation.clone();
        let Prepared { training, validation, .. } =
            self.raw.clone().fit(Some(split.clone()), &self.options)?;
        match validation {
            Some(validation) => Ok(Fold { training, validation, rows }),
            None => unreachable!("a split has validation rows"),
        }
    }

    /// Deals all rows out to so many folds in the way of this table's own: for a score of a choice that is
    /// itself made by folds ([`FoldedTable::inner`]) of the training rows of each.
    ///
    /// # Errors
    /// [`Error::Invalid`] where a column names the folds, or there cannot be as many.
    pub fn outer(&self, folds: usize) -> Result<Vec<Split>> {
        let by = match &self.by {
            FoldBy::Chance(kfold) => FoldBy::Chance(KFold { folds, repeats: 1, ..*kfold }),
            FoldBy::Groups { column, .. } => FoldBy::Groups { column: column.clone(), folds },
            FoldBy::Time { column, gap, .. } => {
                FoldBy::Time { column: column.clone(), folds, gap: *gap }
            }
            FoldBy::Column { column } => {
                return Err(Error::invalid(
                    format!("`{column}` names the folds, and says nothing of outer ones"),
                    "let the rows be dealt out by chance, by groups or by time",
                ));
            }
        };
        let all: Vec<usize> = (0..self.rows()).collect();
        deal(&by, &self.raw.targets, self.key.as_deref(), &all)
    }

    /// Deals some of the rows out as the whole table is: the splits count them from 0.
    ///
    /// # Errors
    /// As [`FoldedTable::read`].
    pub fn inner(&self, rows: &[usize]) -> Result<Vec<Split>> {
        deal(&self.by, &self.raw.targets.select(rows), self.key.as_deref(), rows)
    }

    /// All rows to train on, with the warnings about the whole table.
    ///
    /// # Errors
    /// As [`super::prepare`].
    pub fn all(&self) -> Result<Prepared> {
        Ok(with(self.raw.clone().fit(None, &self.options)?, self.warnings.clone()))
    }

    /// The same, where no fold is wanted any more: the table is freed meanwhile.
    ///
    /// # Errors
    /// As [`super::prepare`].
    pub fn into_all(self) -> Result<Prepared> {
        Ok(with(self.raw.fit(None, &self.options)?, self.warnings))
    }
}

/// Deals rows out, of which these are the targets. The splits count them from 0.
fn deal(
    by: &FoldBy,
    targets: &Targets,
    key: Option<&[usize]>,
    rows: &[usize],
) -> Result<Vec<Split>> {
    let own = || -> Vec<usize> {
        let Some(key) = key else { unreachable!("a column that decides was taken") };
        rows.iter().map(|row| key[*row]).collect()
    };
    match by {
        FoldBy::Chance(kfold) => kfold.split(targets),
        FoldBy::Groups { folds, .. } => GroupKFold::new(*folds).split(&own()),
        FoldBy::Time { folds, gap, .. } => {
            let ranks = own();
            let mut order: Vec<usize> = (0..rows.len()).collect();
            // Rows of the same time keep their order.
            order.sort_by_key(|&row| ranks[row]);
            TimeSeriesSplit { folds: *folds, gap: *gap }.split(&order)
        }
        FoldBy::Column { .. } => {
            // Some rows may be of some folds only.
            let names = own();
            let present: BTreeSet<usize> = names.iter().copied().collect();
            let number: HashMap<usize, usize> = present.into_iter().zip(0..).collect();
            PredefinedSplit.split(&names.iter().map(|name| number[name]).collect::<Vec<_>>())
        }
    }
}

fn with(mut prepared: Prepared, warnings: Vec<Warning>) -> Prepared {
    prepared.warnings.extend(warnings);
    prepared
}

impl RawTable {
    /// A warning about each class that some fold's training or validation rows lack.
    fn rare_classes(&self, splits: &[Split]) -> Option<Warning> {
        let classes = classes_of(&self.target_columns);
        let mut counts = vec![0; classes.len()];
        self.targets.classes()?.for_each(|class| counts[class] += 1);
        let folds = splits.len();
        let rarest = (0..counts.len()).filter(|class| counts[*class] > 0);
        let class = rarest.min_by_key(|class| counts[*class])?;
        let is_of_class: Vec<bool> = self.targets.classes()?.map(|own| own == class).collect();
        let is_absent = |split: &Split| {
            let has = |rows: &[usize]| rows.iter().any(|row| is_of_class[*row]);
            !has(&split.training) || !has(&split.validation)
        };
        let absent = splits.iter().filter(|split| is_absent(split)).count();
        (absent > 0).then(|| Warning::RareClass {
            class: classes[class].clone(),
            rows: counts[class],
            absent,
            folds,
        })
    }
}

/// A column that says to which fold a row belongs.
struct Key {
    /// The number of the text of each row.
    codes: Vec<usize>,
    texts: Vec<String>,
}

impl Key {
    /// Takes the column out of the table, so that it is no input.
    fn take(table: &mut Table, name: &str) -> Result<Self> {
        let index = table.columns.iter().position(|column| column.name == name);
        let column = index.map(|index| table.columns.remove(index).values);
        let Some(Values::Text(cell, texts)) = column else {
            return Err(table.error(
                format!("there is no column `{name}` with a word or a number in each row"),
                "name another column",
            ));
        };
        let codes: Vec<u32> = table.codes(cell).collect();
        if let Some(row) = codes.iter().position(|code| *code == MISSING_CODE) {
            return Err(table.error(
                format!("row {}, column `{name}`: there is no value", table.row_numbers()(row)),
                "fill it in: it decides to which fold the row belongs",
            ));
        }
        let codes = codes.into_iter().map(|code| code as usize).collect();
        Ok(Self { codes, texts: texts.list })
    }

    /// The number of each row's text among all texts in their order: of numbers, where all are such.
    fn sorted(&self) -> Vec<usize> {
        let numbers: Option<Vec<f64>> = self.texts.iter().map(|text| text.parse().ok()).collect();
        let mut order: Vec<usize> = (0..self.texts.len()).collect();
        match numbers {
            Some(numbers) => order.sort_by(|a, b| numbers[*a].total_cmp(&numbers[*b])),
            None => order.sort_by(|a, b| self.texts[*a].cmp(&self.texts[*b])),
        }
        let rank: HashMap<usize, usize> =
            order.into_iter().enumerate().map(|(rank, code)| (code, rank)).collect();
        self.codes.iter().map(|code| rank[code]).collect()
    }

    /// The place of each row's time among all times.
    fn ranks(&self, table: &Table, name: &str) -> Result<Vec<usize>> {
        let is_number = |text: &str| text.parse::<f64>().is_ok_and(f64::is_finite);
        // Dates from the year on are in the order of their letters.
        let is_iso = |text: &str| {
            let year = text.split_once('-').map(|(year, _)| year);
            year.is_some_and(|year| year.len() == 4 && year.bytes().all(|own| own.is_ascii_digit()))
        };
        let sorts = self.texts.iter().all(|text| is_number(text))
            || self.texts.iter().all(|text| is_iso(text));
        if !sorts {
            let odd = self.texts.iter().find(|text| !is_iso(text));
            let odd = odd.map_or("", String::as_str);
            return Err(table.error(
                format!("column `{name}` is not in an order of time: `{odd}` is no such date"),
                "write dates as 2026-01-31, or give a column of numbers",
            ));
        }
        Ok(self.sorted())
    }
}
