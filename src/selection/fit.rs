//! Trains many networks, each on rows of its own: one a thread on the CPU, one after another on other
//! devices.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::time::Duration;

use super::{EpochScores, Fit, Outcome};
use crate::backend::cpu::Cpu;
use crate::backend::{Device, DeviceChoice, OpenOptions, open};
use crate::platform::{Instant, block_on, host_memory, threads};
use crate::spec::Network;
use crate::train::{Checkpoint, Ended, Event, TrainOptions, Trainer, TrainingData};
use crate::{Error, Result};

/// One network to be trained.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its layers and functions.
    pub network: Network,
    /// The rows to train on, and to validate with.
    pub data: TrainingData,
    /// How. Device and threads are those of [`FitOptions`] instead.
    pub options: TrainOptions,
    /// The checkpoint from which it goes on, if it does.
    pub resumed: Option<Checkpoint>,
}

impl Job {
    /// A network that is trained from the beginning.
    pub fn new(network: Network, data: TrainingData, options: TrainOptions) -> Self {
        Self { network, data, options, resumed: None }
    }

    /// Roughly the operations that it takes.
    fn cost(&self) -> u64 {
        let rows = self.data.training.rows();
        let batch = self.options.batch_size.of(rows).max(1);
        let steps = self.options.length.steps(rows.div_ceil(batch) as u64);
        steps.saturating_mul(self.work_of_batch())
    }

    /// Operations of a forward pass over a batch.
    fn work_of_batch(&self) -> u64 {
        let batch = self.options.batch_size.of(self.data.training.rows()) as u64;
        batch.saturating_mul(self.network.flops_forward())
    }
}

/// What is kept of each network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Its predictions for the validation rows.
    pub predictions: bool,
    /// The network itself.
    pub models: bool,
    /// Losses of steps, as often as [`TrainOptions::log_every`] says, among what is told of it.
    pub steps: bool,
    /// How often its weights are told, if they are: see [`Trainer::showing_weights`].
    pub weights: Option<Duration>,
}

/// How many networks are trained.
#[derive(Clone, Debug, Default)]
pub struct FitOptions {
    /// Where; `auto` takes the CPU path unless the networks are large.
    pub device: DeviceChoice,
    /// Threads at most, all networks together; by default as many as this process may use.
    pub threads: Option<usize>,
    /// Ends everything when it becomes true.
    pub interrupt: Option<Arc<AtomicBool>>,
    /// What is kept.
    pub wanted: Wanted,
}

impl FitOptions {
    fn is_interrupted(&self) -> bool {
        self.interrupt.as_ref().is_some_and(|flag| flag.load(Ordering::Relaxed))
    }

    fn threads(&self) -> usize {
        self.threads.unwrap_or_else(threads::available).max(1)
    }
}

/// Trains each job, and tells `observer` the number and the outcome of each as it ends. Outcomes come
/// back in the order of the jobs; `None` for what an interrupt or the observer's break has kept from
/// its end.
///
/// Each network ends, to the bit, where a [`Trainer`] on the same rows and device ends.
///
/// # Errors
/// As [`Trainer::new`] and [`Trainer::run`], but for divergence, which is an outcome.
pub fn fit_all(
    jobs: &[Job],
    options: &FitOptions,
    observer: impl FnMut(usize, &Outcome) -> ControlFlow<()>,
) -> Result<Vec<Option<Outcome>>> {
    fit_told(jobs, options, observer, None)
}

/// Who hears what happens in each training, with the number of the job, on the calling thread.
pub type Listener<'a> = &'a mut dyn FnMut(usize, &Event);

/// A training waits at most so long until it is heard that a checkpoint begins.
const HEARING: Duration = Duration::from_secs(1);

/// What is told of a job while it is trained.
enum Told {
    /// With a sender, which is dropped when it was heard, where the training waits for that.
    Event(Event, Option<Sender<()>>),
    Ended(Result<Option<Outcome>>),
}

/// As [`fit_all`], with the events of each training, if there is a listener: to pass one on from thread to
/// thread takes as long as an epoch of a small network.
fn fit_told(
    jobs: &[Job],
    options: &FitOptions,
    mut observer: impl FnMut(usize, &Outcome) -> ControlFlow<()>,
    mut listener: Option<Listener<'_>>,
) -> Result<Vec<Option<Outcome>>> {
    let mut outcomes: Vec<Option<Outcome>> =
        std::iter::repeat_with(|| None).take(jobs.len()).collect();
    let (mut failure, is_heard) = (None, listener.is_some());
    // The largest first, so that none is left alone at the end.
    let mut order: Vec<usize> = (0..jobs.len()).collect();
    order.sort_by_key(|&job| std::cmp::Reverse(jobs[job].cost()));
    let mut keep = |(number, told): (usize, Told)| match told {
        Told::Event(event, heard) => {
            if let Some(listener) = &mut listener {
                listener(number, &event);
            }
            drop(heard);
            ControlFlow::Continue(())
        }
        Told::Ended(Ok(Some(outcome))) => {
            let flow = observer(number, &outcome);
            outcomes[number] = Some(outcome);
            flow
        }
        Told::Ended(Ok(None)) => ControlFlow::Break(()),
        Told::Ended(Err(error)) => {
            failure = Some(error);
            ControlFlow::Break(())
        }
    };
    // On the CPU path each job has a thread, where there are jobs enough.
    let device = device(jobs, options)?;
    let workers = if device.is_some() { 1 } else { at_once(jobs, options.threads()) };
    let cpu = Cpu::with_threads(options.threads() / workers);
    let device: &dyn Device = device.as_deref().unwrap_or(&cpu);
    let work = |number: usize, tell: &(dyn Fn((usize, Told)) + Sync)| {
        let mut event = |event: &Event| match event {
            _ if !is_heard => {}
            Event::CheckpointBegins { .. } => {
                let (heard, wait) = mpsc::channel();
                tell((number, Told::Event(event.clone(), Some(heard))));
                // The sender is dropped; where no thread could be made, nobody listens before the end.
                let _ = wait.recv_timeout(HEARING);
            }
            _ => tell((number, Told::Event(event.clone(), None))),
        };
        let fitted = fit(&jobs[number], device, options, &mut event);
        tell((number, Told::Ended(fitted)));
    };
    threads::stream(order.into_iter(), workers, work, &mut keep);
    failure.map_or(Ok(outcomes), Err)
}

