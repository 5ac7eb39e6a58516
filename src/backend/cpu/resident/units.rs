//! Units side by side in the lanes: every row of weights is padded to whole lanes. The backward pass
//! reads W along its inputs and the forward pass along its outputs, so there are two copies of the
//! weights of all layers but the first; both get the same updates, summed in the same order, and stay
//! equal.

use std::ops::Range;

use super::batch::Batch;
use super::run::LaneStrategy;
use crate::backend::StepMetrics;
use crate::backend::cpu::lanes::{Arithmetic, Lanes, activate, derive};
use crate::backend::cpu::operations::dropout;
use crate::backend::cpu::passes::{self, LANES};
use crate::kernels::{Control, Formula, Function, Hyper, Member, Resident, Update, clip_scale};
use crate::spec::Layer;

/// Rows that are summed side by side: enough independent sums to hide the latency of an addition.
const TOGETHER: usize = 4;

/// A network whose lanes are units.
pub(super) struct Units {
    function: Function,
    layers: Vec<LayerRanges>,
    parameters: Tensor,
    gradient: Tensor,
    /// The optimizer's state.
    state: [Tensor; 2],
    /// \[rows, units\] of each layer, x first; rows past the batch and padded units are zero.
    y: Vec<[f32; LANES]>,
    /// The same before the activation, where it is kept, and its gradient.
    z: Vec<[f32; LANES]>,
    d_z: Vec<[f32; LANES]>,
    dropout: Option<Dropped>,
}

/// What dropout does to the units of the hidden layers.
struct Dropped {
    /// What each is multiplied by in this step: 0, or 1 / (1 − p).
    factors: Vec<[f32; LANES]>,
    /// y as it was before, which its derivative may go by.
    y: Vec<[f32; LANES]>,
    /// Ones and factors of a layer's units in a batch, without padding.
    ones: Vec<f32>,
    drawn: Vec<f32>,
}

/// A tensor of all parameters, padded.
#[derive(Clone, Default)]
struct Tensor {
    /// Wᵀ\[I, O\] then b\[O\], layer by layer.
    forward: Vec<[f32; LANES]>,
    /// W\[O, I\] of all layers but the first.
    backward: Vec<[f32; LANES]>,
}

/// A layer, and where its tensors stand, counted in vectors of lanes.
struct LayerRanges {
    layer: Layer,
    /// Of the parameters in the plan's layout, counted in floats.
    flat: Range<usize>,
    forward: Range<usize>,
    backward: Range<usize>,
    x: Range<usize>,
    y: Range<usize>,
}

impl LayerRanges {
    /// Vectors of Wᵀ; the rest of `forward` is b.
    fn weights(&self) -> usize {
        self.forward.len() - self.layer.outputs.div_ceil(LANES)
    }
}

impl Units {
    pub(super) fn new(grid: &Resident, member: &Member) -> Self {
        let rows = member.batch.next_multiple_of(TOGETHER);
        let (mut flat, mut forward, mut backward, mut y) = (0, 0, 0, 0);
        let after = |at: &mut usize, length: usize| {
            let first = *at;
            *at += length;
            first..*at
        };
        let mut x = after(&mut y, rows * member.widths[0].div_ceil(LANES));
        let mut layers = Vec::new();
        for layer in member.layers() {
            let Layer { inputs, outputs } = layer;
            let (across, along) = (outputs.div_ceil(LANES), inputs.div_ceil(LANES));
            let transposed = if layers.is_empty() { 0 } else { outputs };
            let own = after(&mut y, rows * across);
            layers.push(LayerRanges {
                layer,
                flat: after(&mut flat, layer.parameters()),
                forward: after(&mut forward, (inputs + 1) * across),
                backward: after(&mut backward, transposed * along),
                x,
                y: own.clone(),
            });
            x = own;
        }
        let tensor = || Tensor {
            forward: vec![[0.0; LANES]; forward],
            backward: vec![[0.0; LANES]; backward],
        };
        let states = grid.update.state().len();
        Self {
            function: grid.function,
            layers,
            parameters: tensor(),
            gradient: tensor(),
            state: [0, 1].map(|n| if n < states { tensor() } else { Tensor::default() }),
            y: vec![[0.0; LANES]; y],
            z: vec![[0.0; LANES]; if grid.function.keeps_z() { y } else { 0 }],
            d_z: vec![[0.0; LANES]; y],
            dropout: grid.drops_of(member).then(|| {
                let most = member.widths.iter().max().copied().unwrap_or(1);
                Dropped {
                    factors: vec![[0.0; LANES]; y],
                    y: vec![[0.0; LANES]; y],
                    ones: vec![1.0; member.batch * most],
                    drawn: vec![0.0; member.batch * most],
                }
            }),
        }
    }

