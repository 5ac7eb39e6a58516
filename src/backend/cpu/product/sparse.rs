//! Products whose left matrix is zero in many places, as it is behind a ReLU, in the gradient that
//! comes back through one, after dropout, and in one-hot columns: what is multiplied by nothing is
//! left out.
//!
//! A block of A is copied together in squares of 64 by 64, each row with a word whose bits say where
//! it is not zero. The kernel goes through the bits: each brings a number of A for all lanes and a row
//! of one or two squares of B, which stay in the first cache, to as many sums in registers. So a
//! multiply-add takes a load, where those of a [`tile`](super::tile) share theirs, and takes longer;
//! there are the fewer.
//!
//! The terms that are left are summed in the order in which [`Nest`](super::Nest) sums all of them,
//! and a zero changes no sum but the sign of another zero: so both make the same numbers. But zero
//! times what is not finite is NaN there, and nothing here.
//!
//! Measured with AVX-512 where half of A is zero, on a processor that starts one multiply-add in a
//! cycle: 512 rows through 2048×2048 took 0.72 to 0.76 of the time of a dense product, 128 rows through
//! 64×64 0.83; with AVX2 `wide` took 0.77. On one that starts two, dense products gain more: there,
//! 512 rows through 2048×1024 and 128 rows through 784×256 take 0.89 to 0.95 of the time, where three
//! fifths are zero 0.77 to 0.84; but with 64 columns they take 1.17 to 1.24.

use std::ops::Range;

use bytemuck::{Pod, Zeroable};
use pulp::{Simd, WithSimd};

use super::pack::prefetch;
use super::panels::PANEL;
use super::{DEPTH, Finish, Layout, ROWS, Right, Start, check, grow};
use crate::backend::cpu::team::pieces;

/// Side of a square of B, and bits of a word.
const SIDE: usize = 64;

/// Squares of B side by side, 32 KiB, where registers are wide: eight chains of multiply-adds hide
/// their latency even on processors that start two of them in a cycle, where four took 1.25 of the
/// time. Measured with a first cache of 48 KiB, and not yet with one of 32.
const WIDE: usize = 2;

/// Vectors of sums in registers.
const SUMS: usize = 8;

/// Lines of A that are looked at, to estimate how much of it is zero.
const SAMPLES: usize = 8;

/// Time of a multiply-add here, in those of a dense product.
const LIVE: f32 = 1.6;

/// What a number of A takes before it is multiplied at all, in the same unit. Both are a line through
/// what was measured with 64 to 2048 columns where half, two fifths and three fifths of A's numbers
/// were not zero, and somewhat more, lest a product take longer than a dense one; with 64 columns the
/// two processors disagree.
const FOUND: f32 = 8.0;

/// Floats of a block of rows of C up to which they are finished at once, for they stay in the second
/// cache; in a larger one each piece of a row is, as soon as it is written.
const WHOLE: usize = 1 << 16;

/// Rows of C between the one that is written and the one that is asked for.
const AHEAD: usize = 8;

/// As many numbers as a row of a square of B has. They begin where a line of the cache does.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C, align(64))]
struct Row([f32; SIDE]);

impl Row {
    const ZERO: Self = Self([0.0; SIDE]);

    /// Its first numbers are these. Of a whole row the compiler knows the length, here and below.
    #[inline(always)]
    fn copy(&mut self, from: &[f32]) {
        match from.first_chunk() {
            Some(all) => self.0 = *all,
            None => self.0[..from.len()].copy_from_slice(from),
        }
    }

    /// Its first numbers, to where they belong.
    #[inline(always)]
    fn put(&self, to: &mut [f32]) {
        match to.first_chunk_mut() {
            Some(all) => *all = self.0,
            None => to.copy_from_slice(&self.0[..to.len()]),
        }
    }

    /// Added to what its first numbers begin with.
    #[inline(always)]
    fn plus(mut self, start: &[f32]) -> Self {
        match start.first_chunk::<SIDE>() {
            Some(all) => self.0.iter_mut().zip(all).for_each(|(sum, start)| *sum += start),
            None => self.0.iter_mut().zip(start).for_each(|(sum, start)| *sum += start),
        }
        self
    }
}

/// Memory for what is copied together.
#[derive(Default)]
pub(super) struct Workspace {
    /// A block of A in squares, and where each row of them is not zero.
    left: Vec<Row>,
    bits: Vec<u64>,
    /// A square of B.
    right: Vec<Row>,
    sums: Vec<Row>,
}

impl Workspace {
    /// Grows to what a product of this size takes, or a part of it.
    pub(super) fn hold(&mut self, [m, _, _]: [usize; 3]) {
        let rows = ROWS.min(m).next_multiple_of(SIDE);
        grow(&mut self.left, rows * DEPTH / SIDE, Row::ZERO);
        grow(&mut self.bits, rows * DEPTH / SIDE, 0);
        grow(&mut self.right, WIDE * SIDE, Row::ZERO);
        grow(&mut self.sums, WIDE * rows, Row::ZERO);
    }
}

