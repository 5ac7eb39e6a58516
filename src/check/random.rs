//! Random inputs for checks, the same in every run.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng as _, SeedableRng as _};

/// A generator of integers and floats.
pub(super) struct Random(Xoshiro256PlusPlus);

impl Random {
    pub(super) fn new(seed: u32) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed.into()))
    }

    /// Any 32 bits.
    pub(super) fn word(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// An integer below `count`.
    pub(super) fn below(&mut self, count: usize) -> usize {
        self.word() as usize % count
    }

    /// A float in \[low, high).
    pub(super) fn uniform(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * ((self.word() >> 8) as f32 / (1 << 24) as f32)
    }

    /// `count` floats in \[−size, size).
    pub(super) fn floats(&mut self, count: usize, size: f32) -> Vec<f32> {
        (0..count).map(|_| self.uniform(-size, size)).collect()
    }

    /// `count` floats in \[0.1, 1).
    pub(super) fn positive(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.uniform(0.1, 1.0)).collect()
    }

    /// `count` values of z: most of ordinary size, some near 0, some so large that a careless
    /// formula overflows. None has a subnormal eᶻ, which drivers may flush to 0, and none is so
    /// near to 0 that rounding decides whether its sigmoid is above 1/2.
    pub(super) fn logits(&mut self, count: usize) -> Vec<f32> {
        const LARGE: [f32; 4] = [50.0, 80.0, 120.0, 1e4];
        let mut logit = || {
            let sign = if self.word() & 1 == 0 { 1.0 } else { -1.0 };
            let size = match self.below(8) {
                0 => self.uniform(1e-3, 1e-2),
                1 => self.uniform(4.0, 20.0),
                2 => LARGE[self.below(LARGE.len())],
                _ => self.uniform(1e-2, 4.0),
            };
            sign * size
        };
        (0..count).map(|_| logit()).collect()
    }
}
