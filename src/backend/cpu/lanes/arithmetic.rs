//! How a processor rounds sums of products.

/// The rounding of a · b + c.
pub(in crate::backend::cpu) trait Arithmetic {
    /// a · b + c
    fn mul_add(a: f32, b: f32, c: f32) -> f32;
}

/// Rounded twice, as on every processor. Passes over tensors use it: memory bounds them, not arithmetic.
pub(in crate::backend::cpu) struct Plain;

/// Rounded once, by a fused multiply-add: for callers compiled for SIMD that has one. WebAssembly's has
/// none, and a function that computes one would take far longer than both operations.
pub(in crate::backend::cpu) struct Fused;

impl Arithmetic for Plain {
    #[inline(always)]
    fn mul_add(a: f32, b: f32, c: f32) -> f32 {
        a * b + c
    }
}

impl Arithmetic for Fused {
    #[inline(always)]
    fn mul_add(a: f32, b: f32, c: f32) -> f32 {
        if cfg!(target_arch = "wasm32") { a * b + c } else { a.mul_add(b, c) }
    }
}
