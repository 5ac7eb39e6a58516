//! One file per operation: its immediates, bindings, overrides and workgroup count, its cost, and
//! the naive Rust twin that is its oracle. The shader of the same name stands in `shaders/`.
//!
//! Every number that both languages need is owned here and passed on as an override or an
//! immediate. To read the mathematics of a whole network at once, begin with `network.rs`. Must not
//! know: wgpu, memory.

pub mod activate;
mod activation;
pub mod apply_gradient;
mod bindings;
pub mod clip_norm;
mod contract;
mod control;
mod criterion;
pub mod dense_backward_input;
pub mod dense_backward_weight;
pub mod dense_forward;
pub mod dense_join_weight;
pub mod dense_split_weight;
pub mod dropout;
pub mod fused_gradient;
pub mod fused_update;
pub mod gather;
mod immediates;
pub mod layer_norm;
pub mod layer_norm_backward_input;
pub mod layer_norm_backward_weight;
mod layer_update;
pub mod learning_rate;
pub mod loss_gradient;
mod math;
mod matmul;
mod member;
pub mod metrics;
pub mod micro_batch;
mod network;
mod optimizer;
mod order;
mod random;
pub mod resident;
mod shader;
pub mod softmax;
pub mod square_sum;
mod thread_per_network;
pub mod weigh;
mod widths;

pub use activation::Function;
pub use bindings::{Access, Bind, Binder, Each, Element, Family, Item, Slot, Views};
pub(crate) use clip_norm::clip_scale;
pub use contract::{Cost, Kernel};
pub use control::Control;
pub use criterion::Criterion;
pub(crate) use dropout::BLOCK as DRAW;
pub use fused_gradient::{FusedTiling, Pass};
pub(crate) use layer_norm::normalized;
pub use layer_update::LayerUpdate;
pub use learning_rate::{Rate, RateTerms};
pub use loss_gradient::Weighting;
#[cfg(feature = "check")]
pub(crate) use math::sigmoid;
pub use matmul::Tiling;
pub use member::Member;
pub(crate) use optimizer::Formula;
pub use optimizer::{Hyper, State, Update, Updated};
pub use order::permute;
pub(crate) use order::{RowOrder, seed_of};
pub(crate) use random::philox_lanes;
pub use resident::{Placement, ThreadMapping};
pub use shader::{Module, source};
pub(crate) use shader::{ModuleKey, PipelineKey, pipeline_key};
pub(crate) use softmax::softmax;
pub(crate) use widths::MOST as MOST_WIDTHS;

use bindings::bindings;
pub(crate) use contract::Contract;
use immediates::immediates;

/// A buffer's contents: 32-bit words, read as f32 or u32 as the operation has it.
pub type Words = Vec<u32>;

contract::operations! { $
    /// Where a part of a batch is that does not fit as a whole.
    micro_batch::MicroBatch,
    /// Copies a batch out of the data set.
    gather::Gather,
    /// A dense layer forward.
    dense_forward::DenseForward,
    /// An activation on its own.
    activate::Activate,
    /// A layer norm, with the activation after it.
    layer_norm::LayerNorm,
    /// Probabilities from the last layer.
    softmax::Softmax,
    /// A loss with its gradient.
    loss_gradient::LossGradient,
    /// The gradient of a layer's input.
    dense_backward_input::DenseBackwardInput,
    /// The gradient of what a layer norm takes.
    layer_norm_backward_input::LayerNormBackwardInput,
    /// The gradient of a layer norm's parameters, and their update.
    layer_norm_backward_weight::LayerNormBackwardWeight,
    /// The gradient of a layer's parameters, and their update.
    dense_backward_weight::DenseBackwardWeight,
    /// The gradient of a layer's parameters in partial sums.
    dense_split_weight::DenseSplitWeight,
    /// The partial sums added up, and the update.
    dense_join_weight::DenseJoinWeight,
    /// The learning rate's factor of a step.
    learning_rate::LearningRate,
    /// How much each row of a batch counts.
    weigh::Weigh,
    /// A share of the units left out.
    dropout::Dropout,
    /// Part of the gradients' norm.
    square_sum::SquareSum,
    /// How much the gradients shrink.
    clip_norm::ClipNorm,
    /// An update by a gradient in a buffer.
    apply_gradient::ApplyGradient,
    /// The end of a step.
    metrics::Metrics,
    /// Whole steps of whole networks.
    resident::Resident,
    /// A batch through all layers and back, in strands.
    fused_gradient::FusedGradient,
    /// The strands' gradients added up, and the update.
    fused_update::FusedUpdate,
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
