//! Successive halving: who goes on.

/// Successive halving over rungs of epochs (Jamieson and Talwalkar 2016), for trials that come in
/// batches.
///
/// Each trial is trained to the first rung, a ninth of its epochs; the best third goes on to the second,
/// a third of them, and the best third of those to its end. A trial of a later batch has to be among the
/// best third of all that have been at the rung, of earlier batches and its own, as in the asynchronous
/// form (Li et al. 2020); but nobody is judged before all of a batch are there, so that the same trials
/// go on whoever comes first.
///
/// ```
/// use halfplane::sweep::Halving;
///
/// let mut halving = Halving::default();
/// assert_eq!(Halving::epochs(0, 50), Some(5));
/// // Losses of six trials at the first rung: two go on.
/// let losses = [0.9, 0.3, f64::NAN, 0.5, 0.2, 0.7];
/// assert_eq!(halving.judge(0, &losses), [false, true, false, false, true, false]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Halving {
    /// What was minimised, of all trials that have been at each rung.
    seen: [Vec<f64>; Self::RUNGS],
}

impl Halving {
    /// Of how many trials one goes on, η.
    pub const ETA: u64 = 3;

    /// How often it is decided.
    pub const RUNGS: usize = 2;

    /// The epochs at a rung of a trial of so many in all; `None` where they are too few for it: then
    /// the trial goes on without being judged there.
    ///
    /// # Panics
    /// Where there is no rung of that number.
    pub fn epochs(rung: usize, length: u64) -> Option<u64> {
        let parts = [Self::ETA.pow(2), Self::ETA];
        Some(length / parts[rung]).filter(|epochs| *epochs > 0)
    }

    /// Which of a batch's trials go on beyond a rung, given what is minimised at it for each. Where
    /// values are equal, those go on that came first; NaN and infinite ones never do.
    ///
    /// # Panics
    /// Where there is no rung of that number.
    pub fn judge(&mut self, rung: usize, values: &[f64]) -> Vec<bool> {
        let before = self.seen[rung].len();
        self.remember(rung, values);
        let seen = &self.seen[rung];
        let mut order: Vec<usize> = (0..seen.len()).collect();
        order.sort_by(|a, b| seen[*a].total_cmp(&seen[*b]));
        let places = (seen.len() as u64).div_ceil(Self::ETA);
        let mut goes_on = vec![false; seen.len()];
        for (index, _) in order.into_iter().zip(0..places) {
            goes_on[index] = seen[index].is_finite();
        }
        goes_on.split_off(before)
    }

    /// Takes note of trials that were judged before, by whoever went on from a journal.
    ///
    /// # Panics
    /// Where there is no rung of that number.
    pub fn remember(&mut self, rung: usize, values: &[f64]) {
        let finite = |own: &f64| if own.is_finite() { *own } else { f64::INFINITY };
        self.seen[rung].extend(values.iter().map(finite));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rungs_are_thirds() {
        for (epochs, expected) in [
            (81, [Some(9), Some(27)]),
            (500, [Some(55), Some(166)]),
            (10, [Some(1), Some(3)]),
            (3, [None, Some(1)]),
            (2, [None; 2]),
        ] {
            assert_eq!([0, 1].map(|rung| Halving::epochs(rung, epochs)), expected, "{epochs}");
        }
    }

    #[test]
    fn later_batches_are_measured_by_earlier_ones() {
        let mut halving = Halving::default();
        assert_eq!(halving.judge(0, &[3.0, 1.0, 2.0]), [false, true, false]);
        // Two of six places, one of which is taken by 1.
        assert_eq!(halving.judge(0, &[5.0, 4.0, 6.0]), [false, false, false]);
        assert_eq!(halving.judge(0, &[0.5, 9.0, 0.7]), [true, false, true]);
        assert_eq!(halving.judge(1, &[1.0]), [true], "each rung has trials of its own");
        let mut resumed = Halving::default();
        resumed.remember(0, &[3.0, 1.0, 2.0, 5.0, 4.0, 6.0]);
        assert_eq!(resumed.judge(0, &[0.5, 9.0, 0.7]), [true, false, true]);
    }

    #[test]
    fn who_diverged_never_goes_on() {
        let mut halving = Halving::default();
        let values = [f64::NAN, f64::INFINITY, f64::NAN];
        assert_eq!(halving.judge(0, &values), [false; 3]);
        assert_eq!(halving.judge(0, &[-f64::NAN, 1.0]), [false, true]);
        assert_eq!(halving.judge(1, &[2.0, 2.0, 2.0, 2.0]), [true, true, false, false]);
        assert!(halving.judge(1, &[]).is_empty());
    }
}
