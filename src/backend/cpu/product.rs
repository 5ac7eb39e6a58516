//! Matrix products, through the `gemm` crate: each on one thread, for whoever calls has cut the work
//! into shares already.

use gemm::Parallelism;

/// Below so many multiply-adds a product costs less than calling it.
const TINY: usize = 512;

/// A matrix that stands in a slice: the distances between its rows and between its columns.
#[derive(Clone, Copy)]
pub(super) struct Layout {
    row: usize,
    column: usize,
}

impl Layout {
    /// Row by row, `columns` wide.
    pub(super) const fn rows(columns: usize) -> Self {
        Self { row: columns, column: 1 }
    }

    /// The same memory seen as its transpose.
    pub(super) const fn transposed(self) -> Self {
        Self { row: self.column, column: self.row }
    }

    /// Elements that an \[m, n\] matrix of this layout spans.
    const fn span(self, m: usize, n: usize) -> usize {
        if m == 0 || n == 0 { 0 } else { (m - 1) * self.row + (n - 1) * self.column + 1 }
    }
}

/// What becomes of what C holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sum {
    /// It is overwritten.
    Fresh,
    /// The product is added to it.
    OnTop,
}

/// C\[m,n\] = A\[m,k\] · B\[k,n\], or added to C, on the calling thread.
pub(super) fn product(
    [m, n, k]: [usize; 3],
    (c, c_layout, sum): (&mut [f32], Layout, Sum),
    (a, a_layout): (&[f32], Layout),
    (b, b_layout): (&[f32], Layout),
) {
    assert!(c_layout.span(m, n) <= c.len(), "C is too short");
    assert!(a_layout.span(m, k) <= a.len(), "A is too short");
    assert!(b_layout.span(k, n) <= b.len(), "B is too short");
    if m * n * k < TINY {
        return tiny([m, n, k], (c, c_layout, sum), (a, a_layout), (b, b_layout));
    }
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
            sum == Sum::OnTop,
            a.as_ptr(),
            a_layout.column as isize,
            a_layout.row as isize,
            b.as_ptr(),
            b_layout.column as isize,
            b_layout.row as isize,
            if sum == Sum::OnTop { 1.0 } else { 0.0 },
            1.0,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}

/// The same term by term.
fn tiny(
    [m, n, k]: [usize; 3],
    (c, c_layout, sum): (&mut [f32], Layout, Sum),
    (a, a_layout): (&[f32], Layout),
    (b, b_layout): (&[f32], Layout),
) {
    for i in 0..m {
        for j in 0..n {
            let place = &mut c[i * c_layout.row + j * c_layout.column];
            let mut total = if sum == Sum::OnTop { *place } else { 0.0 };
            for l in 0..k {
                total += a[i * a_layout.row + l * a_layout.column]
                    * b[l * b_layout.row + j * b_layout.column];
            }
            *place = total;
        }
    }
}
