//! What is done row by row, on a range of the batch's rows: a thread takes its rows through all of
//! it by itself.

use std::ops::Range;

use super::lanes::Plain;
use super::norms;
use super::passes;
use super::product::NEAR;
use super::replay::Hands;
use super::team::Bound;
use super::weights::{self, Place};
use crate::kernels::{
    Activate, Control, DenseBackwardInput, DenseForward, Dropout, Gather, LossGradient, Operation,
    Softmax, Weighting, pairs_mut, permute, seed_of, softmax,
};
use crate::spec::{Layer, Shuffle};

/// Rows at which a batch is cut: a row of a narrow tensor is less than a cache line.
pub(super) const GRAIN: usize = 8;

/// Rows of a part, at best; and where the weights come from beyond the second cache, so that they are
/// not brought there, and together, too often.
const BEST: [usize; 2] = [16, 256];

/// Parts into which the rows of products are cut, at best, and at most, beyond which they are empty;
/// the rest goes along.
pub(super) fn parts(operation: &Operation) -> [usize; 2] {
    let (rows, weights) = match operation {
        Operation::DenseForward(layer) => (layer.rows, layer.inputs * layer.outputs),
        Operation::DenseBackwardInput(layer) => (layer.rows, layer.inputs * layer.outputs),
        _ => return [usize::MAX; 2],
    };
    let far = weights * size_of::<f32>() > NEAR;
    [rows / BEST[usize::from(far)], rows.div_ceil(GRAIN)]
}

/// Runs an operation on rows of the batch.
///
/// # Safety
/// While it runs, no other thread may use these rows of its buffers, nor write to what it reads.
pub(super) unsafe fn run(
    operation: &Operation,
    bound: &Bound<'_>,
    rows: Range<usize>,
    hands: &mut Hands<'_>,
) {
    // SAFETY: the caller's promise; each function keeps to these rows of what it writes.
    unsafe {
        match operation {
            Operation::Gather(gather) => self::gather(gather, bound, rows),
            Operation::DenseForward(layer) => forward(layer, bound, rows, hands),
            Operation::Activate(function) => activate(function, bound, rows),
            Operation::LayerNorm(norm) => norms::forward(norm, bound, rows),
            Operation::LayerNormBackwardInput(norm) => norms::backward_input(norm, bound, rows),
            Operation::Softmax(softmax) => probabilities(softmax, bound, rows),
            Operation::LossGradient(loss) => self::loss(loss, bound, rows),
            Operation::Dropout(layer) => dropout(layer, bound, rows),
            Operation::DenseBackwardInput(layer) => backward_input(layer, bound, rows, hands),
            _ => unreachable!("{} is not done by rows", operation.kernel().stem()),
        }
    }
}

/// The elements of rows of a tensor with so many columns.
pub(super) const fn of(rows: &Range<usize>, columns: usize) -> Range<usize> {
    rows.start * columns..rows.end * columns
}

/// The rows of the data set that rows of a batch come from.
pub(super) fn sources(
    control: Control,
    (count, shuffle, seed): (usize, Shuffle, u64),
    rows: Range<usize>,
) -> impl Iterator<Item = usize> {
    let seed = seed_of(seed);
    rows.map(move |row| {
        let position = control.first + row as u32;
        match shuffle {
            Shuffle::EveryEpoch => permute(position, count as u32, seed, control.epoch) as usize,
            Shuffle::Never => position as usize,
        }
    })
}

/// # Safety
/// As [`run`], as all of these.
unsafe fn gather(gather: &Gather, bound: &Bound<'_>, rows: Range<usize>) {
    let columns = gather.columns;
    // SAFETY: the data set is only read, and these rows of the batch are ours.
    let (control, data, batch) = unsafe {
        (
            bound.control(),
            bound.words(1, 0..gather.chunk_rows * columns),
            bound.words_mut(2, of(&rows, columns)),
        )
    };
    let order = (gather.count, gather.shuffle, gather.seed);
    for (source, row) in sources(control, order, rows).zip(batch.chunks_exact_mut(columns)) {
        let from = source.wrapping_sub(gather.chunk_first);
        if from < gather.chunk_rows {
            row.copy_from_slice(&data[from * columns..(from + 1) * columns]);
        }
    }
}

