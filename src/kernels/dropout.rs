//! Leaves out a share of a layer's units, another each step, and lets the others grow to make up
//! for it: y\[B,O\] = x\[B,O\] ∘ mask / (1 − p). Forward x is the layer's y, backward its gradient.

use super::random::philox;
use super::shader::{CONTROL, FOLD, piece};
use super::{Contract, Control, Cost, Module, Views, WORKGROUP, bindings, groups_for, immediates};

/// Dropout over `rows` rows at most. The mask is never stored: whoever asks again for the same
/// step, layer, row and unit gets the same bit, so that backward finds forward's.
#[derive(Clone, Debug, PartialEq)]
pub struct Dropout {
    /// B, at most.
    pub rows: usize,
    /// O
    pub columns: usize,
    /// The layer's number, for masks of its own.
    pub layer: usize,
    /// p, the share of units that is left out.
    pub share: f64,
    /// The masks' seed.
    pub seed: u64,
}

immediates! {
    pub(crate) struct Immediates {
        columns: u32, layer: u32, threshold: u32, scale: f32, seed_low: u32, seed_high: u32,
    }
}

/// Units that one draw of random words decides about.
pub(crate) const BLOCK: usize = 4;

impl Dropout {
    /// The random word below which a unit is left out, and what the others are multiplied by.
    pub(crate) fn odds(&self) -> (u32, f32) {
        let words = self.words();
        (words.threshold, words.scale)
    }

    fn words(&self) -> Immediates {
        Immediates {
            columns: self.columns as u32,
            layer: self.layer as u32,
            // A unit is left out where its random word is below.
            threshold: (self.share * 2f64.powi(32)).round() as u32,
            scale: (1.0 / (1.0 - self.share)) as f32,
            seed_low: self.seed as u32,
            seed_high: (self.seed >> 32) as u32,
        }
    }
}

bindings! {
    Dropout {
        read control: Control [1],
        read x: f32 [B, O],
        write y: f32 [B, O],
    }
}

impl Contract for Dropout {
    type Immediates = Immediates;

    fn stem(&self) -> &'static str {
        "dropout"
    }

    fn modules(&self) -> Vec<Module> {
        vec![CONTROL, FOLD, piece!("common/random"), piece!("dropout")]
    }

    fn overrides(&self) -> Vec<(&'static str, f64)> {
        vec![("WORKGROUP", f64::from(WORKGROUP))]
    }

    fn immediates(&self) -> Immediates {
        self.words()
    }

    fn workgroups(&self) -> u64 {
        groups_for(self.rows * self.columns.div_ceil(BLOCK))
    }

    fn describe(&self) -> String {
        let Self { rows, columns, share, .. } = self;
        format!("[{rows},{columns}] without {share} of its units")
    }

    fn cost(&self) -> Cost {
        let elements = (self.rows * self.columns) as u64;
        Cost { flops: elements, bytes: 8 * elements }
    }

    fn twin(&self, bound: Bindings<Views<'_>>) {
        let Bindings { control, x, y } = bound;
        let elements = ..control[0].rows as usize * self.columns;
        twin(self, control[0], &x[elements], &mut y[elements]);
    }
}

/// Row by row, block by block.
fn twin(layer: &Dropout, control: Control, x: &[f32], y: &mut [f32]) {
    let p = layer.words();
    let rows = x.chunks_exact(layer.columns).zip(y.chunks_exact_mut(layer.columns));
    for (row, (x, y)) in rows.enumerate() {
        for (block, (x, y)) in x.chunks(BLOCK).zip(y.chunks_mut(BLOCK)).enumerate() {
            let counter = [control.step, p.layer, control.before + row as u32, block as u32];
            let words = philox(counter, [p.seed_low, p.seed_high]);
            for ((x, y), word) in x.iter().zip(y).zip(words) {
                *y = if word < p.threshold { 0.0 } else { x * p.scale };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of 160,000 units 0.3 are left out, give or take 0.0011; five times that passes. So does each
    /// column, of 1,600 units, with four times its 0.0115.
    #[test]
    fn leaves_out_the_share_that_it_is_told_to() {
        const SIDE: usize = 100;
        let layer = Dropout { rows: SIDE, columns: SIDE, layer: 2, share: 0.3, seed: 9 << 40 | 7 };
        let mut of_column = [0u32; SIDE];
        let mut masks = std::collections::HashSet::new();
        for step in 0..16 {
            let control = Control { step, ..Control::of_rows(SIDE) };
            let (x, mut y) = (vec![1.0; SIDE * SIDE], vec![7.0; SIDE * SIDE]);
            layer.twin(Bindings { control: &[control], x: &x, y: &mut y });
            assert!(y.iter().all(|y| *y == 0.0 || *y == (1.0 / 0.7) as f32));
            for row in y.chunks_exact(SIDE) {
                let left_out = row.iter().map(|y| u32::from(*y == 0.0));
                of_column.iter_mut().zip(left_out).for_each(|(sum, one)| *sum += one);
                masks.insert(row.iter().map(|y| *y == 0.0).collect::<Vec<_>>());
            }
        }
        let share = of_column.iter().sum::<u32>() as f32 / 160_000.0;
        assert!((share - 0.3).abs() < 0.0055, "{share}");
        for share in of_column.map(|sum| sum as f32 / 1600.0) {
            assert!((share - 0.3).abs() < 0.046, "{share}");
        }
        assert_eq!(masks.len(), 1600, "two rows have the same mask");
    }
}
