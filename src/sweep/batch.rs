//! A batch of trials: all of its networks are trained together, from rung to rung.
//!
//! A trial that goes on beyond a rung is trained anew from its first epoch: so it is the run that it
//! would be alone, on any device, and nothing has to be kept of it. That costs a third more than going
//! on would.

use std::ops::ControlFlow;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::driver::for_epochs;
use super::journal::Rung;
use super::options::{Ended, SweepEvent};
use super::ranks::{Ranks, shared, shares};
use super::thinned::thinned;
use super::{Curve, Halving, Point, Record, State, nan_as_null};
use crate::data::{Dataset, Fold};
use crate::metrics::Metric;
use crate::platform::Instant;
use crate::selection::{
    Fit, FitOptions, Job, MeanCurve, Outcome, Wanted, fit_all, mean_and_error, score_of, scores_of,
    undefined,
};
use crate::spec::{Decay, Length, Network};
use crate::train::{Keep, TrainOptions, TrainingData};
use crate::{Error, Result};

/// Network and options of a point, for the rows to train on.
pub(super) type Configure<'a> = dyn FnMut(&Point, &Dataset) -> Result<(Network, TrainOptions)> + 'a;

/// What a batch is trained with.
pub(super) struct Batch<'a> {
    pub(super) folds: &'a [Fold],
    pub(super) metric: Metric,
    pub(super) fit: &'a FitOptions,
    /// The trials before.
    pub(super) known: &'a [Record],
    /// From when on, and how long, there is time.
    pub(super) deadline: Option<(Instant, Duration)>,
    /// Who goes on, where trials are stopped early.
    pub(super) halving: Option<Halving>,
    pub(super) observer: &'a mut dyn FnMut(&SweepEvent) -> ControlFlow<()>,
    /// The processes that share the batch out among them, if there are several.
    pub(super) ranks: Option<&'a mut dyn Ranks>,
}

/// A trial on its way.
struct Trial {
    /// What is known by now.
    record: Record,
    /// For each fold.
    settings: Vec<(Network, TrainOptions)>,
    /// Epochs in all, where early scores tell who is good.
    judged: Option<u64>,
    on_its_way: bool,
}

/// How far a trial is trained.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// So many epochs.
    Epochs(u64),
    /// As far as its options say.
    End,
}

