//! The buffers of a plan: the data set's, the parameters', and what the passes leave.

use super::Lowering;
use crate::Result;
use crate::kernels::{Update, Weighting};
use crate::plan::{
    BufferId, Chunk, DataPlacement, DeviceKind, Gradients, Place, Region, Role, Training, shard,
};
use crate::spec::{Layer, ParameterBlock};

impl Lowering<'_> {
    /// The training rows: all, or two places for shards, of which one is in use.
    pub(super) fn training_rows(
        &mut self,
        room: &Training<'_>,
        request: &Training<'_>,
    ) -> Result<Place> {
        let DataPlacement::Shard(present) = request.placement else {
            return self.data_set("data", room);
        };
        for name in ["shard.0", "shard.1"] {
            let place = self.data_set(name, room)?;
            self.handles.places.push(place);
        }
        Ok(shard::filled(&self.handles.places[present.place], present.rows))
    }

    /// Features and targets of the request's rows.
    pub(super) fn data_set(&mut self, name: &str, request: &Training<'_>) -> Result<Place> {
        Ok([
            self.chunks(&format!("{name}.x"), request.rows, request.network.inputs)?,
            self.chunks(&format!("{name}.t"), request.rows, request.target_columns())?,
            match request.weighting {
                Weighting::Even => Vec::new(),
                Weighting::Rows { .. } => self.chunks(&format!("{name}.w"), request.rows, 1)?,
            },
        ])
    }

    /// Cuts [rows, columns] into buffers that a binding can hold.
    pub(super) fn chunks(&mut self, name: &str, rows: usize, columns: usize) -> Result<Vec<Chunk>> {
        let most = (self.limits.tensor_bytes() / (4 * columns as u64)) as usize;
        self.limits.check(&format!("a row of {name}"), 4 * columns as u64, |allowed| {
            format!("use at most {} columns", allowed / 4)
        })?;
        let mut chunks = Vec::new();
        let mut first = 0;
        while first < rows {
            let part = most.min(rows - first);
            let name = format!("{name}.{}", chunks.len());
            let buffer = self.push(name, vec![part, columns], Role::Data);
            chunks.push(Chunk { buffer, first, rows: part });
            first += part;
        }
        Ok(chunks)
    }

    pub(super) fn parameters(&mut self) {
        let buffers = self.per_block("parameters", Role::Parameters);
        self.handles.parameters = vec![buffers.into_iter().map(whole).collect()];
    }

    /// Gradients are stored for whoever wants to see them, and where all of them must be known
    /// before the first update.
    pub(super) fn gradients(&mut self, request: &Training<'_>) {
        let kept = request.gradients == Gradients::Kept;
        if kept || self.sums_gradients(request) {
            self.gradients = self.per_block("gradient", Role::Gradients);
        }
        if kept {
            self.handles.gradients = self.gradients.iter().copied().map(whole).collect();
        }
    }

    pub(super) fn state(&mut self, request: &Training<'_>) {
        for name in Update::of(request.optimizer).state() {
            let buffers = self.per_block(name, Role::OptimizerState);
            self.handles.state.extend(buffers);
        }
    }

    /// A buffer for each block of parameters: [O, I + 1] words of a layer, [2, O] of a norm.
    pub(super) fn per_block(&mut self, name: &str, role: Role) -> Vec<BufferId> {
        let shape = |block: &ParameterBlock| match block.weight[..] {
            [outputs, inputs] => vec![outputs, inputs + 1],
            _ => vec![2, block.bias],
        };
        let blocks = self.network.blocks().into_iter();
        blocks
            .map(|block| self.push(format!("{}.{name}", block.name), shape(&block), role))
            .collect()
    }

    /// What the passes leave, of the rows that go forward at once and of those that go backward.
    pub(super) fn activations(&mut self) -> Result<()> {
        let (portion, batch) = (self.at_once, self.batch.min(self.at_once));
        for (index, layer) in self.layers.clone().iter().enumerate() {
            let shape = |rows| vec![rows, layer.outputs];
            let name = |tensor: &str| format!("layers.{index}.{tensor}");
            let last = index == self.last();
            if last {
                let z = self.buffer(&name("z"), shape(portion), Role::Activations)?;
                self.y.push(z);
            } else {
                let y = self.buffer(&name("y"), shape(portion), Role::Activations)?;
                let mut before = "z";
                if !self.network.normalization.is_none() {
                    let normed = self.normed(index, layer.outputs)?;
                    self.norms.push(normed);
                    before = "n";
                }
                let kept = if self.network.activation.derivative_from_value() {
                    y
                } else {
                    self.buffer(&name(before), shape(portion), Role::Activations)?
                };
                self.y.push(y);
                self.kept.push(kept);
            }
            if batch > 0 {
                // The loss writes its gradient in evaluation too.
                let rows = if last { portion } else { batch };
                let d_z = self.buffer(&name("d_z"), shape(rows), Role::Gradients)?;
                self.d_z.push(d_z);
            }
        }
        Ok(())
    }

    /// Rows of a range, where the gradient of a layer is summed in such: on a software adapter
    /// always. An update for each of a thread's many sums would take its compiler seconds.
    pub(super) fn range(&self, layer: &Layer) -> Option<usize> {
        let range = self.limits.range([layer.outputs, layer.inputs]);
        let software = self.limits.kind == DeviceKind::Software;
        range.filter(|range| software || self.batch > *range)
    }

    /// Room for the partial sums of any layer whose rows are split.
    pub(super) fn partials(&mut self) -> Result<()> {
        let words = |layer: &Layer| {
            let ranges = self.range(layer).map_or(0, |range| self.at_once.div_ceil(range));
            ranges * layer.outputs * (layer.inputs + 1)
        };
        let most = self.layers.iter().map(words).max().unwrap_or(0);
        if most > 0 {
            self.partials = Some(self.buffer("partials", vec![most], Role::Gradients)?);
        }
        Ok(())
    }

    pub(super) fn row_metrics(&mut self, portion: usize) -> Result<()> {
        let id = self.buffer("row_metrics", vec![portion, 2], Role::Bookkeeping)?;
        self.row_metrics = Some(id);
        Ok(())
    }
}

/// All of a buffer.
const fn whole(buffer: BufferId) -> Region {
    Region { buffer, offset: 0 }
}
