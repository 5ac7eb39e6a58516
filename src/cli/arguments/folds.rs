//! How rows are dealt out to folds, and by what networks are compared.

use clap::Args;
use halfplane::Recipe;
use halfplane::data::{FoldBy, KFold};
use halfplane::metrics::Metric;

/// What `train` and `cv` take for it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Folds")]
pub(crate) struct FoldArguments {
    /// The number of folds: each is held out once, while a network is trained on the others; none trains
    /// one network on all rows
    #[arg(long, value_name = "K|none")]
    folds: Option<Folds>,
    /// Deal the rows out anew so many times
    #[arg(long, value_name = "N", conflicts_with_all = ["group", "time_column", "fold_column"])]
    repeats: Option<usize>,
    /// Column that names what must not be torn apart, such as a patient: all its rows are in one fold
    #[arg(long, value_name = "COL", conflicts_with_all = ["time_column", "fold_column"])]
    group: Option<String>,
    /// Column with a time: each fold is trained on what came before it
    #[arg(long, value_name = "COL", conflicts_with = "fold_column")]
    time_column: Option<String>,
    /// Rows left out between training rows and fold
    #[arg(long, value_name = "ROWS", requires = "time_column")]
    gap: Option<usize>,
    /// Column that names the fold of each row
    #[arg(long, value_name = "COL", conflicts_with = "folds")]
    fold_column: Option<String>,
    /// What is scored: accuracy, balanced_accuracy, f1_macro, log_loss, brier, roc_auc, pr_auc or
    /// calibration_error of classes, r2, rmse or mae of numbers
    #[arg(long, value_name = "NAME", value_parser = metric)]
    pub(crate) metric: Option<Metric>,
}

/// How many folds there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Folds {
    None,
    Some(usize),
}

impl std::str::FromStr for Folds {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word.parse() {
            Ok(folds) => Ok(Self::Some(folds)),
            Err(_) if word == "none" => Ok(Self::None),
            Err(_) => Err("it must be a number of folds from 2 on, or none".to_owned()),
        }
    }
}

impl FoldArguments {
    /// Whether there are to be none.
    pub(crate) fn are_none(&self) -> bool {
        self.folds == Some(Folds::None)
    }

    /// What was typed that only folds have, if anything was.
    pub(crate) fn typed(&self) -> Option<&'static str> {
        [
            ("--folds", matches!(self.folds, Some(Folds::Some(_)))),
            ("--repeats", self.repeats.is_some()),
            ("--group", self.group.is_some()),
            ("--time-column", self.time_column.is_some()),
            ("--fold-column", self.fold_column.is_some()),
        ]
        .into_iter()
        .find_map(|(name, typed)| typed.then_some(name))
    }

    /// How rows are dealt out.
    pub(crate) fn by(&self, seed: u64) -> FoldBy {
        let folds = match self.folds {
            Some(Folds::Some(folds)) => folds,
            Some(Folds::None) | None => Recipe::FOLDS,
        };
        if let Some(column) = self.group.clone() {
            return FoldBy::Groups { column, folds };
        }
        if let Some(column) = self.time_column.clone() {
            return FoldBy::Time { column, folds, gap: self.gap.unwrap_or(0) };
        }
        match self.fold_column.clone() {
            Some(column) => FoldBy::Column { column },
            None => FoldBy::Chance(KFold { folds, repeats: self.repeats.unwrap_or(1), seed }),
        }
    }
}

fn metric(name: &str) -> halfplane::Result<Metric> {
    name.replace('-', "_").parse()
}
