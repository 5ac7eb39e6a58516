//! The search itself: batches of points, each trained on all folds, until there is an end.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::batch::{Batch, Configure, Observer};
use super::fingerprint::{of_data, of_division};
use super::journal::tell_batch;
use super::measured::{Judge, Measured};
use super::options::{Asked, Ended, Pruning, SweepEvent, SweepOptions};
use super::ranks::{Ranks, shared, shares};
use super::{
    Block, Halving, Header, Journal, Outcome, Point, Record, Sampler, SamplerName, Scored, Space,
    State, Told, choose, merge,
};
use crate::data::{Dataset, Fold};
use crate::metrics::Metric;
use crate::platform::Instant;
use crate::selection::{self, mean_and_error};
use crate::spec::{Length, Network};
use crate::train::{Keep, TrainOptions};
use crate::{Error, Result, Setting};

/// A search for hyper-parameters.
///
/// Points come in batches; each point is trained on all folds, many networks at once; the number of
/// epochs is chosen by the mean curve over the folds, together with the point. Trials that fall behind
/// are stopped early ([`Halving`]). The trial that is chosen is trained on all rows in the end.
///
/// The same folds, space, options and seed come to the same end, on any number of threads; so does a
/// search that was interrupted and goes on from its journal.
///
/// [`Sweep::run`] blocks. Who must not block asks for the networks that are due and tells what came of
/// them: [`Sweep::ask`] and [`Sweep::tell`].
///
/// ```
/// use std::ops::ControlFlow;
///
/// use halfplane::data::KFold;
/// use halfplane::metrics::Metric;
/// use halfplane::sweep::{Dimension, Space, Sweep, SweepOptions, Value};
/// use halfplane::{Dataset, DeviceChoice, Length, Network, Recipe, Targets, TrainOptions};
///
/// # fn main() -> halfplane::Result<()> {
/// // Is a point inside a circle?
/// let points: Vec<f32> = (0..400).map(|i| ((i * 37 % 101) as f32) / 50.0 - 1.0).collect();
/// let inside = |p: &[f32]| f32::from(p[0] * p[0] + p[1] * p[1] < 0.5);
/// let targets = Targets::Binary { values: points.chunks(2).map(inside).collect(), columns: 1 };
/// let data = Dataset::new(2, points, targets)?;
/// let folds = data.folds(&KFold::new(3).split(data.targets())?);
///
/// let space = Space::new()
///     .with("units", Dimension::choices(["1", "8"]))?
///     .with("lr", Dimension::choices(["0.01", "0.03"]))?;
/// let mut sweep = Sweep::new(&space, &folds, SweepOptions::new(Metric::Accuracy), |point, data| {
///     let number = |name| point.get(name).and_then(Value::number).unwrap_or_default();
///     let recipe = Recipe::for_data(data);
///     let network = Network { hidden: vec![number("units") as usize], ..recipe.network };
///     let optimizer = recipe.options.optimizer.with_lr(number("lr"));
///     let length = Length::Epochs(30);
///     Ok((network, TrainOptions { optimizer, length, ..recipe.options }))
/// })?;
/// sweep.run(|_| ControlFlow::Continue(()))?;
/// let chosen = sweep.finish(&data)?.expect("nothing interrupts it");
/// assert_eq!(chosen.record.parameters.get("units"), Some(&Value::Int(8)));
/// assert!(chosen.cross_validation.mean > 0.9);
/// # Ok(())
/// # }
/// ```
pub struct Sweep<'a> {
    space: Space,
    pub(super) folds: Cow<'a, [Fold]>,
    pub(super) options: SweepOptions,
    pub(super) configure: Box<Configure<'a>>,
    sampler: Box<dyn Sampler>,
    journal: Option<Journal>,
    records: Vec<Record>,
    /// How many of them an earlier search has done.
    before: usize,
    halving: Option<Halving>,
    /// What is being trained.
    batch: Option<Batch>,
    pub(super) started: Instant,
    ranks: Option<&'a mut dyn Ranks>,
}

/// Points of a batch, where points depend on the results of those before.
const LOOKING_BACK: usize = 9;

/// Points of a batch, where they do not: of so many, three come to their ends.
const INDEPENDENT: usize = 27;

