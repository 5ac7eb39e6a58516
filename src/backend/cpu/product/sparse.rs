//! Products whose left matrix is zero in many places, as it is behind a ReLU, in the gradient that
//! comes back through one, after dropout, and in one-hot columns: terms that are zero are left out.
//!
//! A block of A is packed in squares of 64 by 64, each row with a word whose bits say where it is not
//! zero. The kernel goes through the bits: for each it broadcasts a number of A and multiplies it with a
//! row of a block of B, into as many sums in registers. So a multiply-add takes a load, where those of a
//! [`tile`](super::tile) share theirs, and takes longer; but there are fewer. The block of B stays in
//! the L1 cache: where it would not, or each vector would lie in two cache lines, it is packed.
//!
//! The other terms are summed in the order in which [`Nest`](super::Nest) sums all of them, and adding
//! a zero changes no sum but the sign of another zero: so both compute the same numbers. But there zero
//! times what is not finite is NaN, and here it is left out.
//!
//! What this gains depends on the processor: most where it starts one multiply-add in a cycle, less
//! where it starts two, for these speed up dense products more.

use std::ops::Range;

use bytemuck::{Pod, Zeroable};
use pulp::{Simd, WithSimd};

use super::blocks::{DEPTH, LONG, NEAR, ROWS};
use super::operands::{Finish, Layout, Right, Start, check};
use super::panels::{PANEL, panel_words};
use super::prefetch::{prefetch, prefetch_to_l2};
use crate::backend::aligned::Aligned;
use crate::backend::cpu::part::{Part, pieces};

/// Side of a square of A, rows of a block of B, and bits of a word.
const SIDE: usize = 64;

/// [`Row`]s that make up a row of a block of B where registers are wide: the block has 32 KiB, of an L1
/// cache of 48 KiB.
const WIDE: usize = 2;

/// Vectors of sums in registers, at most, and so in a row of a block of B. Eight chains of multiply-adds
/// hide their latency even on processors that start two of them in a cycle, where four do not; so all
/// blocks have about as many, and none just the remainder. That makes four at least, for a product has
/// at least [`SIDE`] columns.
const SUMS: usize = 8;

/// Lines of A that are sampled, to estimate how much of it is zero.
const SAMPLES: usize = 8;

/// Time of a multiply-add here, relative to one of a dense product.
const LIVE: f32 = 1.6;

/// Time that each number of A takes besides its multiply-adds, in the same unit. Both were fitted to
/// timings with 64 to 2048 columns where two to three fifths of A were zero, and rounded up, so that
/// no product takes longer than a dense one.
const FOUND: f32 = 8.0;

/// Floats of a block of rows of C up to which the epilogue is applied to all at once, for they stay in
/// the L2 cache; in a larger one it is applied to each piece of a row as soon as that is written.
const WHOLE: usize = 1 << 16;

/// Rows of B as long as a multiple of so many floats start in so few sets of the L1 cache that they
/// evict each other.
const SETS: usize = 256;

/// Rows of C between the one that is written and the one that is prefetched.
const AHEAD: usize = 8;

/// As many numbers as a square of A is wide, aligned to a cache line.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C, align(64))]
struct Row([f32; SIDE]);

impl Row {
    /// Sets its first numbers. Of a whole row the compiler knows the length.
    #[inline(always)]
    fn copy(&mut self, from: &[f32]) {
        match from.first_chunk() {
            Some(all) => self.0 = *all,
            None => self.0[..from.len()].copy_from_slice(from),
        }
    }
}

/// Rows side by side, as vectors.
#[inline(always)]
fn vectors<S: Simd>(rows: &[Row]) -> &[S::f32s] {
    S::as_simd_f32s(bytemuck::cast_slice(rows)).0
}

/// The same, to be written.
#[inline(always)]
fn vectors_mut<S: Simd>(rows: &mut [Row]) -> &mut [S::f32s] {
    S::as_mut_simd_f32s(bytemuck::cast_slice_mut(rows)).0
}

/// Memory for packed blocks.
#[derive(Default)]
pub(super) struct Workspace {
    /// A block of A in squares, and where each row of them is not zero.
    left: Aligned<Row>,
    bits: Aligned<u64>,
    /// A block of B, where it is packed.
    right: Aligned<Row>,
    sums: Aligned<Row>,
}

