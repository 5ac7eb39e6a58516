//! The fused strategy: a strand's tiles of rows one after another through all layers and back, each
//! while it is in the cache.

use std::ops::Range;

use super::{CpuOperation, ForwardLayers, Parts, Split};
use crate::backend::cpu::context::{Scratch, ThreadContext};
use crate::backend::cpu::dense;
use crate::backend::cpu::lanes::Plain;
use crate::backend::cpu::order;
use crate::backend::cpu::packed::Panels;
use crate::backend::cpu::part::{Part, pieces};
use crate::backend::cpu::passes;
use crate::backend::cpu::product::{Layout, Right, Start, Workspace, product};
use crate::backend::cpu::shared::BoundBuffers;
use crate::kernels::{Bind as _, Control, Function, FusedGradient, Pass};
use crate::plan::{BufferId, Region};
use crate::spec::{Layer, Shuffle};

// SAFETY: each strand is a part, which writes its gradient and its rows' metrics. Of the scratch
// memory, which has a region for each strand, it writes its thread's region where there are as many,
// and its own where there are not.
unsafe impl CpuOperation for FusedGradient {
    fn split(&self) -> Split {
        Split::Parts
    }

    /// The plan has chosen their number, which fixes the order of the sums.
    fn parts(&self, _: usize) -> Parts {
        Parts::Fixed(self.strands)
    }

    fn forward_layers(&self, ids: &[BufferId]) -> Option<ForwardLayers> {
        let parameters = self.named(ids.iter().copied()).parameters;
        Some(ForwardLayers { parameters, rows: self.batch, layers: self.layers().collect() })
    }

    fn reserve(&self, scratch: &mut Scratch) {
        for layer in self.layers() {
            dense::reserve_forward(&mut scratch.workspace, self.tile, layer);
            dense::reserve_backward_input(&mut scratch.workspace, self.tile, layer);
            dense::reserve_backward_weight(&mut scratch.workspace, self.tile, layer);
        }
    }

    unsafe fn run(&self, bound: &BoundBuffers<'_>, part: Part, context: &mut ThreadContext<'_>) {
        let (buffers, strand) = (bound.of(self), part.number);
        // A thread's own region stays in its cache.
        let region = if context.threads > self.strands { strand } else { context.thread };
        let parameters = self.parameters();
        let words = self.tile_words();
        // SAFETY: control, data and parameters are only read.
        let (control, x, t, weights) = unsafe {
            (
                buffers.control.get(),
                buffers.data_x.read(0..self.count * self.widths[0]),
                buffers.data_t.read(0..self.count * self.target_columns()),
                buffers.parameters.read(0..parameters),
            )
        };
        let rows = self.strand(strand, control.rows as usize);
        let train = self.pass == Pass::Train;
        // SAFETY: these parts and the region are the strand's.
        let (gradient, metrics, scratch) = unsafe {
            (
                match train {
                    true => buffers.gradients.write(strand * parameters..(strand + 1) * parameters),
                    false => &mut [],
                },
                buffers.row_metrics.write(rows.clone()),
                buffers.scratch.write(region * words..(region + 1) * words),
            )
        };
        let (buffer, panels) = (bound.ids_of(self).parameters, context.panels);
        let strand = Strand { fused: self, control, x, t, parameters: weights, buffer, panels };
        for (number, tile) in pieces(rows.clone(), self.tile).enumerate() {
            let metrics = &mut metrics[tile.start - rows.start..][..tile.len()];
            let start = if number == 0 { Start::Zero } else { Start::Kept };
            let workspace = &mut context.scratch.workspace;
            strand.tile(tile, (gradient, start), metrics, scratch, workspace);
        }
        if rows.is_empty() {
            gradient.fill(0.0);
        }
    }
}

/// What a strand reads.
struct Strand<'a> {
    fused: &'a FusedGradient,
    control: Control,
    x: &'a [f32],
    t: &'a [u32],
    parameters: &'a [f32],
    /// Where the parameters stand, and their panels.
    buffer: BufferId,
    panels: Panels<'a>,
}

