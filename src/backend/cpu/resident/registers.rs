//! A whole network in registers, step after step: two inputs, two to four sigmoid units and one output,
//! on four samples at most, as in XOR. An exception that its speed pays for: see ARCHITECTURE.md.
//!
//! Every unit is a vector of samples, and every parameter a vector of equal lanes: a sum over the
//! samples leaves its total in all lanes, where the next step needs it. Only learning rates and losses
//! go through memory, so that a step takes the latency of its longest chain of operations: two
//! exponentials, two divisions and some ten sums and products, one after another. Other strategies
//! spend more than that on storing and loading. So the arithmetic is arranged for a short chain, not
//! for few operations: sums in halves, polynomials in pairs, and each factor multiplied in where it
//! waits for nothing.

use pulp::{Simd, WithSimd};

use super::batch::Batch;
use super::run::Share;
use crate::backend::StepMetrics;
use crate::backend::cpu::lanes::{ATANH, ROUND};
use crate::backend::cpu::simd::dispatch;
use crate::kernels::{Control, Function, Member, Resident, Update, floats};
use crate::spec::{Activation, Loss};

/// Samples side by side: what the narrowest registers hold.
const LANES: usize = 4;

/// Inputs of the network.
const INPUTS: usize = 2;

/// Whether a network can be trained here, and on this processor: two inputs, two to four sigmoid units,
/// one probability, the same few rows at every step, and plain gradient descent.
pub(super) fn fits(grid: &Resident, member: &Member) -> bool {
    matches!(member.widths[..], [INPUTS, 2..=4, 1])
        && grid.function == Function::Of(Activation::Sigmoid)
        && grid.criterion.loss == Loss::Bce
        && grid.update == Update::Sgd
        && member.hyper.weight_decay == 0.0
        && !member.hyper.regularizes()
        && !member.drops()
        && member.clip_norm == 0.0
        && grid.weighted.is_none()
        && member.batch == member.rows
        && member.rows <= LANES
        && four().is_some()
}

/// SIMD of four lanes with fused multiply-adds.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn four() -> Option<impl Simd> {
    pulp::x86::V3::try_new().map(pulp::x86::V3_128b)
}

#[cfg(target_arch = "aarch64")]
#[inline(always)]
fn four() -> Option<impl Simd> {
    pulp::aarch64::Neon::try_new()
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
#[inline(always)]
fn four() -> Option<impl Simd> {
    None::<pulp::Scalar>
}

/// So many steps of a network that [`fits`].
pub(super) fn run(batch: &mut Batch<'_>, finished: &mut Vec<StepMetrics>, share: Share<'_>) {
    let Some(simd) = four() else { return };
    let Batch { grid, member, .. } = *batch;
    let mut control = Control::from_words(share.control);
    batch.find(control, share.data.1);
    // Before the steps: a call among them would spill the registers.
    let mut rates = Vec::with_capacity(share.steps);
    for ahead in 0..share.steps as u32 {
        rates.push(-member.lr * member.rate.at(control.step.wrapping_add(ahead)));
    }
    control.advance_epochs(share.steps, grid.capacity);
    share.control.copy_from_slice(&control.to_words());
    finished.resize(share.steps, [0.0; 2]);
    let (data, parameters) = (share.data.0, share.parameters);
    dispatch(Run { simd, batch, data, rates: &rates, parameters, finished });
}

/// A step for each learning rate, which comes negated. Not a closure: see [`super::run::Run`].
struct Run<'a, 'g, S> {
    /// Of four lanes; the one that `dispatch` passes may have more.
    simd: S,
    batch: &'a Batch<'g>,
    data: &'a [f32],
    rates: &'a [f32],
    parameters: &'a mut [f32],
    finished: &'a mut [StepMetrics],
}

impl<F: Simd> WithSimd for Run<'_, '_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        match self.batch.member.widths[1] {
            2 => self.steps::<2>(),
            3 => self.steps::<3>(),
            _ => self.steps::<4>(),
        }
    }
}

/// A network's parameters, each in all lanes of a vector.
struct BroadcastParameters<S: Simd, const H: usize> {
    hidden: [[S::f32s; INPUTS]; H],
    hidden_bias: [S::f32s; H],
    last: [S::f32s; H],
    last_bias: S::f32s,
}

