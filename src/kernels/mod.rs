//! One file per operation: its immediates, bindings, overrides and workgroup count, its cost, and
//! the naive Rust twin that is its oracle. The shader of the same name stands in `shaders/`.
//!
//! Every number that both languages need is owned here and passed on as an override or an
//! immediate. Must not know: wgpu, memory.

mod activate;
mod activation;
mod apply_gradient;
mod clip_norm;
mod control;
mod criterion;
mod dense_backward_input;
mod dense_backward_weight;
mod dense_forward;
mod dense_join_weight;
mod dense_split_weight;
mod dropout;
mod fused_gradient;
mod fused_update;
mod gather;
mod layer_norm;
mod layer_norm_backward_input;
mod layer_norm_backward_weight;
mod layer_update;
mod loss_gradient;
mod math;
mod matmul;
mod metrics;
mod micro_batch;
mod network;
mod optimizer;
mod permutation;
mod random;
mod resident;
mod schedule;
mod shader;
mod softmax;
mod square_sum;
mod thread_per_network;
mod weigh;
mod widths;

pub use activate::Activate;
pub use activation::Function;
pub use apply_gradient::ApplyGradient;
pub use clip_norm::ClipNorm;
pub use control::Control;
pub use criterion::Criterion;
pub use dense_backward_input::DenseBackwardInput;
pub use dense_backward_weight::DenseBackwardWeight;
pub use dense_forward::DenseForward;
pub use dense_join_weight::DenseJoinWeight;
pub use dense_split_weight::DenseSplitWeight;
pub(crate) use dropout::BLOCK as DRAW;
pub use dropout::Dropout;
pub use fused_gradient::{FusedGradient, FusedTiling, Pass};
pub use fused_update::FusedUpdate;
pub use gather::Gather;
pub use layer_norm::LayerNorm;
pub(crate) use layer_norm::normalized;
pub use layer_norm_backward_input::LayerNormBackwardInput;
pub use layer_norm_backward_weight::LayerNormBackwardWeight;
pub use layer_update::LayerUpdate;
pub use loss_gradient::{LossGradient, Weighting};
#[cfg(feature = "check")]
pub(crate) use math::sigmoid;
pub use matmul::Tiling;
pub use metrics::Metrics;
pub use micro_batch::MicroBatch;
pub(crate) use optimizer::Formula;
pub use optimizer::{Hyper, Update};
pub use permutation::permute;
pub(crate) use permutation::seed_of;
pub(crate) use random::philox_lanes;
pub(crate) use resident::keeps_z;
pub use resident::{Member, Placement, Resident, ThreadMapping};
pub use schedule::{Course, Rate, Schedule};
pub use shader::{Module, source};
pub use softmax::Softmax;
pub(crate) use softmax::softmax;
pub use square_sum::SquareSum;
pub use weigh::Weigh;
pub(crate) use widths::MOST as MOST_WIDTHS;

/// A buffer's contents: 32-bit words, read as f32 or u32 as the operation has it.
pub type Words = Vec<u32>;

/// What a dispatch does with a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Only reads it.
    Read,
    /// Writes it, and may read what it holds.
    ReadWrite,
}

/// A binding of an operation, in the shader's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The variable's name in WGSL.
    pub name: &'static str,
    /// What the shader does with it.
    pub access: Access,
}

/// A slot that is only read.
const fn reads(name: &'static str) -> Slot {
    Slot { name, access: Access::Read }
}

/// A slot that is written.
const fn writes(name: &'static str) -> Slot {
    Slot { name, access: Access::ReadWrite }
}

/// What one dispatch costs at full batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Floating-point operations.
    pub flops: u64,
    /// Bytes that must at least be read and written.
    pub bytes: u64,
}