/// y = f(x · Wᵀ + b)
///
/// # Safety
/// As [`run`].
pub(super) unsafe fn forward(
    layer: &DenseForward,
    bound: &Bound<'_>,
    rows: Range<usize>,
    hands: &mut Hands<'_>,
) {
    let (i, o) = (layer.inputs, layer.outputs);
    // SAFETY: x, the parameters and their panels are only read, and these rows of y are ours.
    let (x, parameters, panels, y) = unsafe {
        (
            bound.read(1, of(&rows, i)),
            bound.read(2, 0..o * (i + 1)),
            hands.panels.find(Place { buffer: bound.ids[2], at: 0 }),
            bound.write(3, of(&rows, o)),
        )
    };
    let of = (rows.len(), Layer { inputs: i, outputs: o }, layer.function);
    weights::forward(of, y, x, parameters.split_at(o * i), panels, hands.workspace);
}

unsafe fn activate(layer: &Activate, bound: &Bound<'_>, rows: Range<usize>) {
    let range = of(&rows, layer.columns);
    // SAFETY: z is only read, and these rows of y are ours.
    let (z, y) = unsafe { (bound.read(1, range.clone()), bound.write(2, range)) };
    y.copy_from_slice(z);
    passes::activate_all(layer.function, y);
}

unsafe fn probabilities(layer: &Softmax, bound: &Bound<'_>, rows: Range<usize>) {
    let range = of(&rows, layer.outputs);
    // SAFETY: z is only read, and these rows of the probabilities are ours.
    let (z, probability) = unsafe { (bound.read(1, range.clone()), bound.write(2, range)) };
    let rows = z.chunks_exact(layer.outputs).zip(probability.chunks_exact_mut(layer.outputs));
    for (z, probability) in rows {
        softmax(z, probability);
    }
}

unsafe fn loss(layer: &LossGradient, bound: &Bound<'_>, rows: Range<usize>) {
    let (o, columns) = (layer.outputs, layer.criterion.target_columns(layer.outputs));
    // SAFETY: the targets are only read; these rows of z and d_z are ours.
    let (control, z, targets, d_z) = unsafe {
        (
            bound.control(),
            bound.read(1, of(&rows, o)),
            bound.words(2, of(&rows, columns)),
            bound.write(3, of(&rows, o)),
        )
    };
    // The whole batch's metrics stand together, and so do its weights.
    let of_batch = control.before as usize + rows.start..control.before as usize + rows.end;
    // SAFETY: the metrics of these rows are ours.
    let metrics = pairs_mut(unsafe { bound.words_mut(4, of(&of_batch, 2)) });
    passes::loss::<Plain>(
        layer.criterion,
        o,
        z,
        targets,
        d_z,
        metrics,
        control.batch_rows() as usize,
    );
    if matches!(layer.weighting, Weighting::Rows { .. }) {
        // SAFETY: the weights are only read.
        let weights = unsafe { bound.read(5, of_batch) };
        layer.weighting.weigh(weights, d_z, metrics);
    }
}

/// y = x ∘ mask / (1 − p)
unsafe fn dropout(layer: &Dropout, bound: &Bound<'_>, rows: Range<usize>) {
    let range = of(&rows, layer.columns);
    // SAFETY: x is only read, and these rows of y are ours.
    let (control, x, y) =
        unsafe { (bound.control(), bound.read(1, range.clone()), bound.write(2, range)) };
    let first = control.before as usize + rows.start;
    super::dropout::dropout(layer, control.step, first, x, y);
}

/// d_z_below = (d_z · W) ∘ f′
unsafe fn backward_input(
    layer: &DenseBackwardInput,
    bound: &Bound<'_>,
    rows: Range<usize>,
    hands: &mut Hands<'_>,
) {
    let (i, o) = (layer.inputs, layer.outputs);
    // SAFETY: d_z, the parameters and what was kept are only read, and these rows of d_z_below
    // are ours.
    let (d_z, weight, kept, d_z_below) = unsafe {
        (
            bound.read(1, of(&rows, o)),
            bound.read(2, 0..o * i),
            bound.read(3, of(&rows, i)),
            bound.write(4, of(&rows, i)),
        )
    };
    let of = (rows.len(), Layer { inputs: i, outputs: o }, layer.function);
    weights::backward(of, d_z_below, d_z, weight, kept, hands.workspace);
}
