//! A plan on a wgpu device.

use std::sync::Arc;
use std::time::Duration;

use super::super::{Backend, Feed, Sink};
use super::context::Context;
use super::pace::Pace;
use super::pipelines::{Pipelines, Ready};
use super::submission::{self, InFlight, Readback};
use crate::Result;
use crate::kernels::{Control, Words};
use crate::plan::{BufferId, Phase, Plan, Region};
use crate::platform::{BoxFuture, Instant};

/// Bytes that are handed to the queue at once: it copies them before they are sent.
const UPLOAD: usize = 32 << 20;

/// Parts that a submission takes from the feed at most: they stay in memory until it is sent.
const PARTS: usize = 8;

/// A loaded plan.
pub(super) struct Loaded {
    context: Arc<Context>,
    plan: Plan,
    buffers: Vec<wgpu::Buffer>,
    /// The dispatches of each phase, made ready when it is first replayed.
    ready: [Option<Vec<Ready>>; Phase::COUNT],
    pace: [Pace; Phase::COUNT],
    /// Where in the ring the next step's metrics go: the device's counter, followed here.
    slot: u64,
    /// Staging buffers for the history that no submission is using.
    staging: Vec<wgpu::Buffer>,
}

/// Makes a plan's buffers, all zero.
pub(super) fn load(
    context: Arc<Context>,
    plan: Plan,
) -> BoxFuture<'static, Result<Box<dyn Backend>>> {
    Box::pin(async move { Ok(Box::new(Loaded::new(context, plan).await?) as Box<dyn Backend>) })
}

impl Loaded {
    async fn new(context: Arc<Context>, plan: Plan) -> Result<Self> {
        let scope = context.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let buffers = plan
            .buffers
            .iter()
            .map(|buffer| {
                context.device.create_buffer(&wgpu::BufferDescriptor {
                    label: Some(&buffer.name),
                    // Shaders take four words at a time, and the last four may not all be there.
                    size: buffer.bytes().next_multiple_of(16),
                    usage: wgpu::BufferUsages::STORAGE
                        | wgpu::BufferUsages::COPY_SRC
                        | wgpu::BufferUsages::COPY_DST,
                    mapped_at_creation: false,
                })
            })
            .collect();
        if let Some(error) = scope.pop().await {
            let bytes = plan.bytes() >> 20;
            return Err(context.error(format!("no room for a plan of {bytes} MiB ({error})")));
        }
        context.check()?;
        Ok(Self {
            context,
            plan,
            buffers,
            ready: Default::default(),
            pace: [const { Pace::new() }; Phase::COUNT],
            slot: 0,
            staging: Vec::new(),
        })
    }

    /// Makes a phase's dispatches ready.
    fn prepare(&mut self, phase: Phase) -> Result<()> {
        if self.ready[phase as usize].is_none() {
            let dispatches = self.plan.phase(phase);
            let compiled = Pipelines::compile(&self.context, dispatches);
            let ready =
                |dispatch| Pipelines::ready(&self.context, &self.plan, &self.buffers, dispatch);
            let list = dispatches.iter().map(ready).collect();
            self.context.check()?;
            self.ready[phase as usize] = Some(list);
            if let Some(cache) = self.context.cache.as_ref().filter(|_| compiled > 0) {
                cache.save();
            }
        }
        Ok(())
    }