impl Workspace {
    /// Grows to what a product of this size, or a part of it, needs.
    pub(super) fn reserve(&mut self, [m, _, _]: [usize; 3]) {
        let rows = ROWS.min(m).next_multiple_of(SIDE);
        self.left.grow_to(rows * DEPTH / SIDE);
        self.bits.grow_to(rows * DEPTH / SIDE);
        self.right.grow_to(WIDE * SIDE);
        self.sums.grow_to(WIDE * rows);
    }
}

/// Whether a product is large enough to be worth sampling A.
pub(super) const fn fits([m, n, k]: [usize; 3]) -> bool {
    m >= SIDE && n >= SIDE && k >= SIDE
}

/// Whether so much of A is zero that it pays to test each of its numbers.
pub(super) fn pays([m, n, k]: [usize; 3], a: &[f32], layout: Layout) -> bool {
    let (lines, floats, apart) = match layout.column {
        1 => (m, k, layout.row),
        apart => (k, m, apart),
    };
    let samples = (0..SAMPLES).map(|sample| &a[lines * sample / SAMPLES * apart..][..floats]);
    let count = |line: &[f32]| line.iter().filter(|a| **a != 0.0).count();
    let count: usize = samples.map(count).sum();
    let live = count as f32 / (SAMPLES * floats) as f32;
    // Columns beyond whole squares make blocks narrower, and each number of A takes longer.
    FOUND + LIVE * live * n.next_multiple_of(SIDE) as f32 <= n as f32
}

/// A product without the terms that are zero.
pub(super) struct Sparse<'a> {
    size: [usize; 3],
    c: &'a mut [f32],
    start: Start<'a>,
    a: &'a [f32],
    layout: Layout,
    b: Right<'a>,
    workspace: &'a mut Workspace,
    finish: Finish<'a>,
}

impl<'a> Sparse<'a> {
    pub(super) fn new(
        size: [usize; 3],
        (c, start): (&'a mut [f32], Start<'a>),
        (a, layout): (&'a [f32], Layout),
        b: Right<'a>,
        workspace: &'a mut Workspace,
        finish: Finish<'a>,
    ) -> Self {
        check(size, (c, start), (a, layout), b);
        workspace.reserve(size);
        Self { size, c, start, a, layout, b, workspace, finish }
    }
}

impl WithSimd for Sparse<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match (SUMS * S::F32_LANES > SIDE, self.layout.column) {
            (true, 1) => self.run::<S, WIDE, false>(simd),
            (true, _) => self.run::<S, WIDE, true>(simd),
            (false, 1) => self.run::<S, 1, false>(simd),
            (false, _) => self.run::<S, 1, true>(simd),
        }
    }
}

impl Sparse<'_> {
    /// With blocks of B that are W rows wide.
    #[inline(always)]
    fn run<S: Simd, const W: usize, const TRANSPOSED: bool>(mut self, simd: S) {
        let [m, n, k] = self.size;
        let vectors = n.div_ceil(S::F32_LANES);
        let blocks = vectors.div_ceil(SUMS);
        for rows in pieces(0..m, ROWS) {
            let whole = rows.len() * n <= WHOLE;
            for depth in pieces(0..k, DEPTH) {
                let part = [rows.clone(), depth.clone()];
                let Workspace { left, bits, .. } = &mut *self.workspace;
                pack::<S, TRANSPOSED>(simd, (self.a, self.layout), part.clone(), left, bits);
                let ready = depth.end == k && !whole;
                for number in 0..blocks {
                    let Range { start, end } = Part { number, of: blocks }.share(vectors, 1);
                    let columns = start * S::F32_LANES..n.min(end * S::F32_LANES);
                    let part = part.clone();
                    match end - start {
                        4 => self.columns::<S, W, 4, TRANSPOSED>(simd, part, columns, ready),
                        5 => self.columns::<S, W, 5, TRANSPOSED>(simd, part, columns, ready),
                        6 => self.columns::<S, W, 6, TRANSPOSED>(simd, part, columns, ready),
                        7 => self.columns::<S, W, 7, TRANSPOSED>(simd, part, columns, ready),
                        _ => self.columns::<S, W, SUMS, TRANSPOSED>(simd, part, columns, ready),
                    }
                }
            }
            if whole {
                (self.finish)(&mut self.c[rows.start * n..rows.end * n], rows.start * n);
            }
        }
    }

    /// Some rows of A, a part of their depth, times V vectors of columns of B; `ready`: these are
    /// complete then, and the epilogue is to be applied.
    #[inline(always)]
    fn columns<S: Simd, const W: usize, const V: usize, const TRANSPOSED: bool>(
        &mut self,
        simd: S,
        [rows, depth]: [Range<usize>; 2],
        columns: Range<usize>,
        ready: bool,
    ) {
        let Self { size: [_, n, k], start, b, finish, .. } = *self;
        let right = Blocks { b, k };
        let Workspace { left, bits, right: memory, sums } = &mut *self.workspace;
        let (memory, sums) = (memory.as_chunks_mut::<W>().0, sums.as_chunks_mut::<W>().0);
        let memory = memory.first_chunk_mut().expect("it holds one");
        let sums = &mut sums[..rows.len()];
        let across = depth.len().div_ceil(SIDE);
        for (number, l) in depth.clone().step_by(SIDE).enumerate() {
            let operand = right.operand::<S, W, V>(l, columns.clone(), memory);
            let next = match l + SIDE < depth.end {
                true => [l + SIDE, columns.start],
                false => [depth.start, columns.end],
            };
            let bands = sums.len().div_ceil(SIDE);
            for (band, sums) in sums.chunks_mut(SIDE).enumerate() {
                right.prefetch(next, V * S::F32_LANES, [band, bands]);
                let at = (band * across + number) * SIDE;
                let left = left[at..].first_chunk().expect("whole squares");
                let bits = bits[at..].first_chunk().expect("as many words");
                // SAFETY: the operand has V vectors of all rows that B has from l on, and `pack` has
                // set no bit for others.
                unsafe {
                    multiply::<S, W, V, TRANSPOSED>(
                        simd,
                        (left, bits),
                        operand,
                        (sums, number == 0),
                    );
                }
            }
        }
        let start = if depth.start == 0 { start } else { Start::Kept };
        let ready = ready.then_some(finish);
        store::<S, W, V>(simd, (&mut *self.c, n), [rows, columns], (sums, start), ready);
    }
}