impl<'a> Strand<'a> {
    /// A tile through all layers, and back where there is a gradient to make.
    fn tile(
        &self,
        tile: Range<usize>,
        (gradient, start): (&mut [f32], Start<'_>),
        metrics: &mut [[f32; 2]],
        scratch: &mut [f32],
        workspace: &mut Workspace,
    ) {
        let fused = self.fused;
        let rows = tile.len();
        let words: usize = fused.widths.iter().sum();
        let (ys, rest) = scratch.split_at_mut(fused.tile * words);
        let (targets, rest) = rest.split_at_mut(fused.tile * fused.target_columns());
        let (d_above, rest) = rest.split_at_mut(fused.tile * fused.widest());
        let (d_below, kept) = rest.split_at_mut(fused.tile * fused.widest());

        let (x, ys) = ys.split_at_mut(fused.tile * fused.widths[0]);
        let (x, targets) = self.load(tile, x, targets);
        self.forward((x, rows), ys, kept, workspace);
        let o = fused.outputs();
        let z = &ys[ys.len() - fused.tile * o..][..rows * o];
        let d_z = &mut d_above[..rows * o];
        passes::loss::<Plain>(
            fused.criterion,
            o,
            z,
            targets,
            d_z,
            metrics,
            self.control.rows as usize,
        );
        if fused.pass == Pass::Train {
            let d = [d_above, d_below];
            self.backward((x, ys, kept), rows, (gradient, start), d, workspace);
        }
    }

    /// The tile's features and targets: as they stand in the data set, or gathered.
    fn load<'s>(
        &self,
        tile: Range<usize>,
        x: &'s mut [f32],
        targets: &'s mut [f32],
    ) -> (&'s [f32], &'s [u32])
    where
        'a: 's,
    {
        let fused = self.fused;
        let (i, columns) = (fused.widths[0], fused.target_columns());
        if fused.shuffle == Shuffle::Never {
            let first = self.control.first as usize;
            let rows = first + tile.start..first + tile.end;
            return (
                &self.x[rows.start * i..rows.end * i],
                &self.t[rows.start * columns..rows.end * columns],
            );
        }
        let targets: &mut [u32] = bytemuck::cast_slice_mut(targets);
        let (x, targets) = (&mut x[..tile.len() * i], &mut targets[..tile.len() * columns]);
        let rows = x.chunks_exact_mut(i).zip(targets.chunks_exact_mut(columns));
        for (source, (x, t)) in order::rows(fused.order(), self.control, tile).zip(rows) {
            x.copy_from_slice(&self.x[source * i..(source + 1) * i]);
            t.copy_from_slice(&self.t[source * columns..(source + 1) * columns]);
        }
        (x, targets)
    }

    /// All layers forward, up to the last one's z.
    fn forward(
        &self,
        (x, rows): (&[f32], usize),
        mut ys: &mut [f32],
        mut kept: &mut [f32],
        workspace: &mut Workspace,
    ) {
        let fused = self.fused;
        let mut input = x;
        let mut at = 0;
        for layer in fused.layers() {
            let o = layer.outputs;
            let (own, others) = std::mem::take(&mut ys).split_at_mut(fused.tile * o);
            let y = &mut own[..rows * o];
            // SAFETY: while the operation runs, panels are only read.
            let panels = unsafe { self.panels.find(Region { buffer: self.buffer, offset: at }) };
            let keeps = fused.function.keeps_z();
            // The loss has the last layer's function in it.
            let last = others.is_empty();
            let function = if last || keeps { Function::Identity } else { fused.function };
            let of = (rows, layer, function);
            dense::forward(of, y, input, self.layer(at, layer), panels, workspace);
            at += layer.parameters();
            if !last && keeps {
                let (own, others) = std::mem::take(&mut kept).split_at_mut(fused.tile * o);
                own[..rows * o].copy_from_slice(y);
                kept = others;
                passes::activate_all(fused.function, y);
            }
            (input, ys) = (y, others);
        }
    }

    /// All layers backward: the gradient of every parameter, or added to it.
    fn backward(
        &self,
        (x, mut ys, mut kept): (&[f32], &[f32], &[f32]),
        rows: usize,
        (gradient, start): (&mut [f32], Start<'_>),
        [mut d_above, mut d_below]: [&mut [f32]; 2],
        workspace: &mut Workspace,
    ) {
        let fused = self.fused;
        let mut at = gradient.len();
        for (index, layer) in fused.layers().enumerate().rev() {
            let Layer { inputs: i, outputs: o } = layer;
            at -= layer.parameters();
            ys = &ys[..ys.len() - fused.tile * o];
            let input = match index {
                0 => x,
                _ => &ys[ys.len() - fused.tile * i..][..rows * i],
            };
            let (d_weight, d_bias) = gradient[at..at + layer.parameters()].split_at_mut(o * i);
            let d_z = &d_above[..rows * o];
            let transposed = (d_z, Layout::rows(o).transposed());
            let inputs = Right::Rows(input, i);
            product([o, i, rows], (d_weight, start), transposed, inputs, workspace);
            if let Start::Zero = start {
                d_bias.fill(0.0);
            }
            passes::add_rows(d_z, d_bias);
            if index > 0 {
                let (weight, _) = self.layer(at, layer);
                let d_x = &mut d_below[..rows * i];
                let from = match fused.function.keeps_z() {
                    true => {
                        let own;
                        (kept, own) = kept.split_at(kept.len() - fused.tile * i);
                        &own[..rows * i]
                    }
                    false => input,
                };
                let of = (rows, layer, fused.function);
                dense::backward_input(of, d_x, d_z, weight, from, workspace);
                std::mem::swap(&mut d_above, &mut d_below);
            }
        }
    }

    /// A layer's weights and biases.
    fn layer(&self, at: usize, layer: Layer) -> (&'a [f32], &'a [f32]) {
        self.parameters[at..at + layer.parameters()].split_at(layer.inputs * layer.outputs)
    }
}
