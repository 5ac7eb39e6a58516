//! Seeded random points.

use rand_mt::Mt;

use super::{Sampler, Told};
use crate::sweep::{Point, Space};

/// Points that are drawn independently of each other, evenly on each dimension's scale.
///
/// The numbers of point i are those of the Mersenne Twister MT19937 with the key (seed, i), by its
/// `init_by_array`: the same in every version.
#[derive(Clone, Debug)]
pub struct Random {
    space: Space,
    seed: u64,
}

impl Random {
    /// The points of a space for a seed.
    pub fn new(space: &Space, seed: u64) -> Self {
        Self { space: space.clone(), seed }
    }

    fn point(&self, number: u64) -> Point {
        let mut generator = generator(self.seed, number);
        let u: Vec<f64> = (0..self.space.axes()).map(|_| unit(&mut generator)).collect();
        self.space.at(&u)
    }
}

impl Sampler for Random {
    fn name(&self) -> &'static str {
        "random"
    }

    fn looks_back(&self) -> bool {
        false
    }

    fn propose(&self, first: u64, count: usize, _: &[Told]) -> Vec<Point> {
        (first..).take(count).map(|number| self.point(number)).collect()
    }
}

/// The generator of a point's numbers.
pub(super) fn generator(seed: u64, number: u64) -> Mt {
    let words = [seed as u32, (seed >> 32) as u32, number as u32, (number >> 32) as u32];
    Mt::new_with_key(words)
}

/// A number in \[0, 1) of 53 random bits, as NumPy's `RandomState.random_sample`.
pub(super) fn unit(generator: &mut Mt) -> f64 {
    let high = f64::from(generator.next_u32() >> 5);
    let low = f64::from(generator.next_u32() >> 6);
    (high * 67_108_864.0 + low) / 9_007_199_254_740_992.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::Dimension;

    #[test]
    fn a_seed_means_the_same_for_ever() {
        // numpy.random.RandomState([7, 0, 1, 0]).random_sample(2)
        let mut generator = generator(7, 1);
        let drawn = [unit(&mut generator), unit(&mut generator)];
        assert_eq!(drawn, [0.043_552_386_590_646_75, 0.548_203_364_159_077_9]);
    }

    #[test]
    fn points_are_spread_evenly() {
        let space = Space::new()
            .with("lr", Dimension::log(1e-4, 1.0))
            .and_then(|own| own.with("a", Dimension::choices(["x", "y"])))
            .expect("it is sound");
        let points = Random::new(&space, 5).propose(0, 4_000, &[]);
        let number = |point: &Point| point.get("lr").and_then(|own| own.number());
        let low = points.iter().filter(|point| number(point) < Some(1e-2)).count();
        let first = points.iter().filter(|point| point.to_string().ends_with('x')).count();
        // Six standard deviations of a fair coin, √(4000)/2 each.
        assert!(low.abs_diff(2_000) < 190 && first.abs_diff(2_000) < 190, "{low}, {first}");
    }
}
