//! The dense layer on the CPU: a matrix product, then one pass with the epilogue.

use gemm::Parallelism;
use rayon::prelude::*;

use crate::kernels::{
    Control, DenseBackwardInput, DenseBackwardWeight, DenseForward, Function, Kernel as _, Words,
    floats, floats_mut, slots,
};

/// Below so many multiply-adds a product costs less than calling it: the twin does it.
const TINY: usize = 512;

/// From so many multiply-adds on, threads pay (as `gemm` itself has it).
const THREADED: usize = 48 * 48 * 256;

/// Elements of an epilogue that are worth a thread of their own.
const PART: usize = 1 << 15;

/// A matrix that stands in a slice: the distances between its rows and between its columns.
#[derive(Clone, Copy)]
struct Layout {
    row: usize,
    column: usize,
}

impl Layout {
    /// Row by row, `columns` wide.
    const fn rows(columns: usize) -> Self {
        Self { row: columns, column: 1 }
    }

    /// The same memory seen as its transpose.
    const fn transposed(self) -> Self {
        Self { row: self.column, column: self.row }
    }

    /// Elements that an \[m, n\] matrix of this layout spans.
    const fn span(self, m: usize, n: usize) -> usize {
        if m == 0 || n == 0 { 0 } else { (m - 1) * self.row + (n - 1) * self.column + 1 }
    }
}

/// C\[m,n\] = A\[m,k\] · B\[k,n\].
fn product(
    [m, n, k]: [usize; 3],
    (c, c_layout): (&mut [f32], Layout),
    (a, a_layout): (&[f32], Layout),
    (b, b_layout): (&[f32], Layout),
) {
    assert!(c_layout.span(m, n) <= c.len(), "C is too short");
    assert!(a_layout.span(m, k) <= a.len(), "A is too short");
    assert!(b_layout.span(k, n) <= b.len(), "B is too short");
    let threads = if m * n * k < THREADED { Parallelism::None } else { Parallelism::Rayon(0) };
    // SAFETY: the three assertions above keep every element that gemm touches,
    // row · i + column · j for i < m (or k) and j < n (or k), inside its slice; C is borrowed
    // mutably, so it overlaps neither A nor B, and a slice holds at most isize::MAX bytes, so no
    // distance overflows.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            c.as_mut_ptr(),
            c_layout.column as isize,
            c_layout.row as isize,
            false,
            a.as_ptr(),
            a_layout.column as isize,
            a_layout.row as isize,
            b.as_ptr(),
            b_layout.column as isize,
            b_layout.row as isize,
            0.0,
            1.0,
            false,
            false,
            false,
            threads,
        );
    }
}

/// y = f(x · Wᵀ + b)
pub(super) fn forward(layer: &DenseForward, bound: &mut [Words]) {
    let DenseForward { inputs: i, outputs: o, function, .. } = *layer;
    let rows = Control::from_words(&bound[0]).rows as usize;
    if rows * i * o < TINY {
        return layer.twin(bound);
    }
    let [_, x, parameters, y] = slots(bound);
    let (weight, bias) = floats(parameters).split_at(o * i);
    let y = &mut floats_mut(y)[..rows * o];
    product(
        [rows, o, i],
        (y, Layout::rows(o)),
        (floats(x), Layout::rows(i)),
        (weight, Layout::rows(i).transposed()),
    );
    in_parts(y, o, |y| {
        for row in y.chunks_exact_mut(o) {
            for (y, b) in row.iter_mut().zip(bias) {
                *y = function.value(*y + b);
            }
        }
    });
}

/// d_z_below = (d_z · W) ∘ f′
pub(super) fn backward_input(layer: &DenseBackwardInput, bound: &mut [Words]) {
    let DenseBackwardInput { inputs: i, outputs: o, function, .. } = *layer;
    let rows = Control::from_words(&bound[0]).rows as usize;
    if rows * i * o < TINY {
        return layer.twin(bound);
    }
    let [_, d_z, parameters, kept, d_z_below] = slots(bound);
    let d_z_below = &mut floats_mut(d_z_below)[..rows * i];
    product(
        [rows, i, o],
        (d_z_below, Layout::rows(i)),
        (floats(d_z), Layout::rows(o)),
        (floats(parameters), Layout::rows(i)),
    );
    if function == Function::Identity {
        return;
    }
    let kept = floats(kept);
    let part = part_of(i);
    d_z_below.par_chunks_mut(part).zip(kept[..rows * i].par_chunks(part)).for_each(
        |(d_z, kept)| {
            for (d_z, kept) in d_z.iter_mut().zip(kept) {
                *d_z *= function.derivative(*kept);
            }
        },
    );
}

/// d_W = d_zᵀ · x and d_b = Σ d_z, then the update.
pub(super) fn backward_weight(
    layer: &DenseBackwardWeight,
    bound: &mut [Words],
    gradient: &mut [f32],
) {
    let DenseBackwardWeight { inputs: i, outputs: o, .. } = *layer;
    let (read, written) = bound.split_at_mut(3);
    let [control, d_z, x] = slots(read);
    let control = Control::from_words(control);
    let rows = control.rows as usize;
    let d_z = &floats(d_z)[..rows * o];
    let gradient = &mut gradient[..o * (i + 1)];
    let (weight, bias) = gradient.split_at_mut(o * i);
    product(
        [o, i, rows],
        (weight, Layout::rows(i)),
        (d_z, Layout::rows(o).transposed()),
        (floats(x), Layout::rows(i)),
    );
    bias.fill(0.0);
    for row in d_z.chunks_exact(o) {
        for (d_b, d_z) in bias.iter_mut().zip(row) {
            *d_b += d_z;
        }
    }
    layer.apply(control.step, gradient, written);
}

/// Whole rows of about [`PART`] elements.
const fn part_of(columns: usize) -> usize {
    PART.div_ceil(columns) * columns
}

/// Runs a pass over whole rows, on several threads where it is long enough.
fn in_parts(elements: &mut [f32], columns: usize, pass: impl Fn(&mut [f32]) + Send + Sync) {
    let part = part_of(columns);
    if elements.len() <= part {
        pass(elements);
    } else {
        elements.par_chunks_mut(part).for_each(pass);
    }
}
