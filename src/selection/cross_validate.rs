//! Cross-validation: a network for each fold, scored on the fold that it has not seen.

use serde::Serialize;

use super::{CurvePoint, EpochScores, Fit, Job, MeanCurve, score_of};
#[cfg(not(target_arch = "wasm32"))]
use super::{FitOptions, Wanted, fit_each};
use crate::data::{Fold, Targets, column_of};
use crate::metrics::{Metric, Scores};
use crate::model::Model;
use crate::spec::Network;
use crate::train::{Summary, TrainOptions, TrainingData};
use crate::{Error, Result};

/// What came of one fold.
#[derive(Clone, Debug)]
pub struct FoldScore {
    /// The metric on the fold's rows.
    pub score: f64,
    /// The same on the rows that the network was trained on, where the metric is accuracy or R².
    pub training: Option<f64>,
    /// The mean loss on the fold's rows.
    pub loss: f64,
    /// All scores on the fold's rows.
    pub scores: Scores,
    /// Rows of the fold.
    pub rows: usize,
    /// Epochs that the network was trained for.
    pub epochs: u64,
    /// How it has ended, and how good it is on the rows that it was trained on.
    pub summary: Summary,
    /// Seconds that it took.
    pub seconds: f64,
    /// The network, where it is wanted.
    pub model: Option<Model>,
}

/// The prediction for a row by a network that has not seen it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Held {
    /// The row's index in the whole data set.
    pub row: usize,
    /// The fold that it belongs to, from 0.
    pub fold: usize,
    /// The predictions \[O\], in the target's own unit.
    pub prediction: Vec<f32>,
}

/// How good networks are on rows that they have not seen.
#[derive(Clone, Debug)]
pub struct CrossValidation {
    /// What is scored.
    pub metric: Metric,
    /// Each fold, in order; where several networks were trained for each, all folds again and again.
    pub folds: Vec<FoldScore>,
    /// The mean of the folds' scores.
    pub mean: f64,
    /// Its standard error: the deviation of the folds' scores / √folds. Folds share training rows, so
    /// that it is somewhat too small.
    pub standard_error: f64,
    /// What a constant guess would score, as a mean over the folds: the commonest class of the training
    /// rows, or their mean; of several targets that of each. Known for accuracy and R².
    pub trivial: Option<f64>,
    /// The mean learning curve.
    pub curve: MeanCurve,
    /// The predictions for all rows that were in some fold.
    pub out_of_fold: Vec<Held>,
}

impl CrossValidation {
    /// The number of epochs after which the mean curve was best.
    pub fn best_epochs(&self) -> Option<&CurvePoint> {
        self.curve.best(self.metric)
    }

    /// The mean over the folds of each of several targets' own score, `None` where one is undefined; empty
    /// for a single target.
    pub fn per_target(&self) -> Vec<Option<f64>> {
        let folds: Vec<Vec<Option<f64>>> =
            self.folds.iter().map(|fold| self.metric.of_each(&fold.scores)).collect();
        let targets = folds.first().map_or(0, Vec::len);
        let mean = |target: usize| {
            let sum: Option<f64> = folds.iter().map(|fold| fold[target]).sum();
            sum.map(|sum| sum / folds.len() as f64)
        };
        (0..targets).map(mean).collect()
    }

    /// The most epochs that a fold was trained for.
    pub fn epochs(&self) -> u64 {
        self.folds.iter().map(|fold| fold.epochs).max().unwrap_or(0)
    }
}

