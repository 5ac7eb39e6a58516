//! How work is split: parts of a whole, and ranges cut into pieces.

use std::ops::Range;

/// One of the parts into which something is split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) number: usize,
    pub(super) of: usize,
}

impl Part {
    /// All of it.
    pub(super) const WHOLE: Self = Self { number: 0, of: 1 };

    /// Its share of `count` items, cut at multiples of `grain`. The shares of all parts are disjoint
    /// and make up the whole.
    pub(super) fn share(self, count: usize, grain: usize) -> Range<usize> {
        let cut = |number: usize| match number {
            _ if number == self.of => count,
            _ => (count * number / self.of).next_multiple_of(grain).min(count),
        };
        cut(self.number)..cut(self.number + 1)
    }
}

/// A range cut into pieces of `size`; the last one may be shorter.
pub(super) fn pieces(range: Range<usize>, size: usize) -> impl Iterator<Item = Range<usize>> {
    let end = range.end;
    range.step_by(size.max(1)).map(move |first| first..(first + size).min(end))
}
