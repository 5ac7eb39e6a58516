//! A batch of trials: which networks are trained together, from rung to rung, and who goes on.
//!
//! It trains nothing: it says what is due, and is told what came of it.
//!
//! A trial that goes on beyond a rung is trained anew from its first epoch: so it is the run that it
//! would be alone, on any device, and nothing has to be kept of it. That costs a third more than going
//! on would.

use std::ops::ControlFlow;

use super::driver::for_epochs;
use super::journal::{Rung, tell_batch};
use super::measured::{Judge, Measured};
use super::options::SweepEvent;
use super::{Curve, Halving, Point, Record, State};
use crate::data::{Dataset, Fold};
use crate::selection::{Job, Outcome, Wanted};
use crate::spec::{Decay, Length, Network};
use crate::train::{Keep, TrainOptions, TrainingData};
use crate::{Error, Result};

/// Network and options of a point, for the rows to train on.
pub(super) type Configure<'a> = dyn FnMut(&Point, &Dataset) -> Result<(Network, TrainOptions)> + 'a;

/// Who is told what happens.
pub(super) type Observer<'a> = &'a mut dyn FnMut(&SweepEvent) -> ControlFlow<()>;

/// Trials that are trained together.
pub(super) struct Batch {
    trials: Vec<Trial>,
    /// Who goes on, where trials are stopped early.
    halving: Option<Halving>,
    stage: Stage,
    /// What is being trained.
    due: Vec<(usize, Reach)>,
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

/// What the batch is trained for.
enum Stage {
    /// To learn who goes on beyond this rung.
    Rung(usize),
    /// To the end of those that are left.
    End,
    /// For scores that are not known after each epoch: those of a training that ends where these have it
    /// best.
    Scores(Vec<(usize, Measured)>),
    Over,
}

/// How far a trial is trained.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// So many epochs.
    Epochs(u64),
    /// As far as its options say.
    End,
}

impl Batch {
    /// A batch of points, each with the number of its trial, before anything is trained; `None` where the
    /// observer breaks. `known` are the trials before it.
    ///
    /// # Errors
    /// Why a trial is refused, where all are from the beginning: then the space is wrong.
    pub(super) fn new(
        points: Vec<(u64, Point)>,
        folds: &[Fold],
        known: &[Record],
        halving: Option<Halving>,
        configure: &mut Configure,
        observer: Observer,
    ) -> Result<Option<Self>> {
        let mut trials = Vec::with_capacity(points.len());
        let mut refused = None;
        for (trial, point) in points {
            match Trial::new(trial, point, folds, known, configure) {
                Ok(own) => trials.push(own),
                Err((record, error)) => {
                    if observer(&SweepEvent::Refused { trial, error: &error }).is_break() {
                        return Ok(None);
                    }
                    refused.get_or_insert(error);
                    trials.push(Trial::over(record));
                }
            }
        }
        let is_refused = |own: &Record| own.state == State::Refused;
        if let Some(error) = refused
            && trials.iter().map(|own| &own.record).chain(known).all(is_refused)
        {
            return Err(error);
        }
        let unjudged = trials.iter().find(|own| own.on_its_way && own.judged.is_none());
        let event = unjudged.map(|own| SweepEvent::NotPruned { trial: own.record.trial });
        if let (Some(event), true) = (event, halving.is_some())
            && observer(&event).is_break()
        {
            return Ok(None);
        }
        let stage = if halving.is_some() { Stage::Rung(0) } else { Stage::End };
        let mut own = Self { trials, halving, stage, due: Vec::new() };
        own.find_due();
        Ok(Some(own))
    }

    /// How many trials are to be trained now; 0 where the batch is over.
    pub(super) fn due(&self) -> usize {
        self.due.len()
    }

    /// The rung that they are trained to, or `None` where it is their end.
    pub(super) fn rung(&self) -> Option<usize> {
        match self.stage {
            Stage::Rung(rung) => Some(rung),
            Stage::End | Stage::Scores(_) | Stage::Over => None,
        }
    }

    /// What is to be kept of their networks.
    pub(super) fn wanted(&self, judge: Judge) -> Wanted {
        let predictions = match self.stage {
            Stage::Rung(_) => !judge.sees_each_epoch(),
            Stage::End | Stage::Over => false,
            Stage::Scores(_) => true,
        };
        Wanted { predictions, ..Wanted::default() }
    }

    /// The networks of some of them, those of a trial side by side.
    pub(super) fn jobs(&self, which: &[usize], folds: &[Fold]) -> Vec<Job> {
        let of = |which: &usize| {
            let (index, reach) = self.due[*which];
            folds.iter().zip(&self.trials[index].settings).map(move |(fold, own)| {
                let (network, options) = own.clone();
                let options = match reach {
                    Reach::Epochs(epochs) => for_epochs(options, epochs),
                    // The weights of the last epoch are those that the curve's last point tells of.
                    Reach::End => {
                        TrainOptions { keep: Some(Keep::Last), validate_every: 1, ..options }
                    }
                };
                let data = TrainingData::from((&fold.training, &fold.validation));
                Job::new(network, data, options)
            })
        };
        which.iter().flat_map(of).collect()
    }

    /// Roughly how much work each is.
    pub(super) fn costs(&self) -> Vec<u64> {
        let cost = |(index, reach): &(usize, Reach)| {
            let Trial { record, judged, .. } = &self.trials[*index];
            let epochs = match reach {
                Reach::Epochs(epochs) => *epochs,
                Reach::End => judged.unwrap_or(1),
            };
            record.size.saturating_mul(epochs)
        };
        self.due.iter().map(cost).collect()
    }

