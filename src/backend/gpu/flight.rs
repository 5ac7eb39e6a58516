//! Submissions on their way, each with the losses that it will bring back.

use std::collections::VecDeque;
use std::time::Instant;

use futures_intrusive::channel::shared::{OneshotReceiver, oneshot_channel};

use super::super::StepMetrics;
use super::context::Context;
use crate::Result;
use crate::kernels::pairs;

/// Submissions that may be on their way at once: while one runs, the next is being recorded.
pub(super) const MOST: usize = 2;

/// A submission.
pub(super) struct Flight {
    pub(super) replays: u64,
    pub(super) submitted: Instant,
    index: wgpu::SubmissionIndex,
    luggage: Option<Luggage>,
}

/// A copy of a part of the history, being mapped.
pub(super) struct Luggage {
    staging: wgpu::Buffer,
    mapped: OneshotReceiver<Result<(), wgpu::BufferAsyncError>>,
}

impl Luggage {
    /// Asks for a staging buffer to be mapped; call it after the copy into it was submitted.
    pub(super) fn check_in(staging: wgpu::Buffer) -> Self {
        let (sender, mapped) = oneshot_channel();
        staging.map_async(wgpu::MapMode::Read, .., move |result| {
            // The receiver is gone only where an error has ended the run: nobody waits.
            let _ = sender.send(result);
        });
        Self { staging, mapped }
    }

    /// The words, once the submission is done; the staging buffer is free again.
    pub(super) fn collect(self, context: &Context) -> Result<(Vec<u32>, wgpu::Buffer)> {
        match pollster::block_on(self.mapped.receive()) {
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

/// What came back of a submission.
pub(super) struct Landed {
    pub(super) replays: u64,
    pub(super) submitted: Instant,
    pub(super) metrics: Vec<StepMetrics>,
    pub(super) staging: Option<wgpu::Buffer>,
}

/// The submissions on their way, oldest first.
#[derive(Default)]
pub(super) struct Flights(VecDeque<Flight>);

impl Flights {
    pub(super) fn are_full(&self) -> bool {
        self.0.len() >= MOST
    }

    pub(super) fn depart(
        &mut self,
        replays: u64,
        index: wgpu::SubmissionIndex,
        luggage: Option<Luggage>,
    ) {
        self.0.push_back(Flight { replays, submitted: Instant::now(), index, luggage });
    }

    /// Waits for the oldest, if any is on its way. A step brings metrics of so many networks.
    pub(super) fn land(&mut self, context: &Context, networks: usize) -> Result<Option<Landed>> {
        let Some(flight) = self.0.pop_front() else { return Ok(None) };
        context.wait(Some(flight.index))?;
        let Flight { replays, submitted, luggage, .. } = flight;
        let mut landed = Landed { replays, submitted, metrics: Vec::new(), staging: None };
        if let Some(luggage) = luggage {
            let (words, staging) = luggage.collect(context)?;
            landed.metrics = pairs(&words)[..replays as usize * networks].to_vec();
            landed.staging = Some(staging);
        }
        Ok(Some(landed))
    }
}