/// Whether a product is large enough to be worth a look at A.
pub(super) const fn fits([m, n, k]: [usize; 3]) -> bool {
    m >= SIDE && n >= SIDE && k >= SIDE
}

/// Whether so much of A is zero that it pays to ask for each of its numbers.
pub(super) fn pays([m, n, k]: [usize; 3], a: &[f32], layout: Layout) -> bool {
    let (lines, floats, apart) = match layout.column {
        1 => (m, k, layout.row),
        apart => (k, m, apart),
    };
    let samples = (0..SAMPLES).map(|sample| &a[lines * sample / SAMPLES * apart..][..floats]);
    let count = |line: &[f32]| line.iter().filter(|a| **a != 0.0).count();
    let count: usize = samples.map(count).sum();
    let live = count as f32 / (SAMPLES * floats) as f32;
    FOUND + LIVE * live * n.next_multiple_of(SIDE) as f32 <= n as f32
}

/// The product, as [`Nest`](super::Nest) has it.
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
        workspace: &'a mut super::Workspace,
        finish: Finish<'a>,
    ) -> Self {
        check(size, (c, start), (a, layout), b);
        let workspace = &mut workspace.sparse;
        workspace.hold(size);
        Self { size, c, start, a, layout, b, workspace, finish }
    }
}

impl WithSimd for Sparse<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match (WIDE * SIDE / S::F32_LANES, self.layout.column) {
            (SUMS, 1) => self.run::<S, WIDE, { SUMS / WIDE }, false>(simd),
            (SUMS, _) => self.run::<S, WIDE, { SUMS / WIDE }, true>(simd),
            (_, 1) => self.run::<S, 1, SUMS, false>(simd),
            (_, _) => self.run::<S, 1, SUMS, true>(simd),
        }
    }
}

impl Sparse<'_> {
    /// With W squares of B side by side; where only one is left, its sums are V vectors.
    #[inline(always)]
    fn run<S: Simd, const W: usize, const V: usize, const TURNED: bool>(self, simd: S) {
        let Self { size: [m, n, k], c, start, a, layout, b, workspace, finish } = self;
        let right = Squares { b, n, k };
        let Workspace { left, bits, right: square, sums } = workspace;
        let (square, sums) = (square.as_chunks_mut::<W>().0, sums.as_chunks_mut::<W>().0);
        let square = square.first_chunk_mut().expect("it holds one");
        for rows in pieces(0..m, ROWS) {
            let whole = rows.len() * n <= WHOLE;
            let sums = &mut sums[..rows.len()];
            for depth in pieces(0..k, DEPTH) {
                bring::<S, TURNED>(simd, (a, layout), [rows.clone(), depth.clone()], left, bits);
                let start = if depth.start == 0 { start } else { Start::Kept };
                for columns in pieces(0..n, W * SIDE) {
                    let across = depth.len().div_ceil(SIDE);
                    for (number, l) in depth.clone().step_by(SIDE).enumerate() {
                        right.load(l, columns.start, square);
                        let next = match l + SIDE < depth.end {
                            true => [l + SIDE, columns.start],
                            false => [depth.start, columns.end],
                        };
                        let bands = sums.len().div_ceil(SIDE);
                        for (band, sums) in sums.chunks_mut(SIDE).enumerate() {
                            right.ask::<W>(next, [band, bands]);
                            let at = (band * across + number) * SIDE;
                            let left = left[at..].first_chunk().expect("whole squares");
                            let bits = bits[at..].first_chunk().expect("as many words");
                            let (left, sums) = ((left, bits), (sums, number == 0));
                            match columns.len() > SIDE {
                                true => multiply::<S, W, SUMS, TURNED>(simd, left, square, sums, W),
                                false => multiply::<S, W, V, TURNED>(simd, left, square, sums, 1),
                            }
                        }
                    }
                    let ready = (depth.end == k && !whole).then_some(finish);
                    store((&mut *c, n), [rows.clone(), columns], (sums, start), ready);
                }
            }
            if whole {
                finish(&mut c[rows.start * n..rows.end * n], rows.start * n);
            }
        }
    }
}

