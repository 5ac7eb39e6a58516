//! The range of a number divided into bins, each an input of its own: the piecewise-linear encoding of
//! Gorishniy, Rubachev and Babenko, "On Embeddings for Numerical Features in Tabular Deep Learning"
//! (NeurIPS 2022), standardised. A network bends at the bins' ends from its first layer on, and so
//! learns what changes within a small part of a column's range.

use serde::{Deserialize, Serialize};

/// A part of a number's range. Its input is (clamp(x, from, to) − mean) / scale in float32.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bin {
    /// Where it begins; none of the first one, which has no end below.
    pub from: Option<f32>,
    /// Where it ends; none of the last one, which has no end above.
    pub to: Option<f32>,
    /// The mean of the clamped numbers of the training rows.
    pub mean: f32,
    /// Their standard deviation.
    pub scale: f32,
}

impl Bin {
    /// The ends, as numbers that every finite one lies between.
    pub(crate) fn ends(&self) -> [f32; 2] {
        [self.from.unwrap_or(f32::MIN), self.to.unwrap_or(f32::MAX)]
    }

    /// The input that a number becomes.
    #[inline]
    pub fn of(&self, number: f32) -> f32 {
        let [from, to] = self.ends();
        (number.max(from).min(to) - self.mean) / self.scale
    }
}

/// What is wrong with bins that were read from a file.
pub(super) fn problem(bins: &[Bin]) -> Option<String> {
    let open = |at: usize, end: Option<f32>, outermost: usize| end.is_none() == (at == outermost);
    let last = bins.len().saturating_sub(1);
    let good = bins.iter().enumerate().all(|(at, own)| {
        let [from, to] = own.ends();
        open(at, own.from, 0) && open(at, own.to, last) && from < to
    });
    let follow = bins.windows(2).all(|pair| pair[0].to == pair[1].from);
    if !(good && follow) {
        return Some("bins that do not follow one another".to_owned());
    }
    bins.iter().find_map(|own| super::scale_problem(own.mean, own.scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bins() -> [Bin; 3] {
        let bin = |from, to| Bin { from, to, mean: 0.5, scale: 0.25 };
        [bin(None, Some(1.0)), bin(Some(1.0), Some(3.0)), bin(Some(3.0), None)]
    }

    #[test]
    fn a_number_moves_the_inputs_of_the_bins_below_it() {
        let of = |x: f32| bins().map(|own| own.of(x));
        assert_eq!(of(-9.0), [-38.0, 2.0, 10.0]);
        assert_eq!(of(2.0), [2.0, 6.0, 10.0]);
        assert_eq!(of(4.0), [2.0, 10.0, 14.0]);
    }

    #[test]
    fn bins_of_a_damaged_file_are_refused() {
        assert_eq!(problem(&bins()), None);
        assert_eq!(problem(&[]), None);
        let spoiled = |spoil: fn(&mut [Bin; 3])| {
            let mut own = bins();
            spoil(&mut own);
            problem(&own).is_some()
        };
        assert!(spoiled(|own| own[0].from = Some(0.0)));
        assert!(spoiled(|own| own[2].to = Some(4.0)));
        assert!(spoiled(|own| own[1].from = Some(1.5)));
        assert!(spoiled(|own| own[1].to = None));
        assert!(spoiled(|own| own[1].scale = 0.0));
        assert!(spoiled(|own| {
            own[0].to = Some(f32::NAN);
            own[1].from = Some(f32::NAN);
        }));
    }
}
