//! The plane that a network of two inputs parts: for pictures and the dashboard.

use halfplane::data::{Encoding, MissingNumber, Preprocessing};
use halfplane::spec::LayerParameters;
use halfplane::{Model, Output, Targets};

/// A view of the plane, in the units of the table's columns.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plane {
    /// The columns' names.
    pub(crate) names: [String; 2],
    /// From where to where, in each direction.
    pub(crate) view: [[f64; 2]; 2],
    /// Columns and rows of cells.
    pub(crate) cells: [usize; 2],
    /// What is taken from each number, and what it is then divided by.
    units: [[f32; 2]; 2],
}

/// What a network says of a cell.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Region {
    /// The likeliest class.
    pub(crate) class: usize,
    /// How sure that is: 0 for guessing, 1 for certain.
    pub(crate) sure: f32,
    /// How far each class is ahead of all others.
    pub(crate) margins: Vec<f32>,
    /// The number, for regression.
    pub(crate) value: f32,
}

impl Plane {
    /// A view of all rows \[N, 2\], where a network takes two numbers; none where it does not.
    pub(crate) fn of(
        preprocessing: &Preprocessing,
        features: &[f32],
        cells: [usize; 2],
    ) -> Option<Self> {
        let columns: Vec<_> = preprocessing.needed().collect();
        let [x, y] = columns[..] else { return None };
        let unit = |encoding: &Encoding| match *encoding {
            Encoding::AsIs => Some([0.0, 1.0]),
            Encoding::Numeric { mean, scale, missing: MissingNumber::Mean } => Some([mean, scale]),
            _ => None,
        };
        let units = [unit(&x.encoding)?, unit(&y.encoding)?];
        let names = [x.name.clone(), y.name.clone()];
        let mut plane = Self { names, view: [[0.0, 1.0]; 2], cells, units };
        let points = plane.points(features);
        for axis in 0..2 {
            plane.view[axis] = roomy(points.iter().map(|point| point[axis]));
        }
        Some(plane)
    }

    /// The same view in so many columns and rows of cells.
    pub(crate) fn with_cells(self, cells: [usize; 2]) -> Self {
        Self { cells, ..self }
    }

    /// Rows \[N, 2\] of a network's inputs, in the columns' own units.
    pub(crate) fn points(&self, features: &[f32]) -> Vec<[f64; 2]> {
        let restore = |value: f32, [mean, scale]: [f32; 2]| {
            f64::from(value) * f64::from(scale) + f64::from(mean)
        };
        let rows = features.as_chunks::<2>().0;
        rows.iter().map(|row| [0, 1].map(|axis| restore(row[axis], self.units[axis]))).collect()
    }

    /// The middles of all cells as a network's inputs \[cells, 2\], the top row first.
    pub(crate) fn inputs(&self) -> Vec<f32> {
        let [columns, rows] = self.cells;
        let middle = |axis: usize, place: usize, count: usize| {
            let [low, high] = self.view[axis];
            let value = low + (high - low) * (place as f64 + 0.5) / count as f64;
            (value as f32 - self.units[axis][0]) / self.units[axis][1]
        };
        (0..rows)
            .rev()
            .flat_map(|row| {
                (0..columns).flat_map(move |column| [(0, column, columns), (1, row, rows)])
            })
            .map(|(axis, place, count)| middle(axis, place, count))
            .collect()
    }

    /// The neurons of a model's first layer, each with the line where it is zero; none where a norm
    /// follows. A neuron is then zero where it lies β/γ spreads of all neurons below their mean: a
    /// curve.
    pub(crate) fn neurons(&self, model: &Model) -> Vec<[f64; 3]> {
        match model.network.norms() {
            [] => self.lines(&model.parameters.layers[0]),
            _ => Vec::new(),
        }
    }

    /// Weights and bias of a layer's neurons, for the columns' own units.
    fn lines(&self, first: &LayerParameters) -> Vec<[f64; 3]> {
        let own = |(weights, bias): (&[f32; 2], &f32)| {
            let [u, v] =
                [0, 1].map(|axis| f64::from(weights[axis]) / f64::from(self.units[axis][1]));
            let [x, y] = [0, 1].map(|axis| f64::from(self.units[axis][0]));
            [u, v, f64::from(*bias) - u * x - v * y]
        };
        first.weight.as_chunks::<2>().0.iter().zip(&first.bias).map(own).collect()
    }

    /// Where the line u·x + v·y + b = 0 enters the view and leaves it; none where it passes by.
    pub(crate) fn line(&self, [u, v, b]: [f64; 3]) -> Option<[[f64; 2]; 2]> {
        let [[left, right], [bottom, top]] = self.view;
        let mut ends: Vec<[f64; 2]> = Vec::new();
        let mut meet = |point: [f64; 2]| {
            let [x, y] = point;
            let inside = (left..=right).contains(&x) && (bottom..=top).contains(&y);
            if inside && !ends.contains(&point) {
                ends.push(point);
            }
        };
        for x in [left, right] {
            meet([x, -(u * x + b) / v]);
        }
        for y in [bottom, top] {
            meet([-(v * y + b) / u, y]);
        }
        // Through two opposite corners it meets four edges in two points: the farthest apart.
        let first = *ends.first()?;
        let far = |point: &[f64; 2]| (point[0] - first[0]).abs() + (point[1] - first[1]).abs();
        let last = ends.iter().copied().max_by(|a, b| far(a).total_cmp(&far(b)))?;
        (last != first).then_some([first, last])
    }
}

