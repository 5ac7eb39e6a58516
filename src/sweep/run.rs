//! A search by calls that block: its networks on threads, and what is trained once something was chosen.

use std::ops::ControlFlow;

use super::driver::for_epochs;
use super::options::{Asked, Ended, SweepEvent};
use super::{Record, Sweep};
use crate::Result;
use crate::data::{Dataset, Split};
use crate::model::Model;
use crate::platform::Instant;
use crate::selection::{
    CrossValidation, FitOptions, Job, Outcome, Wanted, fit_all, fit_each, summarize,
};
use crate::train::TrainingData;

/// The trial that was chosen, and the network that came of it.
#[derive(Debug)]
pub struct Chosen {
    /// The trial.
    pub record: Record,
    /// How good it is on rows that it has not seen, trained for as many epochs as were chosen. It was
    /// chosen by that, so that it is somewhat too good.
    pub cross_validation: CrossValidation,
    /// The network, trained on all rows.
    pub model: Model,
}

impl Sweep<'_> {
    /// Searches until there is an end, and tells what happens; where the observer breaks, the batch
    /// that is being trained is given up.
    ///
    /// # Errors
    /// As [`crate::selection::fit_all`] and [`Sweep::ask`].
    pub fn run(
        &mut self,
        mut observer: impl FnMut(&SweepEvent) -> ControlFlow<()>,
    ) -> Result<Ended> {
        if observer(&self.begin()).is_break() {
            return Ok(Ended::Interrupted);
        }
        loop {
            let (jobs, wanted, trials, rung) = match self.ask(&mut observer)? {
                Asked::Fits { jobs, wanted, trials, rung } => (jobs, wanted, trials, rung),
                Asked::Ended(ended) => return Ok(ended),
            };
            let until = self.time().and_then(|time| self.started.checked_add(time));
            let options = FitOptions { wanted, until, ..self.options.fit.clone() };
            let is_late = || until.is_some_and(|until| until <= Instant::now());
            let (mut done, of) = (0, jobs.len());
            let outcomes = fit_all(&jobs, &options, |_, _| {
                done += 1;
                if is_late() && done < of {
                    return ControlFlow::Break(());
                }
                observer(&SweepEvent::Fitted { done, of, trials, rung })
            });
            let ended = if is_late() { Ended::Time } else { Ended::Interrupted };
            let all = outcomes.map(|own| own.into_iter().collect::<Option<Vec<Outcome>>>());
            if let Some(ended) = self.told(all.map(|all| all.ok_or(ended)))? {
                return Ok(ended);
            }
        }
    }

    /// Trains the chosen trial once more, for as many epochs as were chosen: on the rows of each fold,
    /// for predictions of rows that it has not seen, and on all rows, of which the model comes. `None`
    /// where an interrupt has ended it.
    ///
    /// # Errors
    /// As [`Sweep::chosen`] and [`fit_each`].
    pub fn finish(&mut self, all: &Dataset) -> Result<Option<Chosen>> {
        let record = self.chosen()?.clone();
        let held_out = self.folds.iter().map(|fold| (&fold.training, &fold.validation).into());
        let all_rows = std::iter::once(TrainingData::from(all));
        let data: Vec<TrainingData> = held_out.chain(all_rows).collect();
        let jobs = data.into_iter().map(|data| self.job(&record, data));
        let jobs = jobs.collect::<Result<Vec<Job>>>()?;
        let options = FitOptions {
            wanted: Wanted { predictions: true, models: true, ..Wanted::default() },
            ..self.options.fit.clone()
        };
        let fits = fit_each(&jobs, &options)?;
        let Some(mut fits) = fits else { return Ok(None) };
        let Some(model) = fits.pop().and_then(|last| last.model) else { return Ok(None) };
        let cross_validation = summarize(&self.folds, fits, self.metric())?;
        Ok(Some(Chosen { record, cross_validation, model }))
    }

    /// Trains a trial once more on all rows, for as many epochs as were best. `None` where an interrupt
    /// has ended it.
    ///
    /// # Errors
    /// As [`fit_each`].
    pub fn train(&mut self, record: &Record, all: &Dataset) -> Result<Option<Model>> {
        let models = self.models(record, vec![TrainingData::from(all)])?;
        Ok(models.and_then(|mut own| own.pop()))
    }

    /// The mean of the chosen trial's networks on folds of these rows, each trained for as many epochs as
    /// were chosen: as those that were scored, but that all share the preprocessing of all rows. `None`
    /// where an interrupt has ended it.
    ///
    /// # Errors
    /// As [`Sweep::chosen`] and [`fit_each`].
    pub fn ensemble(&mut self, all: &Dataset, splits: &[Split]) -> Result<Option<Model>> {
        let record = self.chosen()?.clone();
        let folds = all.folds(splits);
        let held_out = folds.iter().map(|fold| (&fold.training, &fold.validation));
        let models = self.models(&record, held_out.map(TrainingData::from).collect())?;
        models.map(Model::mean_of).transpose()
    }

    /// A network of a trial for each of these data, trained for as many epochs as were best.
    fn models(&mut self, record: &Record, data: Vec<TrainingData>) -> Result<Option<Vec<Model>>> {
        let jobs = data.into_iter().map(|data| self.job(record, data));
        let jobs = jobs.collect::<Result<Vec<Job>>>()?;
        let wanted = Wanted { models: true, ..Wanted::default() };
        let fits = fit_each(&jobs, &FitOptions { wanted, ..self.options.fit.clone() })?;
        Ok(fits.and_then(|all| all.into_iter().map(|own| own.model).collect()))
    }

    /// The training of a trial, for as many epochs as were best.
    fn job(&mut self, record: &Record, data: TrainingData) -> Result<Job> {
        let (network, options) = (self.configure)(&record.parameters, &data.training)?;
        Ok(Job::new(network, data, for_epochs(options, record.epochs)))
    }
}
