//! Matrix products, each on one thread: the caller has split the work already.
//!
//! C\[m,n\] = A\[m,k\] · B\[k,n\] is cut as in Goto's algorithm (Goto and van de Geijn, "Anatomy of
//! high-performance matrix multiplication", 2008): a block of B that stays in the L2 cache, a band of A
//! that stays in the L1 cache, and a tile of C that stays in registers ([`nest`], [`tile`]). But a
//! layer's operands are often in the cache as they are, so neither is packed unless that pays, and then
//! bit by bit while the block before is multiplied ([`pack`]); and weights are packed into panels once a
//! step ([`panels`]), not once a product. A general library cannot know that.
//!
//! Where A is zero in many places, as behind a ReLU, products with zero are left out ([`sparse`]). Of few
//! rows or few units, each element is a dot product ([`dots`]).
//!
//! Every element is summed over k in the same order, whatever tile it falls into, and whether or not
//! zeros are left out: so finite results do not depend on how rows or columns are shared out.

mod blocks;
mod dots;
mod nest;
mod operands;
mod pack;
mod panels;
mod prefetch;
mod sparse;
#[cfg(test)]
mod tests;
mod tile;

pub(super) use blocks::NEAR;
pub(super) use dots::dots;
use nest::Nest;
use operands::Finish;
pub(super) use operands::{Layout, Right, Start};
pub(super) use panels::{PANEL, panel_words, put_into_panels};
use sparse::Sparse;

use super::simd::dispatch;

/// Memory for packed operands, of one thread.
#[derive(Default)]
pub(super) struct Workspace {
    packing: pack::Workspace,
    sparse: sparse::Workspace,
}

impl Workspace {
    /// Grows to what a product of this size, or a part of it, needs: A in this layout, B in rows of
    /// so many floats, or else in panels.
    pub(super) fn reserve(&mut self, size: [usize; 3], layout: Layout, b_row: Option<usize>) {
        self.packing.reserve(size, layout, b_row);
        if sparse::fits(size) {
            self.sparse.reserve(size);
        }
    }
}

/// C\[m,n\] = start + A\[m,k\] · B\[k,n\] on the calling thread, C row by row.
pub(super) fn product(
    size: [usize; 3],
    into: (&mut [f32], Start<'_>),
    a: (&[f32], Layout),
    b: Right<'_>,
    workspace: &mut Workspace,
) {
    product_then(size, into, a, b, workspace, &|_, _| {});
}

/// The same with an epilogue: `finish` is called with each piece of C that is complete, while it is in
/// a cache, and with the element of C at which it starts.
pub(super) fn product_then(
    size: [usize; 3],
    into: (&mut [f32], Start<'_>),
    a: (&[f32], Layout),
    b: Right<'_>,
    workspace: &mut Workspace,
    finish: Finish<'_>,
) {
    if sparse::fits(size) && sparse::pays(size, a.0, a.1) {
        return dispatch(Sparse::new(size, into, a, b, &mut workspace.sparse, finish));
    }
    dispatch(Nest::new(size, into, a, b, &mut workspace.packing, finish));
}
