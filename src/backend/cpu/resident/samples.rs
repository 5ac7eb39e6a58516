//! Samples side by side in the lanes: groups of N of them go through all layers and back.

use std::ops::Range;

use super::batch::Batch;
use super::run::LaneStrategy;
use crate::backend::StepMetrics;
use crate::backend::cpu::lanes::{Arithmetic, Lanes, activate, bce, derive};
use crate::backend::cpu::passes;
use crate::kernels::{Control, Function, Member, Resident, Update, floats};
use crate::spec::{Layer, Loss};

/// A network whose lanes are samples.
pub(super) struct Samples<const N: usize> {
    layers: Vec<Layer>,
    function: Function,
    parameters: Vec<f32>,
    gradient: Vec<f32>,
    /// The optimizer's state, one tensor after another.
    state: Vec<f32>,
    /// Every group's y of each layer and unit, x first.
    y: Vec<[f32; N]>,
    /// z of a group, where it is kept, and d_z.
    z: Vec<[f32; N]>,
    d_z: Vec<[f32; N]>,
    /// Every group's targets, where the loss is binary cross-entropy of one output.
    targets: Option<Vec<[f32; N]>>,
}

impl<const N: usize> Samples<N> {
    pub(super) fn new(grid: &Resident, member: &Member) -> Self {
        let units: usize = member.widths.iter().sum();
        let parameters = member.parameters();
        Self {
            layers: member.layers().collect(),
            function: grid.function,
            parameters: vec![0.0; parameters],
            gradient: vec![0.0; parameters],
            state: vec![0.0; grid.update.state().len() * parameters],
            y: vec![[0.0; N]; member.batch.div_ceil(N) * units],
            z: vec![[0.0; N]; units],
            d_z: vec![[0.0; N]; units],
            targets: (grid.criterion.loss == Loss::Bce && member.outputs() == 1)
                .then(|| vec![[0.0; N]; member.batch.div_ceil(N)]),
        }
    }

    /// Units of all layers, with x.
    #[inline(always)]
    fn units(&self) -> usize {
        self.d_z.len()
    }

    /// A group forward. The last layer has no activation here: its y is z.
    #[inline(always)]
    fn forward<A: Arithmetic>(&mut self, group: usize) {
        let units = self.units();
        let keeps_z = self.function.keeps_z();
        let mut ys = &mut self.y[group * units..(group + 1) * units];
        let mut parameters = &self.parameters[..];
        let (mut unit, last) = (0, self.layers.len() - 1);
        for (index, layer) in self.layers.iter().enumerate() {
            let Layer { inputs, outputs } = *layer;
            let (weight, rest) = parameters.split_at(outputs * inputs);
            let (bias, rest) = rest.split_at(outputs);
            let (x, above) = ys.split_at_mut(inputs);
            unit += inputs;
            let neurons = weight.chunks_exact(inputs).zip(bias).zip(above.iter_mut());
            for (o, ((weight, bias), y)) in neurons.enumerate() {
                let mut z = [*bias; N];
                for (w, x) in weight.iter().zip(x.iter()) {
                    z.add_scaled::<A>(*w, x);
                }
                if keeps_z {
                    self.z[unit + o] = z;
                }
                *y = if index == last { z } else { activate::<A, N>(self.function, &z) };
            }
            (ys, parameters) = (above, rest);
        }
    }

    /// d_z of the last layer by any loss, which takes z and gives d_z row by row.
    #[inline(always)]
    fn loss_by_rows<A: Arithmetic>(
        &mut self,
        batch: &mut Batch<'_>,
        group: usize,
        rows: Range<usize>,
    ) -> StepMetrics {
        let (outputs, units) = (batch.member.outputs(), self.units());
        let numbers = rows.start * outputs..rows.end * outputs;
        let last = &self.y[(group + 1) * units - outputs..(group + 1) * units];
        for (lane, z) in batch.z[numbers.clone()].chunks_exact_mut(outputs).enumerate() {
            for (z, last) in z.iter_mut().zip(last) {
                *z = last[lane];
            }
        }
        let sums = batch.loss::<A>(rows);
        let d_last = &mut self.d_z[units - outputs..];
        d_last.fill([0.0; N]);
        for (lane, d_z) in batch.d_z[numbers].chunks_exact(outputs).enumerate() {
            for (last, d_z) in d_last.iter_mut().zip(d_z) {
                last[lane] = *d_z;
            }
        }
        sums
    }

