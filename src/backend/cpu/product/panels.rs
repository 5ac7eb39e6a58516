//! Weights in panels: W\[n,k\] transposed, 32 units side by side for each input, so that a product with
//! Wᵀ reads vectors of units one after another.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use crate::backend::cpu::part::pieces;
use crate::backend::cpu::simd::dispatch;

/// Units of a panel.
pub(in crate::backend::cpu) const PANEL: usize = 32;

/// Inputs whose part of a panel stays in the L1 cache until all units are there.
const TOGETHER: usize = 64;

/// Side of the squares that are transposed in registers.
const SQUARE: usize = 4;

/// Floats of all panels of \[n, k\] weights.
pub(in crate::backend::cpu) const fn panel_words(n: usize, k: usize) -> usize {
    n.div_ceil(PANEL) * PANEL * k
}

/// Packs the panels of W\[n,k\] with these numbers into `panels`, which starts with the first of
/// them.
pub(in crate::backend::cpu) fn put_into_panels(
    weight: &[f32],
    [n, k]: [usize; 2],
    numbers: Range<usize>,
    panels: &mut [f32],
) {
    if k > 0 {
        dispatch(Transposition { weight, n, k, numbers, panels });
    }
}

struct Transposition<'a> {
    weight: &'a [f32],
    n: usize,
    k: usize,
    numbers: Range<usize>,
    panels: &'a mut [f32],
}

impl WithSimd for Transposition<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { weight, n, k, numbers, panels } = self;
        for (number, panel) in numbers.zip(panels.chunks_exact_mut(PANEL * k)) {
            let units = number * PANEL..n.min((number + 1) * PANEL);
            let weight = &weight[units.start * k..units.end * k];
            let whole = units.len() / SQUARE * SQUARE;
            for inputs in pieces(0..k, TOGETHER) {
                for first in (0..whole).step_by(SQUARE) {
                    squares(&weight[first * k..], k, inputs.clone(), panel, first);
                }
            }
            for unit in whole..units.len() {
                for (l, w) in weight[unit * k..(unit + 1) * k].iter().enumerate() {
                    panel[l * PANEL + unit] = *w;
                }
            }
        }
    }
}

/// Some weights of [`SQUARE`] units of k each, transposed into a panel from its unit `first` on.
#[inline(always)]
fn squares(weight: &[f32], k: usize, inputs: Range<usize>, panel: &mut [f32], first: usize) {
    // So that the loops below need no bounds checks.
    assert!(first <= PANEL - SQUARE);
    let row = |unit: usize| weight[unit * k..][inputs.clone()].as_chunks::<SQUARE>();
    let rows: [_; SQUARE] = std::array::from_fn(row);
    let [(a, _), (b, _), (c, _), (d, _)] = rows;
    let panel = &mut panel[inputs.start * PANEL..inputs.end * PANEL];
    let (squares, left) = panel.as_chunks_mut::<{ SQUARE * PANEL }>();
    for ((((a, b), c), d), place) in a.iter().zip(b).zip(c).zip(d).zip(squares) {
        for (column, units) in transposed([*a, *b, *c, *d]).iter().enumerate() {
            place[column * PANEL + first..][..SQUARE].copy_from_slice(units);
        }
    }
    for (unit, (_, rest)) in rows.into_iter().enumerate() {
        for (w, place) in rest.iter().zip(left.chunks_exact_mut(PANEL)) {
            place[first + unit] = *w;
        }
    }
}

/// The transpose, in two rounds of interleaving. The compiler by itself moves number by number.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn transposed(rows: [[f32; SQUARE]; SQUARE]) -> [[f32; SQUARE]; SQUARE] {
    use std::arch::x86_64::{__m128, _mm_unpackhi_ps, _mm_unpacklo_ps};

    let [a, b, c, d] = rows.map(bytemuck::cast::<_, __m128>);
    // SAFETY: every x86-64 processor has SSE.
    let columns = unsafe {
        let [ac, bd] =
            [(a, c), (b, d)].map(|(x, y)| [_mm_unpacklo_ps(x, y), _mm_unpackhi_ps(x, y)]);
        [(ac[0], bd[0]), (ac[1], bd[1])]
            .map(|(x, y)| [_mm_unpacklo_ps(x, y), _mm_unpackhi_ps(x, y)])
    };
    let [[a, b], [c, d]] = columns;
    [a, b, c, d].map(bytemuck::cast)
}

#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn transposed(rows: [[f32; SQUARE]; SQUARE]) -> [[f32; SQUARE]; SQUARE] {
    std::array::from_fn(|column| rows.map(|row| row[column]))
}
