//! Hints that memory will be read soon. The addresses need not be valid.

/// Floats of a cache line.
const LINE: usize = 16;

/// The cache lines of some floats.
#[inline(always)]
fn lines(from: *const f32, floats: usize) -> impl Iterator<Item = *const f32> {
    (0..floats).step_by(LINE).map(move |at| from.wrapping_add(at))
}

/// Prefetches some floats to the L1 cache.
#[inline(always)]
pub(super) fn prefetch(from: *const f32, floats: usize) {
    lines(from, floats).for_each(prefetch_line);
}

/// Prefetches some floats to the L2 cache.
#[inline(always)]
pub(super) fn prefetch_to_l2(from: *const f32, floats: usize) {
    lines(from, floats).for_each(hint::l2);
}

/// Prefetches a cache line to the L1 cache.
pub(super) use hint::l1 as prefetch_line;

#[cfg(target_arch = "x86_64")]
mod hint {
    use std::arch::x86_64::{_MM_HINT_T0, _MM_HINT_T1, _mm_prefetch};

    #[inline(always)]
    pub(in super::super) fn l1(line: *const f32) {
        // SAFETY: every x86-64 processor has the instruction, which reads nothing that could fault.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.cast()) };
    }

    #[inline(always)]
    pub(super) fn l2(line: *const f32) {
        // SAFETY: as above.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(line.cast()) };
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod hint {
    #[inline(always)]
    pub(in super::super) fn l1(_: *const f32) {}

    #[inline(always)]
    pub(super) fn l2(_: *const f32) {}
}
