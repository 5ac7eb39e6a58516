//! Two columns to look along: a rectangle of points in their units, as inputs of the network. All other
//! inputs stay at their means.

use halfplane::Dataset;
use halfplane::data::{Bin, Encoding, Preprocessing};

/// The rectangle.
#[derive(Clone, Debug)]
pub(crate) struct Plane {
    /// Two of [`choices`].
    axes: [Axis; 2],
    /// The range of each axis.
    pub(crate) view: [[f32; 2]; 2],
    /// Each input's mean over the training rows.
    means: Vec<f32>,
}

/// A column of numbers: which input it is, and how it becomes it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Axis {
    pub(crate) name: String,
    input: usize,
    mean: f32,
    scale: f32,
    bins: Vec<Bin>,
}

impl Axis {
    /// The column's number in a row of inputs.
    fn of(&self, row: &[f32]) -> f32 {
        row[self.input] * self.scale + self.mean
    }
}

/// The columns that one can look along.
pub(crate) fn choices(preprocessing: &Preprocessing) -> Vec<Axis> {
    let mut input = 0;
    let mut axes = Vec::new();
    for column in &preprocessing.columns {
        let (mean, scale, bins) = match &column.encoding {
            Encoding::AsIs => (0.0, 1.0, Vec::new()),
            Encoding::Numeric { mean, scale, bins, .. } => (*mean, *scale, bins.clone()),
            _ => {
                input += column.encoding.outputs();
                continue;
            }
        };
        axes.push(Axis { name: column.name.clone(), input, mean, scale, bins });
        input += column.encoding.outputs();
    }
    axes
}

impl Plane {
    /// The rectangle that holds all rows; nothing where there are no two such columns.
    pub(crate) fn of(data: &Dataset, [x, y]: [usize; 2]) -> Option<Self> {
        let choices = choices(data.preprocessing());
        let axes = [choices.get(x)?.clone(), choices.get(y)?.clone()];
        let (inputs, rows) = (data.inputs(), data.rows() as f32);
        let mut means = vec![0.0; inputs];
        for row in data.features().chunks_exact(inputs) {
            means.iter_mut().zip(row).for_each(|(sum, value)| *sum += value / rows);
        }
        let view = [0, 1].map(|axis| {
            let values = data.features().chunks_exact(inputs).map(|row| axes[axis].of(row));
            padded(values)
        });
        Some(Self { axes, view, means })
    }

    /// The two numbers of each row, one after another.
    pub(crate) fn points(&self, data: &Dataset) -> Vec<f32> {
        let rows = data.features().chunks_exact(data.inputs());
        rows.flat_map(|row| [self.axes[0].of(row), self.axes[1].of(row)]).collect()
    }

    /// The middles of `side` · `side` cells, the top row first, as inputs \[I · points\].
    pub(crate) fn inputs(&self, side: usize) -> Vec<f32> {
        let points = side * side;
        let mut inputs = Vec::with_capacity(self.means.len() * points);
        self.means.iter().for_each(|mean| inputs.resize(inputs.len() + points, *mean));
        for (number, axis) in self.axes.iter().enumerate() {
            let [low, high] = self.view[number];
            for point in 0..points {
                let cell = if number == 0 { point % side } else { side - 1 - point / side };
                let value = low + (high - low) * (cell as f32 + 0.5) / side as f32;
                inputs[axis.input * points + point] = (value - axis.mean) / axis.scale;
                for (bin, own) in axis.bins.iter().enumerate() {
                    inputs[(axis.input + 1 + bin) * points + point] = own.of(value);
                }
            }
        }
        inputs
    }

    /// The lines u·x + v·y + b = 0 on which units of the first layer change sign, \[u, v, b\] of each.
    /// None where bins bend them.
    pub(crate) fn lines(&self, weight: &[f32], bias: &[f32]) -> Vec<f32> {
        if self.axes.iter().any(|axis| !axis.bins.is_empty()) {
            return Vec::new();
        }
        let inputs = self.means.len();
        let [x, y] = &self.axes;
        let of = |(weights, bias): (&[f32], &f32)| {
            let [u, v] = [x, y].map(|axis| weights[axis.input] / axis.scale);
            let others = weights.iter().zip(&self.means).enumerate();
            let rest: f32 = others
                .filter(|(input, _)| *input != x.input && *input != y.input)
                .map(|(_, (weight, mean))| weight * mean)
                .sum();
            [u, v, bias + rest - u * x.mean - v * y.mean]
        };
        weight.chunks_exact(inputs).zip(bias).flat_map(of).collect()
    }
}

/// A range with room at both ends.
fn padded(values: impl Iterator<Item = f32>) -> [f32; 2] {
    let [low, high] =
        values.fold([f32::MAX, f32::MIN], |[low, high], value| [low.min(value), high.max(value)]);
    let padding = if high > low { 0.15 * (high - low) } else { low.abs().max(1.0) };
    [low - padding, high + padding]
}
