//! What the layered way adds to a step where it is asked for: dropout, weights of rows, clipping by
//! the norm.

use super::Lowering;
use super::batch::Source;
use crate::Result;
use crate::kernels::{
    ApplyGradient, ClipNorm, Dropout, Operation, SquareSum, Update, Weigh, Weighting,
};
use crate::plan::{BufferId, Dispatch, Role, Training};

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
        Dispatch {
            label: self.label.clone(),
            operation: Operation::Dropout(self.operation.clone()),
            bindings: vec![control, from, into],
        }
    }
}

impl Lowering<'_> {
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
        let (rows, columns) = (self.batch, self.layers[layer].outputs);
        let label = format!("layers.{layer}");
        let shape = vec![rows, columns];
        let y = self.buffer(&format!("{label}.dropped"), shape.clone(), Role::Activations)?;
        let d_y = self.buffer(&format!("{label}.d_y"), shape, Role::Gradients)?;
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
        let shares = self.buffer("batch.shares", vec![rows], Role::Batch)?;
        list.push(Dispatch {
            label: "loss".into(),
            operation: Operation::Weigh(Weigh { rows }),
            bindings: vec![control, weights, shares],
        });
        Ok(Some((shares, Weighting::Rows { scale: 1.0 })))
    }

    /// All layers backward, and only then the updates, by gradients whose norm over all layers is
    /// at most `most`.
    pub(super) fn clipped(
        &mut self,
        list: &mut Vec<Dispatch>,
        request: &Training<'_>,
        control: BufferId,
        input: BufferId,
        most: f32,
    ) -> Result<()> {
        self.backward(list, request, control, input, Update::Gradient);
        let hyper = request.hyper();
        let mut first = 0;
        let sums: Vec<SquareSum> = self
            .layers
            .iter()
            .map(|layer| {
                let sum = SquareSum { inputs: layer.inputs, outputs: layer.outputs, first, hyper };
                first += sum.parts();
                sum
            })
            .collect();
        let parts = first;
        let partials = self.buffer("partials", vec![parts], Role::Gradients)?;
        let clip = self.buffer("clip", vec![ClipNorm::WORDS], Role::Gradients)?;
        for (index, sum) in sums.into_iter().enumerate() {
            list.push(Dispatch {
                label: format!("layers.{index}"),
                operation: Operation::SquareSum(sum),
                bindings: vec![self.gradients[index], self.parameters_of(index), partials],
            });
        }
        list.push(Dispatch {
            label: "step".into(),
            operation: Operation::ClipNorm(ClipNorm { parts, most }),
            bindings: vec![partials, clip],
        });
        let update = Update::of(request.optimizer);
        for (index, layer) in self.layers.iter().enumerate() {
            let mut bindings = vec![control, self.gradients[index], clip];
            bindings.extend(self.written(update, index));
            list.push(Dispatch {
                label: format!("layers.{index}"),
                operation: Operation::ApplyGradient(ApplyGradient {
                    inputs: layer.inputs,
                    outputs: layer.outputs,
                    update,
                    lr: request.optimizer.lr() as f32,
                    hyper,
                }),
                bindings,
            });
        }
        Ok(())
    }
}
