//! Whole steps of whole networks on the CPU: the samples of a batch side by side in SIMD lanes, a
//! group of them through all layers and back while everything is in the first cache, networks
//! spread over the threads. Sums run in a fixed order, so each network ends where it ends alone.

use std::ops::ControlFlow;

use rayon::prelude::*;

use super::lanes::{Lanes, activate, bce, derive};
use crate::Result;
use crate::backend::{Memory, Sink, StepMetrics};
use crate::kernels::{
    Control, Member, Resident, Update, floats, floats_mut, keeps_z, pairs_mut, permute, seed_of,
    slots,
};
use crate::plan::{Phase, Plan};
use crate::spec::{Layer, Loss, Shuffle};

/// Multiply-adds between two looks at the sink: some tens of milliseconds.
const WORK: usize = 1 << 25;

/// Trains `steps` steps and hands the metrics over as they come.
pub(super) fn steps(
    grid: &Resident,
    memory: &mut Memory,
    plan: &Plan,
    steps: u64,
    sink: &mut Sink<'_>,
) -> Result<()> {
    let mut workers: Vec<Worker<'_>> =
        grid.members.iter().map(|member| Worker::new(grid, member)).collect();
    let work: usize = grid.members.iter().map(|m| m.batch * (m.parameters() + 16)).sum();
    let portion = (WORK / work.max(1)).clamp(1, 4096) as u64;
    let mut left = steps;
    let mut finished = Vec::new();
    while left > 0 {
        let now = portion.min(left) as usize;
        memory.run(plan, Phase::Step, &mut |_, bound| advance(&mut workers, bound, now));
        finished.clear();
        for step in 0..now {
            finished.extend(workers.iter().map(|worker| worker.finished[step]));
        }
        left -= now as u64;
        if let ControlFlow::Break(()) = sink(&finished) {
            break;
        }
    }
    Ok(())
}

/// Replays a phase and leaves its metrics in its history.
pub(super) fn replay(grid: &Resident, memory: &mut Memory, plan: &Plan, phase: Phase, times: u64) {
    let count = grid.members.len();
    let mut workers: Vec<Worker<'_>> =
        grid.members.iter().map(|member| Worker::new(grid, member)).collect();
    memory.run(plan, phase, &mut |_, bound| {
        let before: Vec<Control> =
            bound[0].chunks_exact(Control::WORDS).map(Control::from_words).collect();
        advance(&mut workers, bound, times as usize);
        let history = pairs_mut(bound[6]);
        for (index, (worker, control)) in workers.iter().zip(before).enumerate() {
            for (number, metrics) in worker.finished.iter().enumerate() {
                let slot = (control.slot as usize + number) % grid.capacity;
                history[slot * count + index] = *metrics;
            }
        }
    });
}

