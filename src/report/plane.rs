//! Predictions of a network with two inputs over a grid of cells, for pictures and the dashboard.

use halfplane::data::{Bin, Encoding, MissingNumber, Preprocessing};
use halfplane::metrics::argmax;
use halfplane::spec::LayerParameters;
use halfplane::{Model, Output, Targets};

/// A rectangle of the input plane, divided into cells, in the units of the table's columns.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plane {
    /// The names of both columns.
    pub(crate) names: [String; 2],
    /// The range of each axis.
    pub(crate) view: [[f64; 2]; 2],
    /// The number of columns and rows of cells.
    pub(crate) cells: [usize; 2],
    axes: [Axis; 2],
}

/// How a column's number becomes inputs.
#[derive(Clone, Debug, PartialEq)]
struct Axis {
    mean: f32,
    scale: f32,
    bins: Vec<Bin>,
}

impl Axis {
    fn of(encoding: &Encoding) -> Option<Self> {
        match encoding {
            Encoding::AsIs => Some(Self { mean: 0.0, scale: 1.0, bins: Vec::new() }),
            Encoding::Numeric { mean, scale, bins, missing: MissingNumber::Mean } => {
                Some(Self { mean: *mean, scale: *scale, bins: bins.clone() })
            }
            _ => None,
        }
    }

    const fn inputs(&self) -> usize {
        1 + self.bins.len()
    }
}

/// A network's prediction at the centre of a cell.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cell {
    /// The predicted class.
    pub(crate) class: usize,
    /// 0 where all classes are equally likely, 1 where one is certain.
    pub(crate) confidence: f32,
    /// For each class, its probability minus the largest of the others.
    pub(crate) margins: Vec<f32>,
    /// The predicted number of a regression.
    pub(crate) value: f32,
}

impl Plane {
    /// A rectangle that contains all rows \[N, 2\]; `None` unless the inputs are two numbers.
    pub(crate) fn of(
        preprocessing: &Preprocessing,
        features: &[f32],
        cells: [usize; 2],
    ) -> Option<Self> {
        let columns: Vec<_> = preprocessing.needed().collect();
        let [x, y] = columns[..] else { return None };
        let axes = [Axis::of(&x.encoding)?, Axis::of(&y.encoding)?];
        let names = [x.name.clone(), y.name.clone()];
        let mut plane = Self { names, view: [[0.0, 1.0]; 2], cells, axes };
        let points = plane.points(features);
        for axis in 0..2 {
            plane.view[axis] = padded_range(points.iter().map(|point| point[axis]));
        }
        Some(plane)
    }

    /// The same rectangle with another number of columns and rows of cells.
    pub(crate) fn with_cells(self, cells: [usize; 2]) -> Self {
        Self { cells, ..self }
    }

    /// Rows \[N, I\] of network inputs, in the units of the columns.
    pub(crate) fn points(&self, features: &[f32]) -> Vec<[f64; 2]> {
        let [x, y] = &self.axes;
        let restore =
            |value: f32, own: &Axis| f64::from(value) * f64::from(own.scale) + f64::from(own.mean);
        let rows = features.chunks_exact(x.inputs() + y.inputs());
        rows.map(|row| [restore(row[0], x), restore(row[x.inputs()], y)]).collect()
    }

    /// The centres of all cells as network inputs \[cells, I\], the top row first.
    pub(crate) fn inputs(&self) -> Vec<f32> {
        let [columns, rows] = self.cells;
        let mut inputs = Vec::new();
        for row in (0..rows).rev() {
            for column in 0..columns {
                for (axis, index, count) in [(0, column, columns), (1, row, rows)] {
                    let [low, high] = self.view[axis];
                    let value = (low + (high - low) * (index as f64 + 0.5) / count as f64) as f32;
                    let Axis { mean, scale, bins } = &self.axes[axis];
                    inputs.push((value - mean) / scale);
                    inputs.extend(bins.iter().map(|bin| bin.of(value)));
                }
            }
        }
        inputs
    }