/// Trains a network for each fold on the rows of all others and scores it on the fold: all folds at once,
/// one a thread, on the CPU. `configure` tells network and options for each fold's data: its inputs may
/// differ in number where its preprocessing was fitted to it. `None` where an interrupt has ended it.
///
/// ```
/// use halfplane::data::KFold;
/// use halfplane::metrics::Metric;
/// use halfplane::selection::{FitOptions, cross_validate};
/// use halfplane::{Dataset, Network, Recipe, Targets};
///
/// # fn main() -> halfplane::Result<()> {
/// // Is a point inside a circle?
/// let points: Vec<f32> = (0..400).map(|i| ((i * 37 % 101) as f32) / 50.0 - 1.0).collect();
/// let inside = |p: &[f32]| f32::from(p[0] * p[0] + p[1] * p[1] < 0.5);
/// let targets = Targets::Binary { values: points.chunks(2).map(inside).collect(), columns: 1 };
/// let data = Dataset::new(2, points, targets)?;
///
/// let folds = data.folds(&KFold::new(5).split(data.targets())?);
/// let result = cross_validate(&folds, Metric::Accuracy, &FitOptions::default(), |fold| {
///     let Recipe { network, options, .. } = Recipe::for_data(&fold.training);
///     Ok((network, options))
/// })?;
/// let result = result.expect("nothing interrupts it");
/// println!("{:.3} ± {:.3}", result.mean, result.standard_error);
/// assert!(result.mean > 0.9);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Error::Diverged`] where a fold's network does, [`Error::Invalid`] where there are fewer than two
/// folds or the metric is not one of the task, what `configure` returns, and as [`fit_each`].
#[cfg(not(target_arch = "wasm32"))]
pub fn cross_validate(
    folds: &[Fold],
    metric: Metric,
    options: &FitOptions,
    configure: impl FnMut(&Fold) -> Result<(Network, TrainOptions)>,
) -> Result<Option<CrossValidation>> {
    let all = folds.len();
    in_groups((all, all), |number| Ok(folds[number].clone()), metric, options, configure)
}

/// The same for folds that need not be in memory together: each is made when it is due, and freed when it is
/// scored. Where all take more than a GiB, as many are trained at once as there are threads.
///
/// # Errors
/// What `fold` returns, and as [`cross_validate`].
#[cfg(not(target_arch = "wasm32"))]
pub fn cross_validate_in_turn(
    count: usize,
    mut fold: impl FnMut(usize) -> Result<Fold>,
    metric: Metric,
    options: &FitOptions,
    configure: impl FnMut(&Fold) -> Result<(Network, TrainOptions)>,
) -> Result<Option<CrossValidation>> {
    /// Bytes of the features of all folds that are in memory at once, whatever the number of threads.
    const TOGETHER: u64 = 1 << 30;
    check_count(count)?;
    let first = fold(0)?;
    let bytes = TrainingData::from((&first.training, &first.validation)).bytes();
    let at_once = match bytes.saturating_mul(count as u64) {
        ..=TOGETHER => count,
        _ => options.threads(),
    };
    let mut first = Some(first);
    let fold = |number| first.take().map_or_else(|| fold(number), Ok);
    in_groups((count, at_once), fold, metric, options, configure)
}

/// The same with so many of all folds at once.
#[cfg(not(target_arch = "wasm32"))]
fn in_groups(
    (count, at_once): (usize, usize),
    mut fold: impl FnMut(usize) -> Result<Fold>,
    metric: Metric,
    options: &FitOptions,
    mut configure: impl FnMut(&Fold) -> Result<(Network, TrainOptions)>,
) -> Result<Option<CrossValidation>> {
    check_count(count)?;
    let options =
        FitOptions { wanted: Wanted { predictions: true, ..options.wanted }, ..options.clone() };
    let mut scorer = Scorer::new(metric);
    for begin in (0..count).step_by(at_once) {
        let numbers = begin..count.min(begin + at_once);
        let folds: Vec<Fold> = numbers.clone().map(&mut fold).collect::<Result<_>>()?;
        let jobs = jobs_of(&folds, &mut configure)?;
        let Some(fits) = fit_each(&jobs, &options)? else { return Ok(None) };
        for ((number, fold), fit) in numbers.zip(&folds).zip(fits) {
            scorer.take(number, fold, fit)?;
        }
    }
    scorer.finish(count).map(Some)
}

/// The training of each fold.
pub(super) fn jobs_of(
    folds: &[Fold],
    mut configure: impl FnMut(&Fold) -> Result<(Network, TrainOptions)>,
) -> Result<Vec<Job>> {
    let job = |fold: &Fold| {
        let (network, options) = configure(fold)?;
        let data = TrainingData::from((&fold.training, &fold.validation));
        Ok(Job::new(network, data, options))
    };
    folds.iter().map(job).collect()
}

fn check_count(folds: usize) -> Result<()> {
    match folds {
        0 | 1 => Err(Error::invalid("there are fewer than two folds", "use at least 2")),
        _ => Ok(()),
    }
}