impl<S: Simd, const H: usize> BroadcastParameters<S, H> {
    /// From W\[H, I\], b\[H\], W\[1, H\], b\[1\]. Loops, for closures would not be inlined.
    #[inline(always)]
    fn load(simd: S, parameters: &[f32]) -> Self {
        let (weight, rest) = parameters.split_at(H * INPUTS);
        let zero = simd.splat_f32s(0.0);
        let mut own = Self {
            hidden: [[zero; INPUTS]; H],
            hidden_bias: [zero; H],
            last: [zero; H],
            last_bias: simd.splat_f32s(rest[2 * H]),
        };
        for h in 0..H {
            for i in 0..INPUTS {
                own.hidden[h][i] = simd.splat_f32s(weight[h * INPUTS + i]);
            }
            own.hidden_bias[h] = simd.splat_f32s(rest[h]);
            own.last[h] = simd.splat_f32s(rest[H + h]);
        }
        own
    }

    /// And back.
    #[inline(always)]
    fn store(&self, parameters: &mut [f32]) {
        let (weight, rest) = parameters.split_at_mut(H * INPUTS);
        for h in 0..H {
            for i in 0..INPUTS {
                weight[h * INPUTS + i] = first::<S>(self.hidden[h][i]);
            }
            rest[h] = first::<S>(self.hidden_bias[h]);
            rest[H + h] = first::<S>(self.last[h]);
        }
        rest[2 * H] = first::<S>(self.last_bias);
    }
}

/// What the loss needs of each sample's target; all zero for lanes without a sample, which so add
/// nothing to the gradient.
struct TargetLanes<S: Simd> {
    /// t / B and (1 − t) / B
    yes: S::f32s,
    no: S::f32s,
    /// The score of predicting yes, and no.
    score: [S::f32s; 2],
}

impl<S: Simd> TargetLanes<S> {
    #[inline(always)]
    fn new(simd: S, batch: &Batch<'_>) -> Self {
        let mut lanes = [[0.0; LANES]; 4];
        let share = 1.0 / batch.sources.len() as f32;
        for (lane, target) in floats(&batch.targets).iter().enumerate() {
            let t = batch.grid.criterion.smoothed(*target);
            let right = if t > 0.5 { [share, 0.0] } else { [0.0, share] };
            lanes[0][lane] = t * share;
            lanes[1][lane] = (1.0 - t) * share;
            lanes[2][lane] = right[0];
            lanes[3][lane] = right[1];
        }
        Self {
            yes: simd.partial_load_f32s(&lanes[0]),
            no: simd.partial_load_f32s(&lanes[1]),
            score: [simd.partial_load_f32s(&lanes[2]), simd.partial_load_f32s(&lanes[3])],
        }
    }
}

impl<S: Simd> Run<'_, '_, S> {
    #[inline(always)]
    fn steps<const H: usize>(self) {
        let Self { simd, batch, data, rates, parameters, finished } = self;
        let targets = TargetLanes::new(simd, batch);
        let zero = simd.splat_f32s(0.0);
        let one = simd.splat_f32s(1.0);
        let mut x = [zero; INPUTS];
        for (i, lanes) in x.iter_mut().enumerate() {
            let mut own = [0.0; LANES];
            for (lane, source) in own.iter_mut().zip(&batch.sources) {
                *lane = data[source * INPUTS + i];
            }
            *lanes = simd.partial_load_f32s(&own);
        }
        let mut network = BroadcastParameters::<S, H>::load(simd, parameters);
        for (rate, metrics) in rates.iter().zip(finished) {
            let BroadcastParameters { hidden, hidden_bias, last, last_bias } = &mut network;
            let mut y = [zero; H];
            let mut z = [*last_bias, zero];
            for h in 0..H {
                let own = simd.mul_add_f32s(hidden[h][0], x[0], hidden_bias[h]);
                let own = simd.add_f32s(own, simd.mul_f32s(hidden[h][1], x[1]));
                y[h] = simd.div_f32s(one, Tail::of(simd, own).mul_add(simd, one, one));
            }
            for h in 0..H {
                z[h % 2] = simd.mul_add_f32s(last[h], y[h], z[h % 2]);
            }
            let d_z;
            (d_z, *metrics) = binary_cross_entropy(simd, &targets, simd.add_f32s(z[0], z[1]));

            let rate = simd.splat_f32s(*rate);
            for h in 0..H {
                // What does not wait for d_z comes first.
                let slope = simd.mul_f32s(y[h], simd.sub_f32s(one, y[h]));
                let slope = simd.mul_f32s(simd.mul_f32s(last[h], slope), rate);
                for i in 0..INPUTS {
                    let own = sum(simd, simd.mul_f32s(d_z, simd.mul_f32s(slope, x[i])));
                    hidden[h][i] = simd.add_f32s(hidden[h][i], own);
                }
                hidden_bias[h] =
                    simd.add_f32s(hidden_bias[h], sum(simd, simd.mul_f32s(d_z, slope)));
                let own = sum(simd, simd.mul_f32s(d_z, simd.mul_f32s(y[h], rate)));
                last[h] = simd.add_f32s(last[h], own);
            }
            *last_bias = simd.add_f32s(*last_bias, sum(simd, simd.mul_f32s(d_z, rate)));
        }
        network.store(parameters);
    }
}