impl<'a> Sweep<'a> {
    /// A search of a space: `configure` makes network and options of a point, for the rows to train
    /// on. They must depend on nothing else.
    ///
    /// # Errors
    /// [`Error::Invalid`] where there is nothing to search, fewer than two folds, or the metric is none
    /// of the task; for a grid over a range of numbers.
    pub fn new(
        space: &Space,
        folds: impl Into<Cow<'a, [Fold]>>,
        options: SweepOptions,
        configure: impl FnMut(&Point, &Dataset) -> Result<(Network, TrainOptions)> + 'a,
    ) -> Result<Self> {
        let folds = folds.into();
        if space.is_single() {
            return Err(Error::invalid(
                "there is nothing to search: each hyper-parameter has one value",
                "give one of them alternatives, such as 0.001|0.01, or a range, such as 0.001..0.1",
            ));
        }
        let [first, _, ..] = &*folds else {
            return Err(Error::invalid("there are fewer than two folds", "use at least 2"));
        };
        options.metric.check(first.training.task())?;
        if options.trials == 0 {
            return Err(Error::invalid("there are 0 trials", "try at least one"));
        }
        let is_block = options.block.is_some();
        let name = match SamplerName::for_space(space, options.trials) {
            SamplerName::Tpe if is_block => SamplerName::Sobol,
            name => name,
        };
        let sampler = options.sampler.unwrap_or(name).open(space, options.seed)?;
        if is_block && sampler.looks_back() {
            return Err(Error::invalid(
                format!(
                    "what {} proposes depends on the results of all trials, of which a block knows \
                     its own",
                    sampler.name(),
                ),
                ("use ", Setting::Sampler.to("sobol"), ", random or grid"),
            ));
        }
        let count = sampler.count().unwrap_or(u64::MAX).min(options.trials);
        let is_pruned = match options.pruning {
            Pruning::On if is_block => {
                return Err(Error::invalid(
                    "which trials fall behind depends on all of them, of which a block knows its own",
                    ("use ", Setting::Pruning.to("off"), ", or no ", Setting::Block),
                ));
            }
            Pruning::Auto => count > SweepOptions::PRUNED_FROM && !is_block,
            Pruning::On => true,
            Pruning::Off => false,
        };
        Ok(Self {
            space: space.clone(),
            folds,
            options,
            configure: Box::new(configure),
            sampler,
            journal: None,
            records: Vec::new(),
            before: 0,
            halving: is_pruned.then(Halving::default),
            batch: None,
            started: Instant::now(),
            ranks: None,
        })
    }

    /// The same done together with other processes, each of which does all of this but the journal, which
    /// the first of them writes. It comes to the same end, with any number of them. What ends one of them
    /// ends all, but for its observer, which may not break.
    #[must_use]
    pub fn with_ranks(mut self, ranks: &'a mut dyn Ranks) -> Self {
        self.ranks = Some(ranks);
        self
    }

    /// What decides where it ends: the first line of its journal.
    pub fn header(&self) -> Header {
        let (options, folds) = (&self.options, of_division(&self.folds));
        let data = options.data.clone().unwrap_or_else(|| of_data(&self.folds));
        let mut header = Header::new(&self.space, &data, &folds, options.seed, self.sampler.name());
        header.settings.clone_from(&options.settings);
        header.settings.insert("metric".into(), options.metric.name().into());
        header.settings.insert("pruning".into(), self.halving.is_some().into());
        header.block = options.block;
        header.arguments.clone_from(&options.arguments);
        header
    }

    /// Begins a journal, to which each batch is written as it ends.
    ///
    /// # Errors
    /// As [`Journal::create`].
    pub fn write_to(&mut self, path: &Path) -> Result<()> {
        if self.is_first() {
            self.journal = Some(Journal::create(path, &self.header())?);
        }
        Ok(())
    }

    /// Goes on from a journal. A batch that is not there as a whole is trained again.
    ///
    /// # Errors
    /// As [`Journal::resume`].
    pub fn resume(&mut self, path: &Path) -> Result<()> {
        // The first process has the journal, and tells the others.
        let own = if self.is_first() { self.read(path) } else { Ok(Vec::new()) };
        let records = match &mut self.ranks {
            Some(ranks) => match shared(*ranks, own.map(Ok))? {
                Ok(mut all) => all.swap_remove(0),
                Err(_) => Vec::new(),
            },
            None => own?,
        };
        if let Some(halving) = &mut self.halving {
            let judged = records.iter().filter(|own| own.same_as.is_none());
            for rung in judged.flat_map(|own| &own.rungs) {
                if rung.rung < Halving::RUNGS {
                    halving.remember(rung.rung, &[rung.value]);
                }
            }
        }
        (self.before, self.records) = (records.len(), records);
        Ok(())
    }

