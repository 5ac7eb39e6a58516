//! The strands' gradients added up in their order, and the optimizer's update.
//!
//! The CPU path and the shader leave the sum in the first strand's place, as the twin does.

use std::ops::Range;

use super::shader::{CONTROL, FOLD, MATH, OPTIMIZER, ORDERED_SUM, WIDTHS, piece};
use super::{Contract, Control, Cost, Hyper, Module, Update, Views, bindings, immediates, widths};
use crate::spec::Layer;

/// Threads of a workgroup.
const THREADS: u32 = 256;

/// Strands that a thread loads at once. Only more strands than these are shared among threads.
const AT_ONCE: usize = 8;

/// Groups of threads that share the strands, at most.
const MOST_SLICES: usize = 8;

immediates! { pub(crate) struct Immediates { strands: u32, lr: f32, hyper: Hyper } }

/// The update of all parameters by the gradients of some strands.
#[derive(Clone, Debug, PartialEq)]
pub struct FusedUpdate {
    /// The widths of the layers, input first.
    pub widths: Vec<usize>,
    /// Parameters of all layers, P.
    pub parameters: usize,
    /// Strands, S.
    pub strands: usize,
    /// The update.
    pub update: Update,
    /// The learning rate.
    pub lr: f32,
    /// The optimizer's other settings.
    pub hyper: Hyper,
}

impl FusedUpdate {
    /// The dense layers.
    pub fn layers(&self) -> impl Iterator<Item = Layer> + '_ {
        Layer::between(&self.widths)
    }

    /// Groups of a workgroup's threads, each with a part of the strands.
    fn slices(&self) -> u32 {
        self.strands.div_ceil(AT_ONCE).next_power_of_two().min(MOST_SLICES) as u32
    }

    /// Parameters of a workgroup.
    fn columns(&self) -> u32 {
        THREADS / self.slices()
    }

    /// L1, L2 and clipping by value on the gradient of a range of the parameters: both are those
    /// of the range.
    pub(crate) fn regularize(&self, range: Range<usize>, parameters: &[f32], gradient: &mut [f32]) {
        self.hyper.regularize_range(self.layers(), range, parameters, gradient);
    }
}

bindings! {
    FusedUpdate {
        read control: Control [1],
        write gradients: f32 [S, P],
        write parameters: f32 [P],
        write state: f32 [STATE_TENSORS, P],
    }
}

impl Contract for FusedUpdate {
    type Immediates = Immediates;

    fn stem(&self) -> &'static str {
        "fused_update"
    }

    fn modules(&self) -> Vec<Module> {
        vec![CONTROL, FOLD, MATH, OPTIMIZER, ORDERED_SUM, WIDTHS, piece!("fused_update")]
    }

    fn overrides(&self) -> Vec<(&'static str, f64)> {
        let mut overrides = self.update.overrides(&self.hyper).to_vec();
        overrides.extend([
            ("COLUMNS", f64::from(self.columns())),
            ("SLICES", f64::from(self.slices())),
            ("THREADS", f64::from(THREADS)),
            ("COUNT", self.parameters as f64),
            ("STATE_TENSORS", self.update.state().len() as f64),
            ("LAYERS", self.widths.len() as f64 - 1.0),
        ]);
        overrides.extend(widths::overrides(&self.widths));
        overrides
    }

    fn immediates(&self) -> Immediates {
        Immediates { strands: self.strands as u32, lr: self.lr, hyper: self.hyper }
    }

    fn workgroups(&self) -> u64 {
        (self.parameters as u64).div_ceil(u64::from(self.columns()))
    }

    fn describe(&self) -> String {
        let Self { parameters, strands, .. } = self;
        let update = self.update.name(&self.hyper);
        match strands {
            1 => format!("[{parameters}], {update}"),
            _ => format!("{strands} × [{parameters}] → [{parameters}], {update}"),
        }
    }

    fn cost(&self) -> Cost {
        let (p, s) = (self.parameters as u64, self.strands as u64);
        let words = s + 1 + 2 * (1 + self.update.state().len() as u64);
        Cost { flops: p * (s - 1 + self.update.flops()), bytes: 4 * p * words }
    }

    fn twin(&self, bound: Bindings<Views<'_>>) {
        let Bindings { control, gradients, parameters, state } = bound;
        let p = self.parameters;
        let (sum, others) = gradients.split_at_mut(p);
        for strand in others.chunks_exact(p).take(self.strands - 1) {
            for (sum, part) in sum.iter_mut().zip(strand) {
                *sum += part;
            }
        }
        self.regularize(0..p, parameters, sum);
        let control = control[0];
        let formula = self.hyper.at(self.update, self.lr * control.schedule, control.step);
        let state = &mut state[..self.update.state().len() * p];
        formula.apply_all(&mut parameters[..p], sum, state);
    }
}
