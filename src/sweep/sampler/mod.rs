//! Samplers: which points of a space are tried, one after another.
//!
//! A sampler has no state. Point i depends on the space, the seed and i alone or, where a sampler
//! looks back, on the results that it is told, too: whoever asks again is answered the same, so that a
//! search goes on after an interruption as if there had been none.

mod grid;
mod normal;
mod parzen;
mod random;
mod sobol;
mod tpe;

pub use grid::Grid;
pub use random::Random;
pub use sobol::Sobol;
pub use tpe::Tpe;

use super::{Point, Space};
use crate::Result;

/// How a point has fared, as samplers that look back are told it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outcome {
    /// It was trained to its end, with this value of what is minimised.
    Complete(f64),
    /// It was stopped after so many epochs, with this value by then: NaN where it diverged.
    Pruned {
        /// Epochs that it was trained for.
        epochs: u64,
        /// What is minimised, by then.
        value: f64,
    },
    /// It is being trained.
    Running,
}

/// A point that was tried, and how it has fared.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// The point.
    pub point: Point,
    /// How it has fared.
    pub outcome: Outcome,
}

/// Proposes points of a space.
///
/// ```
/// use halfplane::sweep::sampler::{Random, Sampler};
/// use halfplane::sweep::{Dimension, Space};
///
/// # fn main() -> halfplane::Result<()> {
/// let space = Space::new().with("lr", Dimension::log(1e-4, 0.1))?;
/// let sampler = Random::new(&space, 7);
/// let all = sampler.propose(0, 10, &[]);
/// // Whoever does the second half gets its points.
/// assert_eq!(sampler.propose(5, 5, &[]), all[5..]);
/// # Ok(())
/// # }
/// ```
pub trait Sampler: Send {
    /// `grid`, `random`, `sobol` or `tpe`; in journals, which are refused for another one.
    fn name(&self) -> &'static str;

    /// Whether points depend on the results of others: then they are proposed in batches.
    fn looks_back(&self) -> bool;

    /// How many points there are; `None` where there is no end of them.
    fn count(&self) -> Option<u64> {
        None
    }

    /// Points number `first` to `first + count`, fewer where there are no more. `told` are the points
    /// before `first` in order; samplers that do not look back pass it over.
    fn propose(&self, first: u64, count: usize, told: &[Told]) -> Vec<Point>;
}

/// Which sampler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SamplerName {
    /// [`Grid`]
    Grid,
    /// [`Random`]
    Random,
    /// [`Sobol`]
    Sobol,
    /// [`Tpe`]
    Tpe,
}

crate::spec::named!(SamplerName, "sampler", {
    Grid => "grid",
    Random => "random",
    Sobol => "sobol",
    Tpe => "tpe",
});

impl SamplerName {
    /// The one for a space of which so many points are to be tried: the whole grid where the points
    /// are no more than that, else TPE.
    pub fn for_space(space: &Space, trials: u64) -> Self {
        match space.size() {
            Some(size) if size <= trials => Self::Grid,
            _ => Self::Tpe,
        }
    }

    /// The sampler of that name.
    ///
    /// # Errors
    /// [`crate::Error::Invalid`] for a grid over a range of numbers.
    pub fn open(self, space: &Space, seed: u64) -> Result<Box<dyn Sampler>> {
        Ok(match self {
            Self::Grid => Box::new(Grid::new(space)?),
            Self::Random => Box::new(Random::new(space, seed)),
            Self::Sobol => Box::new(Sobol::new(space, seed)),
            Self::Tpe => Box::new(Tpe::new(space, seed)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::{Dimension, IntRange};

    /// Any part of the points is the same, whoever makes it.
    #[test]
    fn points_depend_on_their_number_alone() {
        let finite = Space::new()
            .with(
                "hidden",
                Dimension::Taper { layers: IntRange::linear(1, 3), units: IntRange::log(8, 64) },
            )
            .and_then(|own| own.with("activation", Dimension::choices(["relu", "silu"])))
            .expect("it is sound");
        let endless = finite.clone().with("lr", Dimension::log(1e-4, 0.1)).expect("it is sound");
        for name in SamplerName::ALL {
            let space = if *name == SamplerName::Grid { &finite } else { &endless };
            let sampler = name.open(space, 3).expect("it opens");
            assert_eq!(sampler.name(), name.to_string());
            let all = sampler.propose(0, 9, &[]);
            assert_eq!(all.len(), 9);
            for (first, count) in [(0, 4), (4, 5), (7, 1)] {
                let part = sampler.propose(first, count, &[]);
                let from = usize::try_from(first).expect("it is small");
                assert_eq!(part, all[from..from + count], "{name}");
            }
            for other in [2, 1 << 40] {
                let other = name.open(space, other).expect("it opens").propose(0, 9, &[]);
                assert_eq!(other == all, *name == SamplerName::Grid, "{name}");
            }
        }
    }

    #[test]
    fn the_default_is_the_whole_grid_where_it_is_small() {
        let space = Space::new().with("a", Dimension::choices(["1", "2", "3"])).expect("sound");
        assert_eq!(SamplerName::for_space(&space, 3), SamplerName::Grid);
        assert_eq!(SamplerName::for_space(&space, 2), SamplerName::Tpe);
        let space = space.with("b", Dimension::linear(0.0, 1.0)).expect("sound");
        assert_eq!(SamplerName::for_space(&space, 3), SamplerName::Tpe);
        assert!(SamplerName::Grid.open(&space, 1).is_err());
    }
}