/// The contract between a shader, its twin and whoever dispatches it.
pub trait Kernel {
    /// The one name: of the shader file, its entry point, the twin and the labels.
    fn stem(&self) -> &'static str;
    /// The WGSL that makes up the shader, in order.
    fn modules(&self) -> Vec<Module>;
    /// WGSL that is written out for the operation, where loops would cost too much.
    fn written(&self) -> String {
        String::new()
    }
    /// The bindings of group 0.
    fn slots(&self) -> Vec<Slot>;
    /// The pipeline-overridable constants.
    fn overrides(&self) -> Vec<(&'static str, f64)>;
    /// The immediates' fields, each one word, in order.
    fn immediate_fields(&self) -> Vec<String>;
    /// The immediates' bytes.
    fn immediates(&self) -> Vec<u8>;
    /// How many replays one dispatch can do, where it does them by itself: the first immediate is
    /// then their number.
    fn repeats_itself(&self) -> Option<u32> {
        None
    }
    /// Workgroups at full batch, before folding.
    fn workgroups(&self) -> u64;
    /// What it computes, with shapes, for people.
    fn describe(&self) -> String;
    /// Operations and bytes.
    fn cost(&self) -> Cost;
    /// Runs the naive twin on one buffer for each slot.
    fn twin(&self, bound: &mut [&mut [u32]]);
}

/// Any operation, as plain data.
#[derive(Clone, Debug, PartialEq)]
pub enum Operation {
    /// Where a part of a batch is that does not fit as a whole.
    MicroBatch(MicroBatch),
    /// Copies a batch out of the data set.
    Gather(Gather),
    /// A dense layer forward.
    DenseForward(DenseForward),
    /// An activation on its own.
    Activate(Activate),
    /// A layer norm, with the activation after it.
    LayerNorm(LayerNorm),
    /// Probabilities from the last layer.
    Softmax(Softmax),
    /// A loss with its gradient.
    LossGradient(LossGradient),
    /// The gradient of a layer's input.
    DenseBackwardInput(DenseBackwardInput),
    /// The gradient of what a layer norm takes.
    LayerNormBackwardInput(LayerNormBackwardInput),
    /// The gradient of a layer norm's parameters, and their update.
    LayerNormBackwardWeight(LayerNormBackwardWeight),
    /// The gradient of a layer's parameters, and their update.
    DenseBackwardWeight(DenseBackwardWeight),
    /// The gradient of a layer's parameters in partial sums.
    DenseSplitWeight(DenseSplitWeight),
    /// The partial sums added up, and the update.
    DenseJoinWeight(DenseJoinWeight),
    /// The learning rate's factor of a step.
    Schedule(Schedule),
    /// How much each row of a batch counts.
    Weigh(Weigh),
    /// A share of the units left out.
    Dropout(Dropout),
    /// Part of the gradients' norm.
    SquareSum(SquareSum),
    /// How much the gradients shrink.
    ClipNorm(ClipNorm),
    /// An update by a gradient in a buffer.
    ApplyGradient(ApplyGradient),
    /// The end of a step.
    Metrics(Metrics),
    /// Whole steps of whole networks.
    Resident(Resident),
    /// A batch through all layers and back, in strands.
    FusedGradient(FusedGradient),
    /// The strands' gradients added up, and the update.
    FusedUpdate(FusedUpdate),
}

impl Operation {
    /// Its contract.
    pub fn kernel(&self) -> &dyn Kernel {
        match self {
            Self::MicroBatch(kernel) => kernel,
            Self::Gather(kernel) => kernel,
            Self::DenseForward(kernel) => kernel,
            Self::Activate(kernel) => kernel,
            Self::LayerNorm(kernel) => kernel,
            Self::LayerNormBackwardInput(kernel) => kernel,
            Self::LayerNormBackwardWeight(kernel) => kernel,
            Self::Softmax(kernel) => kernel,
            Self::LossGradient(kernel) => kernel,
            Self::DenseBackwardInput(kernel) => kernel,
            Self::DenseBackwardWeight(kernel) => kernel,
            Self::DenseSplitWeight(kernel) => kernel,
            Self::DenseJoinWeight(kernel) => kernel,
            Self::Schedule(kernel) => kernel,
            Self::Weigh(kernel) => kernel,
            Self::Dropout(kernel) => kernel,
            Self::SquareSum(kernel) => kernel,
            Self::ClipNorm(kernel) => kernel,
            Self::ApplyGradient(kernel) => kernel,
            Self::Metrics(kernel) => kernel,
            Self::Resident(kernel) => kernel,
            Self::FusedGradient(kernel) => kernel,
            Self::FusedUpdate(kernel) => kernel,
        }
    }
}

impl Operation {
    /// How it cuts its product into tiles, where it is one.
    pub const fn tiling(&self) -> Option<Tiling> {
        match self {
            Self::DenseForward(layer) => Some(layer.tiling),
            Self::DenseBackwardInput(layer) => Some(layer.tiling),
            Self::DenseBackwardWeight(layer) => Some(layer.tiling),
            Self::DenseSplitWeight(layer) => Some(layer.tiling),
            _ => None,
        }
    }
}

/// Threads of a workgroup where each thread works alone: two or one hardware waves everywhere.
const WORKGROUP: u32 = 64;

/// Workgroups of [`WORKGROUP`] threads for so many threads.
fn groups_for(threads: usize) -> u64 {
    (threads as u64).div_ceil(u64::from(WORKGROUP))
}

/// Folds a count of workgroups into the two dimensions that every device allows (65,535 each).
pub fn fold(groups: u64) -> [u32; 3] {
    const MOST: u64 = 65_535;
    let rows = groups.div_ceil(MOST).max(1);
    let columns = groups.div_ceil(rows).max(1);
    [columns as u32, rows as u32, 1]
}

/// Declares an immediates struct: words of u32 or f32, with the names to check against WGSL.
macro_rules! immediates {
    ($(#[$meta:meta])* $visibility:vis struct $name:ident { $($field:ident: $type:ty),+ $(,)? }) => {
        $(#[$meta])*
        #[repr(C)]
        #[derive(Clone, Copy, Debug, Default, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
        $visibility struct $name { $(pub(crate) $field: $type),+ }

        impl $name {
            pub(crate) const FIELDS: &'static [&'static str] = &[$(stringify!($field)),+];
        }
    };
}
use immediates;

/// The names of an immediates struct's words; those of the optimizer's settings and of the
/// schedule's numbers within it follow its own name.
fn flattened(fields: &[&str]) -> Vec<String> {
    let mut names = Vec::new();
    for field in fields {
        match *field {
            "hyper" => names.extend(Hyper::FIELDS.iter().map(|inner| format!("hyper.{inner}"))),
            "rate" => names.extend(Course::FIELDS.iter().map(|inner| format!("rate.{inner}"))),
            plain => names.push(plain.to_owned()),
        }
    }
    names
}

/// Words as float32.
pub(crate) fn floats(words: &[u32]) -> &[f32] {
    bytemuck::cast_slice(words)
}

/// Words as float32, to be written.
pub(crate) fn floats_mut(words: &mut [u32]) -> &mut [f32] {
    bytemuck::cast_slice_mut(words)
}

/// Words as loss and score of each row.
pub(crate) fn pairs(words: &[u32]) -> &[[f32; 2]] {
    bytemuck::cast_slice(words)
}

/// Words as loss and score of each row, to be written.
pub(crate) fn pairs_mut(words: &mut [u32]) -> &mut [[f32; 2]] {
    bytemuck::cast_slice_mut(words)
}

/// The bound buffers as an array, one for each slot.
///
/// The planner binds exactly the slots that the kernel names; anything else is our own bug.
pub(crate) fn slots<'a, 'b, const N: usize>(
    bound: &'a mut [&'b mut [u32]],
) -> &'a mut [&'b mut [u32]; N] {
    let found = bound.len();
    match bound.try_into() {
        Ok(array) => array,
        Err(_) => panic!("{found} buffers bound to a kernel of {N} slots"),
    }
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn folding_covers_every_workgroup_and_stays_in_bounds() {
        for groups in [0, 1, 65_535, 65_536, 1_000_003, 65_535 * 65_535] {
            let [x, y, _] = fold(groups);
            assert!(u64::from(x) * u64::from(y) >= groups);
            assert!(x <= 65_535 && y <= 65_535 && x >= 1 && y >= 1);
        }
    }
}
