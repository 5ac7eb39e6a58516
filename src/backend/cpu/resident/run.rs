//! Steps of one network, whatever fills the lanes of SIMD.

use pulp::{Simd, WithSimd};

use super::batch::Batch;
use crate::backend::StepMetrics;
use crate::backend::cpu::lanes::{Arithmetic, Fused, Plain};
use crate::kernels::{Control, Update};

/// A network's share of the buffers, and the number of steps.
pub(super) struct Share<'a> {
    pub(super) control: &'a mut [u32],
    /// Features and targets of the whole data set.
    pub(super) data: (&'a [f32], &'a [u32]),
    pub(super) parameters: &'a mut [f32],
    /// The optimizer's state, one tensor after another.
    pub(super) state: &'a mut [f32],
    pub(super) steps: usize,
}

/// What fills the lanes of SIMD. Every function is inlined into [`Run`], which has the SIMD
/// instructions.
pub(super) trait LaneStrategy {
    /// Copies parameters and optimizer state into a layout of its own.
    fn load_parameters(&mut self, parameters: &[f32], state: &[f32]);
    /// Copies the batch's features.
    fn load_batch(&mut self, batch: &Batch<'_>, x: &[f32]);
    /// Draws what dropout leaves of the coming step's units.
    fn draw(&mut self, batch: &Batch<'_>, control: Control);
    /// The batch through all layers and back; sums of its losses and scores.
    fn gradient<A: Arithmetic>(&mut self, batch: &mut Batch<'_>) -> StepMetrics;
    /// The update.
    fn update(&mut self, batch: &Batch<'_>, control: Control);
    /// Copies parameters and optimizer state back.
    fn store_parameters(&self, parameters: &mut [f32], state: &mut [f32]);
}

/// A run of steps. Not a closure: one of this size is not inlined into the function that has the
/// SIMD instructions, and would be compiled without them.
pub(super) struct Run<'a, 'g, L> {
    pub(super) strategy: &'a mut L,
    pub(super) batch: &'a mut Batch<'g>,
    /// Takes each step's mean loss and score.
    pub(super) finished: &'a mut Vec<StepMetrics>,
    pub(super) share: Share<'a>,
}

impl<L: LaneStrategy> WithSimd for Run<'_, '_, L> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        if S::IS_SCALAR { self.steps::<Plain>() } else { self.steps::<Fused>() }
    }
}

impl<L: LaneStrategy> Run<'_, '_, L> {
    #[inline(always)]
    fn steps<A: Arithmetic>(self) {
        let Run { strategy, batch, finished, share } = self;
        let Share { control: words, data: (x, t), parameters, state, steps } = share;
        let (grid, member) = (batch.grid, batch.member);
        let mut control = Control::from_words(words);
        let drops = grid.drops_of(member);
        strategy.load_parameters(parameters, state);
        for step in 0..steps {
            if step == 0 || !batch.is_constant() {
                batch.find(control, t);
                strategy.load_batch(batch, x);
            }
            if drops {
                strategy.draw(batch, control);
            }
            let sums = strategy.gradient::<A>(batch);
            if grid.update != Update::Gradient {
                strategy.update(batch, control);
            }
            finished.push(sums.map(|sum| sum / control.rows as f32));
            control.advance(member.rows, member.batch, grid.capacity);
        }
        strategy.store_parameters(parameters, state);
        words.copy_from_slice(&control.to_words());
    }
}
