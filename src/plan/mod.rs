//! Lowers a network, a batch size and a device's limits to a **dispatch graph**: buffers and
//! dispatches, as plain data that prints itself. Both backends run the same plan.
//!
//! Must not know: wgpu, I/O.

mod builder;
mod dot;
mod estimate;
mod fused;
mod layered;
mod limits;
mod print;
mod request;
mod resident;
mod shard;
mod tiling;

use crate::kernels::{Access, Bind, Cost, Each, Element, Operation, Words};
use crate::spec::{Network, Strategy};

pub(crate) use builder::{Outline, PlanBuilder};
pub use layered::inference;
pub use limits::{DeviceKind, Limits};
pub use print::{bytes, quantity};
pub use request::{Gradients, Training};
pub(crate) use resident::pays_side_by_side;
pub use resident::{GridMember, grid};
pub use shard::{DataChunks, DataPlacement, Shard};

use crate::{Error, Result};

/// Plans the training of a network by the strategy that was asked for or, for `auto`, the fastest.
///
/// # Errors
/// [`crate::Error::Invalid`] for a network or loss that makes no sense,
/// [`crate::Error::TooLarge`] for a plan past the device's limits.
pub fn training(request: &Training<'_>, limits: &Limits) -> Result<Plan> {
    match request.strategy {
        Strategy::Layered => layered::training(request, limits),
        Strategy::Resident | Strategy::Fused
            if matches!(request.placement, DataPlacement::Shard(_)) =>
        {
            Err(Error::invalid(
                format!("the {} strategy knows no shards", request.strategy),
                "use the layered strategy",
            ))
        }
        Strategy::Resident => resident::training(request, limits),
        Strategy::Fused => fused::training(request, limits),
        Strategy::Auto => best(request, limits),
    }
}

/// The strategy that takes the least time or, where that has no room, the layered one.
fn best(request: &Training<'_>, limits: &Limits) -> Result<Plan> {
    let plan = match request.placement {
        // Only the layered strategy knows shards.
        DataPlacement::Shard(_) => return layered::training(request, limits),
        _ if resident::pays(request, limits) => resident::training(request, limits),
        _ if fused::pays(request, limits) => fused::training(request, limits),
        _ => return layered::training(request, limits),
    };
    match plan {
        Err(Error::TooLarge { .. }) => layered::training(request, limits),
        plan => plan,
    }
}

/// A buffer's number in its plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BufferId(pub usize);

/// A part of a buffer: a block of parameters, or what belongs to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// Where.
    pub buffer: BufferId,
    /// Its first word there.
    pub offset: usize,
}

/// What a buffer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The resident data set.
    Data,
    /// The rows of a batch.
    Batch,
    /// Weights and biases.
    Parameters,
    /// The optimizer's state.
    OptimizerState,
    /// What the forward pass leaves.
    Activations,
    /// What the backward pass leaves.
    Gradients,
    /// Counters, losses and scores.
    Bookkeeping,
}

/// A buffer, which holds a tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buffer {
    /// As in PyTorch where it has the tensor: `layers.0.parameters`.
    pub name: String,
    /// The type of its elements.
    pub element: Element,
    /// Its shape, for people.
    pub shape: Vec<usize>,
    /// What it is for.
    pub role: Role,
}

impl Buffer {
    /// How many elements it has.
    pub fn elements(&self) -> usize {
        self.shape.iter().product()
    }

    /// Its size in bytes.
    pub fn bytes(&self) -> u64 {
        (self.element.bytes() * self.elements()) as u64
    }

    /// Its size in 32-bit words, in which hosts and devices take it.
    pub fn words(&self) -> usize {
        (self.element.bytes() * self.elements()).div_ceil(4)
    }
}

/// One dispatch: an operation and its buffers.
#[derive(Clone, Debug, PartialEq)]
pub struct Dispatch {
    /// What it belongs to: `layers.0`, `batch`, `step`.
    pub label: String,
    /// What it does.
    pub operation: Operation,
    /// With which buffers, in the order of the operation's slots; [`Bind::named`] tells them by name.
    pub bindings: Vec<BufferId>,
}

impl Dispatch {
    /// An operation on buffers that are given by their names.
    pub fn new<K: Bind + Into<Operation>>(
        label: impl Into<String>,
        operation: K,
        bindings: K::Bindings<Each<BufferId>>,
    ) -> Self {
        let bindings = K::list(bindings);
        Self { label: label.into(), operation: operation.into(), bindings }
    }

    /// Its buffers, each with what is done to it.
    pub fn accesses(&self) -> impl Iterator<Item = (BufferId, Access)> + '_ {
        let slots = self.operation.kernel().slots();
        self.bindings.iter().copied().zip(slots.into_iter().map(|slot| slot.access))
    }
}

/// A list of dispatches that is replayed as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// One optimizer step.
    Step,
    /// The gradients of the coming batch, without a step.
    Gradient,
    /// Loss and score of the next rows of the data set.
    Evaluate,
    /// Loss and score of the next rows of the validation data.
    Validate,
    /// Predictions for the rows in the input buffer.
    Predict,
}

impl Phase {
    /// All of them.
    pub const ALL: [Self; Self::COUNT] =
        [Self::Step, Self::Gradient, Self::Evaluate, Self::Validate, Self::Predict];

    /// How many there are.
    pub const COUNT: usize = 5;

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Gradient => "gradient",
            Self::Evaluate => "evaluate",
            Self::Validate => "validate",
            Self::Predict => "predict",
        }
    }
}

/// A part of the resident data set that one binding can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Where it is.
    pub buffer: BufferId,
    /// Its first row in the data set.
    pub first: usize,
    /// Its rows.
    pub rows: usize,
    /// Words of the buffer before it.
    pub offset: usize,
}