    /// Opens a journal, and reads its whole batches.
    fn read(&mut self, path: &Path) -> Result<Vec<Record>> {
        let (mut journal, mut records) = Journal::resume(path, &self.header())?;
        if (records.len() as u64) < self.limit() {
            let whole = records.iter().rposition(|own| own.more == 0);
            records.truncate(whole.map_or(0, |last| last + 1));
            journal.keep(records.len())?;
        }
        self.journal = Some(journal);
        Ok(records)
    }

    /// Whether this process writes what there is to write.
    fn is_first(&self) -> bool {
        self.ranks.as_ref().is_none_or(|ranks| ranks.rank() == 0)
    }

    /// Puts the journals of all blocks of this search together to one at `path`, from which it goes on
    /// as [`Sweep::resume`] would: there is nothing left to be trained but what was chosen. Its options are
    /// those of the blocks, with their sampler and [`Pruning::Off`], but without [`SweepOptions::block`].
    ///
    /// # Errors
    /// [`Error::Invalid`] names a journal that is of another search, and a block that is missing, there
    /// twice, or not at its end; as [`super::read_journal`] and [`Journal::create`].
    pub fn merge(&mut self, blocks: &[PathBuf], path: &Path) -> Result<()> {
        let header = self.header();
        let mut records = merge::join(blocks, &header, self.limit())?;
        records.chunks_mut(self.most()).for_each(tell_batch);
        let mut journal = Journal::create(path, &header)?;
        journal.append(&records)?;
        self.journal = Some(journal);
        self.records = records;
        Ok(())
    }

    /// The trials so far, in order.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// By what trials are compared.
    pub fn metric(&self) -> Metric {
        self.options.metric
    }