    /// A group's share of the gradient, layer by layer from the last: it overwrites what was there if
    /// the group is the first, and is added otherwise.
    #[inline(always)]
    fn backward<A: Arithmetic, const FIRST: bool>(&mut self, group: usize) {
        let units = self.units();
        let y = &self.y[group * units..(group + 1) * units];
        let kept = if self.function.keeps_z() { &self.z[..] } else { y };
        let (mut at, mut above) = (self.gradient.len(), units);
        for (index, layer) in self.layers.iter().enumerate().rev() {
            let Layer { inputs, outputs } = *layer;
            at -= layer.parameters();
            above -= outputs;
            let below = above - inputs;
            let (d_x, d_z) = self.d_z[below..above + outputs].split_at_mut(inputs);
            let own = &mut self.gradient[at..at + layer.parameters()];
            let (d_weight, d_bias) = own.split_at_mut(outputs * inputs);
            let x = &y[below..above];
            let rows = d_weight.chunks_exact_mut(inputs).zip(d_bias);
            let add = |to: &mut f32, share| *to = if FIRST { share } else { *to + share };
            for ((d_weight, d_bias), d_z) in rows.zip(d_z.iter()) {
                for (d_w, x) in d_weight.iter_mut().zip(x) {
                    add(d_w, d_z.dot(x));
                }
                add(d_bias, d_z.sum());
            }
            if index > 0 {
                let weight = &self.parameters[at..at + outputs * inputs];
                for (i, (d_x, kept)) in d_x.iter_mut().zip(&kept[below..]).enumerate() {
                    let mut sum = [0.0; N];
                    for (weight, d_z) in weight.chunks_exact(inputs).zip(d_z.iter()) {
                        sum.add_scaled::<A>(weight[i], d_z);
                    }
                    derive::<A, N>(self.function, &mut sum, kept);
                    *d_x = sum;
                }
            }
        }
    }
}

impl<const N: usize> LaneStrategy for Samples<N> {
    #[inline(always)]
    fn load_parameters(&mut self, parameters: &[f32], state: &[f32]) {
        self.parameters.copy_from_slice(parameters);
        self.state.copy_from_slice(state);
    }

    #[inline(always)]
    fn load_batch(&mut self, batch: &Batch<'_>, x: &[f32]) {
        let inputs = batch.member.widths[0];
        let groups = self.y.chunks_exact_mut(self.d_z.len());
        for (sources, ys) in batch.sources.chunks(N).zip(groups) {
            for (i, lanes) in ys[..inputs].iter_mut().enumerate() {
                // Idle lanes are zero.
                *lanes = [0.0; N];
                for (lane, source) in lanes.iter_mut().zip(sources) {
                    *lane = x[source * inputs + i];
                }
            }
        }
        let groups = self.targets.iter_mut().flatten();
        for (own, targets) in groups.zip(floats(&batch.targets).chunks(N)) {
            for (lane, target) in own.iter_mut().zip(targets) {
                *lane = batch.grid.criterion.smoothed(*target);
            }
        }
    }

    fn draw(&mut self, _: &Batch<'_>, _: Control) {
        unreachable!("networks with dropout have units in the lanes")
    }

    #[inline(always)]
    fn gradient<A: Arithmetic>(&mut self, batch: &mut Batch<'_>) -> StepMetrics {
        let (rows, units) = (batch.sources.len(), self.units());
        let train = batch.grid.update != Update::Gradient;
        let mut sums = [0.0; 2];
        for (group, first) in (0..rows).step_by(N).enumerate() {
            let own = first..(first + N).min(rows);
            self.forward::<A>(group);
            let [loss, score] = match &self.targets {
                Some(targets) => {
                    let (last, live) = ((group + 1) * units - 1, own.len());
                    let d_z = &mut self.d_z[units - 1];
                    binary_cross_entropy::<A, N>(&self.y[last], &targets[group], d_z, live, rows)
                }
                None => self.loss_by_rows::<A>(batch, group, own),
            };
            sums = [sums[0] + loss, sums[1] + score];
            match (train, group) {
                (false, _) => {}
                (true, 0) => self.backward::<A, true>(group),
                (true, _) => self.backward::<A, false>(group),
            }
        }
        sums
    }

    #[inline(always)]
    fn update(&mut self, batch: &Batch<'_>, control: Control) {
        let Batch { grid, member, .. } = *batch;
        if member.hyper.regularizes() {
            let all = 0..self.gradient.len();
            let (parameters, gradient) = (&self.parameters, &mut self.gradient);
            member.hyper.regularize_range(member.layers(), all, parameters, gradient);
        }
        let formula = grid.formula(member, control);
        let mut state = self.state.chunks_exact_mut(self.parameters.len());
        let state = passes::state(grid.update, |_| state.next().unwrap_or_default());
        passes::update(formula, &mut self.parameters, &self.gradient, state);
    }

    #[inline(always)]
    fn store_parameters(&self, parameters: &mut [f32], state: &mut [f32]) {
        parameters.copy_from_slice(&self.parameters);
        state.copy_from_slice(&self.state);
    }
}

/// Binary cross-entropy of a group; d_z is zero in idle lanes.
#[inline(always)]
fn binary_cross_entropy<A: Arithmetic, const N: usize>(
    z: &[f32; N],
    targets: &[f32; N],
    d_z: &mut [f32; N],
    live: usize,
    rows: usize,
) -> StepMetrics {
    let mut sums = bce::<A, N>(z, targets, d_z, rows);
    if live < N {
        for lanes in [d_z].into_iter().chain(&mut sums) {
            lanes[live..].fill(0.0);
        }
    }
    sums.map(|lanes| lanes.sum())
}
