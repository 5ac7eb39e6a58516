//! An ensemble: a network for each fold, stopped early by it, whose mean is the model.

use super::{CrossValidation, FitOptions, Job, Listener, Wanted, fit_each_told, summarize};
use crate::data::{Dataset, Split};
use crate::metrics::Metric;
use crate::model::Model;
use crate::spec::Network;
use crate::train::{Checkpoint, TrainOptions, TrainingData};
use crate::{Error, Result};

/// What an ensemble is.
#[derive(Clone, Debug)]
pub struct EnsembleOptions {
    /// The networks that are trained for each fold, with a seed each.
    pub rounds: usize,
    /// What is scored.
    pub metric: Metric,
    /// How they are trained together.
    pub fit: FitOptions,
    /// The checkpoint of each network, in order, from which it goes on; those beyond the list begin anew.
    pub resumed: Vec<Option<Checkpoint>>,
}

impl EnsembleOptions {
    /// One network for each fold.
    pub fn new(metric: Metric) -> Self {
        Self { rounds: 1, metric, fit: FitOptions::default(), resumed: Vec::new() }
    }
}

/// Trains some networks for each fold on the rows of all others, with another seed each, and returns
/// the model that predicts their mean, with their scores on the folds. `None` where an interrupt has ended
/// it. What happens in each training is told to the listener, if there is one, with the number of the
/// network.
///
/// With [`TrainOptions::early_stopping`] each network is stopped by its own fold, which then has a part in
/// how long it is trained: its score is slightly better than it will be on new rows. The mean of all is
/// usually better than any of them.
///
/// With [`TrainOptions::checkpoints`] each network writes them into a folder of its own: see
/// [`CheckpointOptions::of_member`](crate::train::CheckpointOptions::of_member). Going on from them, it ends
/// with the same bits.
///
/// ```
/// use halfplane::data::KFold;
/// use halfplane::metrics::Metric;
/// use halfplane::selection::{EnsembleOptions, train_folds};
/// use halfplane::{Dataset, EarlyStopping, Recipe, Targets, TrainOptions};
///
/// # fn main() -> halfplane::Result<()> {
/// let x: Vec<f32> = (0..200).map(|i| ((i * 37 % 101) as f32) / 50.0 - 1.0).collect();
/// let targets = Targets::Numbers { values: x.iter().map(|x| x * x).collect(), columns: 1 };
/// let data = Dataset::new(1, x, targets)?;
///
/// let Recipe { network, options, .. } = Recipe::for_data(&data);
/// let options = TrainOptions { early_stopping: Some(EarlyStopping::after(20)), ..options };
/// let splits = KFold::new(5).split(data.targets())?;
/// let ensemble = EnsembleOptions::new(Metric::R2);
/// let trained = train_folds(&data, &splits, &network, &options, &ensemble, None)?;
/// let (model, scores) = trained.expect("nothing interrupts it");
/// assert_eq!(model.members.len(), 5);
/// assert!(scores.mean > 0.9);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Error::Invalid`] where there are no rounds, and as [`cross_validate`](super::cross_validate).
pub fn train_folds(
    data: &Dataset,
    splits: &[Split],
    network: &Network,
    options: &TrainOptions,
    ensemble: &EnsembleOptions,
    listener: Option<Listener<'_>>,
) -> Result<Option<(Model, CrossValidation)>> {
    let EnsembleOptions { rounds, metric, ref fit, ref resumed } = *ensemble;
    if rounds == 0 {
        return Err(Error::invalid(
            "there are to be no networks",
            "train at least 1 for each fold",
        ));
    }
    let folds = data.folds(splits);
    let held_out = folds.iter().map(|fold| TrainingData::from((&fold.training, &fold.validation)));
    let held_out: Vec<TrainingData> = held_out.collect();
    let job = |(member, data): (usize, &TrainingData)| {
        let checkpoints = options.checkpoints.as_ref().map(|own| own.of_member(member));
        let seed = options.seed.wrapping_add(member as u64);
        Job {
            resumed: resumed.get(member).cloned().flatten(),
            ..Job::new(
                network.clone(),
                data.clone(),
                TrainOptions { seed, checkpoints, ..options.clone() },
            )
        }
    };
    let jobs = (0..rounds).flat_map(|_| &held_out).enumerate().map(job);
    let wanted = Wanted { models: true, predictions: true, ..fit.wanted };
    let fit = FitOptions { wanted, ..fit.clone() };
    let fits = fit_each_told(&jobs.collect::<Vec<_>>(), &fit, listener)?;
    let Some(fits) = fits else { return Ok(None) };
    let mut scores = summarize(&folds, fits, metric)?;
    let models = scores.folds.iter_mut().filter_map(|fold| fold.model.take());
    let model = Model::mean_of(models.collect())?;
    Ok(Some((model, scores)))
}