/// Trains each job to its end; `None` where an interrupt has kept some from it.
///
/// # Errors
/// [`Error::Diverged`] for the first network that does, and as [`fit_all`].
pub fn fit_each(jobs: &[Job], options: &FitOptions) -> Result<Option<Vec<Fit>>> {
    fit_each_told(jobs, options, None)
}

/// As [`fit_each`], with what happens in each training to the listener, if there is one.
///
/// # Errors
/// As [`fit_each`].
pub fn fit_each_told(
    jobs: &[Job],
    options: &FitOptions,
    listener: Option<Listener<'_>>,
) -> Result<Option<Vec<Fit>>> {
    let mut diverged = None;
    let observer = |_: usize, outcome: &Outcome| match *outcome {
        Outcome::Diverged { step, loss, lr, .. } => {
            diverged = Some(Error::Diverged { step, loss, lr });
            ControlFlow::Break(())
        }
        Outcome::Fitted(_) => ControlFlow::Continue(()),
    };
    let outcomes = fit_told(jobs, options, observer, listener)?;
    match diverged {
        Some(error) => Err(error),
        None => Ok(outcomes.into_iter().map(|own| own?.into_fit()).collect()),
    }
}

/// Jobs that are trained at once on the CPU path: one a thread, as far as there is memory for the rows that
/// each copies.
fn at_once(jobs: &[Job], threads: usize) -> usize {
    let largest = jobs.iter().map(|job| job.data.bytes()).max().unwrap_or(0).max(1);
    let room = host_memory().map_or(usize::MAX, |bytes| (bytes / largest) as usize);
    threads.min(jobs.len()).min(room).max(1)
}

/// The device for all jobs, if it is not the CPU path.
fn device(jobs: &[Job], options: &FitOptions) -> Result<Option<Box<dyn Device>>> {
    let largest = jobs.iter().map(Job::work_of_batch).max().unwrap_or(0);
    let choice = &options.device.clone().for_batch(largest);
    if *choice == DeviceChoice::Cpu {
        return Ok(None);
    }
    let opening = OpenOptions {
        threads: options.threads,
        checks: jobs.first().map(|job| job.options.shader_checks).unwrap_or_default(),
    };
    let (device, _) = block_on(open(choice, opening))?;
    Ok((device.name() != Cpu::new().name()).then_some(device))
}

/// Trains one network; `None` where it was interrupted.
fn fit(
    job: &Job,
    device: &dyn Device,
    options: &FitOptions,
    tell: &mut (dyn FnMut(&Event) + Send),
) -> Result<Option<Outcome>> {
    if options.is_interrupted() {
        return Ok(None);
    }
    let started = Instant::now();
    let seconds = || started.elapsed().as_secs_f64();
    // Losses of steps take time.
    let log_every = if options.wanted.steps { job.options.log_every } else { u64::MAX };
    let own = TrainOptions { log_every, ..job.options.clone() };
    let mut trainer = Trainer::on(device, &job.network, job.data.clone(), own)?;
    if let Some(checkpoint) = &job.resumed {
        trainer.resume(checkpoint)?;
    }
    if let Some(flag) = &options.interrupt {
        trainer = trainer.with_interrupt(Arc::clone(flag));
    }
    if let Some(every) = options.wanted.weights {
        trainer = trainer.showing_weights(every);
    }
    let mut curve = Vec::new();
    let ran = trainer.run(|event| {
        if let Event::Epoch { train_loss, validation, .. } = event {
            curve.push(EpochScores { train_loss: *train_loss, validation: *validation });
        }
        tell(event);
        ControlFlow::Continue(())
    });
    let summary = match ran {
        Ok(summary) => summary,
        Err(Error::Diverged { step, loss, lr }) => {
            return Ok(Some(Outcome::Diverged { step, loss, lr, seconds: seconds() }));
        }
        Err(error) => return Err(error),
    };
    if summary.ended == Ended::Interrupted {
        return Ok(None);
    }
    let predictions = match &job.data.validation {
        Some(held_out) if options.wanted.predictions => trainer.predict_data(held_out)?,
        _ => Vec::new(),
    };
    let several = job.data.training.targets().columns() > 1;
    let of_training = match options.wanted.predictions && several {
        true => trainer.predict_data(&job.data.training)?,
        false => Vec::new(),
    };
    let model = if options.wanted.models { Some(trainer.model()?) } else { None };
    Ok(Some(Outcome::Fitted(Box::new(Fit {
        epochs: summary.steps / trainer.plan().steps_per_epoch(),
        summary,
        curve,
        predictions,
        of_training,
        model,
        seconds: seconds(),
    }))))
}
