//! Trials of a batch's pass through all layers and back, and of the update that follows.

use super::dense::weight_size;
use super::resident::targets;
use super::update::{Gradient, magnitudes, state, terms};
use super::{Bound, Expect, Random, Tensors, Trialled, tensor};
use crate::kernels::{Control, FusedGradient, FusedUpdate, Pass, fused_gradient, fused_update};

/// What a number is made of: terms of about 1, whose errors a handful of layers chain.
const MAGNITUDE: f32 = 1.0;

impl Trialled for FusedGradient {
    /// Random data, and weights that keep every z near 1.
    fn trial(&self, control: Control, random: &mut Random) -> Self::Bindings<Tensors> {
        let (strands, p) = (self.strands, self.parameters());
        let (inputs, outputs) = (self.widths[0], self.outputs());
        let x = random.floats(self.count * inputs, 1.0);
        let t = targets(self.criterion, self.count, outputs, random);
        let mut parameters = Vec::with_capacity(p);
        for layer in self.layers() {
            parameters.extend(random.floats(layer.parameters(), weight_size(layer.inputs)));
        }
        let rows = control.rows as usize;
        let of_strand = |strand| self.strand(strand, rows).len() as f32;
        let gradients = match self.pass {
            Pass::Evaluate => Vec::new(),
            Pass::Train => (0..strands)
                .flat_map(|strand| vec![MAGNITUDE * of_strand(strand) / rows as f32; p])
                .collect(),
        };
        let metrics = (0..strands).flat_map(|strand| [MAGNITUDE * of_strand(strand); 2]).collect();
        let scratch = strands * self.tile_words();
        fused_gradient::Bindings {
            control: Bound::control(control),
            data_x: Bound::input(&x, x.len()),
            data_t: Bound::input(&t, t.len()),
            parameters: Bound::input(&parameters, p),
            gradients: Bound::output(gradients, strands * p),
            row_metrics: Bound::output(metrics, 2 * strands),
            // The twin needs no scratch memory, so nothing of it is compared.
            scratch: Bound { words: tensor(&[], scratch), expect: Expect::Anything(0..scratch) },
        }
    }
}

impl Trialled for FusedUpdate {
    /// Random gradients of the strands; parameters and state as the update has them.
    fn trial(&self, control: Control, random: &mut Random) -> Self::Bindings<Tensors> {
        let FusedUpdate { parameters: p, strands, update, lr, hyper, .. } = *self;
        let strand_gradients = random.floats(strands * p, 1.0);
        let state = state(update, control, p, random);
        let weights = self.layers().flat_map(|layer| {
            let weights = layer.inputs * layer.outputs;
            (0..layer.parameters()).map(move |at| at < weights)
        });
        let gradient: Vec<Gradient> = weights
            .enumerate()
            .map(|(at, weight)| {
                let of_strands = || (0..strands).map(|strand| strand_gradients[strand * p + at]);
                let (sum, terms) = (of_strands().sum(), of_strands().map(f32::abs).sum());
                Gradient {
                    g: hyper.regularized(sum, state[0][at], weight),
                    terms: self::terms(&hyper, terms, state[0][at]),
                }
            })
            .collect();
        let rate = lr * control.schedule;
        let mut magnitudes = magnitudes((update, rate, &hyper), control.step, &gradient, &state);
        let sums = gradient.iter().map(|gradient| gradient.terms).collect();
        let of_state = magnitudes.split_off(1).concat();
        fused_update::Bindings {
            control: Bound::control(control),
            gradients: Bound::updated(&strand_gradients, sums, strands * p),
            parameters: Bound::updated(&state[0], magnitudes.concat(), p),
            state: Bound::updated(&state[1..].concat(), of_state, (state.len() - 1) * p),
        }
    }
}