/// A block of A in squares, band after band of its rows, and where they are not zero.
#[inline(always)]
fn pack<S: Simd, const TRANSPOSED: bool>(
    simd: S,
    (a, layout): (&[f32], Layout),
    [rows, depth]: [Range<usize>; 2],
    left: &mut [Row],
    bits: &mut [u64],
) {
    let across = depth.len().div_ceil(SIDE);
    let squares = left.as_chunks_mut().0.iter_mut().zip(bits.as_chunks_mut().0);
    let count = across * rows.len().div_ceil(SIDE);
    for (number, (square, bits)) in squares.take(count).enumerate() {
        let (square, bits): (&mut [Row; SIDE], &mut [u64; SIDE]) = (square, bits);
        let i = rows.start + number / across * SIDE;
        let l = depth.start + number % across * SIDE;
        let size = [SIDE.min(rows.end - i), SIDE.min(depth.end - l)];
        let ([lines, floats], start, apart) = match TRANSPOSED {
            false => (size, i * layout.row + l, layout.row),
            true => ([size[1], size[0]], l * layout.column + i, layout.column),
        };
        for (line, (row, bits)) in square[..lines].iter_mut().zip(&mut *bits).enumerate() {
            let from = &a[start + line * apart..][..floats];
            row.copy(from);
            row.0[floats..].fill(0.0);
            *bits = not_zero(simd, row);
        }
        if TRANSPOSED {
            bits[lines..].fill(0);
            transpose(bits);
        }
    }
}

/// A bit for each number that is not zero; NaN is not.
#[inline(always)]
fn not_zero<S: Simd>(simd: S, row: &Row) -> u64 {
    let vectors = S::as_simd_f32s(&row.0).0.iter().enumerate();
    vectors.fold(0, |bits, (number, vector)| {
        let mask = simd.not_m32s(simd.equal_f32s(*vector, simd.splat_f32s(0.0)));
        let mask = match bytemuck::bytes_of(&mask) {
            // AVX-512 has a bit for each lane.
            &[low, high] if S::F32_LANES == 16 => u64::from(u16::from_ne_bytes([low, high])),
            lanes => {
                let lanes = lanes.chunks_exact(lanes.len() / S::F32_LANES).enumerate();
                lanes.fold(0, |bits, (lane, bytes)| bits | u64::from(bytes[0] & 1) << lane)
            }
        };
        bits | mask << (number * S::F32_LANES)
    })
}

