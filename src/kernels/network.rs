//! A whole network's loss and gradient on some rows, layer by layer: what the twins of `resident`
//! and `fused_gradient` are made of.

use super::resident::keeps_z;
use super::{Control, Criterion, Function, permute, seed_of};
use crate::spec::{Layer, Shuffle};

/// A network as the kernels know it.
pub(super) struct Network<'a> {
    /// The widths of its layers, input first.
    pub(super) widths: &'a [usize],
    pub(super) function: Function,
    pub(super) criterion: Criterion,
}

/// The rows of the data set that a batch takes: `count` rows from `first_row` on are the network's.
pub(super) fn sources(
    control: Control,
    (first_row, count): (usize, usize),
    shuffle: Shuffle,
    seed: u64,
) -> Vec<usize> {
    (0..control.rows)
        .map(|b| match shuffle {
            Shuffle::EveryEpoch => {
                permute(control.first + b, count as u32, seed_of(seed), control.epoch)
            }
            Shuffle::Never => control.first + b,
        })
        .map(|position| first_row + position as usize)
        .collect()
}

impl Network<'_> {
    fn layers(&self) -> impl DoubleEndedIterator<Item = Layer> + ExactSizeIterator + '_ {
        Layer::between(self.widths)
    }

    /// Loss and score of each of the rows at `sources`, part of a batch of `batch`, and the
    /// gradient of every parameter.
    pub(super) fn gradient(
        &self,
        sources: &[usize],
        (data_x, data_t): (&[f32], &[u32]),
        parameters: &[f32],
        batch: usize,
    ) -> (Vec<[f32; 2]>, Vec<f32>) {
        let (rows, inputs) = (sources.len(), self.widths[0]);
        // y of each layer, x first; z of each layer.
        let x = sources.iter().flat_map(|&row| &data_x[row * inputs..(row + 1) * inputs]);
        let mut y: Vec<Vec<f32>> = vec![x.copied().collect()];
        let mut z: Vec<Vec<f32>> = Vec::new();
        let mut at = 0;
        for layer in self.layers() {
            let Layer { inputs: i, outputs: o } = layer;
            let below = &y[y.len() - 1];
            let sum = |e: usize| {
                let (b, o_) = (e / o, e % o);
                let bias = parameters[at + o * i + o_];
                (0..i).fold(bias, |z, i_| z + parameters[at + o_ * i + i_] * below[b * i + i_])
            };
            let sums: Vec<f32> = (0..rows * o).map(sum).collect();
            y.push(sums.iter().map(|&z| self.function.value(z)).collect());
            z.push(sums);
            at += layer.parameters();
        }

        let outputs = self.widths[self.widths.len() - 1];
        let columns = self.criterion.target_columns(outputs);
        let last = &z[z.len() - 1];
        let mut d_z = vec![0.0; rows * outputs];
        let mut metrics = Vec::with_capacity(rows);
        for (b, &source) in sources.iter().enumerate() {
            let row = b * outputs..(b + 1) * outputs;
            let targets = &data_t[source * columns..(source + 1) * columns];
            let (z, d_z) = (&last[row.clone()], &mut d_z[row]);
            metrics.push(self.criterion.row(z, targets, d_z, batch));
        }

        let mut gradient = vec![0.0; at];
        for (index, layer) in self.layers().enumerate().rev() {
            let Layer { inputs: i, outputs: o } = layer;
            at -= layer.parameters();
            let below = &y[index];
            for o_ in 0..o {
                for i_ in 0..i {
                    gradient[at + o_ * i + i_] =
                        (0..rows).map(|b| d_z[b * o + o_] * below[b * i + i_]).sum();
                }
                gradient[at + o * i + o_] = (0..rows).map(|b| d_z[b * o + o_]).sum();
            }
            if index > 0 {
                let kept = if keeps_z(self.function) { &z[index - 1] } else { below };
                let d_x = |e: usize| {
                    let (b, i_) = (e / i, e % i);
                    let sum: f32 =
                        (0..o).map(|o_| d_z[b * o + o_] * parameters[at + o_ * i + i_]).sum();
                    sum * self.function.derivative(kept[e])
                };
                d_z = (0..rows * i).map(d_x).collect();
            }
        }
        (metrics, gradient)
    }
}
