//! The widest SIMD that the processor has. It is detected once: detection takes longer than a pass over a
//! small tensor, and is a lot of code wherever it is inlined.

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
use std::sync::LazyLock;

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
use pulp::Arch;
use pulp::{Simd, WithSimd};

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
static ARCH: LazyLock<Arch> = LazyLock::new(Arch::new);

/// Runs `op`, which is compiled once for each instruction set. Only what is inlined into it is: so every
/// function with a loop says `inline(always)`.
#[inline(always)]
pub(super) fn dispatch<Op: WithSimd>(op: Op) -> Op::Output {
    // A module for a browser is compiled for one instruction set, and a second copy of everything would
    // only be waited for.
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    if let Some(simd128) = pulp::wasm::Simd128::try_new() {
        return Simd::vectorize(simd128, op);
    } else {
        unreachable!("the module says that it has it")
    }
    #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
    ARCH.dispatch(op)
}

/// The same with no more than 256 bits, for what gains nothing from AVX-512, which would be one more
/// copy to compile.
#[inline(always)]
pub(super) fn dispatch_256<Op: WithSimd>(op: Op) -> Op::Output {
    #[cfg(target_arch = "x86_64")]
    return match *ARCH {
        Arch::V3(avx2) => Simd::vectorize(avx2, op),
        Arch::V4(avx512) => Simd::vectorize(*avx512, op),
        _ => op.with_simd(pulp::Scalar),
    };
    #[cfg(not(target_arch = "x86_64"))]
    dispatch(op)
}

/// The same as [`dispatch`] for a closure, which says `inline(always)`, too. It is `FnMut`: the compiler
/// may not inline an `FnOnce`.
#[inline(always)]
pub(super) fn widest<R>(pass: impl FnMut() -> R) -> R {
    dispatch(Pass(pass))
}

struct Pass<F>(F);

impl<R, F: FnMut() -> R> WithSimd for Pass<F> {
    type Output = R;

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, _: S) -> R {
        (self.0)()
    }
}