    #[inline(always)]
    fn forward<A: Arithmetic>(&mut self) {
        let last = self.layers.len() - 1;
        for (index, place) in self.layers.iter().enumerate() {
            let Layer { inputs, outputs } = place.layer;
            let across = outputs.div_ceil(LANES);
            let (below, above) = self.y.split_at_mut(place.y.start);
            let (x, y) = (below[place.x.clone()].as_flattened(), &mut above[..place.y.len()]);
            let (weight, bias) =
                self.parameters.forward[place.forward.clone()].split_at(place.weights());
            by_rows::<A>((x, inputs.div_ceil(LANES) * LANES, inputs), (weight, across), bias, y);
            if index == last {
                break;
            }
            if self.function.keeps_z() {
                self.z[place.y.clone()].copy_from_slice(y);
            }
            let live = outputs - (across - 1) * LANES;
            for row in y.chunks_exact_mut(across) {
                for lanes in row.iter_mut() {
                    *lanes = activate::<A, _>(self.function, lanes);
                }
                // f(0) need not be 0, and must not enter the gradient of the padded weights.
                for (lane, y) in row[across - 1].iter_mut().enumerate() {
                    *y = if lane < live { *y } else { 0.0 };
                }
            }
            if let Some(dropped) = &mut self.dropout {
                dropped.y[place.y.clone()].copy_from_slice(y);
                scale(y, &dropped.factors[place.y.clone()]);
            }
        }
    }

    #[inline(always)]
    fn backward<A: Arithmetic>(&mut self) {
        for (index, place) in self.layers.iter().enumerate().rev() {
            let Layer { inputs, outputs } = place.layer;
            let (across, along) = (outputs.div_ceil(LANES), inputs.div_ceil(LANES));
            let (below, above) = self.d_z.split_at_mut(place.y.start);
            let (d_x, d_z) = (&mut below[place.x.clone()], &above[..place.y.len()]);
            let x = &self.y[place.x.clone()];
            let (d_weight, d_bias) =
                self.gradient.forward[place.forward.clone()].split_at_mut(place.weights());
            by_columns::<A>((x.as_flattened(), along * LANES), (d_z, across), d_weight);
            sum_rows::<A>(d_z, d_bias);
            if index > 0 {
                let d_transposed = &mut self.gradient.backward[place.backward.clone()];
                by_columns::<A>((d_z.as_flattened(), across * LANES), (x, along), d_transposed);
                let weight = &self.parameters.backward[place.backward.clone()];
                by_rows::<A>(
                    (d_z.as_flattened(), across * LANES, outputs),
                    (weight, along),
                    &[],
                    d_x,
                );
                let kept = match &self.dropout {
                    _ if self.function.keeps_z() => &self.z[place.x.clone()],
                    Some(dropped) => &dropped.y[place.x.clone()],
                    None => x,
                };
                if let Some(dropped) = &self.dropout {
                    scale(d_x, &dropped.factors[place.x.clone()]);
                }
                for (d_x, kept) in d_x.iter_mut().zip(kept) {
                    derive::<A, _>(self.function, d_x, kept);
                }
            }
        }
    }

    /// d_z of the last layer, which the loss gives row by row.
    #[inline(always)]
    fn loss_by_rows<A: Arithmetic>(&mut self, batch: &mut Batch<'_>) -> StepMetrics {
        let outputs = batch.member.outputs();
        let stride = outputs.div_ceil(LANES) * LANES;
        let rows = batch.sources.len();
        let Some(place) = self.layers.last() else { return [0.0; 2] };
        // Column by column: copies of a few numbers would be calls of memcpy.
        let z = self.y[place.y.clone()].as_flattened();
        for o in 0..outputs {
            for row in 0..rows {
                batch.z[row * outputs + o] = z[row * stride + o];
            }
        }
        let sums = batch.loss::<A>(0..rows);
        let d_z = self.d_z[place.y.clone()].as_flattened_mut();
        // Rows past the batch must not enter the gradient.
        d_z[rows * stride..].fill(0.0);
        for o in 0..outputs {
            for row in 0..rows {
                d_z[row * stride + o] = batch.d_z[row * outputs + o];
            }
        }
        sums
    }
}

impl LaneStrategy for Units {
    #[inline(always)]
    fn load_parameters(&mut self, parameters: &[f32], state: &[f32]) {
        self.parameters.load(&self.layers, parameters);
        for (own, state) in self.state.iter_mut().zip(state.chunks_exact(parameters.len())) {
            own.load(&self.layers, state);
        }
    }

