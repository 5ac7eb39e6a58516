//! How much all gradients shrink so that their norm is no more than it may be: the second half of
//! clipping by the norm, `torch.nn.utils.clip_grad_norm_`.

use super::shader::{CONTROL, SHARED_SUMS, piece};
use super::{Contract, Cost, Module, Views, bindings, immediates, metrics};

/// Adds up the sums of squares, and writes min(1, most / (norm + 10⁻⁶)) and the norm.
#[derive(Clone, Debug, PartialEq)]
pub struct ClipNorm {
    /// Sums of squares, P.
    pub parts: usize,
    /// The norm that is allowed.
    pub most: f32,
}

immediates! { pub(crate) struct Immediates { parts: u32, most: f32 } }

impl ClipNorm {
    /// Words that it writes.
    pub const WORDS: usize = 2;

    /// Where nothing is clipped: of no sums at all the norm is 0, and the scale 1.
    pub const NEVER: Self = Self { parts: 0, most: f32::INFINITY };
}

bindings! {
    ClipNorm {
        read partials: f32 [P],
        write clip: f32 [2],
    }
}

impl Contract for ClipNorm {
    type Immediates = Immediates;

    fn stem(&self) -> &'static str {
        "clip_norm"
    }

    fn modules(&self) -> Vec<Module> {
        vec![CONTROL, SHARED_SUMS, piece!("clip_norm")]
    }

    fn overrides(&self) -> Vec<(&'static str, f64)> {
        metrics::SHARED_BY_ALL.to_vec()
    }

    fn immediates(&self) -> Immediates {
        Immediates { parts: self.parts as u32, most: self.most }
    }

    fn workgroups(&self) -> u64 {
        1
    }

    fn describe(&self) -> String {
        match self.parts {
            0 => "as it is".into(),
            parts => format!("√Σ partials[{parts}] → at most {}", self.most),
        }
    }

    fn cost(&self) -> Cost {
        Cost { flops: self.parts as u64, bytes: 4 * self.parts as u64 + 8 }
    }

    fn twin(&self, bound: Bindings<Views<'_>>) {
        let Bindings { partials, clip } = bound;
        let sums = partials[..self.parts].iter();
        let norm = metrics::tree(sums.map(|sum| [*sum, 0.0]))[0].sqrt();
        clip[..Self::WORDS].copy_from_slice(&[clip_scale(norm, self.most), norm]);
    }
}

/// How much gradients of such a norm shrink so that it is at most so much.
pub(crate) fn clip_scale(norm: f32, most: f32) -> f32 {
    let scale = most / (norm + 1e-6);
    // Not `min`, which would make 1 of NaN.
    if scale > 1.0 { 1.0 } else { scale }
}
