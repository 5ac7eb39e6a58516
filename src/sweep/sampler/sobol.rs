//! Scrambled Sobol points.

use super::random::generator;
use super::{Sampler, Told};
use crate::sweep::{Point, Space};

/// A Sobol sequence with Owen's scrambling and a shuffled order (Burley 2020, "Practical Hash-based
/// Owen Scrambling"; direction numbers of Joe and Kuo 2008): points that cover the space more evenly
/// than random ones, best in numbers that are powers of two.
#[derive(Clone, Debug)]
pub struct Sobol {
    space: Space,
    seed: u64,
}

/// Points of one sequence; the next ones are of another, independent one.
const LENGTH: u64 = 1 << 16;

impl Sobol {
    /// The points of a space for a seed.
    pub fn new(space: &Space, seed: u64) -> Self {
        Self { space: space.clone(), seed }
    }

    fn point(&self, number: u64) -> Point {
        let index = (number % LENGTH) as u32;
        let dimensions = sobol_burley::NUM_DIMENSIONS as usize;
        let axes = self.space.axes();
        // A sequence has so many dimensions: further ones are of another.
        let seeds: Vec<u32> = (0..axes.div_ceil(dimensions))
            .map(|block| {
                let own = (number / LENGTH) << 16 | block as u64;
                generator(self.seed, own).next_u32()
            })
            .collect();
        let u: Vec<f64> = (0..axes)
            .map(|axis| {
                let seed = seeds[axis / dimensions];
                sobol_burley::sample(index, (axis % dimensions) as u32, seed).into()
            })
            .collect();
        self.space.at(&u)
    }
}

impl Sampler for Sobol {
    fn name(&self) -> &'static str {
        "sobol"
    }

    fn looks_back(&self) -> bool {
        false
    }

    fn propose(&self, first: u64, count: usize, _: &[Told]) -> Vec<Point> {
        (first..).take(count).map(|number| self.point(number)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::Dimension;

    fn square() -> Space {
        Space::new()
            .with("x", Dimension::linear(0.0, 1.0))
            .and_then(|own| own.with("y", Dimension::linear(0.0, 1.0)))
            .expect("it is sound")
    }

    fn numbers(point: &Point) -> (f64, f64) {
        let of = |name| point.get(name).and_then(|own| own.number()).expect("it is a number");
        (of("x"), of("y"))
    }

    /// A (0, m, 2)-net in base 2: of 2ᵐ points each elementary interval of that area has one.
    #[test]
    fn the_square_is_covered_evenly() {
        for (seed, first) in [(1, 0), (2, 0), (1 << 33, LENGTH)] {
            let points = Sobol::new(&square(), seed).propose(first, 64, &[]);
            for (columns, rows) in [(64, 1), (16, 4), (8, 8), (2, 32), (1, 64)] {
                let mut hit = vec![0; 64];
                for (x, y) in points.iter().map(numbers) {
                    let cell = |u: f64, count: usize| (u * count as f64) as usize;
                    hit[cell(x, columns) * rows + cell(y, rows)] += 1;
                }
                assert!(hit.iter().all(|count| *count == 1), "{columns} × {rows}: {hit:?}");
            }
        }
    }

    #[test]
    fn there_is_no_end_of_points_and_dimensions() {
        let sampler = Sobol::new(&square(), 1);
        let points = sampler.propose(LENGTH - 2, 4, &[]);
        assert!(points[2] != sampler.propose(0, 1, &[])[0]);
        let wide = (0..300).try_fold(Space::new(), |space, axis| {
            space.with(&format!("x{axis}"), Dimension::linear(0.0, 1.0))
        });
        let point = &Sobol::new(&wide.expect("it is sound"), 1).propose(0, 1, &[])[0];
        assert_ne!(point.get("x0"), point.get("x256"));
    }

    #[test]
    fn a_seed_means_the_same_for_ever() {
        let points: Vec<_> =
            Sobol::new(&square(), 777).propose(0, 3, &[]).iter().map(numbers).collect();
        assert_eq!(
            points,
            [
                (0.275_289_893_150_329_6, 0.102_843_165_397_644_04),
                (0.608_930_110_931_396_5, 0.535_856_008_529_663_1),
                (0.832_640_171_051_025_4, 0.390_298_485_755_920_4),
            ]
        );
    }
}