/// The gradient at z, and the mean loss and score, as `lanes::bce` has them. The constants come first in
/// `min` and `max`, which return the second where either is NaN.
#[inline(always)]
fn binary_cross_entropy<S: Simd>(
    simd: S,
    targets: &TargetLanes<S>,
    z: S::f32s,
) -> (S::f32s, StepMetrics) {
    let zero = simd.splat_f32s(0.0);
    let one = simd.splat_f32s(1.0);
    let tail = Tail::of(simd, z);
    let one_more = tail.mul_add(simd, one, one);
    // (1 − t) p − t (1 − p), where p is 1 / (1 + e) and 1 − p is e / (1 + e).
    let d_z = tail.mul_add(simd, simd.neg_f32s(targets.yes), targets.no);
    let d_z = simd.div_f32s(d_z, one_more);

    let log = ln_1p(simd, tail.mul_add(simd, one, zero), one_more);
    let least = simd.splat_f32s(-100.0);
    let ln_p = simd.sub_f32s(simd.min_f32s(zero, z), log);
    let ln_not_p = simd.sub_f32s(simd.min_f32s(zero, simd.neg_f32s(z)), log);
    let likely = simd.add_f32s(
        simd.mul_f32s(targets.yes, simd.max_f32s(least, ln_p)),
        simd.mul_f32s(targets.no, simd.max_f32s(least, ln_not_p)),
    );
    let says_yes = simd.less_than_f32s(one_more, simd.splat_f32s(2.0));
    let score = simd.select_f32s(says_yes, targets.score[0], targets.score[1]);
    (d_z, [-first::<S>(sum(simd, likely)), first::<S>(sum(simd, score))])
}

/// e⁻ᶻ = power (low + r² high), in parts, so that a e⁻ᶻ + b takes no longer than e⁻ᶻ alone.
struct Tail<S: Simd> {
    power: S::f32s,
    low: S::f32s,
    square: S::f32s,
    high: S::f32s,
}

