//! What a case's buffers hold before the dispatch, and what is expected of each after it.
//!
//! A number's **magnitude** is the sum of the magnitudes of all that was added up to make it, with
//! the errors that its formula must be allowed: the scale that an error is measured against.

mod bookkeeping;
mod clipping;
mod dense;
mod fused;
mod loss;
mod norm;
mod resident;
mod rowwise;
mod update;

use std::ops::Range;

use super::Case;
use super::random::Random;
use crate::kernels::{Bind, Control, Each, Words, on_operation};

/// A NaN that no formula makes: in all that must be neither read nor written.
const SENTINEL: u32 = 0x7FC5_A5A5;

/// Words of sentinel behind every tensor.
const MARGIN: usize = 8;

/// A buffer before the dispatch.
#[derive(Debug)]
pub(super) struct Bound {
    /// All that it holds.
    pub(super) words: Words,
    /// What is expected after.
    pub(super) expect: Expect,
}

/// What is expected of a buffer after the dispatch; outside the range every bit is unchanged.
#[derive(Debug)]
pub(super) enum Expect {
    /// Nothing of the range: it is scratch memory.
    Anything(Range<usize>),
    /// Every bit is unchanged.
    Untouched,
    /// The range has the twin's bits.
    Exact(Range<usize>),
    /// From `first` on, each float is as near to the twin's as its magnitude allows.
    Near {
        /// The first of them.
        first: usize,
        /// Their magnitudes.
        magnitudes: Vec<f32>,
    },
}

/// The buffers of a case, one for each slot.
pub(super) type Trial = Vec<Bound>;

/// The same by their names.
type Tensors = Each<Bound>;

/// An operation for which inputs can be made up.
trait Trialled: Bind {
    /// Its buffers before a dispatch with this control, and what is expected of them after it.
    fn trial(&self, control: Control, random: &mut Random) -> Self::Bindings<Tensors>;
}

/// Makes up a case's inputs, the same in every run.
pub(super) fn trial(case: &Case, seed: u32) -> Trial {
    fn list<K: Trialled>(operation: &K, control: Control, random: &mut Random) -> Trial {
        K::list(operation.trial(control, random))
    }
    let (control, mut random) = (case.control(), Random::new(seed));
    on_operation!(case.operation(), operation => list(operation, control, &mut random))
}

impl Bound {
    /// An input: the live part, then sentinel up to the tensor's `size` and the margin.
    fn input<T: bytemuck::NoUninit>(live: &[T], size: usize) -> Self {
        Self { words: tensor(bytemuck::cast_slice(live), size), expect: Expect::Untouched }
    }

    /// An output that holds nothing before.
    fn output(magnitudes: Vec<f32>, size: usize) -> Self {
        Self::updated(&[], magnitudes, size)
    }

    /// A tensor that is read and written.
    fn updated(live: &[f32], magnitudes: Vec<f32>, size: usize) -> Self {
        let words = tensor(bytemuck::cast_slice(live), size);
        Self { words, expect: Expect::Near { first: 0, magnitudes } }
    }

    /// The counter, for kernels that only read it.
    fn control(control: Control) -> Self {
        Self { words: control.to_words().to_vec(), expect: Expect::Untouched }
    }
}

/// The live part, then sentinel up to `size` and the margin.
fn tensor(live: &[u32], size: usize) -> Words {
    let mut words = live.to_vec();
    words.resize(size + MARGIN, SENTINEL);
    words
}

/// |x|, element by element.
fn absolute(x: &[f32]) -> Vec<f32> {
    x.iter().map(|x| x.abs()).collect()
}
