//! The whole grid of a finite space.

use super::{Sampler, Told};
use crate::sweep::{Point, Space};
use crate::{Error, Result};

/// Every point of a finite space in order, the last dimension changing fastest.
#[derive(Clone, Debug)]
pub struct Grid {
    space: Space,
    size: u64,
}

impl Grid {
    /// All points of a space.
    ///
    /// # Errors
    /// [`Error::Invalid`] names the range of numbers that has no end of values.
    pub fn new(space: &Space) -> Result<Self> {
        if let Some((name, _)) = space.iter().find(|(_, own)| own.count().is_none()) {
            return Err(Error::invalid(
                format!("a grid has no end over `{name}`, which is a range of numbers"),
                format!(
                    "give `{name}` alternatives, such as 0.001|0.01|0.1, or take another sampler"
                ),
            ));
        }
        let size = space.size().unwrap_or_default();
        Ok(Self { space: space.clone(), size })
    }
}

impl Sampler for Grid {
    fn name(&self) -> &'static str {
        "grid"
    }

    fn looks_back(&self) -> bool {
        false
    }

    fn count(&self) -> Option<u64> {
        Some(self.size)
    }

    fn propose(&self, first: u64, count: usize, _: &[Told]) -> Vec<Point> {
        (first..self.size).take(count).filter_map(|number| self.space.point(number)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::Dimension;

    #[test]
    fn every_point_comes_once() {
        let space = Space::new()
            .with("a", Dimension::choices(["1", "2", "3"]))
            .and_then(|own| own.with("b", Dimension::choices(["x", "y"])))
            .expect("it is sound");
        let grid = Grid::new(&space).expect("it is finite");
        let points = grid.propose(0, 100, &[]);
        assert_eq!((points.len(), grid.count()), (6, Some(6)));
        assert!((0..6).all(|at| points[at + 1..].iter().all(|other| *other != points[at])));
        assert!(grid.propose(6, 1, &[]).is_empty());
        assert_eq!(grid.propose(4, 9, &[]), points[4..]);
        let endless = space.with("lr", Dimension::log(1e-4, 1.0)).expect("it is sound");
        let error = Grid::new(&endless).expect_err("it has no end").to_string();
        assert!(error.contains("`lr`") && error.contains("alternatives"), "{error}");
    }
}