    /// Records and submits so many replays of a phase, and a copy of their metrics in `history`.
    fn submit(
        &mut self,
        phase: Phase,
        replays: u64,
        history: Option<BufferId>,
        in_flight: &mut InFlight,
    ) -> Result<()> {
        let mut encoder = self.context.device.create_command_encoder(&Default::default());
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor {
                label: Some(phase.name()),
                timestamp_writes: None,
            });
            let list = self.ready[phase as usize].as_deref().unwrap_or_default();
            if let [dispatch] = list
                && let Some(most) = dispatch.repeats_itself()
            {
                dispatch.record_replays(&self.context, &mut pass, replays, most);
            } else {
                for _ in 0..replays {
                    list.iter().for_each(|dispatch| dispatch.record(&mut pass));
                }
            }
        }
        let staging = history.map(|history| self.copy_history(&mut encoder, history, replays));
        let submitted = self.context.submit([encoder.finish()]);
        self.context.check()?;
        in_flight.push(replays, submitted, staging.map(Readback::new));
        Ok(())
    }

    /// Copies the ring's next `count` steps, in order, into a staging buffer.
    fn copy_history(
        &mut self,
        encoder: &mut wgpu::CommandEncoder,
        history: BufferId,
        count: u64,
    ) -> wgpu::Buffer {
        // Loss and score of each network.
        let entry = 8 * self.plan.networks.len() as u64;
        let entries = self.plan.history_steps() as u64;
        let device = &self.context.device;
        let staging = self.staging.pop().unwrap_or_else(|| {
            device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("history readback"),
                size: entry * entries,
                usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            })
        });
        let before_wrap = count.min(entries - self.slot);
        let source = &self.buffers[history.0];
        encoder.copy_buffer_to_buffer(source, entry * self.slot, &staging, 0, entry * before_wrap);
        if before_wrap < count {
            let rest = entry * (count - before_wrap);
            encoder.copy_buffer_to_buffer(source, 0, &staging, entry * before_wrap, rest);
        }
        self.slot = (self.slot + count) % entries;
        staging
    }

    /// Takes parts from the feed: the host copies them while the device computes, and the next
    /// submission brings them to the device.
    fn upload(&mut self, feed: &mut Feed<'_>) {
        for (region, words) in std::iter::from_fn(feed).take(PARTS) {
            let buffer = &self.buffers[region.buffer.0];
            let bytes = bytemuck::cast_slice(words);
            self.context.queue.write_buffer(buffer, 4 * region.offset as u64, bytes);
        }
    }

    /// Replays a phase `times`, in submissions of measured length. Where the sink breaks off,
    /// nothing more is submitted; what was submitted is handed over.
    async fn run(
        &mut self,
        phase: Phase,
        times: u64,
        history: Option<BufferId>,
        sink: &mut Sink<'_>,
        feed: &mut Feed<'_>,
    ) -> Result<()> {
        self.prepare(phase)?;
        // What is in flight may fill half of the ring, so that nothing is overwritten unread.
        let most = match history {
            Some(_) => (self.plan.history_steps() / (2 * submission::MOST)).max(1) as u64,
            None => u64::MAX,
        };
        let mut in_flight = InFlight::default();
        let mut left = times;
        let mut stopped = false;
        loop {
            while left > 0 && !stopped && !in_flight.is_full() {
                let replays = self.pace[phase as usize].next().min(left).min(most);
                self.submit(phase, replays, history, &mut in_flight)?;
                left -= replays;
                self.upload(feed);
            }
            let networks = self.plan.networks.len();
            let Some(finished) = in_flight.wait(&self.context, networks).await? else {
                return Ok(());
            };
            self.pace[phase as usize].learn(finished.replays, finished.at, Instant::now());
            self.staging.extend(finished.staging);
            if !finished.metrics.is_empty() {
                stopped |= sink(&finished.metrics).is_break();
            }
        }
    }

    /// Writes words, a part at a time, so that the queue's copies of them do not fill the memory.
    async fn write_parts(&mut self, region: Region, words: &[u32]) -> Result<()> {
        if Some(region.buffer) == self.plan.handles.control
            && let Some(control) = words.first_chunk::<{ Control::WORDS }>()
        {
            self.slot = u64::from(Control::from_words(control).slot);
        }
        let bytes: &[u8] = bytemuck::cast_slice(words);
        let begin = 4 * region.offset;
        for (index, part) in bytes.chunks(UPLOAD).enumerate() {
            let offset = (begin + index * UPLOAD) as u64;
            self.context.queue.write_buffer(&self.buffers[region.buffer.0], offset, part);
            if part.len() == UPLOAD {
                let submitted = self.context.submit([]);
                self.context.wait(submitted).await?;
            }
        }
        self.context.check()
    }

    /// Reads words through a staging buffer.
    async fn copy_back(&mut self, region: Region, words: usize) -> Result<Words> {
        if words == 0 {
            return Ok(Words::new());
        }
        let size = 4 * words as u64;
        let device = &self.context.device;
        let staging = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("readback"),
            size,
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let mut encoder = device.create_command_encoder(&Default::default());
        let source = &self.buffers[region.buffer.0];
        encoder.copy_buffer_to_buffer(source, 4 * region.offset as u64, &staging, 0, size);
        let submitted = self.context.submit([encoder.finish()]);
        let readback = Readback::new(staging);
        self.context.wait(submitted).await?;
        Ok(readback.words(&self.context).await?.0)
    }
}

impl Backend for Loaded {
    fn plan(&self) -> &Plan {
        &self.plan
    }

    fn load(&self, plan: Plan) -> BoxFuture<'_, Result<Box<dyn Backend>>> {
        load(Arc::clone(&self.context), plan)
    }

    fn replan(&mut self, plan: Plan) -> Result<()> {
        debug_assert!(plan.buffers == self.plan.buffers);
        self.plan = plan;
        self.ready = Default::default();
        Ok(())
    }

    fn write_region<'a>(
        &'a mut self,
        region: Region,
        words: &'a [u32],
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.write_parts(region, words))
    }

    fn read_region(&mut self, region: Region, words: usize) -> BoxFuture<'_, Result<Words>> {
        Box::pin(self.copy_back(region, words))
    }

    fn replay(&mut self, phase: Phase, times: u64) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let sink = &mut |_: &[_]| std::ops::ControlFlow::Continue(());
            self.run(phase, times, None, sink, &mut || None).await
        })
    }

    fn profile(&mut self, phase: Phase) -> BoxFuture<'_, Result<Vec<Duration>>> {
        Box::pin(async move {
            self.prepare(phase)?;
            let list = self.ready[phase as usize].as_deref().unwrap_or_default();
            super::profile::profile(&self.context, list).await
        })
    }

    fn steps<'a>(&'a mut self, steps: u64, sink: &'a mut Sink<'_>) -> BoxFuture<'a, Result<()>> {
        let history = self.plan.handles.history;
        Box::pin(async move { self.run(Phase::Step, steps, history, sink, &mut || None).await })
    }

    fn steps_fed<'a>(
        &'a mut self,
        steps: u64,
        sink: &'a mut Sink<'_>,
        feed: &'a mut Feed<'_>,
    ) -> BoxFuture<'a, Result<()>> {
        let history = self.plan.handles.history;
        Box::pin(self.run(Phase::Step, steps, history, sink, feed))
    }
}
