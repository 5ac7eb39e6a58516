//! What is written down while several networks are trained: lines of events, TensorBoard's files, curves.

use std::path::Path;

use halfplane::{Event, Result};

use super::history::History;
use super::metrics::Metrics;
use super::tensorboard::TensorBoard;

/// Where it goes.
pub(crate) struct MemberSinks<'a> {
    /// The file for JSON lines: each has a `member`.
    pub(crate) metrics: Option<&'a Path>,
    /// The folder for TensorBoard: each network has a folder of its own there.
    pub(crate) tensorboard: Option<&'a Path>,
}

/// The open files of a training.
pub(crate) struct Members {
    metrics: Option<Metrics>,
    boards: Vec<TensorBoard>,
    histories: Vec<History>,
}

impl Members {
    /// Opens all files before the training, for networks with so many steps in an epoch each.
    pub(crate) fn open(sinks: &MemberSinks<'_>, steps_per_epoch: &[u64]) -> Result<Self> {
        let board = |folder: &Path, (member, steps): (usize, &u64)| {
            TensorBoard::open(&folder.join(format!("member-{member}")), *steps, None, None)
        };
        let each = || steps_per_epoch.iter().enumerate();
        let boards =
            sinks.tensorboard.iter().flat_map(|folder| each().map(|own| board(folder, own)));
        Ok(Self {
            metrics: sinks.metrics.map(Metrics::create).transpose()?,
            boards: boards.collect::<Result<_>>()?,
            histories: steps_per_epoch.iter().map(|steps| History::new(*steps)).collect(),
        })
    }

    /// Writes down what happens in the training of a network.
    pub(crate) fn event(&mut self, member: usize, event: &Event) {
        if let Some(metrics) = &mut self.metrics {
            metrics.of_member(member, event);
        }
        if let Some(board) = self.boards.get_mut(member) {
            board.event(event);
        }
        self.histories[member].event(event);
    }

    /// Closes all files; the losses of each network.
    pub(crate) fn finish(self) -> Result<Vec<History>> {
        self.metrics.map_or(Ok(()), Metrics::finish)?;
        self.boards.into_iter().try_for_each(TensorBoard::finish)?;
        Ok(self.histories)
    }
}
