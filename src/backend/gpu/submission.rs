//! Work on its way to the device, and what is read back of it.

use std::collections::VecDeque;

use futures_intrusive::channel::shared::{OneshotReceiver, oneshot_channel};

use super::super::StepMetrics;
use super::context::{Context, Submitted};
use crate::Result;
use crate::kernels::pairs;
use crate::platform::Instant;

/// Submissions that may be on their way at once: while one runs, the next is being recorded.
pub(super) const MOST: usize = 2;

/// A staging buffer that a submission copies into, being mapped.
pub(super) struct Readback {
    staging: wgpu::Buffer,
    mapped: OneshotReceiver<Result<(), wgpu::BufferAsyncError>>,
}

impl Readback {
    /// Asks for a staging buffer to be mapped; call it after the copy into it was submitted.
    pub(super) fn new(staging: wgpu::Buffer) -> Self {
        let (sender, mapped) = oneshot_channel();
        staging.map_async(wgpu::MapMode::Read, .., move |result| {
            // The receiver is gone only where an error has ended the run: nobody waits.
            let _ = sender.send(result);
        });
        Self { staging, mapped }
    }

    /// The words, once the submission is done, and the staging buffer, free again.
    pub(super) async fn words(self, context: &Context) -> Result<(Vec<u32>, wgpu::Buffer)> {
        match self.mapped.receive().await {
            Some(Ok(())) => {}
            Some(Err(error)) => return Err(context.error(error)),
            None => return Err(context.error("a buffer was never mapped")),
        }
        let view = self.staging.get_mapped_range(..).map_err(|error| context.error(error))?;
        let words =
            view.as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect();
        drop(view);
        self.staging.unmap();
        Ok((words, self.staging))
    }
}

/// Replays of a phase, submitted together.
struct Submission {
    replays: u64,
    at: Instant,
    submitted: Submitted,
    readback: Option<Readback>,
}

/// What came of a submission.
pub(super) struct Finished {
    pub(super) replays: u64,
    /// When it was submitted.
    pub(super) at: Instant,
    pub(super) metrics: Vec<StepMetrics>,
    pub(super) staging: Option<wgpu::Buffer>,
}

/// The submissions that are not known to be done, oldest first.
#[derive(Default)]
pub(super) struct InFlight(VecDeque<Submission>);

impl InFlight {
    pub(super) fn is_full(&self) -> bool {
        self.0.len() >= MOST
    }

    pub(super) fn push(&mut self, replays: u64, submitted: Submitted, readback: Option<Readback>) {
        self.0.push_back(Submission { replays, at: Instant::now(), submitted, readback });
    }

    /// Waits for the oldest, if there is one. A step has metrics of so many networks.
    pub(super) async fn wait(
        &mut self,
        context: &Context,
        networks: usize,
    ) -> Result<Option<Finished>> {
        let Some(Submission { replays, at, submitted, readback }) = self.0.pop_front() else {
            return Ok(None);
        };
        context.wait(submitted).await?;
        let mut finished = Finished { replays, at, metrics: Vec::new(), staging: None };
        if let Some(readback) = readback {
            let (words, staging) = readback.words(context).await?;
            finished.metrics = pairs(&words)[..replays as usize * networks].to_vec();
            finished.staging = Some(staging);
        }
        Ok(Some(finished))
    }
}