impl Batch<'_> {
    /// Trains points, each with the number of its trial; or tells what has ended it before all were.
    pub(super) fn train(
        &mut self,
        points: Vec<(u64, Point)>,
        configure: &mut Configure,
    ) -> Result<Result<Vec<Record>, Ended>> {
        let mut trials = Vec::with_capacity(points.len());
        let mut refused = None;
        for (trial, point) in points {
            match self.trial(trial, point, configure) {
                Ok(own) => trials.push(own),
                Err((record, error)) => {
                    let event = SweepEvent::Refused { trial, error: &error };
                    if (self.observer)(&event).is_break() {
                        return Ok(Err(Ended::Interrupted));
                    }
                    refused.get_or_insert(error);
                    trials.push(Trial {
                        record,
                        settings: Vec::new(),
                        judged: None,
                        on_its_way: false,
                    });
                }
            }
        }
        // Where all are refused from the beginning, the space is wrong.
        let is_refused = |own: &Record| own.state == State::Refused;
        if let Some(error) = refused
            && trials.iter().map(|own| &own.record).chain(self.known).all(is_refused)
        {
            return Err(error);
        }
        let unjudged = trials.iter().find(|own| own.on_its_way && own.judged.is_none());
        let event = unjudged.map(|own| SweepEvent::NotPruned { trial: own.record.trial });
        if let (Some(event), true) = (event, self.halving.is_some())
            && (self.observer)(&event).is_break()
        {
            return Ok(Err(Ended::Interrupted));
        }
        if self.halving.is_some() {
            for rung in 0..Halving::RUNGS {
                if let Err(ended) = self.rung(rung, &mut trials)? {
                    return Ok(Err(ended));
                }
            }
        }
        let ended = self.end(&mut trials)?;
        Ok(ended.map(|()| trials.into_iter().map(|own| own.record).collect()))
    }

    /// A trial before it is trained. One whose point was tried before is not trained again.
    fn trial(
        &self,
        trial: u64,
        point: Point,
        configure: &mut Configure,
    ) -> Result<Trial, (Record, Error)> {
        let mut record = Record {
            trial,
            parameters: point,
            state: State::Complete,
            scores: Vec::new(),
            epochs: 0,
            trained: 0,
            size: 0,
            training: None,
            curve: Curve::default(),
            rungs: Vec::new(),
            same_as: None,
            seconds: 0.0,
        };
        let is_same = |own: &&Record| own.parameters == record.parameters;
        if let Some(same) = self.known.iter().find(is_same) {
            let same_as = Some(same.same_as.unwrap_or(same.trial));
            let record = Record { trial, same_as, seconds: 0.0, ..same.clone() };
            return Ok(Trial { record, settings: Vec::new(), judged: None, on_its_way: false });
        }
        let configured = self.folds.iter().map(|fold| {
            let (network, options) = configure(&record.parameters, &fold.training)?;
            options.check()?;
            match options.length {
                Length::Epochs(_) => Ok((network, options)),
                Length::Steps(_) => Err(Error::invalid(
                    "the length is in steps",
                    "give it in epochs: how many are best is decided after each",
                )),
            }
        });
        match configured.collect::<Result<Vec<_>>>() {
            Ok(settings) => {
                record.size = settings[0].0.parameters();
                let judged = settings.iter().map(|(_, options)| judged(options)).min();
                Ok(Trial { record, settings, judged: judged.flatten(), on_its_way: true })
            }
            Err(error) => {
                record.state = State::Refused;
                let problem = format!("trial {trial} ({}): {}", record.parameters, error.problem());
                let remedy = error.remedy().unwrap_or_else(|| "change the space".into());
                Err((record, Error::invalid(problem, remedy)))
            }
        }
    }

    /// Trains what is judged at a rung up to it, and decides who goes on.
    fn rung(&mut self, rung: usize, trials: &mut [Trial]) -> Result<Result<(), Ended>> {
        let reach = |own: &Trial| Halving::epochs(rung, own.judged.filter(|_| own.on_its_way)?);
        let at: Vec<(usize, Reach)> = trials
            .iter()
            .enumerate()
            .filter_map(|(index, own)| Some((index, Reach::Epochs(reach(own)?))))
            .collect();
        let predictions = !self.is_seen_each_epoch();
        let measured = match self.measure(trials, &at, Some(rung), predictions)? {
            Ok(measured) => measured,
            Err(ended) => return Ok(Err(ended)),
        };
        let values: Vec<f64> = measured.iter().map(|own| own.value).collect();
        let Some(halving) = &mut self.halving else { return Ok(Ok(())) };
        let goes_on = halving.judge(rung, &values);
        for (((index, _), measured), goes_on) in at.into_iter().zip(measured).zip(goes_on) {
            let own = &mut trials[index];
            let epochs = measured.trained;
            own.record.rungs.push(Rung { rung, epochs, value: measured.value });
            own.on_its_way = goes_on;
            let state = if measured.diverged { State::Diverged } else { State::Pruned };
            own.record.state = if goes_on { State::Complete } else { state };
            measured.write_to(&mut own.record);
        }
        Ok(Ok(()))
    }

    /// Trains those that are left to their end.
    fn end(&mut self, trials: &mut [Trial]) -> Result<Result<(), Ended>> {
        let left = trials.iter().enumerate().filter(|(_, own)| own.on_its_way);
        let at: Vec<(usize, Reach)> = left.map(|(index, _)| (index, Reach::End)).collect();
        let mut measured = match self.measure(trials, &at, None, false)? {
            Ok(measured) => measured,
            Err(ended) => return Ok(Err(ended)),
        };
        if !self.is_seen_each_epoch() {
            // Scores that are not known after each epoch are those of a training that ends there.
            let at: Vec<(usize, Reach)> = at
                .iter()
                .zip(&measured)
                .filter(|(_, own)| !own.diverged)
                .map(|((index, _), own)| (*index, Reach::Epochs(own.epochs)))
                .collect();
            let scored = match self.measure(trials, &at, None, true)? {
                Ok(scored) => scored,
                Err(ended) => return Ok(Err(ended)),
            };
            for (own, scored) in measured.iter_mut().filter(|own| !own.diverged).zip(scored) {
                own.scores = scored.scores;
                own.diverged = scored.diverged;
                own.seconds += scored.seconds;
            }
        }
        for ((index, _), measured) in at.into_iter().zip(measured) {
            let own = &mut trials[index].record;
            own.state = if measured.diverged { State::Diverged } else { State::Complete };
            measured.write_to(own);
        }
        Ok(Ok(()))
    }

    /// Whether the metric is known after each epoch, without predictions: not of several targets, which
    /// an evaluation scores together.
    fn is_seen_each_epoch(&self) -> bool {
        matches!(self.metric, Metric::Accuracy | Metric::R2)
            && self.folds.iter().all(|fold| fold.training.targets().columns() == 1)
    }

    /// Trains some of the trials on all folds, all together: here, or a share of them here and the others
    /// on other processes.
    fn measure(
        &mut self,
        trials: &[Trial],
        at: &[(usize, Reach)],
        rung: Option<usize>,
        predictions: bool,
    ) -> Result<Result<Vec<Measured>, Ended>> {
        let Some(ranks) = self.ranks.as_ref().filter(|_| !at.is_empty()) else {
            return self.measure_here(trials, at, rung, predictions);
        };
        let cost = |(index, reach): &(usize, Reach)| {
            let Trial { record, judged, .. } = &trials[*index];
            let epochs = match reach {
                Reach::Epochs(epochs) => *epochs,
                Reach::End => judged.unwrap_or(1),
            };
            record.size.saturating_mul(epochs)
        };
        let costs: Vec<u64> = at.iter().map(cost).collect();
        let shares = shares(&costs, ranks.size());
        let own: Vec<(usize, Reach)> = shares[ranks.rank()].iter().map(|task| at[*task]).collect();
        let here = self.measure_here(trials, &own, rung, predictions);
        let Some(ranks) = &mut self.ranks else { unreachable!("there are several processes") };
        let all = match shared(*ranks, here)? {
            Ok(all) => all,
            Err(ended) => return Ok(Err(ended)),
        };
        let mut tasks: Vec<(usize, Measured)> =
            shares.into_iter().flatten().zip(all.into_iter().flatten()).collect();
        tasks.sort_by_key(|(task, _)| *task);
        Ok(Ok(tasks.into_iter().map(|(_, own)| own).collect()))
    }

    /// Trains some of the trials on all folds, all together.
    fn measure_here(
        &mut self,
        trials: &[Trial],
        at: &[(usize, Reach)],
        rung: Option<usize>,
        predictions: bool,
    ) -> Result<Result<Vec<Measured>, Ended>> {
        if at.is_empty() {
            return Ok(Ok(Vec::new()));
        }
        let mut jobs = Vec::with_capacity(at.len() * self.folds.len());
        for (index, reach) in at {
            for (fold, (network, options)) in self.folds.iter().zip(&trials[*index].settings) {
                let options = options.clone();
                let options = match reach {
                    Reach::Epochs(epochs) => for_epochs(options, *epochs),
                    // The weights of the last epoch are those that the curve's last point tells of.
                    Reach::End => {
                        TrainOptions { keep: Some(Keep::Last), validate_every: 1, ..options }
                    }
                };
                let data = TrainingData::from((&fold.training, &fold.validation));
                jobs.push(Job::new(network.clone(), data, options));
            }
        }
        let options =
            FitOptions { wanted: Wanted { predictions, ..Wanted::default() }, ..self.fit.clone() };
        let (of, mut done, mut ended) = (jobs.len(), 0, Ended::Interrupted);
        let (observer, deadline) = (&mut self.observer, self.deadline);
        let outcomes = fit_all(&jobs, &options, |_, _| {
            done += 1;
            if deadline.is_some_and(|(from, time)| from.elapsed() >= time) && done < of {
                ended = Ended::Time;
                return ControlFlow::Break(());
            }
            observer(&SweepEvent::Fitted { done, of, trials: at.len(), rung })
        })?;
        let Some(outcomes) = outcomes.into_iter().collect::<Option<Vec<Outcome>>>() else {
            return Ok(Err(ended));
        };
        let measured = at.iter().zip(outcomes.chunks_exact(self.folds.len()));
        let measured = measured.map(|((index, _), outcomes)| {
            let bound = trials[*index].settings.iter().any(|(_, options)| is_bound(options));
            self.measured(outcomes, bound)
        });
        measured.collect::<Result<_>>().map(Ok)
    }

    /// What a trial's folds say.
    fn measured(&self, outcomes: &[Outcome], bound: bool) -> Result<Measured> {
        let seconds = outcomes.iter().map(Outcome::seconds).sum();
        let fits: Option<Vec<&Fit>> = outcomes.iter().map(Outcome::fit).collect();
        let diverged = |trained| Measured {
            diverged: true,
            epochs: 0,
            trained,
            scores: vec![f64::NAN; outcomes.len()],
            value: f64::NAN,
            training: None,
            curve: Curve::default(),
            seconds,
        };
        let Some(fits) = fits else { return Ok(diverged(0)) };
        let curve = MeanCurve::of(&fits, self.metric);
        let best = if bound { curve.points.last() } else { curve.best(self.metric) };
        let trained = curve.points.len() as u64;
        let Some(best) = best.filter(|best| best.loss.is_finite()) else {
            return Ok(diverged(trained));
        };
        let scores = fits
            .iter()
            .zip(self.folds)
            .map(|(fit, fold)| self.score(fit, fold, best.epochs))
            .collect::<Result<Vec<f64>>>()?;
        let value = match self.is_seen_each_epoch() {
            true => -self.metric.gain(mean_and_error(&scores).0),
            false => best.loss,
        };
        let training = |fit: &&Fit| score_of(&fit.summary.evaluation, self.metric);
        let training: Option<Vec<f64>> = fits.iter().map(training).collect();
        Ok(Measured {
            diverged: false,
            epochs: best.epochs,
            trained,
            scores,
            value,
            training: training.map(|own| mean_and_error(&own).0).filter(|mean| mean.is_finite()),
            curve: thinned(&curve),
            seconds,
        })
    }

    /// The metric on a fold's rows: after so many epochs where it is known, else at the end where there
    /// are predictions; NaN where there are none yet.
    fn score(&self, fit: &Fit, fold: &Fold, epochs: u64) -> Result<f64> {
        if self.is_seen_each_epoch() {
            let epoch = usize::try_from(epochs - 1).unwrap_or(usize::MAX);
            let seen = fit.curve.get(epoch).and_then(|own| own.validation);
            let score = seen.and_then(|own| score_of(&own, self.metric));
            return score.ok_or_else(|| undefined(self.metric, fold));
        }
        if fit.predictions.is_empty() {
            return Ok(f64::NAN);
        }
        scores_of(fold, &fit.predictions, self.metric).map(|(_, score)| score)
    }
}

/// What came of training a trial so far.
#[derive(Serialize, Deserialize)]
struct Measured {
    diverged: bool,
    epochs: u64,
    trained: u64,
    #[serde(with = "nan_as_null")]
    scores: Vec<f64>,
    /// What is minimised: of the metric where it is known after each epoch, else of the loss.
    #[serde(with = "nan_as_null::single")]
    value: f64,
    /// The mean of the metric on the training rows.
    training: Option<f64>,
    curve: Curve,
    seconds: f64,
}

impl Measured {
    fn write_to(self, record: &mut Record) {
        record.scores = self.scores;
        record.epochs = self.epochs;
        record.trained = self.trained;
        record.training = self.training;
        record.curve = self.curve;
        record.seconds += self.seconds;
    }
}

/// The epochs in all, where early scores tell who is good.
fn judged(options: &TrainOptions) -> Option<u64> {
    match options.length {
        Length::Epochs(epochs) if !is_bound(options) => Some(epochs),
        _ => None,
    }
}

/// Whether the learning rate goes by the whole length: then an epoch before the end is no end.
fn is_bound(options: &TrainOptions) -> bool {
    matches!(options.schedule.decay, Decay::Cosine { .. } | Decay::OneCycle { .. })
}
