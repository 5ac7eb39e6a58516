//! What the layered strategy adds to a step where it is asked for: dropout, weights of rows, updates that
//! wait for all gradients, so that these can be clipped by their norm.

use super::LayeredBuilder;
use super::batch::Source;
use crate::Result;
use crate::kernels::{
    ApplyGradient, ClipNorm, Dropout, Element, SquareSum, Update, Weigh, Weighting, apply_gradient,
    clip_norm, dropout, square_sum, weigh,
};
use crate::plan::{BufferId, Dispatch, Role, Training};
use crate::spec::Clip;

/// What dropout leaves of a hidden layer.
pub(super) struct Dropped {
    /// y without the units that are left out, \[B,O\].
    pub(super) y: BufferId,
    /// The gradient before they are left out of it, \[B,O\].
    pub(super) d_y: BufferId,
    label: String,
    operation: Dropout,
}

impl Dropped {
    /// The layer's mask over a buffer, forward or backward.
    pub(super) fn dispatch(&self, control: BufferId, from: BufferId, into: BufferId) -> Dispatch {
        let bindings = dropout::Bindings { control, x: from, y: into };
        Dispatch::new(&self.label, self.operation.clone(), bindings)
    }
}

impl LayeredBuilder<'_> {
    /// What dropout leaves of a hidden layer, where it takes anything.
    pub(super) fn dropped(&self, layer: usize) -> Option<&Dropped> {
        self.dropped.get(layer).and_then(Option::as_ref)
    }

    /// Buffers for what dropout leaves.
    pub(super) fn dropouts(&mut self, request: &Training<'_>) -> Result<()> {
        for layer in 0..request.network.hidden.len() {
            let share = request.regularization.dropout_of(layer);
            let dropped =
                if share > 0.0 { Some(self.dropout(request, layer, share)?) } else { None };
            self.dropped.push(dropped);
        }
        Ok(())
    }

    fn dropout(&mut self, request: &Training<'_>, layer: usize, share: f64) -> Result<Dropped> {
        let (rows, columns) = (self.batch.min(self.at_once), self.layers[layer].outputs);
        let label = format!("layers.{layer}");
        let shape = vec![rows, columns];
        let y = self.builder.buffer(
            format!("{label}.dropped"),
            Element::F32,
            shape.clone(),
            Role::Activations,
        )?;
        let d_y =
            self.builder.buffer(format!("{label}.d_y"), Element::F32, shape, Role::Gradients)?;
        let seed = request.seed;
        Ok(Dropped { y, d_y, label, operation: Dropout { rows, columns, layer, share, seed } })
    }

    /// How much each row of the batch counts, where they differ.
    pub(super) fn weigh(
        &mut self,
        list: &mut Vec<Dispatch>,
        control: BufferId,
        source: &Source,
    ) -> Result<Option<(BufferId, Weighting)>> {
        let Some(weights) = source.weights else { return Ok(None) };
        let rows = self.batch;
        let shares = self.builder.buffer("batch.shares", Element::F32, vec![rows], Role::Batch)?;
        let bindings = weigh::Bindings { control, weights, shares };
        list.push(Dispatch::new("loss", Weigh { rows }, bindings));
        Ok(Some((shares, Weighting::Rows { scale: 1.0 })))
    }

    /// The updates of all blocks of parameters by their gradients, whose length over all of them is
    /// at most what the request says.
    pub(super) fn update_all(
        &mut self,
        list: &mut Vec<Dispatch>,
        request: &Training<'_>,
        control: BufferId,
    ) -> Result<()> {
        let clip = self.clip(list, request)?;
        let update = Update::of(request.optimizer);
        let blocks = self.network.blocks();
        for (index, layer) in self.update_blocks().iter().enumerate() {
            let apply = ApplyGradient { layer: request.update_of(*layer, update) };
            let (gradient, updated) = (self.gradients[index], self.updated(update, index));
            let bindings = apply_gradient::Bindings { control, gradient, clip, updated };
            list.push(Dispatch::new(&blocks[index].name, apply, bindings));
        }
        Ok(())
    }

    /// How much the gradients shrink: where it stands.
    fn clip(&mut self, list: &mut Vec<Dispatch>, request: &Training<'_>) -> Result<BufferId> {
        let Some(Clip::Norm(most)) = request.regularization.clip else {
            // Of what it is bound to it reads nothing.
            return self.norm(list, ClipNorm::NEVER, self.metrics_buffer());
        };
        let hyper = request.hyper();
        let mut first = 0;
        let sums: Vec<SquareSum> = self
            .update_blocks()
            .iter()
            .map(|layer| {
                let sum = SquareSum { inputs: layer.inputs, outputs: layer.outputs, first, hyper };
                first += sum.parts();
                sum
            })
            .collect();
        let partials =
            self.builder.buffer("square_sums", Element::F32, vec![first], Role::Gradients)?;
        for ((index, sum), block) in sums.into_iter().enumerate().zip(self.network.blocks()) {
            let (gradient, parameters) = (self.gradients[index], self.parameters_of(index));
            let bindings = square_sum::Bindings { gradient, parameters, partials };
            list.push(Dispatch::new(block.name, sum, bindings));
        }
        self.norm(list, ClipNorm { parts: first, most: most as f32 }, partials)
    }

    fn norm(
        &mut self,
        list: &mut Vec<Dispatch>,
        operation: ClipNorm,
        partials: BufferId,
    ) -> Result<BufferId> {
        let clip =
            self.builder.buffer("clip", Element::F32, vec![ClipNorm::WORDS], Role::Gradients)?;
        list.push(Dispatch::new("step", operation, clip_norm::Bindings { partials, clip }));
        Ok(clip)
    }
}
