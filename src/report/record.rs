//! What is kept of one network's training, besides lines of events: TensorBoard's file, and losses for pictures
//! and dashboards.

use std::path::PathBuf;

use halfplane::{Event, Result};

use super::appended::Appended;
use super::curve::Curve;
use super::history::History;
use super::tensorboard::TensorBoard;
use super::{ResumePoint, failed};

/// Where it goes.
pub(super) struct Places<'a> {
    /// The folder for TensorBoard.
    pub(super) tensorboard: Option<PathBuf>,
    /// Whether losses are kept.
    pub(super) keeps_losses: bool,
    /// The name of the run, which it keeps when it is resumed.
    pub(super) run: Option<&'a str>,
    /// The folder of the checkpoints, beside which losses are kept on disk, and the one that the training is
    /// resumed from.
    pub(super) checkpoints: Option<PathBuf>,
    pub(super) resumed_from: Option<PathBuf>,
    /// How far it had come, where it is resumed.
    pub(super) resumed: Option<ResumePoint>,
}

/// What is kept.
pub(super) struct Record {
    tensorboard: Option<TensorBoard>,
    history: Option<History>,
    /// The same on disk, for a training that is resumed.
    curve: Option<Curve>,
}

impl Record {
    /// Opens all files, so that none fails to open after the training. The folder of the checkpoints is
    /// locked by then: nothing of another run is touched.
    pub(super) fn open(places: Places<'_>, steps_per_epoch: u64) -> Result<Self> {
        let Places { tensorboard, keeps_losses, run, checkpoints, resumed_from, resumed } = places;
        let mut history = keeps_losses.then(|| History::new(steps_per_epoch));
        if let (Some(_), Some(folder)) = (&history, &checkpoints) {
            std::fs::create_dir_all(folder).map_err(|source| failed("write", folder, source))?;
        }
        let curve = match (&mut history, &checkpoints, &resumed_from, resumed) {
            (Some(own), Some(folder), Some(earlier), Some(point)) => {
                Some(Curve::resume(folder, earlier, point.steps, own)?)
            }
            (Some(_), Some(folder), _, _) => Some(Curve::create(folder)?),
            _ => None,
        };
        let board = |folder: &PathBuf| TensorBoard::open(folder, steps_per_epoch, run, resumed);
        let tensorboard = tensorboard.as_ref().map(board).transpose()?;
        Ok(Self { tensorboard, history, curve })
    }

    /// Keeps an event.
    pub(super) fn event(&mut self, event: &Event) {
        if let Some(tensorboard) = &mut self.tensorboard {
            tensorboard.event(event);
        }
        match (&mut self.history, &mut self.curve) {
            (Some(history), Some(curve)) => curve.event(event, history),
            (Some(history), None) => history.event(event),
            (None, _) => {}
        }
    }

    /// The losses, where they are kept.
    pub(super) fn history(&self) -> Option<&History> {
        self.history.as_ref()
    }

    /// The files that grow while the training goes on.
    pub(super) fn files(&mut self) -> impl Iterator<Item = &mut Appended> {
        let board = self.tensorboard.as_mut().map(TensorBoard::file);
        board.into_iter().chain(self.curve.as_mut().map(Curve::file))
    }

    /// Closes the files; the losses, where they are kept.
    pub(super) fn finish(self) -> Result<Option<History>> {
        self.tensorboard.map_or(Ok(()), TensorBoard::finish)?;
        Ok(self.history)
    }
}

/// What is to be said of checkpoints that cannot be written: of the first, but not of those that follow it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Unsaved(bool);

impl Unsaved {
    /// What is to be said of an event, if anything is.
    pub(super) fn event(&mut self, event: &Event) -> Option<String> {
        match event {
            Event::CheckpointFailed { step, problem } => {
                let is_new = !std::mem::replace(&mut self.0, true);
                is_new.then(|| {
                    format!(
                        "warning: no checkpoint of step {step}, for {problem}; the training goes on and tries \
                         again"
                    )
                })
            }
            Event::Checkpoint { step, .. } => std::mem::take(&mut self.0)
                .then(|| format!("note: a checkpoint is written again, of step {step}")),
            _ => None,
        }
    }
}

/// What is to be said of files that cannot be written any more: once of each.
pub(super) fn problems<'a>(
    files: impl Iterator<Item = &'a mut Appended>,
) -> impl Iterator<Item = String> {
    files
        .filter_map(Appended::new_problem)
        .map(|problem| format!("warning: {problem}; the training goes on and tries again"))
}