    /// The neurons \[u, v, b\] of a model's first layer, each zero on the line u·x + v·y + b = 0.
    /// Or why they cannot be drawn.
    pub(crate) fn neurons(&self, model: &Model) -> Result<Vec<[f64; 3]>, &'static str> {
        let straight = self.axes.iter().all(|own| own.bins.is_empty());
        match (model.network.norms(), &model.members[..]) {
            ([_, ..], _) => Err("with layer-norm they are curves"),
            _ if !straight => Err("where numbers have bins they are bent"),
            (_, [only]) => Ok(self.lines(&only.layers[0])),
            _ => Err("those of several networks are too many"),
        }
    }

    /// Weights and bias of a layer's neurons, for inputs in the units of the columns.
    fn lines(&self, first: &LayerParameters) -> Vec<[f64; 3]> {
        let own = |(weights, bias): (&[f32; 2], &f32)| {
            let [u, v] =
                [0, 1].map(|axis| f64::from(weights[axis]) / f64::from(self.axes[axis].scale));
            let [x, y] = [0, 1].map(|axis| f64::from(self.axes[axis].mean));
            [u, v, f64::from(*bias) - u * x - v * y]
        };
        first.weight.as_chunks::<2>().0.iter().zip(&first.bias).map(own).collect()
    }

    /// The ends of the line u·x + v·y + b = 0 within the rectangle; `None` where it is outside.
    pub(crate) fn line(&self, [u, v, b]: [f64; 3]) -> Option<[[f64; 2]; 2]> {
        let [[left, right], [bottom, top]] = self.view;
        let mut ends: Vec<[f64; 2]> = Vec::new();
        let mut add = |point: [f64; 2]| {
            let [x, y] = point;
            let inside = (left..=right).contains(&x) && (bottom..=top).contains(&y);
            if inside && !ends.contains(&point) {
                ends.push(point);
            }
        };
        for x in [left, right] {
            add([x, -(u * x + b) / v]);
        }
        for y in [bottom, top] {
            add([-(v * y + b) / u, y]);
        }
        // A diagonal meets all four edges, up to rounding: take the two points farthest apart.
        let first = *ends.first()?;
        let far = |point: &[f64; 2]| (point[0] - first[0]).abs() + (point[1] - first[1]).abs();
        let last = ends.iter().copied().max_by(|a, b| far(a).total_cmp(&far(b)))?;
        (last != first).then_some([first, last])
    }
}

/// The cells of predictions \[cells, outputs\]; of a regression with several outputs, the first.
pub(crate) fn cells(predictions: &[f32], output: Output, outputs: usize) -> Vec<Cell> {
    let of_row = |row: &[f32]| match (output, row) {
        (Output::Identity, _) => {
            Cell { class: 0, confidence: 1.0, margins: Vec::new(), value: row[0] }
        }
        (Output::Sigmoid, &[p, ..]) => {
            let margin = 2.0 * p - 1.0;
            let class = usize::from(margin > 0.0);
            Cell { class, confidence: margin.abs(), margins: vec![-margin, margin], value: p }
        }
        _ => {
            let class = argmax(row);
            let guess = 1.0 / row.len() as f32;
            let confidence = (row[class] - guess) / (1.0 - guess);
            let margins = (0..row.len()).map(|class| row[class] - best_but(row, class)).collect();
            Cell { class, confidence, margins, value: row[class] }
        }
    };
    predictions.chunks_exact(outputs).map(of_row).collect()
}

/// Whether decision regions can be drawn for these targets.
pub(crate) fn has_regions(targets: &Targets) -> bool {
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

/// The range of the values with 12 % padding at both ends.
fn padded_range(values: impl Iterator<Item = f64>) -> [f64; 2] {
    let [low, high] =
        values.fold([f64::MAX, f64::MIN], |[low, high], value| [low.min(value), high.max(value)]);
    let padding = if high > low { 0.12 * (high - low) } else { low.abs().max(1.0) };
    [low - padding, high + padding]
}

#[cfg(test)]
mod tests {
    use super::*;
    use halfplane::data::Column;

    fn plane() -> Plane {
        let numeric = |mean, scale| {
            let missing = MissingNumber::Mean;
            Encoding::Numeric { mean, scale, bins: Vec::new(), missing }
        };
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
        let binary = cells(&[0.9, 0.25], Output::Sigmoid, 1);
        assert_eq!((binary[0].class, binary[1].class), (1, 0));
        assert!((binary[0].confidence - 0.8).abs() < 1e-6 && binary[1].margins[0] == 0.5);
        let several = cells(&[0.2, 0.5, 0.3], Output::Softmax, 3);
        assert_eq!(several[0].class, 1);
        assert!((several[0].margins[1] - 0.2).abs() < 1e-6);
        assert!((several[0].margins[0] + 0.3).abs() < 1e-6);
    }
}