/// Scores each fold's network. Where there are several for each fold, they come in rounds of all folds.
///
/// # Errors
/// [`Error::Invalid`] where there are fewer than two folds, or the metric is not one of the task or undefined
/// for a fold's rows.
pub fn summarize(folds: &[Fold], fits: Vec<Fit>, metric: Metric) -> Result<CrossValidation> {
    let mut scorer = Scorer::new(metric);
    for ((number, fold), fit) in folds.iter().enumerate().cycle().zip(fits) {
        scorer.take(number, fold, fit)?;
    }
    scorer.finish(folds.len())
}

/// The scores of networks, as they come.
struct Scorer {
    metric: Metric,
    folds: Vec<FoldScore>,
    out_of_fold: Vec<Held>,
    /// What a constant guess scores on each fold.
    trivial: Vec<Option<f64>>,
    /// The epochs that each network was trained for, and what was seen after each.
    curves: Vec<(u64, Vec<EpochScores>)>,
}

impl Scorer {
    fn new(metric: Metric) -> Self {
        let (folds, out_of_fold, trivial, curves) = Default::default();
        Self { metric, folds, out_of_fold, trivial, curves }
    }

    /// The network of the fold of a number, which may have had others before.
    fn take(&mut self, number: usize, fold: &Fold, mut fit: Fit) -> Result<()> {
        self.metric.check(fold.training.task())?;
        let predictions = fit.predictions.chunks_exact(fold.training.outputs());
        self.out_of_fold.extend(fold.rows.iter().zip(predictions).map(|(row, prediction)| Held {
            row: *row,
            fold: number,
            prediction: prediction.to_vec(),
        }));
        if self.trivial.len() == number {
            self.trivial.push(trivial(fold, self.metric));
        }
        self.curves.push((fit.epochs, std::mem::take(&mut fit.curve)));
        self.folds.push(score(fold, fit, self.metric)?);
        Ok(())
    }

    /// What all say, of so many folds.
    fn finish(self, count: usize) -> Result<CrossValidation> {
        let Self { metric, folds, out_of_fold, trivial, curves } = self;
        check_count(count)?;
        let trivial: Option<Vec<f64>> = trivial.into_iter().collect();
        let curves: Vec<_> = curves.iter().map(|(epochs, own)| (*epochs, &own[..])).collect();
        let curve = MeanCurve::of_curves(&curves, metric);
        // Networks of the same fold tell nothing new of other rows: their mean counts once.
        let scores: Vec<f64> = (0..count)
            .map(|first| {
                let own = || folds[first..].iter().step_by(count);
                own().map(|fold| fold.score).sum::<f64>() / own().count() as f64
            })
            .collect();
        let (mean, standard_error) = mean_and_error(&scores);
        let trivial = trivial.map(|all| mean_and_error(&all).0);
        Ok(CrossValidation { metric, folds, mean, standard_error, trivial, curve, out_of_fold })
    }
}

fn score(fold: &Fold, fit: Fit, metric: Metric) -> Result<FoldScore> {
    let (scores, score) = scores_of(fold, &fit.predictions, metric)?;
    let training =
        score_of(&fit.summary.evaluation, metric).or_else(|| of_training(fold, &fit, metric));
    let Fit { summary, epochs, model, seconds, .. } = fit;
    Ok(FoldScore {
        score,
        training,
        loss: summary.validation.map_or(f64::NAN, |own| own.loss),
        scores,
        rows: fold.rows.len(),
        epochs,
        summary,
        seconds,
        model,
    })
}

/// The metric of several targets on the rows that a network was trained on.
fn of_training(fold: &Fold, fit: &Fit, metric: Metric) -> Option<f64> {
    let is_wanted = matches!(metric, Metric::Accuracy | Metric::R2) && !fit.of_training.is_empty();
    let targets = is_wanted.then(|| fold.training.original_targets())?;
    metric.of(&Scores::of(&targets, &fit.of_training, fold.training.weights()).ok()?)
}

/// All scores of predictions for a fold's rows, and the metric.
///
/// # Errors
/// [`Error::Invalid`] where the metric is undefined for these rows, and as [`Scores::of`].
pub(crate) fn scores_of(fold: &Fold, predictions: &[f32], metric: Metric) -> Result<(Scores, f64)> {
    let (targets, weights) = (fold.validation.original_targets(), fold.validation.weights());
    let scores = Scores::of(&targets, predictions, weights)?;
    let score = metric.of(&scores).ok_or_else(|| undefined(metric, fold))?;
    Ok((scores, score))
}

