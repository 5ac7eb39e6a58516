//! The device's buffers against the twin's.

use std::ops::Range;

use super::trial::{Bound, Expect};
use crate::kernels::Slot;

/// The largest error allowed, in rounding steps relative to the magnitude of a number's terms.
///
/// The twin and a device sum in other orders and may fuse a multiplication with an addition: with
/// terms of random sign that costs about one step of the sum of their magnitudes, whatever their
/// count. Division may be off by 2.5 steps, e^x by 3 + 2|x| (Vulkan, "Precision and Operation of
/// SPIR-V Instructions"; the magnitudes bring the |x| along), and the formulas chain a few of
/// each.
pub(super) const TOLERANCE: f32 = 16.0;

/// What came of comparing.
#[derive(Debug)]
pub(super) struct Verdict {
    /// The largest error.
    pub(super) worst: f32,
    /// The worst of what is wrong.
    pub(super) fault: Option<String>,
}

impl Verdict {
    pub(super) const fn perfect() -> Self {
        Self { worst: 0.0, fault: None }
    }

    /// Takes in an error; `tell` is asked only where it is past the tolerance and the largest.
    fn note(&mut self, error: f32, tell: impl FnOnce() -> String) {
        if error <= self.worst {
            return;
        }
        self.worst = error;
        if error > TOLERANCE {
            self.fault = Some(tell());
        }
    }
}

/// Compares one buffer after the dispatch, and adds to the verdict.
pub(super) fn compare(
    slot: &Slot,
    bound: &Bound,
    expected: &[u32],
    found: &[u32],
    verdict: &mut Verdict,
) {
    let range = match &bound.expect {
        Expect::Anything(range) => range.clone(),
        Expect::Untouched => 0..0,
        Expect::Exact(range) => {
            exact(slot.name, range.clone(), expected, found, verdict);
            range.clone()
        }
        Expect::Near { first, magnitudes } => {
            near(slot.name, *first, magnitudes, expected, found, verdict);
            *first..first + magnitudes.len()
        }
    };
    for index in (0..range.start).chain(range.end..bound.words.len()) {
        let before = bound.words[index];
        if found[index] != before {
            verdict.note(f32::INFINITY, || {
                format!("{}[{index}] was written to, out of its range", slot.name)
            });
        }
        if expected[index] != before {
            verdict.note(f32::INFINITY, || {
                format!("{}[{index}] was written to by the twin, out of its range", slot.name)
            });
        }
    }
}

/// The same bits.
fn exact(name: &str, range: Range<usize>, expected: &[u32], found: &[u32], verdict: &mut Verdict) {
    for index in range {
        if found[index] != expected[index] {
            verdict.note(f32::INFINITY, || {
                format!("{name}[{index}] is {} instead of {}", found[index], expected[index])
            });
        }
    }
}

/// Floats within the tolerance of their magnitudes.
fn near(
    name: &str,
    first: usize,
    magnitudes: &[f32],
    expected: &[u32],
    found: &[u32],
    verdict: &mut Verdict,
) {
    for (offset, magnitude) in magnitudes.iter().enumerate() {
        let index = first + offset;
        let (expected, found) = (f32::from_bits(expected[index]), f32::from_bits(found[index]));
        let error = error(expected, found, *magnitude);
        verdict.note(error, || {
            format!("{name}[{index}] is {found:e} instead of {expected:e}, {error} steps off")
        });
    }
}

/// In rounding steps of the magnitude. Subnormal numbers may be taken for zero: the smallest
/// normal number is the least step.
fn error(expected: f32, found: f32, magnitude: f32) -> f32 {
    let step = f32::EPSILON.mul_add(magnitude, f32::MIN_POSITIVE);
    let error = (f64::from(found) - f64::from(expected)).abs() / f64::from(step);
    if error.is_nan() { f32::INFINITY } else { error as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::{Access, Element};

    const SLOT: Slot =
        Slot { name: "y", access: Access::ReadWrite, element: Element::F32, components: 1 };

    fn verdict(expect: Expect, expected: &[f32], found: &[f32]) -> Verdict {
        let words = |floats: &[f32]| floats.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        let bound = Bound { words: words(&[9.0, 9.0, 9.0]), expect };
        let mut verdict = Verdict::perfect();
        compare(&SLOT, &bound, &words(expected), &words(found), &mut verdict);
        verdict
    }

    fn near() -> Expect {
        Expect::Near { first: 1, magnitudes: vec![1.0] }
    }

    #[test]
    fn counts_steps_and_knows_the_tolerance() {
        let good = verdict(near(), &[9.0, 1.0, 9.0], &[9.0, 1.0 + 3.0 * f32::EPSILON, 9.0]);
        assert!(good.fault.is_none() && good.worst > 2.9 && good.worst < 3.1, "{good:?}");
        let bad = verdict(near(), &[9.0, 1.0, 9.0], &[9.0, 1.0 + 17.0 * f32::EPSILON, 9.0]);
        assert!(bad.fault.is_some(), "{bad:?}");
    }

    #[test]
    fn misses_nothing_but_what_is_meant() {
        for wrong in [f32::NAN, f32::INFINITY] {
            assert!(verdict(near(), &[9.0, 1.0, 9.0], &[9.0, wrong, 9.0]).fault.is_some());
            assert!(verdict(near(), &[9.0, wrong, 9.0], &[9.0, wrong, 9.0]).fault.is_some());
        }
        assert!(verdict(near(), &[9.0, 1.0, 9.0], &[9.0, 1.0, 8.0]).fault.is_some());
        assert!(verdict(near(), &[8.0, 1.0, 9.0], &[9.0, 1.0, 9.0]).fault.is_some());
        assert!(verdict(Expect::Untouched, &[9.0; 3], &[9.0, 9.0, 8.0]).fault.is_some());
        let equal = [9.0, 1.0, 2.0];
        assert!(verdict(Expect::Exact(1..3), &equal, &equal).fault.is_none());
        assert!(verdict(Expect::Exact(1..3), &equal, &[9.0, 1.0, 2.1]).fault.is_some());
    }
}
