//! The buffers of a plan: the data set's, the parameters', and what the passes leave.

use super::LayeredBuilder;
use crate::Result;
use crate::kernels::{Element, Update, Weighting};
use crate::plan::{
    BufferId, Chunk, DataChunks, DataPlacement, DeviceKind, Gradients, Region, Role, Training,
    shard,
};
use crate::spec::{Layer, ParameterBlock};

impl LayeredBuilder<'_> {
    /// The training rows: all, or two places for shards, of which one is in use.
    pub(super) fn training_rows(
        &mut self,
        room: &Training<'_>,
        request: &Training<'_>,
    ) -> Result<DataChunks> {
        let DataPlacement::Shard(present) = request.placement else {
            return self.data_set("data", room);
        };
        for name in ["shard.0", "shard.1"] {
            let place = self.data_set(name, room)?;
            self.builder.handles.places.push(place);
        }
        Ok(shard::filled(&self.builder.handles.places[present.place], present.rows))
    }

    /// Features and targets of the request's rows.
    pub(super) fn data_set(&mut self, name: &str, request: &Training<'_>) -> Result<DataChunks> {
        Ok([
            self.chunks(
                &format!("{name}.x"),
                Element::F32,
                [request.rows, request.network.inputs],
            )?,
            self.chunks(
                &format!("{name}.t"),
                request.target_element(),
                [request.rows, request.target_columns()],
            )?,
            match request.weighting {
                Weighting::Even => Vec::new(),
                Weighting::Rows { .. } => {
                    self.chunks(&format!("{name}.w"), Element::F32, [request.rows, 1])?
                }
            },
        ])
    }

    /// Cuts [rows, columns] into buffers that a binding can hold.
    pub(super) fn chunks(
        &mut self,
        name: &str,
        element: Element,
        [rows, columns]: [usize; 2],
    ) -> Result<Vec<Chunk>> {
        let row = (element.bytes() * columns) as u64;
        let most = (self.limits.tensor_bytes() / row) as usize;
        self.limits.check(&format!("a row of {name}"), row, |allowed| {
            format!("use at most {} columns", allowed / element.bytes() as u64)
        })?;
        let mut chunks = Vec::new();
        let mut first = 0;
        while first < rows {
            let part = most.min(rows - first);
            let name = format!("{name}.{}", chunks.len());
            let buffer = self.builder.push(name, element, vec![part, columns], Role::Data);
            chunks.push(Chunk { buffer, first, rows: part, offset: 0 });
            first += part;
        }
        Ok(chunks)
    }

    pub(super) fn parameters(&mut self) {
        let buffers = self.per_block("parameters", Role::Parameters);
        self.builder.handles.parameters = vec![buffers.into_iter().map(Region::whole).collect()];
    }

    /// Gradients are stored for whoever wants to see them, and where all of them must be known
    /// before the first update.
    pub(super) fn gradients(&mut self, request: &Training<'_>) {
        let kept = request.gradients == Gradients::Kept;
        if kept || self.sums_gradients(request) {
            self.gradients = self.per_block("gradient", Role::Gradients);
        }
        if kept {
            self.builder.handles.gradients =
                self.gradients.iter().copied().map(Region::whole).collect();
        }
    }

    pub(super) fn state(&mut self, request: &Training<'_>) {
        let mut tensors = Vec::new();
        for name in Update::of(request.optimizer).state() {
            let buffers = self.per_block(name, Role::OptimizerState);
            tensors.push(buffers.into_iter().map(Region::whole).collect());
        }
        self.builder.handles.state = vec![tensors];
    }

    /// A buffer for each block of parameters: [O, I + 1] words of a layer, [2, O] of a norm.
    pub(super) fn per_block(&mut self, name: &str, role: Role) -> Vec<BufferId> {
        let shape = |block: &ParameterBlock| match block.weight[..] {
            [outputs, inputs] => vec![outputs, inputs + 1],
            _ => vec![2, block.bias],
        };
        let blocks = self.network.blocks().into_iter();
        blocks
            .map(|block| {
                let name = format!("{}.{name}", block.name);
                self.builder.push(name, Element::F32, shape(&block), role)
            })
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
                let z = self.builder.buffer(
                    name("z"),
                    Element::F32,
                    shape(portion),
                    Role::Activations,
                )?;
                self.y.push(z);
            } else {
                let y = self.builder.buffer(
                    name("y"),
                    Element::F32,
                    shape(portion),
                    Role::Activations,
                )?;
                let mut before = "z";
                if !self.network.normalization.is_none() {
                    let normed = self.normed(index, layer.outputs)?;
                    self.norms.push(normed);
                    before = "n";
                }
                let kept = if !self.function().keeps_z() {
                    y
                } else {
                    self.builder.buffer(
                        name(before),
                        Element::F32,
                        shape(portion),
                        Role::Activations,
                    )?
                };
                self.y.push(y);
                self.kept.push(kept);
            }
            if batch > 0 {
                // The loss writes its gradient in evaluation too.
                let rows = if last { portion } else { batch };
                let d_z =
                    self.builder.buffer(name("d_z"), Element::F32, shape(rows), Role::Gradients)?;
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
            self.partials =
                Some(self.builder.buffer("partials", Element::F32, vec![most], Role::Gradients)?);
        }
        Ok(())
    }

    pub(super) fn row_metrics(&mut self, portion: usize) -> Result<()> {
        let id = self.builder.buffer(
            "row_metrics",
            Element::F32,
            vec![portion, 2],
            Role::Bookkeeping,
        )?;
        self.row_metrics = Some(id);
        Ok(())
    }
}