/// A block of A in squares, band after band of its rows, and where they are not zero.
#[inline(always)]
fn bring<S: Simd, const TURNED: bool>(
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
        let ([lines, floats], start, apart) = match TURNED {
            false => (size, i * layout.row + l, layout.row),
            true => ([size[1], size[0]], l * layout.column + i, layout.column),
        };
        for (line, (row, bits)) in square[..lines].iter_mut().zip(&mut *bits).enumerate() {
            let from = &a[start + line * apart..][..floats];
            row.copy(from);
            row.0[floats..].fill(0.0);
            *bits = not_zero(simd, row);
        }
        if TURNED {
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

/// Sums to their columns of C, whose rows have n: with what they begin with, and finished where they
/// are ready.
#[inline(always)]
fn store<const W: usize>(
    (c, n): (&mut [f32], usize),
    [rows, columns]: [Range<usize>; 2],
    (sums, start): (&[[Row; W]], Start<'_>),
    ready: Option<Finish<'_>>,
) {
    for (row, sums) in rows.zip(sums) {
        let at = row * n + columns.start;
        prefetch(c.as_ptr().wrapping_add(at + AHEAD * n), W * SIDE);
        let c = &mut c[at..at + columns.len()];
        for (part, (sums, c)) in sums.iter().zip(c.chunks_mut(SIDE)).enumerate() {
            match start {
                Start::Zero => sums.put(c),
                Start::Kept => sums.plus(c).put(c),
                Start::Row(bias) => {
                    sums.plus(&bias[columns.start + part * SIDE..][..c.len()]).put(c)
                }
            }
        }
        if let Some(finish) = ready {
            finish(c, at);
        }
    }
}

/// The matrix on the right, square by square.
struct Squares<'a> {
    b: Right<'a>,
    n: usize,
    k: usize,
}

impl<'a> Squares<'a> {
    /// The squares from row l and column j on, as far as the matrix goes; what is beyond stays as it is,
    /// and comes into no sum that is used.
    #[inline(always)]
    fn load<const W: usize>(&self, l: usize, j: usize, square: &mut [[Row; W]; SIDE]) {
        /// Panels of a square.
        const PANELS: usize = SIDE / PANEL;
        let rows = SIDE.min(self.k - l);
        match self.b {
            Right::Rows(b, apart) => {
                let columns = (W * SIDE).min(self.n - j);
                for (l, row) in (l..).zip(&mut square[..rows]) {
                    let from = b[l * apart + j..][..columns].chunks(SIDE);
                    row.iter_mut().zip(from).for_each(|(row, from)| row.copy(from));
                }
            }
            Right::Panels(panels) => {
                let panels = panels.chunks_exact(self.k * PANEL).skip(j / PANEL);
                for (number, panel) in panels.take(W * PANELS).enumerate() {
                    let from = panel[l * PANEL..].as_chunks::<PANEL>().0;
                    for (row, from) in square[..rows].iter_mut().zip(from) {
                        let row = &mut row[number / PANELS].0;
                        row[number % PANELS * PANEL..][..PANEL].copy_from_slice(from);
                    }
                }
            }
        }
    }

    /// Asks for a part of the squares, one out of so many, if it is to be copied from rows. At the end
    /// of a block it is not the next one, and does no harm.
    #[inline(always)]
    fn ask<const W: usize>(&self, [l, j]: [usize; 2], [part, of]: [usize; 2]) {
        let Right::Rows(b, apart) = self.b else { return };
        for row in l + SIDE * part / of..l + SIDE * (part + 1) / of {
            prefetch(b.as_ptr().wrapping_add(row * apart + j), W * SIDE);
        }
    }
}

/// sums += left · right, of so many squares on the right and V vectors at once; if these are the `first`
/// squares, they begin with zero. The bits say what is not zero on the left, whose rows stand here as
/// columns if it is `TURNED`.
#[inline(always)]
fn multiply<S: Simd, const W: usize, const V: usize, const TURNED: bool>(
    simd: S,
    (left, bits): (&[Row; SIDE], &[u64; SIDE]),
    right: &[[Row; W]; SIDE],
    (sums, first): (&mut [[Row; W]], bool),
    squares: usize,
) {
    let parts = squares * SIDE / (V * S::F32_LANES);
    for (row, (bits, sums)) in bits.iter().zip(sums).enumerate() {
        let sums = S::as_mut_simd_f32s(bytemuck::cast_slice_mut(sums)).0;
        for (part, sums) in sums.as_chunks_mut::<V>().0[..parts].iter_mut().enumerate() {
            let mut registers = if first { [simd.splat_f32s(0.0); V] } else { *sums };
            let mut bits = *bits;
            while bits != 0 {
                let column = bits.trailing_zeros() as usize;
                bits &= bits - 1;
                let x = if TURNED { left[column].0[row] } else { left[row].0[column] };
                let x = simd.splat_f32s(x);
                let vectors = S::as_simd_f32s(bytemuck::cast_slice(&right[column])).0;
                let vectors = vectors.as_chunks::<V>().0[part];
                for (sum, vector) in registers.iter_mut().zip(vectors) {
                    *sum = simd.mul_add_e_f32s(x, vector, *sum);
                }
            }
            *sums = registers;
        }
    }
}