impl<S: Simd> Tail<S> {
    /// Of numbers from −87 to 87, which others count as; with −z = n ln 2 / 2 + r, so that the power
    /// is one of the root of 2, and of the series of eʳ, of which the first six terms do, no more
    /// than two products wait for each other.
    #[inline(always)]
    fn of(simd: S, z: S::f32s) -> Self {
        use std::f32::consts::{LN_2, LOG2_E, SQRT_2};
        let z = simd.min_f32s(simd.splat_f32s(87.0), simd.max_f32s(simd.splat_f32s(-87.0), z));
        let shift = simd.splat_f32s(ROUND);
        let rounded = simd.mul_add_f32s(z, simd.splat_f32s(-2.0 * LOG2_E), shift);
        // The last bits are n: half of it is the exponent, and where it is odd, the root is left.
        let bits = simd.transmute_u32s_f32s(rounded);
        let bias = simd.splat_u32s(127u32.wrapping_sub(ROUND.to_bits() / 2));
        let one = simd.splat_u32s(1);
        let exponent = simd.add_u32s(simd.wrapping_dyn_shr_u32s(bits, one), bias);
        let exponent = simd.wrapping_dyn_shl_u32s(exponent, simd.splat_u32s(23));
        let odd = simd.sub_u32s(simd.splat_u32s(0), simd.and_u32s(bits, one));
        let root = simd.and_u32s(odd, simd.splat_u32s(SQRT_2.to_bits() - 1f32.to_bits()));
        let n = simd.sub_f32s(rounded, shift);
        let r = simd.mul_add_f32s(n, simd.splat_f32s(-0.5 * LN_2), simd.neg_f32s(z));
        let square = simd.mul_f32s(r, r);
        let pair = simd.mul_add_f32s(r, simd.splat_f32s(1.0 / 6.0), simd.splat_f32s(0.5));
        let last = simd.mul_add_f32s(r, simd.splat_f32s(1.0 / 120.0), simd.splat_f32s(1.0 / 24.0));
        Self {
            power: simd.transmute_f32s_u32s(simd.add_u32s(exponent, root)),
            low: simd.add_f32s(simd.splat_f32s(1.0), r),
            square,
            high: simd.mul_add_f32s(last, square, pair),
        }
    }

    /// a e⁻ᶻ + b
    #[inline(always)]
    fn mul_add(&self, simd: S, a: S::f32s, b: S::f32s) -> S::f32s {
        let a = simd.mul_f32s(a, self.power);
        let low = simd.mul_add_f32s(self.low, a, b);
        simd.mul_add_f32s(self.high, simd.mul_f32s(a, self.square), low)
    }
}

/// ln(1 + e), less −z where that is positive: 2 atanh(s), as `lanes/math.rs` has it, with
/// s = e / (2 + e) or, where e is more than 1, 1 / (1 + 2e).
#[inline(always)]
fn ln_1p<S: Simd>(simd: S, e: S::f32s, one_more: S::f32s) -> S::f32s {
    let one = simd.splat_f32s(1.0);
    let s = simd.div_f32s(simd.min_f32s(one, e), simd.add_f32s(one_more, simd.max_f32s(one, e)));
    let square = simd.mul_f32s(s, s);
    let mut series = simd.splat_f32s(ATANH[7]);
    for at in (0..7).rev() {
        series = simd.mul_add_f32s(series, square, simd.splat_f32s(ATANH[at]));
    }
    simd.mul_f32s(simd.add_f32s(s, s), series)
}

/// The sum of four lanes, in all of them: halves change places, then neighbours.
#[inline(always)]
fn sum<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let halves = simd.swap_re_im_c64s(bytemuck::cast(x));
    let pairs = simd.add_f32s(x, bytemuck::cast(halves));
    let neighbours = simd.swap_re_im_c32s(bytemuck::cast(pairs));
    simd.add_f32s(pairs, bytemuck::cast(neighbours))
}

#[inline(always)]
fn first<S: Simd>(x: S::f32s) -> f32 {
    bytemuck::cast_slice(std::slice::from_ref(&x))[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `lanes/math.rs` is held to float64.
    #[test]
    fn tails_and_logarithms_keep_float32s_digits() {
        let Some(simd) = four() else { return };
        let [zero, one] = [0.0, 1.0].map(|number| simd.splat_f32s(number));
        for step in -8000..8000 {
            let z = step as f32 / 92.0;
            let tail = Tail::of(simd, simd.splat_f32s(z));
            let e = tail.mul_add(simd, one, zero);
            let one_more = tail.mul_add(simd, one, one);
            let log = ln_1p(simd, e, one_more);
            let near = |found: f32, exact: f64| {
                let error = (f64::from(found) - exact).abs();
                assert!(error <= 4e-7 * exact, "{found} for {exact}, at {z}");
            };
            let exact = f64::from(-z).exp();
            near(first(simd, e), exact);
            near(first(simd, one_more), 1.0 + exact);
            near(first(simd, log), f64::from(-z.abs()).exp().ln_1p());
        }
    }

    /// The type is that of `simd`, which cannot be named.
    fn first<S: Simd>(_: S, x: S::f32s) -> f32 {
        super::first::<S>(x)
    }
}
