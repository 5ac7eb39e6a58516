//! The squares of a layer's gradient, L1 and L2 added, summed in parts: partials\[P\] of which each
//! workgroup writes one. The first half of clipping by the norm.

use std::ops::Range;

use super::shader::{CONTROL, FOLD, MATH, OPTIMIZER, SHARED_SUMS, piece};
use super::{Contract, Cost, Hyper, Module, Update, Views, bindings, immediates, metrics};

/// Sums the squares of a layer's gradient, \[O, I + 1\].
#[derive(Clone, Debug, PartialEq)]
pub struct SquareSum {
    /// I
    pub inputs: usize,
    /// O
    pub outputs: usize,
    /// Where its parts begin.
    pub first: usize,
    /// The settings, of which L1 and L2 count here.
    pub hyper: Hyper,
}

immediates! { pub(crate) struct Immediates { inputs: u32, outputs: u32, first: u32, hyper: Hyper } }

/// Threads of a workgroup.
const WORKGROUP: usize = metrics::WORKGROUP as usize;

/// Numbers that a thread adds up.
const EACH: usize = 16;

impl SquareSum {
    /// The sums that it writes.
    pub fn parts(&self) -> usize {
        (self.outputs * (self.inputs + 1)).div_ceil(WORKGROUP * EACH)
    }

    /// The numbers that a part sums.
    pub(crate) fn part(&self, part: usize) -> Range<usize> {
        let (begin, count) = (part * WORKGROUP * EACH, self.outputs * (self.inputs + 1));
        begin..count.min(begin + WORKGROUP * EACH)
    }
}

bindings! {
    SquareSum {
        read gradient: f32 [O, I + 1],
        read parameters: f32 [O, I + 1],
        write partials: f32 [P],
    }
}

impl Contract for SquareSum {
    type Immediates = Immediates;

    fn stem(&self) -> &'static str {
        "square_sum"
    }

    fn modules(&self) -> Vec<Module> {
        vec![CONTROL, FOLD, MATH, OPTIMIZER, SHARED_SUMS, piece!("square_sum")]
    }

    fn overrides(&self) -> Vec<(&'static str, f64)> {
        let mut overrides = metrics::SHARED_BY_ALL.to_vec();
        overrides.extend([
            ("EACH", EACH as f64),
            Update::Gradient.as_override(),
            self.hyper.as_override(),
        ]);
        overrides
    }

    fn immediates(&self) -> Immediates {
        Immediates {
            inputs: self.inputs as u32,
            outputs: self.outputs as u32,
            first: self.first as u32,
            hyper: self.hyper,
        }
    }

    fn workgroups(&self) -> u64 {
        self.parts() as u64
    }

    fn describe(&self) -> String {
        let Self { inputs, outputs, first, .. } = self;
        format!("Σ [{outputs},{inputs}+1]² → partials[{first}..{}]", first + self.parts())
    }

    fn cost(&self) -> Cost {
        let count = (self.outputs * (self.inputs + 1)) as u64;
        Cost { flops: 2 * count, bytes: 8 * count + 4 * self.parts() as u64 }
    }

    fn twin(&self, bound: Bindings<Views<'_>>) {
        let Bindings { gradient, parameters, partials } = bound;
        let (weights, count) = (self.outputs * self.inputs, self.outputs * (self.inputs + 1));
        let (gradient, parameters) = (&gradient[..count], &parameters[..count]);
        let square = |index: usize| {
            let g = self.hyper.regularized(gradient[index], parameters[index], index < weights);
            g * g
        };
        for (part, sum) in partials[self.first..][..self.parts()].iter_mut().enumerate() {
            *sum = metrics::tree(self.part(part).map(|index| [square(index), 0.0]))[0];
        }
    }
}
