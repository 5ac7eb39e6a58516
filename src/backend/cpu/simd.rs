//! The SIMD that the processor has, the widest that pays. It is asked once: the question takes longer
//! than a pass over a small tensor, and is a long text wherever it stands.

use std::sync::LazyLock;

use pulp::{Arch, Simd, WithSimd};

static ARCH: LazyLock<Arch> = LazyLock::new(Arch::new);

/// Runs what is compiled once for each instruction set. Only what is inlined into it is: so every
/// function with a loop says `inline(always)`.
#[inline(always)]
pub(super) fn dispatch<Op: WithSimd>(op: Op) -> Op::Output {
    ARCH.dispatch(op)
}

/// The same for what gains nothing from more than 256 bits: a copy for AVX-512 would only take its
/// time to compile.
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

/// The same as [`dispatch`] for a closure, which says `inline(always)`, too. It can be called more
/// than once: one that can be called once only comes as a function of its own, which the compiler
/// may keep apart.
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
