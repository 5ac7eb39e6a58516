//! A layered plan as it is put together: which buffers the passes use, and what fits.

use super::norm::Normed;
use super::regularized::Dropped;
use crate::kernels::{DenseBackwardWeight, Function};
use crate::plan::{BufferId, DataPlacement, Limits, Outline, Plan, PlanBuilder, Training};
use crate::spec::{Layer, Network, Strategy};
use crate::{Error, Result};

/// Rows that evaluation and prediction take at once, where memory allows and nothing says more.
pub(super) const PORTION: usize = 1024;

/// Puts a layered plan together: the buffers of its passes, beside the plan's own builder.
pub(super) struct LayeredBuilder<'a> {
    pub(super) network: &'a Network,
    pub(super) layers: Vec<Layer>,
    pub(super) batch: usize,
    /// Rows that go through the layers at once, at most.
    pub(super) at_once: usize,
    /// Where a micro-batch is, if there are such.
    pub(super) micro_control: Option<BufferId>,
    pub(super) limits: &'a Limits,
    pub(super) builder: PlanBuilder<'a>,
    pub(super) batch_features: Option<BufferId>,
    pub(super) batch_targets: Option<BufferId>,
    pub(super) batch_weights: Option<BufferId>,
    /// y\[C,O\] of each hidden layer, and z\[C,O\] of the last.
    pub(super) y: Vec<BufferId>,
    /// What the backward pass needs of each hidden layer: y, or what it comes from for gelu and silu.
    pub(super) kept: Vec<BufferId>,
    /// d_z\[B,O\] of each layer.
    pub(super) d_z: Vec<BufferId>,
    /// The norm after each hidden layer, where there are such.
    pub(super) norms: Vec<Normed>,
    /// What dropout leaves of each hidden layer, where there is any.
    pub(super) dropped: Vec<Option<Dropped>>,
    /// The gradient of each block of parameters, where it is stored.
    pub(super) gradients: Vec<BufferId>,
    /// Partial sums of one layer's gradient, where the rows of a batch are split.
    pub(super) partials: Option<BufferId>,
    pub(super) row_metrics: Option<BufferId>,
}

impl<'a> LayeredBuilder<'a> {
    pub(super) fn new(network: &'a Network, batch: usize, limits: &'a Limits) -> Self {
        Self {
            network,
            layers: network.layers(),
            batch,
            at_once: 0,
            micro_control: None,
            limits,
            builder: PlanBuilder::new(limits, "train on fewer rows at once"),
            batch_features: None,
            batch_targets: None,
            batch_weights: None,
            y: Vec::new(),
            kept: Vec::new(),
            d_z: Vec::new(),
            norms: Vec::new(),
            dropped: Vec::new(),
            gradients: Vec::new(),
            partials: None,
            row_metrics: None,
        }
    }

    pub(super) fn parameters_of(&self, index: usize) -> BufferId {
        self.builder.handles.parameters[0][index].buffer
    }

    pub(super) fn last(&self) -> usize {
        self.layers.len() - 1
    }

    pub(super) fn function(&self) -> Function {
        Function::Of(self.network.activation)
    }

    /// Refuses layers that the device cannot do, before anything is computed from their sizes.
    pub(super) fn check_layers(&self) -> Result<()> {
        self.check_loops()?;
        for (index, layer) in self.layers.iter().enumerate() {
            let bytes = 4 * layer.outputs as u64 * (layer.inputs as u64 + 1);
            let name =
                format!("layers.{index}.parameters [{}, {} + 1]", layer.outputs, layer.inputs);
            self.limits.check(&name, bytes, |allowed| {
                let units = allowed / (4 * (layer.inputs as u64 + 1));
                match units {
                    0 => "give the layer before it fewer units".into(),
                    _ => format!(
                        "after {} inputs a layer of at most {units} units fits",
                        layer.inputs
                    ),
                }
            })?;
        }
        Ok(())
    }

    /// Refuses sums so long that the driver would end their loops: it says nothing, and what comes
    /// out is wrong.
    fn check_loops(&self) -> Result<()> {
        let Some(limit) = self.limits.loop_limit else { return Ok(()) };
        for (index, layer) in self.layers.iter().enumerate() {
            // A product takes an iteration and a half for each number of its sums, forward and back, and
            // a row's probabilities and losses take three for each output.
            let (product, row) = (2 * limit as usize / 3, limit as usize / 3);
            let last = index + 1 == self.layers.len();
            let most = if last { row } else { product };
            if layer.inputs > product || layer.outputs > most {
                let device = &self.limits.device;
                return Err(Error::invalid(
                    format!(
                        "{device} ends loops before they have gone through layer {index}, of {} \
                         inputs and {} outputs",
                        layer.inputs, layer.outputs
                    ),
                    format!("it can do {product} inputs and {most} outputs; or use another device"),
                ));
            }
        }
        Ok(())
    }

    /// The rows of a portion: as many as asked, or as the widest layer leaves room for.
    pub(super) fn fitting(&self, rows: usize, least: usize) -> usize {
        let widest = self.layers.iter().map(|l| l.inputs.max(l.outputs)).max().unwrap_or(1);
        let most = self.limits.tensor_bytes() / (4 * widest as u64);
        rows.min(usize::try_from(most).unwrap_or(usize::MAX)).max(least)
    }

    /// Rows that the device can take through the layers at once, whatever memory there is.
    pub(super) fn most_rows(&self) -> usize {
        let normed = !self.network.normalization.is_none();
        self.limits.norm_rows(self.grain()).filter(|_| normed).unwrap_or(usize::MAX)
    }

    /// Rows in a multiple of which micro-batches have the sums of the whole batch: the longest part
    /// that the sums of a layer's gradient are cut into.
    pub(super) fn grain(&self) -> usize {
        let ranges = self.layers.iter().filter_map(|layer| self.range(layer));
        // One that holds the batch does not cut it.
        ranges.filter(|range| self.batch > *range).fold(DenseBackwardWeight::SPAN, usize::max)
    }

    /// Rows that evaluation takes at once: the batch, or more where it is small.
    pub(super) fn portion(&self, request: &Training<'_>) -> usize {
        self.fitting(request.rows.min(PORTION), request.batch).max(request.batch)
    }

    pub(super) fn finish(
        self,
        rows: usize,
        evaluate_rows: usize,
        placement: DataPlacement,
    ) -> Result<Plan> {
        let outline = Outline {
            rows,
            shard: match placement {
                DataPlacement::Shard(shard) => Some(shard),
                DataPlacement::Fitting | DataPlacement::Whole => None,
            },
            batch: self.batch,
            micro_batch: self.is_split().then_some(self.at_once),
            evaluate_rows,
            ..Outline::new(vec![self.network.clone()], Strategy::Layered)
        };
        self.builder.finish(outline, |plan, allowed| {
            let share = allowed as f64 / plan.bytes() as f64;
            let parameters = plan.network().parameters();
            if allowed == 0 {
                return format!("give the layers of {} fewer units", plan.network());
            }
            format!(
                "about {:.0} parameters fit, and {} has {parameters}: give its layers fewer units",
                parameters as f64 * share,
                plan.network(),
            )
        })
    }
}