/// The error of a metric that is undefined for a fold's rows.
pub(crate) fn undefined(metric: Metric, fold: &Fold) -> Error {
    Error::invalid(
        format!("{metric} is undefined on a fold of {} rows", fold.rows.len()),
        "use fewer folds, or another metric",
    )
}

/// What guessing the training rows' commonest class, or their mean, scores on the fold: of several targets
/// that of each.
fn trivial(fold: &Fold, metric: Metric) -> Option<f64> {
    match (metric, fold.validation.original_targets(), fold.training.original_targets()) {
        (Metric::Accuracy, targets, Targets::Binary { values, columns: columns @ 2.. }) => {
            let rows = values.len() / columns;
            let is_common = |label: usize| {
                let yes = column_of(&values, label, columns).filter(|own| *own > 0.5);
                2 * yes.count() > rows
            };
            let guess: Vec<f32> = (0..columns).map(|own| f32::from(is_common(own))).collect();
            metric.of(&Scores::of(&targets, &guess.repeat(targets.rows()), None).ok()?)
        }
        (Metric::Accuracy, validation, _) => {
            let counts = fold.training.class_counts();
            let commonest =
                (0..counts.len()).max_by_key(|&class| (counts[class], usize::MAX - class))?;
            let right = validation.classes()?.filter(|class| *class == commonest).count();
            Some(right as f64 / validation.rows() as f64)
        }
        (Metric::R2, targets, Targets::Numbers { values, columns }) => {
            let rows = (values.len() / columns) as f64;
            let mean = |column: usize| {
                let own = column_of(&values, column, columns).map(f64::from);
                (own.sum::<f64>() / rows) as f32
            };
            let guess: Vec<f32> = (0..columns).map(mean).collect();
            metric.of(&Scores::of(&targets, &guess.repeat(targets.rows()), None).ok()?)
        }
        _ => None,
    }
}

/// The mean of some scores, and its standard error: their deviation / √scores.
pub fn mean_and_error(scores: &[f64]) -> (f64, f64) {
    let count = scores.len() as f64;
    let mean = scores.iter().sum::<f64>() / count;
    let squares: f64 = scores.iter().map(|score| (score - mean).powi(2)).sum();
    (mean, (squares / (count - 1.0).max(1.0) / count).sqrt())
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::backend::DeviceChoice;
    use crate::data::{Dataset, KFold};
    use crate::spec::Length;

    #[test]
    fn folds_that_come_a_few_at_a_time_are_scored_as_all_at_once() -> Result<()> {
        let x: Vec<f32> = (0..120).map(|i| ((i * 37 % 101) as f32) / 50.0 - 1.0).collect();
        let values = x.chunks(2).map(|own| own[0] * own[1]).collect();
        let data = Dataset::new(2, x, Targets::Numbers { values, columns: 1 })?;
        let folds = data.folds(&KFold::new(5).split(data.targets())?);
        let fit = FitOptions { device: DeviceChoice::Cpu, ..FitOptions::default() };
        let configure = |_: &Fold| {
            let network = Network::new(2, &[4], 1).with_output(crate::spec::Output::Identity);
            let length = Length::Epochs(6);
            Ok((network, TrainOptions { length, device: DeviceChoice::Cpu, ..Default::default() }))
        };
        let all = cross_validate(&folds, Metric::R2, &fit, configure)?;
        let all = all.map(|own| (own.mean, own.standard_error, own.trivial, own.out_of_fold));
        assert!(all.as_ref().is_some_and(|own| own.0.is_finite() && own.3.len() == 60));
        for at_once in 1..=6 {
            let mut made = 0;
            let make = |number: usize| {
                assert_eq!(number, made, "in order, and once");
                made += 1;
                Ok(folds[number].clone())
            };
            let own = in_groups((5, at_once), make, Metric::R2, &fit, configure)?;
            let own = own.map(|own| (own.mean, own.standard_error, own.trivial, own.out_of_fold));
            assert!(own == all, "{at_once} at once");
        }
        Ok(())
    }
}