/// Bits of columns to bits of rows: halves across, then quarters, and so on (Warren, "Hacker's
/// Delight", 7-3).
#[inline(always)]
fn transpose(bits: &mut [u64; SIDE]) {
    let (mut apart, mut mask) = (SIDE / 2, u64::from(u32::MAX));
    while apart > 0 {
        for pair in bits.chunks_exact_mut(2 * apart) {
            let (low, high) = pair.split_at_mut(apart);
            for (low, high) in low.iter_mut().zip(high) {
                let swapped = (*low >> apart ^ *high) & mask;
                *high ^= swapped;
                *low ^= swapped << apart;
            }
        }
        apart /= 2;
        mask ^= mask << apart;
    }
}

/// Adds sums to what they start from, in their columns of C, whose rows have n; and applies the epilogue
/// where it is given.
#[inline(always)]
fn store<S: Simd, const W: usize, const V: usize>(
    simd: S,
    (c, n): (&mut [f32], usize),
    [rows, columns]: [Range<usize>; 2],
    (sums, start): (&[[Row; W]], Start<'_>),
    ready: Option<Finish<'_>>,
) {
    for (row, sums) in rows.zip(sums) {
        let at = row * n + columns.start;
        prefetch(c.as_ptr().wrapping_add(at + AHEAD * n), V * S::F32_LANES);
        let c = &mut c[at..at + columns.len()];
        let start = match start {
            Start::Row(bias) => Start::Row(&bias[columns.clone()]),
            same => same,
        };
        put::<S, V>(simd, c, start, sums);
        if let Some(finish) = ready {
            finish(c, at);
        }
    }
}

/// V vectors of a row of sums, or what the last block has of them, added to what they start from.
#[inline(always)]
fn put<S: Simd, const V: usize>(simd: S, c: &mut [f32], start: Start<'_>, sums: &[Row]) {
    let Some(whole) = S::as_mut_simd_f32s(c).0.first_chunk_mut::<V>() else {
        let sums: &[f32] = bytemuck::cast_slice(sums);
        let sums = c.iter_mut().zip(sums);
        return match start {
            Start::Zero => sums.for_each(|(c, sum)| *c = *sum),
            Start::Kept => sums.for_each(|(c, sum)| *c += sum),
            Start::Row(bias) => sums.zip(bias).for_each(|((c, sum), bias)| *c = bias + sum),
        };
    };
    let sums = vectors::<S>(sums).first_chunk::<V>().expect("they are no fewer");
    let all = whole.iter_mut().zip(sums);
    match start {
        Start::Zero => *whole = *sums,
        Start::Kept => all.for_each(|(c, sum)| *c = simd.add_f32s(*c, *sum)),
        Start::Row(bias) => {
            let bias = S::as_simd_f32s(bias).0;
            all.zip(bias).for_each(|((c, sum), bias)| *c = simd.add_f32s(*bias, *sum));
        }
    }
}

/// The matrix on the right, block by block.
struct Blocks<'a> {
    b: Right<'a>,
    /// Rows of the matrix.
    k: usize,
}

/// Vectors of some of its rows, in place or packed.
#[derive(Clone, Copy)]
struct Operand {
    start: *const f32,
    /// From one row to the next.
    row: usize,
    /// From [`PANEL`] columns to the next as many.
    panel: usize,
}

impl<'a> Blocks<'a> {
    /// V vectors of each row from row l on, up to the block's or the matrix's end: in place, if they
    /// stay in the L1 cache there and none lies in two cache lines, as in panels none does; otherwise
    /// packed.
    #[inline(always)]
    fn operand<S: Simd, const W: usize, const V: usize>(
        &self,
        l: usize,
        columns: Range<usize>,
        memory: &mut [[Row; W]; SIDE],
    ) -> Operand {
        match self.b {
            Right::Panels(panels) if self.whole(panels, columns.start, V * S::F32_LANES) => {
                let start = panels[(columns.start / PANEL * self.k + l) * PANEL..].as_ptr();
                Operand { start, row: PANEL, panel: PANEL * self.k }
            }
            Right::Rows(b, row) if spread::<S>(b, row) && columns.len() == V * S::F32_LANES => {
                Operand { start: b[l * row + columns.start..].as_ptr(), row, panel: PANEL }
            }
            _ => {
                self.load::<S, W, V>(l, columns, memory);
                Operand { start: memory.as_ptr().cast(), row: W * SIDE, panel: PANEL }
            }
        }
    }

    /// Whether so many columns begin where a panel does, and all of them have panels.
    const fn whole(&self, panels: &[f32], first: usize, columns: usize) -> bool {
        first.is_multiple_of(PANEL) && panel_words(first + columns, self.k) <= panels.len()
    }

