//! The layer norms' trials.

use super::rowwise::slack;
use super::update::{go_on, magnitudes, regularized, state, updated};
use super::{Bound, Random, Tensors, Trialled};
use crate::kernels::{
    Contract as _, Control, Function, LayerNorm, LayerNormBackwardInput, LayerNormBackwardWeight,
    LayerUpdate, Updated, layer_norm, layer_norm_backward_input, layer_norm_backward_weight,
    normalized,
};

impl Trialled for LayerNorm {
    /// Random z, some rows all equal: their variance is 0; γ and β about 1 and 0.
    fn trial(&self, control: Control, random: &mut Random) -> Self::Bindings<Tensors> {
        let LayerNorm { rows, columns, function, .. } = *self;
        let live = control.rows as usize;
        let z = rows_of_z(live, columns, random);
        let parameters = affine(columns, random);
        let (mut of_moments, mut of_y) = (Vec::new(), Vec::new());
        for (z, moment) in z.chunks_exact(columns).zip(moments(&z, columns)) {
            let [_, scale] = moment;
            // Of numbers of one sign every addition errs by the sum so far, not by a number: at random,
            // so that the root of their count tells.
            let run = (columns as f32).sqrt() / 8.0;
            let mean_size = z.iter().map(|z| z.abs()).sum::<f32>() / columns as f32 * run.max(1.0);
            let largest = z.iter().fold(0.0, |most: f32, z| most.max(z.abs()));
            // 1/σ moves with the variance, that with twice the error of z − mean.
            of_moments.extend([mean_size, scale * (1.0 + scale * largest)]);
            for (o, z) in z.iter().enumerate() {
                let n = normalized(*z, moment);
                let (gamma, beta) = (parameters[o], parameters[columns + o]);
                let before = gamma * n + beta;
                // An error of the mean, or of σ, is one of z − mean.
                let off = scale * (z.abs() + mean_size) + n.abs() * (1.0 + scale * largest);
                let terms = gamma.abs() * off + beta.abs();
                of_y.push(terms + function.value(before).abs() + slack(function, before));
            }
        }
        layer_norm::Bindings {
            control: Bound::control(control),
            z: Bound::input(&z, rows * columns),
            parameters: Bound::input(&parameters, 2 * columns),
            moments: Bound::output(of_moments, 2 * rows),
            y: Bound::output(of_y, rows * columns),
        }
    }
}

impl Trialled for LayerNormBackwardInput {
    /// Random d_n, and what the forward pass has left of random z.
    fn trial(&self, control: Control, random: &mut Random) -> Self::Bindings<Tensors> {
        let LayerNormBackwardInput { rows, columns, .. } = *self;
        let live = control.rows as usize;
        let z = rows_of_z(live, columns, random);
        let d_n = random.floats(live * columns, 1.0);
        let parameters = affine(columns, random);
        let moments = moments(&z, columns);
        let mut of_d_z = Vec::new();
        let rows_of = z.chunks_exact(columns).zip(d_n.chunks_exact(columns));
        for ((z, d_n), &moment) in rows_of.zip(&moments) {
            let g: Vec<f32> =
                d_n.iter().zip(&parameters).map(|(d, gamma)| (d * gamma).abs()).collect();
            let n: Vec<f32> = z.iter().map(|z| normalized(*z, moment).abs()).collect();
            let of_g = g.iter().sum::<f32>() / columns as f32;
            let of_gn = g.iter().zip(&n).map(|(g, n)| g * n).sum::<f32>() / columns as f32;
            of_d_z.extend(g.iter().zip(&n).map(|(g, n)| (g + of_g + n * of_gn) * moment[1]));
        }
        layer_norm_backward_input::Bindings {
            control: Bound::control(control),
            d_n: Bound::input(&d_n, rows * columns),
            z: Bound::input(&z, rows * columns),
            moments: Bound::input(&moments, 2 * rows),
            parameters: Bound::input(&parameters, 2 * columns),
            d_z: Bound::output(of_d_z, rows * columns),
        }
    }
}

impl Trialled for LayerNormBackwardWeight {
    /// The same; parameters and state as the update has them.
    fn trial(&self, control: Control, random: &mut Random) -> Self::Bindings<Tensors> {
        let LayerUpdate { update, lr, hyper, .. } = self.layer;
        let (rows, columns, size) = (self.rows, self.columns(), self.layer.count());
        let live = control.rows as usize;
        let z = rows_of_z(live, columns, random);
        let d_n = random.floats(live * columns, 1.0);
        let moments = moments(&z, columns);
        let mut state = state(update, control, size, random);
        let kept = LayerNormBackwardWeight { layer: self.layer.kept(), ..self.clone() };
        let own = Control { before: 0, ..control };
        let mut gradient = vec![0.0; size];
        kept.twin(layer_norm_backward_weight::Bindings {
            control: &[own],
            d_n: &d_n,
            z: &z,
            moments: &moments,
            updated: Updated::Gradient { gradient: &mut gradient[..] },
        });
        let mut terms = vec![0.0; size];
        let rows_of = z.chunks_exact(columns).zip(d_n.chunks_exact(columns));
        for ((z, d_n), &moment) in rows_of.zip(&moments) {
            for o in 0..columns {
                terms[o] += (d_n[o] * normalized(z[o], moment)).abs();
                terms[columns + o] += d_n[o].abs();
            }
        }
        go_on(control, &mut state, &mut terms, random);
        let gradient = regularized((update, &hyper), 0, &gradient, &terms, &state);
        let magnitudes = magnitudes((update, lr, &hyper), control.step, &gradient, &state);
        layer_norm_backward_weight::Bindings {
            control: Bound::control(control),
            d_n: Bound::input(&d_n, rows * columns),
            z: Bound::input(&z, rows * columns),
            moments: Bound::input(&moments, 2 * rows),
            updated: updated(update, &state, magnitudes, size),
        }
    }
}

/// Random z, one row of every four far from 0, one all equal: to quarters, of which every sum is
/// exact, for else a sum of so many equal numbers errs more the longer it is.
fn rows_of_z(rows: usize, columns: usize, random: &mut Random) -> Vec<f32> {
    let mut z = random.floats(rows * columns, 3.0);
    for (number, row) in z.chunks_exact_mut(columns).enumerate() {
        match number % 4 {
            1 => row.fill((4.0 * row[0]).round() / 4.0),
            2 => row.iter_mut().for_each(|z| *z += 20.0),
            _ => {}
        }
    }
    z
}

/// γ about 1 and β about 0.
fn affine(columns: usize, random: &mut Random) -> Vec<f32> {
    let mut parameters = random.floats(2 * columns, 0.7);
    parameters[..columns].iter_mut().for_each(|gamma| *gamma += 1.0);
    parameters
}

/// Mean and 1/σ of each row, as the twin has them.
fn moments(z: &[f32], columns: usize) -> Vec<[f32; 2]> {
    let rows = z.len() / columns;
    let norm = LayerNorm { rows, columns, function: Function::Identity, lanes: 1 };
    let mut moments = vec![[0.0; 2]; rows];
    norm.twin(layer_norm::Bindings {
        control: &[Control::of_rows(rows)],
        z,
        parameters: &vec![1.0; 2 * columns],
        moments: &mut moments,
        y: &mut vec![0.0; z.len()],
    });
    moments
}
