//! What a search ends with: the model of the settings that it has found.

use halfplane::data::Split;
use halfplane::selection::{CrossValidation, EnsembleOptions, FitOptions, train_folds};
use halfplane::sweep::{Point, Record, Sweep};
use halfplane::{Dataset, Error, Model, Result, TrainOptions};

use super::space::{Parser, Searched};
use crate::cli::arguments::{Refit, SweepArguments};

/// The model, and what it is of.
pub(super) struct Best {
    /// The trial that was chosen.
    pub(super) record: Record,
    /// How good networks like it are on rows that they have not seen.
    pub(super) cross_validation: CrossValidation,
    pub(super) model: Model,
    pub(super) seed: u64,
    pub(super) refit: Refitted,
}

/// How the model was made.
pub(super) enum Refitted {
    /// One network on all rows, for as many epochs as were chosen.
    All,
    /// A network for each fold, stopped early by it.
    Folds {
        /// The score of `train`'s own settings, trained likewise, and its standard error, where they are an
        /// answer, too.
        default: Option<DefaultScores>,
        /// Whether the trial's are not better by more than that, so that these are the model's.
        is_default: bool,
    },
}

/// How good `train`'s own settings are.
pub(super) struct DefaultScores {
    pub(super) mean: f64,
    pub(super) standard_error: f64,
    /// The score of each fold.
    pub(super) folds: Vec<f64>,
}

impl DefaultScores {
    fn of(scores: &CrossValidation) -> Self {
        let CrossValidation { mean, standard_error, folds, .. } = scores;
        let folds = folds.iter().map(|fold| fold.score).collect();
        Self { mean: *mean, standard_error: *standard_error, folds }
    }
}

impl Best {
    /// The point whose settings the model has; none where they are `train`'s own.
    pub(super) fn point(&self) -> Option<&Point> {
        let is_default = matches!(self.refit, Refitted::Folds { is_default: true, .. });
        (!is_default).then_some(&self.record.parameters)
    }

    /// The most epochs that a network was trained for.
    pub(super) fn epochs(&self) -> u64 {
        match self.refit {
            Refitted::All => self.record.epochs,
            Refitted::Folds { .. } => self.cross_validation.epochs(),
        }
    }
}

/// Trains what a search has found. `None` where an interrupt has ended it.
pub(super) fn refit(
    sweep: &mut Sweep,
    searched: &Searched,
    arguments: &SweepArguments,
    (all, splits): (&Dataset, &[Split]),
    fit: &FitOptions,
) -> Result<Option<Best>> {
    let (record, seed) = (sweep.chosen()?.clone(), arguments.seed);
    if arguments.refit == Some(Refit::All) {
        let Some(chosen) = sweep.finish(all)? else { return Ok(None) };
        let (_, options) = Parser::new(searched, seed).configure(&record.parameters, all)?;
        return Ok(Some(Best {
            record,
            cross_validation: chosen.cross_validation,
            model: chosen.model,
            seed: options.seed,
            refit: Refitted::All,
        }));
    }
    let metric = sweep.metric();
    let ensemble = EnsembleOptions { fit: fit.clone(), ..EnsembleOptions::new(metric) };
    let train = |mut parser: Parser, point: &Point| {
        let (network, options) = parser.configure_on_folds(point, all)?;
        let TrainOptions { seed, .. } = options;
        let trained = train_folds(all, splits, &network, &options, &ensemble, None)?;
        Ok(trained.map(|(model, scores)| (model, scores, seed)))
    };
    let found = train(Parser::new(searched, seed), &record.parameters);
    // Who has said what is searched, or wants a small network, gets nothing else.
    let is_open = searched.is_default && arguments.select.is_none();
    let own = match is_open.then(|| train(Parser::of_default(searched, seed), &Point::default())) {
        // There is nothing to compare with.
        None | Some(Err(Error::Diverged { .. } | Error::Invalid { .. })) => None,
        Some(Ok(None)) => return Ok(None),
        Some(other) => other?,
    };
    let default = own.as_ref().map(|(_, scores, _)| DefaultScores::of(scores));
    // The best of many is partly luck: what is known stays unless it is better by a standard error.
    let stays = |own: &CrossValidation, found: &CrossValidation| {
        let gain = metric.gain(found.mean) - metric.gain(own.mean);
        gain.is_nan() || gain <= own.standard_error
    };
    let (is_default, (model, cross_validation, seed)) = match (own, found) {
        (Some(own), Ok(Some(found))) if stays(&own.1, &found.1) => (true, own),
        (Some(own), Err(Error::Diverged { .. })) => (true, own),
        (_, found) => match found? {
            Some(found) => (false, found),
            None => return Ok(None),
        },
    };
    let refit = Refitted::Folds { default, is_default };
    Ok(Some(Best { record, cross_validation, model, seed, refit }))
}