impl Chunk {
    /// All of so many rows, from the beginning of a buffer.
    pub(crate) const fn whole(buffer: BufferId, rows: usize) -> Self {
        Self { buffer, first: 0, rows, offset: 0 }
    }
}

/// What a phase that tells loss and score of a data set works with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Examination {
    /// Its counter, for each network.
    pub control: BufferId,
    /// Loss and score of each portion, for each network.
    pub history: BufferId,
}

/// The validation data, and what tells how good the networks are on it.
#[derive(Clone, Debug, PartialEq)]
pub struct Validation {
    /// Features, \[V, I\] in chunks.
    pub features: Vec<Chunk>,
    /// Targets, \[V, T\] in chunks.
    pub targets: Vec<Chunk>,
    /// What describes the networks of a grid, with its words.
    pub members: Option<(BufferId, Words)>,
    /// Where it is told.
    pub examination: Examination,
    /// Rows, V.
    pub rows: usize,
    /// Rows that one replay of `validate` takes.
    pub portion: usize,
}

/// The buffers that the host writes or reads, by their purpose.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Handles {
    /// The two places that shards are uploaded to in turn, if the data set comes in shards.
    pub places: Vec<DataChunks>,
    /// Features of the data set or of the shard, \[N, I\] in chunks.
    pub features: Vec<Chunk>,
    /// Their targets, \[N, T\] in chunks.
    pub targets: Vec<Chunk>,
    /// Weights of its rows with a mean of 1, \[N\] in chunks, where they have such.
    pub weights: Vec<Chunk>,
    /// W\[O,I\] then b\[O\] of each layer of each network; after the layers γ\[O\] then β\[O\] of each
    /// norm.
    pub parameters: Vec<Vec<Region>>,
    /// The optimizer's state: of each network its tensors, in the order of
    /// [`crate::kernels::Update::state`], each in the blocks of the parameters. All zero at the start.
    pub state: Vec<Vec<Vec<Region>>>,
    /// The gradient of the parameters of each layer and norm, where the plan keeps it.
    pub gradients: Vec<Region>,
    /// What describes the networks of a grid, with its words.
    pub members: Option<(BufferId, Words)>,
    /// The step counter of each network.
    pub control: Option<BufferId>,
    /// Loss and score of the last steps, a ring.
    pub history: Option<BufferId>,
    /// What tells how good the networks are on the training rows.
    pub evaluation: Option<Examination>,
    /// What tells it on the validation rows, where there are such.
    pub validation: Option<Validation>,
    /// The rows in the input of a prediction.
    pub predict_control: Option<BufferId>,
    /// Rows to predict, \[P, I\].
    pub input: Option<BufferId>,
    /// Their predictions, \[P, O\].
    pub output: Option<BufferId>,
}

/// The dispatch graph.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The networks that it trains or applies: one, or those of a grid.
    pub networks: Vec<Network>,
    /// How a step was lowered.
    pub strategy: Strategy,
    /// Rows in the data set, N, or in the first network's share of it; 0 where it only predicts.
    pub rows: usize,
    /// What of them is on the device, where it is not all.
    pub shard: Option<Shard>,
    /// Rows in a batch, B.
    pub batch: usize,
    /// Rows of a micro-batch, where the batch does not go through the layers as a whole.
    pub micro_batch: Option<usize>,
    /// Rows in a portion of the evaluation.
    pub evaluate_rows: usize,
    /// Rows that one replay of `predict` takes.
    pub predict_rows: usize,
    /// All buffers; a [`BufferId`] is an index.
    pub buffers: Vec<Buffer>,
    /// The dispatches of each phase, in the order of [`Phase::ALL`].
    pub phases: [Vec<Dispatch>; Phase::COUNT],
    /// The buffers that the host touches.
    pub handles: Handles,
}

impl Region {
    /// All of a buffer.
    pub(crate) const fn whole(buffer: BufferId) -> Self {
        Self { buffer, offset: 0 }
    }
}

impl Plan {
    /// The dispatches of a phase.
    pub fn phase(&self, phase: Phase) -> &[Dispatch] {
        &self.phases[phase as usize]
    }

    /// A buffer.
    pub fn buffer(&self, id: BufferId) -> &Buffer {
        &self.buffers[id.0]
    }

    /// Bytes of all buffers together.
    pub fn bytes(&self) -> u64 {
        self.buffers.iter().map(Buffer::bytes).sum()
    }

    /// What one replay of a phase costs.
    pub fn cost(&self, phase: Phase) -> Cost {
        self.phase(phase).iter().map(|dispatch| dispatch.operation.kernel().cost()).fold(
            Cost::default(),
            |sum, cost| Cost { flops: sum.flops + cost.flops, bytes: sum.bytes + cost.bytes },
        )
    }

    /// Rows of the data set that are on the device.
    pub fn device_rows(&self) -> usize {
        self.shard.map_or(self.rows, |shard| shard.rows)
    }

    /// Micro-batches of a batch: 1 where it is not split.
    pub fn micro_batches(&self) -> usize {
        self.micro_batch.map_or(1, |rows| self.batch.div_ceil(rows))
    }

    /// Steps in an epoch.
    pub fn steps_per_epoch(&self) -> u64 {
        self.rows.div_ceil(self.batch.max(1)).max(1) as u64
    }

    /// The network, the first of a grid.
    pub fn network(&self) -> &Network {
        &self.networks[0]
    }

    /// Steps in the ring of losses; each has an entry for every network.
    pub fn history_steps(&self) -> usize {
        let words = self.handles.history.map_or(0, |id| self.buffer(id).words());
        words / (2 * self.networks.len())
    }

    /// As a Graphviz graph of kernels and buffers.
    pub fn to_dot(&self) -> String {
        dot::dot(self)
    }
}