    #[inline(always)]
    fn load_batch(&mut self, batch: &Batch<'_>, x: &[f32]) {
        let inputs = batch.member.widths[0];
        let stride = inputs.div_ceil(LANES) * LANES;
        let own = self.y[self.layers[0].x.clone()].as_flattened_mut();
        own[batch.sources.len() * stride..].fill(0.0);
        for (row, source) in own.chunks_exact_mut(stride).zip(&batch.sources) {
            row[..inputs].copy_from_slice(&x[source * inputs..(source + 1) * inputs]);
        }
    }

    fn draw(&mut self, batch: &Batch<'_>, control: Control) {
        let Some(Dropped { factors, ones, drawn, .. }) = &mut self.dropout else { return };
        let hidden = self.layers.len() - 1;
        for (index, place) in self.layers[..hidden].iter().enumerate() {
            let columns = place.layer.outputs;
            let stride = columns.div_ceil(LANES) * LANES;
            let numbers = batch.sources.len() * columns;
            let layer = batch.member.dropout_of(index);
            dropout(&layer, control.step, 0, &ones[..numbers], &mut drawn[..numbers]);
            let own = factors[place.y.clone()].as_flattened_mut();
            for (own, drawn) in own.chunks_exact_mut(stride).zip(drawn.chunks_exact(columns)) {
                own[..columns].copy_from_slice(drawn);
            }
        }
    }

    #[inline(always)]
    fn gradient<A: Arithmetic>(&mut self, batch: &mut Batch<'_>) -> StepMetrics {
        self.forward::<A>();
        let sums = self.loss_by_rows::<A>(batch);
        if batch.grid.update != Update::Gradient {
            self.backward::<A>();
        }
        sums
    }

    #[inline(always)]
    fn update(&mut self, batch: &Batch<'_>, control: Control) {
        let formula = batch.grid.formula(batch.member, control);
        let Self { layers, parameters, gradient, state, .. } = self;
        if batch.member.hyper.regularizes() {
            gradient.regularize(&batch.member.hyper, layers, parameters);
        }
        if batch.grid.clips_of(batch.member) {
            gradient.clip(batch.member.clip_norm);
        }
        parameters.step(formula, gradient, state);
    }

    #[inline(always)]
    fn store_parameters(&self, parameters: &mut [f32], state: &mut [f32]) {
        self.parameters.store(&self.layers, parameters);
        for (own, state) in self.state.iter().zip(state.chunks_exact_mut(parameters.len())) {
            own.store(&self.layers, state);
        }
    }
}

impl Tensor {
    /// Copies W\[O, I\] and b\[O\], layer by layer, from the plan's layout.
    fn load(&mut self, layers: &[LayerRanges], flat: &[f32]) {
        for place in layers {
            let Layer { inputs, outputs } = place.layer;
            let (weight, bias) = flat[place.flat.clone()].split_at(outputs * inputs);
            let (forward, own_bias) =
                self.forward[place.forward.clone()].split_at_mut(place.weights());
            own_bias.as_flattened_mut()[..outputs].copy_from_slice(bias);
            let forward = forward.as_flattened_mut();
            let backward = self.backward[place.backward.clone()].as_flattened_mut();
            let (across, along) = (outputs.div_ceil(LANES) * LANES, inputs.div_ceil(LANES) * LANES);
            for (o, row) in weight.chunks_exact(inputs).enumerate() {
                for (i, w) in row.iter().enumerate() {
                    forward[i * across + o] = *w;
                }
                if !backward.is_empty() {
                    backward[o * along..o * along + inputs].copy_from_slice(row);
                }
            }
        }
    }

    /// And back.
    fn store(&self, layers: &[LayerRanges], flat: &mut [f32]) {
        for place in layers {
            let Layer { inputs, outputs } = place.layer;
            let (weight, bias) = flat[place.flat.clone()].split_at_mut(outputs * inputs);
            let (forward, own_bias) = self.forward[place.forward.clone()].split_at(place.weights());
            bias.copy_from_slice(&own_bias.as_flattened()[..outputs]);
            let (forward, across) = (forward.as_flattened(), outputs.div_ceil(LANES) * LANES);
            for (o, row) in weight.chunks_exact_mut(inputs).enumerate() {
                for (i, w) in row.iter_mut().enumerate() {
                    *w = forward[i * across + o];
                }
            }
        }
    }

    /// L1, L2 and clipping by value, which apply to weights only or to all; padding stays zero.
    fn regularize(&mut self, hyper: &Hyper, layers: &[LayerRanges], parameters: &Self) {
        for place in layers {
            let weights = LANES * place.weights();
            let own = parameters.forward[place.forward.clone()].as_flattened();
            let gradient = self.forward[place.forward.clone()].as_flattened_mut();
            hyper.regularize(weights, own, gradient);
        }
        let own = parameters.backward.as_flattened();
        hyper.regularize(own.len(), own, self.backward.as_flattened_mut());
    }

