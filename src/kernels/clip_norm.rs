//! How much all gradients shrink so that their norm is no more than it may be: the second half of
//! clipping by the norm, `torch.nn.utils.clip_grad_norm_`.

use super::shader::{CLIP_NORM, CONTROL, SHARED_SUMS};
use super::{
    Cost, Kernel, Module, Slot, floats, floats_mut, immediates, metrics, reads, slots, writes,
};

/// Adds up the sums of squares, and writes min(1, most / (norm + 10⁻⁶)) and the norm.
#[derive(Clone, Debug, PartialEq)]
pub struct ClipNorm {
    /// Sums of squares, P.
    pub parts: usize,
    /// The norm that is allowed.
    pub most: f32,
}

immediates! { struct Immediates { parts: u32, most: f32 } }

impl ClipNorm {
    /// Words that it writes.
    pub const WORDS: usize = 2;

    /// Where nothing is clipped: of no sums at all the norm is 0, and the scale 1.
    pub const NEVER: Self = Self { parts: 0, most: f32::INFINITY };
}

impl Kernel for ClipNorm {
    fn stem(&self) -> &'static str {
        "clip_norm"
    }

    fn modules(&self) -> Vec<Module> {
        vec![CONTROL, SHARED_SUMS, CLIP_NORM]
    }

    fn slots(&self) -> Vec<Slot> {
        vec![reads("partials"), writes("clip")]
    }

    fn overrides(&self) -> Vec<(&'static str, f64)> {
        metrics::SHARED_BY_ALL.to_vec()
    }

    fn immediate_fields(&self) -> Vec<String> {
        super::flattened(Immediates::FIELDS)
    }

    fn immediates(&self) -> Vec<u8> {
        let words = Immediates { parts: self.parts as u32, most: self.most };
        bytemuck::bytes_of(&words).to_vec()
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

    fn twin(&self, bound: &mut [&mut [u32]]) {
        let [partials, clip] = slots(bound);
        let sums = floats(partials)[..self.parts].iter();
        let norm = metrics::tree(sums.map(|sum| [*sum, 0.0]))[0].sqrt();
        let scale = self.most / (norm + 1e-6);
        // Not `min`, which would make 1 of NaN.
        let clip = &mut floats_mut(clip)[..Self::WORDS];
        clip.copy_from_slice(&[if scale > 1.0 { 1.0 } else { scale }, norm]);
    }
}