/// So many steps of every network, each with its share of the buffers.
fn advance(workers: &mut [Worker<'_>], bound: &mut [&mut [u32]], steps: usize) {
    let [controls, _, x, t, parameters, memory, _, _] = slots(bound);
    let (x, t) = (floats(x), &t[..]);
    let (mut parameters, mut memory) = (floats_mut(parameters), floats_mut(memory));
    let mut shares = Vec::with_capacity(workers.len());
    for (worker, control) in workers.iter_mut().zip(controls.chunks_exact_mut(Control::WORDS)) {
        let count = worker.member.parameters();
        let memories = worker.grid.update.memories().len() * count;
        let (own, other) = std::mem::take(&mut parameters).split_at_mut(count);
        let (own_memory, other_memory) = std::mem::take(&mut memory).split_at_mut(memories);
        (parameters, memory) = (other, other_memory);
        shares.push((worker, control, own, own_memory));
    }
    let train = |(worker, control, parameters, memory): Share<'_, '_>| {
        worker.steps(control, (x, t), parameters, memory, steps);
    };
    match shares.len() {
        1 => shares.into_iter().for_each(train),
        _ => shares.into_par_iter().for_each(train),
    }
}

/// A worker with its control, parameters and what the optimizer remembers.
type Share<'a, 'g> = (&'a mut Worker<'g>, &'a mut [u32], &'a mut [f32], &'a mut [f32]);

/// The scratch memory of one network.
struct Worker<'g> {
    grid: &'g Resident,
    member: &'g Member,
    layers: Vec<Layer>,
    /// y of each layer and unit, x first; then z where it is kept: a group of samples each.
    wide: Vec<f32>,
    d_z: Vec<f32>,
    gradient: Vec<f32>,
    /// z and d_z of one row, for the losses that have no lanes.
    row: Vec<f32>,
    sources: Vec<usize>,
    finished: Vec<StepMetrics>,
}

impl<'g> Worker<'g> {
    fn new(grid: &'g Resident, member: &'g Member) -> Self {
        let units: usize = member.widths.iter().sum();
        Self {
            grid,
            member,
            layers: member.layers().collect(),
            wide: vec![0.0; 2 * units * 16],
            d_z: vec![0.0; units * 16],
            gradient: vec![0.0; member.parameters()],
            row: vec![0.0; 2 * member.outputs()],
            sources: Vec::with_capacity(member.batch),
            finished: Vec::new(),
        }
    }

    /// So many steps, in groups of as many samples as the batch fills lanes.
    fn steps(
        &mut self,
        words: &mut [u32],
        data: (&[f32], &[u32]),
        parameters: &mut [f32],
        memory: &mut [f32],
        steps: usize,
    ) {
        let simd = pulp::Arch::new();
        match self.member.batch {
            ..=4 => simd.dispatch(|| self.run::<4>(words, data, parameters, memory, steps)),
            5..=8 => simd.dispatch(|| self.run::<8>(words, data, parameters, memory, steps)),
            _ => simd.dispatch(|| self.run::<16>(words, data, parameters, memory, steps)),
        }
    }

    #[inline(always)]
    fn run<const N: usize>(
        &mut self,
        words: &mut [u32],
        data: (&[f32], &[u32]),
        parameters: &mut [f32],
        memory: &mut [f32],
        steps: usize,
    ) {
        let mut control = Control::from_words(words);
        self.finished.clear();
        for _ in 0..steps {
            let metrics = self.step::<N>(control, data, parameters, memory);
            self.finished.push(metrics);
            control.advance(self.member.rows, self.member.batch, self.grid.capacity);
        }
        words.copy_from_slice(&control.to_words());
    }

    #[inline(always)]
    fn step<const N: usize>(
        &mut self,
        control: Control,
        (x, t): (&[f32], &[u32]),
        parameters: &mut [f32],
        memory: &mut [f32],
    ) -> StepMetrics {
        self.find(control);
        let rows = control.rows as usize;
        self.gradient.fill(0.0);
        let mut mean = [0.0; 2];
        for first in (0..rows).step_by(N) {
            let live = N.min(rows - first);
            self.load::<N>(x, first, live);
            self.forward::<N>(parameters);
            let [loss, score] = self.loss::<N>(t, first, live, rows);
            mean = [mean[0] + loss, mean[1] + score];
            self.backward::<N>(parameters);
        }
        if self.grid.update != Update::Gradient {
            self.grid.regularize(self.member, parameters, &mut self.gradient);
            let formula = self.grid.formula(self.member, control);
            formula.apply_all(parameters, &self.gradient, memory);
        }
        mean.map(|sum| sum / rows as f32)
    }

    /// The rows of the data set that the batch takes.
    #[inline(always)]
    fn find(&mut self, control: Control) {
        let (count, seed) = (self.member.rows as u32, seed_of(self.member.seed));
        self.sources.clear();
        for b in 0..control.rows {
            let position = match self.grid.shuffle {
                Shuffle::EveryEpoch => permute(control.first + b, count, seed, control.epoch),
                Shuffle::Never => control.first + b,
            };
            self.sources.push(self.member.first_row + position as usize);
        }
    }

    /// A group's features, lane by lane; idle lanes are zero.
    #[inline(always)]
    fn load<const N: usize>(&mut self, x: &[f32], first: usize, live: usize) {
        let inputs = self.member.widths[0];
        let (wide, _) = self.wide.as_chunks_mut::<N>();
        for (i, lanes) in wide[..inputs].iter_mut().enumerate() {
            for (lane, value) in lanes.iter_mut().enumerate() {
                *value = if lane < live { x[self.sources[first + lane] * inputs + i] } else { 0.0 };
            }
        }
    }

    /// The units of all layers together, x among them: where z begins, if it is kept.
    fn units(&self) -> usize {
        self.member.widths.iter().sum()
    }

    #[inline(always)]
    fn forward<const N: usize>(&mut self, parameters: &[f32]) {
        let function = self.grid.function;
        let units = self.units();
        let (wide, _) = self.wide.as_chunks_mut::<N>();
        let (mut at, mut below) = (0, 0);
        for (index, layer) in self.layers.iter().enumerate() {
            let Layer { inputs, outputs } = *layer;
            let weight = &parameters[at..at + outputs * inputs];
            let bias = &parameters[at + outputs * inputs..at + layer.parameters()];
            let last = index + 1 == self.layers.len();
            for o in 0..outputs {
                let mut z = [bias[o]; N];
                let y = &wide[below..below + inputs];
                for (w, y) in weight[o * inputs..(o + 1) * inputs].iter().zip(y) {
                    z.add_scaled(*w, y);
                }
                let unit = below + inputs + o;
                if keeps_z(function) {
                    wide[units + unit] = z;
                }
                wide[unit] = if last { z } else { activate(function, &z) };
            }
            at += layer.parameters();
            below += inputs;
        }
    }

    /// Sum of the group's losses and scores; d_z of the last layer, zero in idle lanes.
    #[inline(always)]
    fn loss<const N: usize>(
        &mut self,
        t: &[u32],
        first: usize,
        live: usize,
        rows: usize,
    ) -> StepMetrics {
        let grid = self.grid;
        let outputs = self.member.outputs();
        let at = self.units() - outputs;
        let (wide, _) = self.wide.as_chunks::<N>();
        let (d_z, _) = self.d_z.as_chunks_mut::<N>();
        let sources = &self.sources[first..first + live];
        if grid.criterion.loss == Loss::Bce && outputs == 1 {
            let mut targets = [0.0; N];
            for (target, source) in targets.iter_mut().zip(sources) {
                *target = grid.criterion.smoothed(f32::from_bits(t[*source]));
            }
            return bce(&wide[at], &targets, &mut d_z[at], live, rows).map(|lanes| lanes.sum());
        }
        let columns = grid.criterion.target_columns(outputs);
        let (z, row_d_z) = self.row.split_at_mut(outputs);
        d_z[at..at + outputs].fill([0.0; N]);
        let mut sum = [0.0; 2];
        for (lane, source) in sources.iter().enumerate() {
            for (z, wide) in z.iter_mut().zip(&wide[at..]) {
                *z = wide[lane];
            }
            let targets = &t[source * columns..(source + 1) * columns];
            let [loss, score] = grid.criterion.row(z, targets, row_d_z, rows);
            sum = [sum[0] + loss, sum[1] + score];
            for (d_z, own) in d_z[at..at + outputs].iter_mut().zip(row_d_z.iter()) {
                d_z[lane] = *own;
            }
        }
        sum
    }

    /// The group's share of the gradient, layer by layer from the last.
    #[inline(always)]
    fn backward<const N: usize>(&mut self, parameters: &[f32]) {
        if self.grid.update == Update::Gradient {
            return;
        }
        let function = self.grid.function;
        let units = self.units();
        let (wide, _) = self.wide.as_chunks::<N>();
        let (d_z, _) = self.d_z.as_chunks_mut::<N>();
        let (mut at, mut above) = (self.gradient.len(), units);
        for (index, layer) in self.layers.iter().enumerate().rev() {
            let Layer { inputs, outputs } = *layer;
            at -= layer.parameters();
            above -= outputs;
            let below = above - inputs;
            let (d_below, d_above) = d_z[below..above + outputs].split_at_mut(inputs);
            let (weight, bias) =
                self.gradient[at..at + layer.parameters()].split_at_mut(outputs * inputs);
            let y = &wide[below..above];
            if index > 0 {
                d_below.fill([0.0; N]);
            }
            for (o, d_z) in d_above.iter().enumerate() {
                let row = o * inputs..(o + 1) * inputs;
                for (d_w, y) in weight[row.clone()].iter_mut().zip(y) {
                    *d_w += d_z.dot(y);
                }
                bias[o] += d_z.sum();
                if index > 0 {
                    let own = &parameters[at..][row];
                    for (d_x, w) in d_below.iter_mut().zip(own) {
                        d_x.add_scaled(*w, d_z);
                    }
                }
            }
            if index > 0 {
                let kept = if keeps_z(function) { &wide[units + below..] } else { y };
                for (d_x, kept) in d_below.iter_mut().zip(kept) {
                    derive(function, d_x, kept);
                }
            }
        }
    }
}
