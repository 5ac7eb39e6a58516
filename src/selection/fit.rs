//! Trains many networks by calls that block, each on rows of its own: one a thread on the CPU, side by side
//! on other devices as far as they are alike.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, Sender};
use std::time::Duration;

use super::pack::{halves, packs};
use super::training::{Progress, Training};
use super::{Fit, FitOptions, Job, Outcome};
use crate::Result;
use crate::backend::cpu::Cpu;
use crate::backend::{Device, DeviceChoice, OpenOptions, open};
use crate::plan::Plan;
use crate::platform::{Instant, block_on, host_memory, threads};
use crate::train::{Budget, Callback, Event, plan_of_all};

impl Job {
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

impl FitOptions {
    fn is_interrupted(&self) -> bool {
        self.interrupt.as_ref().is_some_and(|flag| flag.load(Ordering::Relaxed))
    }

    /// How far a training may go, if there is time at all.
    fn budget(&self) -> Option<Budget> {
        let Some(until) = self.until else { return Some(Budget::Steps(u64::MAX)) };
        let left = until.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(Budget::Time(left))
    }

    pub(super) fn threads(&self) -> usize {
        self.threads.unwrap_or_else(threads::available).max(1)
    }
}

/// Trains each job, and tells `observer` the number and the outcome of each as it ends. Outcomes come
/// back in the order of the jobs; `None` for what an interrupt, the time or the observer's break has kept
/// from its end.
///
/// Each network ends, to the bit, where a [`Trainer`](crate::train::Trainer) on the same rows and device ends;
/// to rounding where it is trained beside others, in one dispatch graph: small networks on a GPU that differ in
/// no more than hidden layers, rows, seed, learning rate and the numbers of optimizer and regularization.
///
/// # Errors
/// As [`Trainer::new`](crate::train::Trainer::new) and [`Trainer::run`](crate::train::Trainer::run), but for
/// divergence, which is an outcome.
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
    if jobs.is_empty() {
        return Ok(Vec::new());
    }
    let mut outcomes: Vec<Option<Outcome>> =
        std::iter::repeat_with(|| None).take(jobs.len()).collect();
    let (mut failure, is_heard) = (None, listener.is_some());
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
    let packs = packs_on(device, jobs);
    let work = |pack: Vec<usize>, tell: &Tell<'_>| {
        fit_pack(jobs, &pack, device, options, (tell, is_heard));
    };
    threads::stream(packs.into_iter(), workers, work, &mut keep);
    failure.map_or(Ok(outcomes), Err)
}

/// The numbers of jobs that are trained side by side. The largest come first, so that none is left alone at the
/// end.
fn packs_on(device: &dyn Device, jobs: &[Job]) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..jobs.len()).collect();
    order.sort_by_key(|&job| std::cmp::Reverse(jobs[job].cost()));
    packs(jobs, &order, &device.limits())
}

/// How [`fit_all`] would train jobs.
#[derive(Clone, Debug)]
pub struct FitPlan {
    /// The device's name.
    pub device: String,
    /// The numbers of jobs that are trained together, with their dispatch graph, in the order in which they are
    /// begun.
    pub packs: Vec<(Vec<usize>, Plan)>,
}

/// Plans as [`fit_all`] does, without training.
///
/// # Errors
/// As [`Trainer::new`](crate::train::Trainer::new).
pub fn plan_all(jobs: &[Job], options: &FitOptions) -> Result<FitPlan> {
    let device = device(jobs, options)?;
    let cpu = Cpu::with_threads(options.threads());
    let device: &dyn Device = device.as_deref().unwrap_or(&cpu);
    let limits = device.limits();
    let mut left = VecDeque::from(packs_on(device, jobs));
    let mut packs = Vec::new();
    while let Some(pack) = left.pop_front() {
        let trainees: Vec<_> = pack.iter().map(|&job| jobs[job].trainee()).collect();
        match plan_of_all(&trainees, &limits) {
            Ok(plan) => packs.push((pack, plan)),
            Err(error) => {
                let [first, rest] = halves(&pack, error)?;
                left.push_front(rest);
                left.push_front(first);
            }
        }
    }
    Ok(FitPlan { device: device.name().to_owned(), packs })
}

/// Takes what is told of a job.
type Tell<'a> = dyn Fn((usize, Told)) + Sync + 'a;

/// Trains jobs side by side, and tells what happens to each; in parts, where the device has no room for all.
fn fit_pack(
    jobs: &[Job],
    pack: &[usize],
    device: &dyn Device,
    options: &FitOptions,
    (tell, is_heard): (&Tell<'_>, bool),
) {
    let mut listener = Telling { pack, tell, is_heard };
    let own: Vec<&Job> = pack.iter().map(|&job| &jobs[job]).collect();
    let ended = match fit(&own, device, options, &mut listener) {
        Err(error) => match halves(pack, error) {
            Ok(both) => {
                return both.iter().for_each(|own| {
                    fit_pack(jobs, own, device, options, (tell, is_heard));
                });
            }
            Err(error) => return tell((pack[0], Told::Ended(Err(error)))),
        },
        Ok(None) => return tell((pack[0], Told::Ended(Ok(None)))),
        Ok(Some(ended)) => ended,
    };
    for (&job, outcome) in pack.iter().zip(ended) {
        tell((job, Told::Ended(Ok(Some(outcome)))));
    }
}

/// Tells who listens what happens to each network of a pack.
struct Telling<'a> {
    pack: &'a [usize],
    tell: &'a Tell<'a>,
    is_heard: bool,
}

impl Callback for Telling<'_> {
    fn on_event(&mut self, network: usize, event: &Event) -> ControlFlow<()> {
        let number = self.pack[network];
        match event {
            _ if !self.is_heard => {}
            Event::CheckpointBegins { .. } => {
                let (heard, wait) = mpsc::channel();
                (self.tell)((number, Told::Event(event.clone(), Some(heard))));
                // The sender is dropped; where no thread could be made, nobody listens before the end.
                let _ = wait.recv_timeout(HEARING);
            }
            _ => (self.tell)((number, Told::Event(event.clone(), None))),
        }
        ControlFlow::Continue(())
    }
}

/// Trains each job to its end; `None` where an interrupt or the time has kept some from it.
///
/// # Errors
/// [`Error::Diverged`](crate::Error::Diverged) for the first network that does, and as [`fit_all`].
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
    let observer = |_: usize, outcome: &Outcome| match outcome.fitted() {
        Ok(_) => ControlFlow::Continue(()),
        Err(error) => {
            diverged = Some(error);
            ControlFlow::Break(())
        }
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

/// Trains one network, or several side by side; `None` where an interrupt has come, or the time is over.
fn fit(
    jobs: &[&Job],
    device: &dyn Device,
    options: &FitOptions,
    callback: &mut dyn Callback,
) -> Result<Option<Vec<Outcome>>> {
    if options.is_interrupted() {
        return Ok(None);
    }
    block_on(async {
        let mut training = Training::open(jobs, device, options).await?;
        while let Some(budget) = options.budget() {
            match training.advance(budget, callback).await? {
                Progress::Running => {}
                Progress::Interrupted => break,
                Progress::Ended(outcomes) => return Ok(Some(outcomes)),
            }
        }
        Ok(None)
    })
}