    /// Packs some columns from row l on, as far as the matrix goes; what is beyond stays as it is, and
    /// enters no sum that is used. They start at a multiple of a vector from the first column.
    #[inline(always)]
    fn load<S: Simd, const W: usize, const V: usize>(
        &self,
        l: usize,
        columns: Range<usize>,
        block: &mut [[Row; W]; SIDE],
    ) {
        let block = &mut block[..SIDE.min(self.k - l)];
        match self.b {
            Right::Rows(b, apart) => {
                for (l, row) in (l..).zip(block) {
                    let from = &b[l * apart + columns.start..][..columns.len()];
                    match S::as_simd_f32s(from).0.first_chunk::<V>() {
                        Some(whole) => vectors_mut::<S>(row)[..V].copy_from_slice(whole),
                        None => {
                            let row: &mut [f32] = bytemuck::cast_slice_mut(row);
                            row[..from.len()].copy_from_slice(from);
                        }
                    }
                }
            }
            Right::Panels(panels) => {
                let mut column = columns.start;
                while column < columns.end {
                    let panel = panels[(column / PANEL * self.k + l) * PANEL..].chunks_exact(PANEL);
                    let (within, to) = (column % PANEL, column - columns.start);
                    let rows = block.iter_mut().map(|row| bytemuck::cast_slice_mut(row)).zip(panel);
                    column += if within == 0 && columns.end - column >= PANEL {
                        rows.for_each(|(row, from)| row[to..][..PANEL].copy_from_slice(from));
                        PANEL
                    } else {
                        // Lanes divide a panel.
                        let (from, to) = (within / S::F32_LANES, to / S::F32_LANES);
                        rows.for_each(|(row, panel)| {
                            S::as_mut_simd_f32s(row).0[to] = S::as_simd_f32s(panel).0[from];
                        });
                        S::F32_LANES
                    };
                }
            }
        }
    }

    /// Prefetches a part of a block, one out of so many, if its rows are far: to the L2 cache, for the
    /// L1 cache holds the block that is used. After the last columns it is not the next block, which
    /// does no harm.
    #[inline(always)]
    fn prefetch(&self, [l, j]: [usize; 2], floats: usize, [part, of]: [usize; 2]) {
        let Right::Rows(b, apart) = self.b else { return };
        if size_of_val(b) <= NEAR {
            return;
        }
        for row in l + SIDE * part / of..l + SIDE * (part + 1) / of {
            prefetch_to_l2(b.as_ptr().wrapping_add(row * apart + j), floats);
        }
    }
}

/// Whether vectors of rows that are so far apart lie in one cache line each, and spread over the sets of
/// the L1 cache and over no more pages than its TLB holds.
#[inline(always)]
fn spread<S: Simd>(b: &[f32], apart: usize) -> bool {
    let whole = b.as_ptr().addr().is_multiple_of(size_of::<S::f32s>());
    whole && apart.is_multiple_of(S::F32_LANES) && !apart.is_multiple_of(SETS) && apart < LONG
}

/// sums += left · right, in V vectors; if these are the `first` rows on the right, the sums start from
/// zero. The bits say what is not zero on the left, which is stored column by column if it is
/// `TRANSPOSED`.
///
/// # Safety
/// The right must have V vectors of each row whose bit is set.
#[inline(always)]
unsafe fn multiply<S: Simd, const W: usize, const V: usize, const TRANSPOSED: bool>(
    simd: S,
    (left, bits): (&[Row; SIDE], &[u64; SIDE]),
    right: Operand,
    (sums, first): (&mut [[Row; W]], bool),
) {
    for (row, (bits, sums)) in bits.iter().zip(sums).enumerate() {
        let sums = vectors_mut::<S>(sums).first_chunk_mut::<V>().expect("they are no fewer");
        let mut registers = if first { [simd.splat_f32s(0.0); V] } else { *sums };
        let mut bits = *bits;
        while bits != 0 {
            let column = bits.trailing_zeros() as usize;
            bits &= bits - 1;
            let x = if TRANSPOSED { left[column].0[row] } else { left[row].0[column] };
            let x = simd.splat_f32s(x);
            for (number, sum) in registers.iter_mut().enumerate() {
                let at = number * S::F32_LANES;
                let at = at / PANEL * right.panel + at % PANEL;
                // SAFETY: the caller's promise.
                let vector = unsafe {
                    right.start.add(column * right.row + at).cast::<S::f32s>().read_unaligned()
                };
                *sum = simd.mul_add_e_f32s(x, vector, *sum);
            }
        }
        *sums = registers;
    }
}