/// What a network's predictions say of each cell; of several numbers, the first.
pub(crate) fn regions(predictions: &[f32], output: Output, outputs: usize) -> Vec<Region> {
    let of_row = |row: &[f32]| match (output, row) {
        (Output::Identity, _) => Region { class: 0, sure: 1.0, margins: Vec::new(), value: row[0] },
        (Output::Sigmoid, &[p, ..]) => {
            let margin = 2.0 * p - 1.0;
            let class = usize::from(margin > 0.0);
            Region { class, sure: margin.abs(), margins: vec![-margin, margin], value: p }
        }
        _ => {
            let class = super::largest(row);
            let guess = 1.0 / row.len() as f32;
            let sure = (row[class] - guess) / (1.0 - guess);
            let margins = (0..row.len()).map(|class| row[class] - best_but(row, class)).collect();
            Region { class, sure, margins, value: row[class] }
        }
    };
    predictions.chunks_exact(outputs).map(of_row).collect()
}

/// Whether the pictures of the plane know what to do with such targets.
pub(crate) fn drawable(targets: &Targets) -> bool {
    matches!(
        targets,
        Targets::Classes { .. }
            | Targets::Binary { columns: 1, .. }
            | Targets::Numbers { columns: 1, .. }
    )
}

fn best_but(row: &[f32], class: usize) -> f32 {
    let others = row.iter().enumerate().filter(|(other, _)| *other != class);
    others.map(|(_, p)| *p).fold(f32::MIN, f32::max)
}

/// From the least to the most, with a tenth of that around.
fn roomy(values: impl Iterator<Item = f64>) -> [f64; 2] {
    let [low, high] =
        values.fold([f64::MAX, f64::MIN], |[low, high], value| [low.min(value), high.max(value)]);
    let room = if high > low { 0.12 * (high - low) } else { low.abs().max(1.0) };
    [low - room, high + room]
}

#[cfg(test)]
mod tests {
    use super::*;
    use halfplane::data::Column;

    fn plane() -> Plane {
        let numeric = |mean, scale| Encoding::Numeric { mean, scale, missing: MissingNumber::Mean };
        let column = |name: &str, encoding| Column { name: name.into(), encoding };
        let columns = vec![column("a", numeric(10.0, 2.0)), column("b", Encoding::AsIs)];
        let preprocessing = Preprocessing { columns, ..Preprocessing::default() };
        Plane::of(&preprocessing, &[-1.0, 0.0, 1.0, 4.0], [3, 2]).expect("two numbers")
    }

    #[test]
    fn it_is_seen_in_the_columns_units() {
        let plane = plane();
        assert_eq!(plane.points(&[-1.0, 0.0, 1.0, 4.0]), [[8.0, 0.0], [12.0, 4.0]]);
        let near = |a: [f64; 2], b: [f64; 2]| (a[0] - b[0]).abs() + (a[1] - b[1]).abs() < 1e-9;
        assert!(near(plane.view[0], [7.52, 12.48]) && near(plane.view[1], [-0.48, 4.48]));
        let inputs = plane.inputs();
        assert_eq!(inputs.len(), 12);
        // The middle of the top row is the mean of a.
        assert!(inputs[2].abs() < 1e-6 && (inputs[3] - 3.24).abs() < 1e-5, "{inputs:?}");
    }

    #[test]
    fn a_neurons_line_is_where_it_is_zero() {
        let plane = plane();
        let first = LayerParameters { weight: vec![1.0, -1.0, 0.0, 0.0], bias: vec![0.5, 1.0] };
        let neurons = plane.lines(&first);
        let [from, to] = plane.line(neurons[0]).expect("it crosses the view");
        for [a, b] in [from, to] {
            assert!(((a - 10.0) / 2.0 - b + 0.5).abs() < 1e-9, "{a} {b}");
        }
        assert!((from[0] - to[0]).abs() > 1.0, "it has a length");
        assert_eq!(plane.line(neurons[1]), None, "it is nowhere zero");
        assert_eq!(plane.line([1.0, 0.0, 0.0]), None, "it passes by");
        let upright = plane.line([1.0, 0.0, -10.0]).expect("it crosses the view");
        assert_eq!([upright[0][0], upright[1][0]], [10.0, 10.0]);
    }

    #[test]
    fn a_third_column_or_a_word_has_no_plane() {
        let columns = |count: usize| Preprocessing::as_is((0..count).map(|c| format!("x{c}")));
        assert!(Plane::of(&columns(2), &[0.0, 1.0], [2, 2]).is_some());
        assert!(Plane::of(&columns(3), &[0.0, 1.0, 2.0], [2, 2]).is_none());
        assert!(Plane::of(&columns(1), &[0.0], [2, 2]).is_none());
    }

    #[test]
    fn regions_say_who_wins_and_by_how_much() {
        let binary = regions(&[0.9, 0.25], Output::Sigmoid, 1);
        assert_eq!((binary[0].class, binary[1].class), (1, 0));
        assert!((binary[0].sure - 0.8).abs() < 1e-6 && binary[1].margins[0] == 0.5);
        let several = regions(&[0.2, 0.5, 0.3], Output::Softmax, 3);
        assert_eq!(several[0].class, 1);
        assert!((several[0].margins[1] - 0.2).abs() < 1e-6);
        assert!((several[0].margins[0] + 0.3).abs() < 1e-6);
    }
}
