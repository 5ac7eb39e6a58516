//! The CPU side of each operation, one file each, beside its contract in `kernels/`. What has no file
//! here is small, and runs as its twin on one thread.

mod activate;
mod apply_gradient;
mod dense_backward_input;
mod dense_backward_weight;
mod dense_forward;
mod dropout;
mod fused_gradient;
mod fused_update;
mod gather;
mod layer_norm;
mod layer_norm_backward_input;
mod layer_norm_backward_weight;
mod layer_update;
mod loss_gradient;
mod metrics;
mod softmax;
mod square_sum;

pub(super) use dropout::dropout;

use std::ops::Range;

use super::context::{Scratch, ThreadContext};
use super::part::Part;
use super::shared::{BoundBuffers, SharedRead};
use crate::kernels::{
    ClipNorm, Control, DenseJoinWeight, DenseSplitWeight, Kernel, LearningRate, MicroBatch,
    Operation, Resident, Weigh, on_operation,
};
use crate::plan::BufferId;
use crate::spec::Layer;

/// How an operation is split among threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Split {
    /// By the rows of the batch, which the operation's `control` counts: a part has the rows that
    /// [`rows_of`] gives it, of everything that it reads or writes by rows. So one thread can take its
    /// rows through several such operations, one after another.
    Rows,
    /// By units of a layer, parameters, strands, or whatever else the operation has.
    Parts,
    /// Not at all: one thread runs it.
    Whole,
}

/// How many parts an operation is split into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parts {
    /// Exactly so many, however many threads there are; not for [`Split::Rows`].
    Fixed(usize),
    /// As many as there is work for, but no more than `best`, beyond which they are less efficient,
    /// unless threads would have nothing to do; and never more than `most`, beyond which they are empty.
    Flexible { best: usize, most: usize },
}

impl Parts {
    /// Any number.
    pub(super) const ANY: Self = Self::Flexible { best: usize::MAX, most: usize::MAX };

    /// The number that is best, and the most there can be.
    pub(super) const fn best_and_most(self) -> [usize; 2] {
        match self {
            Self::Fixed(parts) => [parts; 2],
            Self::Flexible { best, most } => [best, most],
        }
    }
}

/// Layers whose weights an operation multiplies rows with, going forward.
pub(super) struct ForwardLayers {
    /// The buffer with W\[O,I\] and b\[O\] of each layer, one after another.
    pub(super) parameters: BufferId,
    /// Rows of the batch, at most.
    pub(super) rows: usize,
    pub(super) layers: Vec<Layer>,
}

/// How threads run an operation. By default one thread does.
///
/// # Safety
/// An implementation promises that [`CpuOperation::run`] writes nothing but its part of the buffers
/// that the contract's slots name as written; that it reads nothing but these and the buffers that the
/// slots name as read, of the former only its part; and that runs of different parts, out of the same
/// number, have no written element in common. The exception is memory that an operation indexes by
/// thread: one thread runs one part at a time. Other threads rely on it when they run at the same time.
pub(super) unsafe trait CpuOperation: Kernel {
    /// How it is split.
    fn split(&self) -> Split {
        Split::Whole
    }

    /// Into how many parts, where a phase is run by so many threads.
    fn parts(&self, _threads: usize) -> Parts {
        Parts::ANY
    }

    /// The layers whose weights it reads from panels, where they are kept in such: of a dispatch with
    /// these buffers.
    fn forward_layers(&self, _ids: &[BufferId]) -> Option<ForwardLayers> {
        None
    }

    /// Grows a thread's memory to what any part needs.
    fn reserve(&self, _scratch: &mut Scratch) {}

    /// Runs a part.
    ///
    /// # Safety
    /// The buffers must be those that the contract's slots name. While it runs, no other thread may
    /// use the part of what it writes, nor write to what it reads, panels of weights included.
    unsafe fn run(&self, bound: &BoundBuffers<'_>, part: Part, context: &mut ThreadContext<'_>);
}

/// The CPU side of an operation.
pub(super) fn of(operation: &Operation) -> &dyn CpuOperation {
    on_operation!(operation, kernel => kernel)
}

/// Operations that one thread runs as their twins.
macro_rules! run_as_twins {
    ($($operation:ty),+ $(,)?) => {
        // SAFETY: the twin runs in one part, which is all of it.
        $(unsafe impl CpuOperation for $operation {
            unsafe fn run(&self, bound: &BoundBuffers<'_>, _: Part, _: &mut ThreadContext<'_>) {
                // SAFETY: the caller's promise.
                unsafe { run_twin(self, bound) }
            }
        })+
    };
}

/// Runs the twin on all of the buffers that a dispatch binds.
///
/// # Safety
/// No other thread may use any of them meanwhile.
unsafe fn run_twin(operation: &impl Kernel, bound: &BoundBuffers<'_>) {
    /// Buffers that a dispatch binds, at most.
    const SLOTS: usize = 16;
    let count = bound.ids.len();
    // An array, for a step allocates nothing.
    let mut all: [&mut [u32]; SLOTS] = std::array::from_fn(|slot| match slot < count {
        // SAFETY: the caller's promise; a dispatch binds each of them once.
        true => unsafe { bound.words_mut(slot) },
        false => &mut [],
    });
    operation.twin(&mut all[..count]);
}

// Splitting and joining a weight's gradient fills GPUs; plans for the CPU have neither. Whole networks
// in one dispatch are trained by `resident`; this is their evaluation.
run_as_twins!(
    ClipNorm,
    DenseJoinWeight,
    DenseSplitWeight,
    MicroBatch,
    Resident,
    LearningRate,
    Weigh,
);

/// Rows of the batch at which parts are cut: a row of a narrow tensor is less than a cache line.
const ROW_GRAIN: usize = 8;

/// The rows of the batch that a part of an operation has.
///
/// # Safety
/// As [`SharedRead::get`].
unsafe fn rows_of(part: Part, control: &SharedRead<'_, Control>) -> Range<usize> {
    // SAFETY: the caller's promise.
    part.share(unsafe { control.get() }.rows as usize, ROW_GRAIN)
}

/// Where rows stand in a tensor of so many columns.
const fn elements(rows: &Range<usize>, columns: usize) -> Range<usize> {
    rows.start * columns..rows.end * columns
}

/// Rows of a part of a product, at best: fewer where the weights stay in the L2 cache, more where
/// they do not, so that they are not brought there, and packed, too often.
const ROWS_OF_A_PART: [usize; 2] = [16, 256];

/// The parts of a product of rows with a layer's weights.
const fn parts_by_rows(rows: usize, layer: Layer) -> Parts {
    let far = layer.inputs * layer.outputs * size_of::<f32>() > super::product::NEAR;
    Parts::Flexible { best: rows / ROWS_OF_A_PART[far as usize], most: rows.div_ceil(ROW_GRAIN) }
}