    /// Clips by the norm. Padding is zero.
    fn clip(&mut self, most: f32) {
        let squares = passes::square_sum(self.forward.as_flattened());
        let scale = clip_scale(squares.sqrt(), most);
        self.copies().into_iter().for_each(|own| passes::scale(own, scale));
    }

    fn step(&mut self, formula: Formula, gradient: &mut Self, state: &mut [Self; 2]) {
        let [first, second] = state.each_mut().map(Self::copies);
        let own = self.copies().into_iter().zip(gradient.copies());
        for ((own, gradient), (first, second)) in own.zip(first.into_iter().zip(second)) {
            let mut state = [first, second].into_iter();
            let state = passes::state(formula.update(), |_| state.next().unwrap_or_default());
            passes::update(formula, own, gradient, state);
        }
    }

    /// Both copies of it.
    fn copies(&mut self) -> [&mut [f32]; 2] {
        [self.forward.as_flattened_mut(), self.backward.as_flattened_mut()]
    }
}

/// c\[m, n\] = start\[n\] + a\[m, k\] · b\[k, n\], where a's rows are `stride` floats apart and n fills
/// `across` vectors; an empty start is zero.
#[inline(always)]
fn by_rows<A: Arithmetic>(
    (a, stride, depth): (&[f32], usize, usize),
    (b, across): (&[[f32; LANES]], usize),
    start: &[[f32; LANES]],
    c: &mut [[f32; LANES]],
) {
    let groups = a.chunks_exact(TOGETHER * stride).zip(c.chunks_exact_mut(TOGETHER * across));
    for (a, c) in groups {
        let [a0, a1, a2, a3]: [&[f32]; TOGETHER] =
            std::array::from_fn(|row| &a[row * stride..row * stride + depth]);
        for column in 0..across {
            let first = if start.is_empty() { [0.0; LANES] } else { start[column] };
            // Not an array, which would not be kept in registers.
            let [mut c0, mut c1, mut c2, mut c3] = [first; TOGETHER];
            let b = b[column..].iter().step_by(across);
            for ((((a0, a1), a2), a3), b) in a0.iter().zip(a1).zip(a2).zip(a3).zip(b) {
                c0.add_scaled::<A>(*a0, b);
                c1.add_scaled::<A>(*a1, b);
                c2.add_scaled::<A>(*a2, b);
                c3.add_scaled::<A>(*a3, b);
            }
            for (row, sum) in [c0, c1, c2, c3].into_iter().enumerate() {
                c[row * across + column] = sum;
            }
        }
    }
}

/// c\[m, n\] = aᵀ · b, of a\[k, m\] and b\[k, n\]: sums over the rows of a batch, in their order.
#[inline(always)]
fn by_columns<A: Arithmetic>(
    (a, stride): (&[f32], usize),
    (b, across): (&[[f32; LANES]], usize),
    c: &mut [[f32; LANES]],
) {
    let length = c.len() / across;
    let groups = a.chunks_exact(TOGETHER * stride).zip(b.chunks_exact(TOGETHER * across));
    for (group, (a, b)) in groups.enumerate() {
        let [a0, a1, a2, a3]: [&[f32]; TOGETHER] =
            std::array::from_fn(|row| &a[row * stride..row * stride + length]);
        for column in 0..across {
            let [b0, b1, b2, b3]: [[f32; LANES]; TOGETHER] =
                std::array::from_fn(|row| b[row * across + column]);
            let c = c[column..].iter_mut().step_by(across);
            for ((((a0, a1), a2), a3), c) in a0.iter().zip(a1).zip(a2).zip(a3).zip(c) {
                let mut sum = if group == 0 { [0.0; LANES] } else { *c };
                sum.add_scaled::<A>(*a0, &b0);
                sum.add_scaled::<A>(*a1, &b1);
                sum.add_scaled::<A>(*a2, &b2);
                sum.add_scaled::<A>(*a3, &b3);
                *c = sum;
            }
        }
    }
}

/// y ∘ factors
#[inline(always)]
fn scale(y: &mut [[f32; LANES]], factors: &[[f32; LANES]]) {
    for (y, factor) in y.as_flattened_mut().iter_mut().zip(factors.as_flattened()) {
        *y *= factor;
    }
}

/// d_b\[n\] = Σ d_z over the rows.
#[inline(always)]
fn sum_rows<A: Arithmetic>(d_z: &[[f32; LANES]], d_bias: &mut [[f32; LANES]]) {
    let across = d_bias.len();
    for (column, d_bias) in d_bias.iter_mut().enumerate() {
        let mut sum = [0.0; LANES];
        for d_z in d_z[column..].iter().step_by(across) {
            sum.add_scaled::<A>(1.0, d_z);
        }
        *d_bias = sum;
    }
}