    /// That it begins, or goes on: with what sampler, and for how many trials.
    pub fn begin(&mut self) -> SweepEvent<'static> {
        self.started = Instant::now();
        // Of a batch that was given up nothing is known.
        self.batch = None;
        SweepEvent::Begin {
            sampler: self.sampler.name(),
            trials: self.limit(),
            known: self.records.len(),
            pruned: self.halving.is_some(),
        }
    }

    /// The networks that are due, or why there are none: the same ones until [`Sweep::tell`] is told of them.
    /// What has happened meanwhile is told to the observer.
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use std::time::Duration;
    ///
    /// use halfplane::low_level::backend::Device;
    /// use halfplane::selection::FitSession;
    /// use halfplane::sweep::{Asked, Ended, Sweep};
    /// use halfplane::train::Status;
    ///
    /// async fn search(sweep: &mut Sweep<'_>, device: &dyn Device) -> halfplane::Result<Ended> {
    ///     sweep.begin();
    ///     loop {
    ///         match sweep.ask(&mut |_| ControlFlow::Continue(()))? {
    ///             Asked::Ended(ended) => break Ok(ended),
    ///             Asked::Fits { jobs, wanted, .. } => {
    ///                 let mut fits = FitSession::new(jobs, wanted);
    ///                 let frame = Duration::from_millis(16);
    ///                 while fits.advance(device, frame).await? == Status::Running {
    ///                     // Draw, and hear others.
    ///                 }
    ///                 sweep.tell(fits.into_outcomes())?;
    ///             }
    ///         }
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Journal::append`]'s; what the configuration returns where no trial of the first batch can be trained.
    pub fn ask(
        &mut self,
        observer: &mut dyn FnMut(&SweepEvent) -> ControlFlow<()>,
    ) -> Result<Asked> {
        loop {
            match &self.batch {
                Some(batch) if batch.due() > 0 => {
                    let share = self.share(batch);
                    return Ok(Asked::Fits {
                        jobs: batch.jobs(&share, &self.folds),
                        wanted: batch.wanted(self.judge()),
                        trials: share.len(),
                        rung: batch.rung(),
                    });
                }
                Some(_) => {
                    if self.end_batch(observer)?.is_break() {
                        return Ok(Asked::Ended(Ended::Interrupted));
                    }
                }
                None => {
                    if let Some(ended) = self.begin_batch(observer)? {
                        return Ok(Asked::Ended(ended));
                    }
                }
            }
        }
    }

    /// What came of the networks that were due, in their order.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the metric is undefined for a fold's rows.
    pub fn tell(&mut self, outcomes: Vec<selection::Outcome>) -> Result<()> {
        self.told(Ok(Ok(outcomes))).map(drop)
    }

    /// The same, where something may have kept them from their end: then that has ended the search.
    pub(super) fn told(
        &mut self,
        outcomes: Result<Result<Vec<selection::Outcome>, Ended>>,
    ) -> Result<Option<Ended>> {
        let Some(mut batch) = self.batch.take() else { return Ok(None) };
        let share = self.share(&batch);
        let measured = match outcomes {
            Ok(Ok(own)) => batch.measured(&share, &own, self.judge()).map(Ok),
            Ok(Err(ended)) => Ok(Err(ended)),
            Err(error) => Err(error),
        };
        match self.of_all(&batch, measured)? {
            Ok(measured) => {
                batch.take(measured, self.judge());
                self.batch = Some(batch);
                Ok(None)
            }
            Err(ended) => Ok(Some(ended)),
        }
    }

    /// What the networks of all processes say, in the order of what is due.
    fn of_all(
        &mut self,
        batch: &Batch,
        own: Result<Result<Vec<Measured>, Ended>>,
    ) -> Result<Result<Vec<Measured>, Ended>> {
        let Some(ranks) = &mut self.ranks else { return own };
        let shares = shares(&batch.costs(), ranks.size());
        let all = match shared(*ranks, own)? {
            Ok(all) => all,
            Err(ended) => return Ok(Err(ended)),
        };
        let mut tasks: Vec<(usize, Measured)> =
            shares.into_iter().flatten().zip(all.into_iter().flatten()).collect();
        tasks.sort_by_key(|(task, _)| *task);
        Ok(Ok(tasks.into_iter().map(|(_, own)| own).collect()))
    }

    /// Of what is due, that which is trained here: the rest is on other processes.
    fn share(&self, batch: &Batch) -> Vec<usize> {
        match &self.ranks {
            None => (0..batch.due()).collect(),
            Some(ranks) => shares(&batch.costs(), ranks.size()).swap_remove(ranks.rank()),
        }
    }

    fn judge(&self) -> Judge<'_> {
        Judge { folds: &self.folds, metric: self.metric() }
    }

    /// Begins a batch, or tells why there is none.
    fn begin_batch(&mut self, observer: Observer) -> Result<Option<Ended>> {
        if self.records.len() as u64 >= self.block().count(self.options.trials) {
            return Ok(Some(Ended::Trials));
        }
        if self.is_late()? {
            return Ok(Some(Ended::Time));
        }
        let points = self.propose();
        if points.is_empty() {
            return Ok(Some(Ended::Exhausted));
        }
        let (known, halving) = (&self.records, self.halving.clone());
        self.batch =
            Batch::new(points, &self.folds, known, halving, &mut self.configure, observer)?;
        Ok(self.batch.is_none().then_some(Ended::Interrupted))
    }

    /// Takes note of a batch that is over.
    fn end_batch(&mut self, observer: Observer) -> Result<ControlFlow<()>> {
        let Some(batch) = self.batch.take() else { return Ok(ControlFlow::Continue(())) };
        let (trained, halving) = batch.into_records();
        self.halving = halving;
        if let Some(journal) = &mut self.journal {
            journal.append(&trained)?;
        }
        let before = self.records.len();
        self.records.extend(trained);
        let told = self.records[before..].iter();
        Ok(told.map(SweepEvent::Trial).try_for_each(|event| observer(&event)))
    }

    /// The trial that is chosen from those so far.
    ///
    /// # Errors
    /// [`Error::Invalid`] where none has come to its end.
    pub fn chosen(&self) -> Result<&Record> {
        let ended: Vec<&Record> =
            self.records.iter().filter(|own| own.state == State::Complete).collect();
        let scored: Vec<Scored> = ended
            .iter()
            .map(|own| {
                let (mean, standard_error) = own.score();
                let mean = -self.metric().gain(mean);
                Scored { mean, standard_error, parameters: own.size }
            })
            .collect();
        let index = choose(&scored, self.options.select);
        index.map(|index| ended[index]).ok_or_else(|| none_chosen(&self.records))
    }

    /// Trials at most.
    fn limit(&self) -> u64 {
        let all = self.sampler.count().unwrap_or(u64::MAX).min(self.options.trials);
        self.block().count(all)
    }

    /// Which trials are trained.
    fn block(&self) -> Block {
        self.options.block.unwrap_or_default()
    }

    /// The next points, with the numbers of their trials: as many as a batch has, or are left.
    fn propose(&self) -> Vec<(u64, Point)> {
        let numbers = self.block().trials().take_while(|trial| *trial < self.options.trials);
        let numbers: Vec<u64> = numbers.skip(self.records.len()).take(self.batch()).collect();
        if self.options.block.is_some() {
            let point = |trial| self.sampler.propose(trial, 1, &[]).pop();
            return numbers.into_iter().filter_map(|own| Some((own, point(own)?))).collect();
        }
        let told: Vec<Told> = self.records.iter().map(|own| own.told(self.metric())).collect();
        let first = self.records.len() as u64;
        let points = self.sampler.propose(first, numbers.len(), &told);
        numbers.into_iter().zip(points).collect()
    }

    /// Points of a batch: the same whatever the machine, for the points depend on it. Where the time is
    /// limited they are one to begin with, and then no more than half of what is left should be enough for: what
    /// is late is given up with its batch.
    fn batch(&self) -> usize {
        let most = self.most();
        // Processes would have to agree about the time.
        let (Some(time), None) = (self.options.time, &self.ranks) else { return most };
        let (passed, trials) = (self.started.elapsed(), self.records.len() - self.before);
        if trials == 0 {
            return 1;
        }
        let left = time.saturating_sub(passed).as_secs_f64() / 2.0;
        ((left * trials as f64 / passed.as_secs_f64()) as usize).clamp(1, most)
    }

    /// Points of a batch at most.
    fn most(&self) -> usize {
        if self.sampler.looks_back() { LOOKING_BACK } else { INDEPENDENT }
    }

    /// How long to search at most. A first batch is always trained.
    pub(super) fn time(&self) -> Option<Duration> {
        self.options.time.filter(|_| !self.records.is_empty())
    }

    /// Whether it is late, by the clock of the first process.
    fn is_late(&mut self) -> Result<bool> {
        let Some(time) = self.time() else { return Ok(false) };
        let is_late = self.started.elapsed() >= time;
        match &mut self.ranks {
            None => Ok(is_late),
            Some(ranks) => Ok(ranks.exchange(&[u8::from(is_late)])?.first() == Some(&vec![1])),
        }
    }
}

impl Record {
    /// The mean of the folds' scores, and its standard error.
    pub fn score(&self) -> (f64, f64) {
        mean_and_error(&self.scores)
    }

    /// As samplers are told it.
    fn told(&self, metric: Metric) -> Told {
        let (mean, _) = self.score();
        let outcome = match self.state {
            State::Complete if mean.is_finite() => Outcome::Complete(-metric.gain(mean)),
            State::Pruned => Outcome::Pruned {
                epochs: self.trained,
                value: self.rungs.last().map_or(f64::NAN, |rung| rung.value),
            },
            State::Complete | State::Diverged | State::Refused => {
                Outcome::Pruned { epochs: 0, value: f64::NAN }
            }
        };
        Told { point: self.parameters.clone(), outcome }
    }
}

/// The same options for a training of so many epochs that nothing ends early.
pub fn for_epochs(options: TrainOptions, epochs: u64) -> TrainOptions {
    TrainOptions {
        length: Length::Epochs(epochs),
        early_stopping: None,
        keep: Some(Keep::Last),
        validate_every: 1,
        ..options
    }
}

fn none_chosen(records: &[Record]) -> Error {
    let diverged = records.iter().filter(|own| own.state == State::Diverged).count();
    if diverged > 0 {
        let rates = records.iter().filter_map(|own| own.parameters.get("lr")?.number());
        let lowest = rates.fold(f64::INFINITY, f64::min);
        let remedy = match lowest.is_finite() {
            true => format!("let the learning rate begin below {lowest:?}"),
            false => "take a smaller learning rate, or let it be searched".to_owned(),
        };
        return Error::invalid(
            format!("{diverged} of {} trials diverged, and none has a score", records.len()),
            remedy,
        );
    }
    Error::invalid("no trial has come to its end", "give the search more time")
}