    /// What the networks of some of them say, each trial's side by side.
    pub(super) fn measured(
        &self,
        which: &[usize],
        outcomes: &[Outcome],
        judge: Judge,
    ) -> Result<Vec<Measured>> {
        let own = which.iter().zip(outcomes.chunks_exact(judge.folds.len()));
        let own = own.map(|(which, outcomes)| {
            let settings = &self.trials[self.due[*which].0].settings;
            judge.measured(outcomes, settings.iter().any(|(_, options)| is_bound(options)))
        });
        own.collect()
    }

    /// Takes what came of all that were due, and decides what is due next.
    pub(super) fn take(&mut self, measured: Vec<Measured>, judge: Judge) {
        let due = std::mem::take(&mut self.due);
        let measured = due.into_iter().map(|(index, _)| index).zip(measured);
        self.stage = match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Rung(rung) => {
                self.judge(rung, measured.collect());
                next_after(rung)
            }
            Stage::End if judge.sees_each_epoch() => {
                self.end(measured.collect());
                Stage::Over
            }
            Stage::End => Stage::Scores(measured.collect()),
            Stage::Scores(mut ended) => {
                let known = ended.iter_mut().filter(|(_, own)| !own.diverged);
                for ((_, own), (_, scored)) in known.zip(measured) {
                    own.scores = scored.scores;
                    own.diverged = scored.diverged;
                    own.seconds += scored.seconds;
                }
                self.end(ended);
                Stage::Over
            }
            Stage::Over => Stage::Over,
        };
        self.find_due();
    }

    /// The trials, once the batch is over, and what was judged by then.
    pub(super) fn into_records(self) -> (Vec<Record>, Option<Halving>) {
        let mut records: Vec<Record> = self.trials.into_iter().map(|own| own.record).collect();
        tell_batch(&mut records);
        (records, self.halving)
    }

    /// Finds what is due, past stages that nobody is at.
    fn find_due(&mut self) {
        loop {
            let trials = self.trials.iter().enumerate().filter(|(_, own)| own.on_its_way);
            self.due = match &self.stage {
                Stage::Rung(rung) => trials
                    .filter_map(|(index, own)| {
                        Some((index, Reach::Epochs(Halving::epochs(*rung, own.judged?)?)))
                    })
                    .collect(),
                Stage::End => trials.map(|(index, _)| (index, Reach::End)).collect(),
                Stage::Scores(ended) => {
                    let known = ended.iter().filter(|(_, own)| !own.diverged);
                    known.map(|(index, own)| (*index, Reach::Epochs(own.epochs))).collect()
                }
                Stage::Over => return,
            };
            if !self.due.is_empty() {
                return;
            }
            self.stage = match std::mem::replace(&mut self.stage, Stage::Over) {
                Stage::Rung(rung) => next_after(rung),
                Stage::Scores(ended) => {
                    self.end(ended);
                    Stage::Over
                }
                Stage::End | Stage::Over => Stage::Over,
            };
        }
    }

    /// Decides who goes on beyond a rung.
    fn judge(&mut self, rung: usize, measured: Vec<(usize, Measured)>) {
        let values: Vec<f64> = measured.iter().map(|(_, own)| own.value).collect();
        let Some(halving) = &mut self.halving else { return };
        let goes_on = halving.judge(rung, &values);
        for ((index, measured), goes_on) in measured.into_iter().zip(goes_on) {
            let own = &mut self.trials[index];
            let epochs = measured.trained;
            own.record.rungs.push(Rung { rung, epochs, value: measured.value });
            own.on_its_way = goes_on;
            let state = if measured.diverged { State::Diverged } else { State::Pruned };
            own.record.state = if goes_on { State::Complete } else { state };
            measured.write_to(&mut own.record);
        }
    }

    /// Takes note of trials that have come to their end.
    fn end(&mut self, measured: Vec<(usize, Measured)>) {
        for (index, measured) in measured {
            let own = &mut self.trials[index].record;
            own.state = if measured.diverged { State::Diverged } else { State::Complete };
            measured.write_to(own);
        }
    }
}

fn next_after(rung: usize) -> Stage {
    if rung + 1 < Halving::RUNGS { Stage::Rung(rung + 1) } else { Stage::End }
}

impl Trial {
    /// A trial before it is trained. One whose point was tried before is not trained again.
    fn new(
        trial: u64,
        point: Point,
        folds: &[Fold],
        known: &[Record],
        configure: &mut Configure,
    ) -> Result<Self, (Record, Error)> {
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
            more: 0,
            seconds: 0.0,
        };
        let is_same = |own: &&Record| own.parameters == record.parameters;
        if let Some(same) = known.iter().find(is_same) {
            let same_as = Some(same.same_as.unwrap_or(same.trial));
            return Ok(Self::over(Record { trial, same_as, seconds: 0.0, ..same.clone() }));
        }
        let configured = folds.iter().map(|fold| {
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
                Ok(Self { record, settings, judged: judged.flatten(), on_its_way: true })
            }
            Err(error) => {
                record.state = State::Refused;
                let problem = format!("trial {trial} ({}): {}", record.parameters, error.problem());
                let remedy = error.remedy().unwrap_or_else(|| "change the space".into());
                Err((record, Error::invalid(problem, remedy)))
            }
        }
    }

    /// A trial of which nothing is to be trained.
    fn over(record: Record) -> Self {
        Self { record, settings: Vec::new(), judged: None, on_its_way: false }
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
