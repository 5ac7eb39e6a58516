//! What is written down while several networks are trained, each by itself: lines of events, TensorBoard's files,
//! losses.

use std::path::{Path, PathBuf};

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use halfplane::train::Checkpoints;
use halfplane::{Dataset, Event, Model, Network, Result};

use super::appended::Appended;
use super::history::History;
use super::live::{self, Live, MembersBoard, Template};
use super::metrics::Metrics;
use super::record::{Places, Record, Unsaved, problems};
use super::{ResumePoint, note, say};

/// Where it goes.
pub(crate) struct MemberSinks<'a> {
    /// The file for JSON lines: each has a `member`.
    pub(crate) metrics: Option<&'a Path>,
    /// The folder for TensorBoard: each network has a folder of its own there.
    pub(crate) tensorboard: Option<&'a Path>,
    /// Whether losses are kept.
    pub(crate) keeps_losses: bool,
    /// The name of the run, which it keeps when it is resumed.
    pub(crate) run: Option<&'a str>,
    /// The folder of the checkpoints, in which each network has its own, and the one that the training is
    /// resumed from.
    pub(crate) checkpoints: Option<&'a Path>,
    pub(crate) resumed_from: Option<&'a Path>,
}

/// A network of the training.
pub(crate) struct Member {
    pub(crate) steps_per_epoch: u64,
    /// How far it had come, where the training is resumed.
    pub(crate) resumed: Option<ResumePoint>,
}

/// The open files of a training.
pub(crate) struct Members {
    metrics: Option<Metrics>,
    records: Vec<Record>,
    unsaved: Vec<Unsaved>,
    live: Option<Live<MembersBoard>>,
    /// What the dashboard makes models of, if it shows decision regions.
    template: Option<Template>,
    /// Set where q ends the training: networks whose folds have none yet are no model.
    interrupt: Option<Arc<AtomicBool>>,
}

/// What a dashboard of several networks shows.
pub(crate) struct MembersView<'a> {
    pub(crate) network: &'a Network,
    pub(crate) data: &'a Dataset,
    pub(crate) dealt_out: &'a str,
    /// Epochs at most.
    pub(crate) epochs: u64,
    /// Set by Ctrl-C and q, which a dashboard receives as keys.
    pub(crate) interrupt: Arc<AtomicBool>,
}

impl Members {
    /// Opens all files before the training. The folder of the checkpoints is locked by then.
    pub(crate) fn open(sinks: &MemberSinks<'_>, members: &[Member]) -> Result<Self> {
        let points: Option<Vec<ResumePoint>> = members.iter().map(|own| own.resumed).collect();
        let lines = |path| match &points {
            Some(points) => Metrics::resume(path, points),
            None => Metrics::create(path),
        };
        let metrics = sinks.metrics.map(lines).transpose()?;
        let record = |(number, own): (usize, &Member)| {
            let of_member = |folder: &Path| -> PathBuf {
                Checkpoints::of(folder).of_member(number).folder().to_path_buf()
            };
            let places = Places {
                tensorboard: sinks
                    .tensorboard
                    .map(|folder| folder.join(format!("member-{number}"))),
                keeps_losses: sinks.keeps_losses,
                run: sinks.run,
                checkpoints: sinks.checkpoints.map(of_member),
                resumed_from: sinks.resumed_from.map(of_member),
                resumed: own.resumed,
            };
            Record::open(places, own.steps_per_epoch)
        };
        let records = members.iter().enumerate().map(record).collect::<Result<_>>()?;
        Ok(Self {
            metrics,
            records,
            unsaved: vec![Unsaved::default(); members.len()],
            live: None,
            template: None,
            interrupt: None,
        })
    }

    /// Opens a dashboard, if there can be one. Losses must be kept.
    pub(crate) fn show(&mut self, view: MembersView<'_>) -> Result<()> {
        if let Some(obstacle) = live::obstacle() {
            note(&format!("no dashboard, since {obstacle}"));
            return Ok(());
        }
        let regions = live::View::of(view.data, view.network.output);
        let histories = self.records.iter().filter_map(|own| own.history().cloned()).collect();
        let board = MembersBoard::of(&view, histories, regions.as_ref());
        self.template = regions.is_some().then(|| Template::of(view.network, view.data));
        self.interrupt = Some(Arc::clone(&view.interrupt));
        self.live = Live::begin(board, regions, view.interrupt)?;
        if self.live.is_none() {
            note("no dashboard, since no thread can be made for it");
        }
        Ok(())
    }

    /// The interval of the weights that the dashboard needs, if it shows them.
    pub(crate) fn shows_weights(&self) -> Option<Duration> {
        self.live.as_ref().and(self.template.as_ref()).map(|_| live::FRAME)
    }

    /// Writes down what happens in the training of a network.
    pub(crate) fn event(&mut self, member: usize, event: &Event) {
        if let Some(live) = &self.live {
            live.update(|board, _| board.event(member, event));
            if let (true, Some(interrupt)) = (live.quit(), &self.interrupt) {
                interrupt.store(true, Ordering::Relaxed);
            }
        }
        if matches!(event, Event::Weights { .. }) {
            return self.show_mean();
        }
        if let Some(text) = self.unsaved[member].event(event) {
            say(&format!("{text} (network {member})"));
        }
        if let Some(metrics) = &mut self.metrics {
            metrics.of_member(member, event);
        }
        self.records[member].event(event);
        if matches!(event, Event::CheckpointBegins { .. }) {
            self.files(member).for_each(Appended::sync);
        }
        problems(self.files(member)).for_each(|problem| say(&problem));
    }

    /// Shows the decision regions of the mean of the networks that have begun.
    fn show_mean(&self) {
        if let (Some(live), Some(template)) = (&self.live, &self.template) {
            let members = live.update(|board, _| board.weights());
            live.show(vec![Arc::new(template.model(members))]);
        }
    }

    /// Shows the model until a key is pressed, and closes the dashboard. Without a model it was interrupted.
    pub(crate) fn end(&mut self, model: Option<&Model>) {
        if let Some(live) = self.live.take()
            && let Some(model) = model
        {
            live.show(vec![Arc::new(model.clone())]);
            live.wait_for_key();
        }
    }

    /// The files that grow while a network is trained.
    fn files(&mut self, member: usize) -> impl Iterator<Item = &mut Appended> {
        let metrics = self.metrics.as_mut().map(Metrics::file);
        metrics.into_iter().chain(self.records[member].files())
    }

    /// Closes all files; the losses of each network, where they are kept.
    pub(crate) fn finish(self) -> Result<Vec<History>> {
        self.metrics.map_or(Ok(()), Metrics::finish)?;
        let histories = self.records.into_iter().map(Record::finish);
        Ok(histories.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
    }
}
