//! The matrices of a product C\[m,n\] = start + A\[m,k\] · B\[k,n\].

use super::panels::panel_words;

/// Where an element of a matrix stands: the distances, in floats, between its rows and between its
/// columns.
#[derive(Clone, Copy)]
pub(in crate::backend::cpu) struct Layout {
    pub(super) row: usize,
    pub(super) column: usize,
}

impl Layout {
    /// Row by row, `columns` wide.
    pub(in crate::backend::cpu) const fn rows(columns: usize) -> Self {
        Self { row: columns, column: 1 }
    }

    /// The same memory seen as its transpose.
    pub(in crate::backend::cpu) const fn transposed(self) -> Self {
        Self { row: self.column, column: self.row }
    }

    /// Elements that an \[m, n\] matrix of this layout spans.
    const fn span(self, m: usize, n: usize) -> usize {
        if m == 0 || n == 0 { 0 } else { (m - 1) * self.row + (n - 1) * self.column + 1 }
    }
}

/// What a sum starts from.
#[derive(Clone, Copy)]
pub(in crate::backend::cpu) enum Start<'a> {
    /// Zero: C is overwritten.
    Zero,
    /// What C holds.
    Kept,
    /// The same row for all rows of C: a bias.
    Row(&'a [f32]),
}

/// B.
#[derive(Clone, Copy)]
pub(in crate::backend::cpu) enum Right<'a> {
    /// Row by row, with the floats from one row to the next.
    Rows(&'a [f32], usize),
    /// In panels, as [`super::put_into_panels`] packs a transposed matrix.
    Panels(&'a [f32]),
}

/// An epilogue: called with each piece of C that is complete, while it is in a cache, and with the
/// element of C at which it starts. Pieces are long, so a call costs little, where code of its own for
/// each epilogue made the product the largest function of the library.
pub(super) type Finish<'a> = &'a dyn Fn(&mut [f32], usize);

/// Panics unless the operands are as long as the product's size needs.
pub(super) fn check(
    [m, n, k]: [usize; 3],
    (c, start): (&[f32], Start<'_>),
    (a, layout): (&[f32], Layout),
    b: Right<'_>,
) {
    assert!(m * n <= c.len(), "C is too short");
    assert!(layout.span(m, k) <= a.len(), "A is too short");
    match b {
        Right::Rows(b, row) => {
            assert!(Layout::rows(row).span(k, n) <= b.len(), "B is too short")
        }
        Right::Panels(panels) => assert!(panel_words(n, k) <= panels.len(), "B is too short"),
    }
    if let Start::Row(bias) = start {
        assert!(n <= bias.len(), "the bias is too short");
    }
}
