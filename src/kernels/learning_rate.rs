//! The learning rate's factor of the coming step, from the step counter: `shaders/learning_rate.wgsl`
//! and the formulas in `shaders/update/rate.wgsl`.

use super::shader::{CONTROL, RATE, piece};
use super::{Contract, Control, Cost, Module, Views, bindings, immediates};
use crate::spec::{Decay, Schedule};

/// Writes the schedule's factor into the control, for the updates of the step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LearningRate {
    /// Which formula, with its numbers.
    pub rate: Rate,
}

immediates! { pub(crate) struct Immediates { rate: RateTerms } }

immediates! {
    /// The numbers of a schedule as the kernels take them; the shader's comments tell the fields.
    #[derive(Default)]
    pub struct RateTerms {
        warmup: u32, length: u32, every: u32, ln_factor: f32, floor: f32, start: f32, peak: f32,
    }
}

/// A schedule as the kernels take it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rate {
    decay: Formula,
    pub(super) terms: RateTerms,
}

/// Which formula.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Formula {
    #[default]
    Constant,
    Step,
    Exponential,
    Cosine,
    OneCycle,
}

impl Rate {
    /// A schedule over a run of so many steps.
    pub fn of(schedule: &Schedule, steps: u64) -> Self {
        let count = |steps: u64| u32::try_from(steps).unwrap_or(u32::MAX);
        let after = steps.saturating_sub(schedule.warmup).max(1);
        let none = RateTerms {
            warmup: count(schedule.warmup),
            length: count(after),
            every: 1,
            ..RateTerms::default()
        };
        let (decay, terms) = match schedule.decay {
            Decay::Constant => (Formula::Constant, none),
            Decay::Step { every, factor } => (
                Formula::Step,
                RateTerms { every: count(every).max(1), ln_factor: factor.ln() as f32, ..none },
            ),
            Decay::Exponential { factor } => {
                (Formula::Exponential, RateTerms { ln_factor: factor.ln() as f32, ..none })
            }
            Decay::Cosine { floor } => (Formula::Cosine, RateTerms { floor: floor as f32, ..none }),
            Decay::OneCycle { rise, div, final_div } => (
                Formula::OneCycle,
                RateTerms {
                    start: (1.0 / div) as f32,
                    floor: (1.0 / (div * final_div)) as f32,
                    peak: (rise * after as f64 - 1.0) as f32,
                    ..none
                },
            ),
        };
        Self { decay, terms }
    }

    /// The override that passes the formula to the shader.
    pub(super) fn as_override(&self) -> (&'static str, f64) {
        let code = match self.decay {
            Formula::Constant if self.terms.warmup == 0 => 0,
            Formula::Constant => 1,
            Formula::Step => 2,
            Formula::Exponential => 3,
            Formula::Cosine => 4,
            Formula::OneCycle => 5,
        };
        ("SCHEDULE", f64::from(code))
    }

    /// The factor of a step, from 0.
    pub(crate) fn at(&self, step: u32) -> f32 {
        let c = &self.terms;
        if step < c.warmup {
            return (step + 1) as f32 / c.warmup as f32;
        }
        let t = step - c.warmup;
        match self.decay {
            Formula::Constant => 1.0,
            Formula::Step => ((t / c.every) as f32 * c.ln_factor).exp(),
            Formula::Exponential => (t as f32 * c.ln_factor).exp(),
            Formula::Cosine if t >= c.length => c.floor,
            Formula::Cosine => {
                c.floor + (1.0 - c.floor) * ease((c.length - t) as f32 / c.length as f32)
            }
            Formula::OneCycle => {
                let (t, last) = (t as f32, (c.length - 1) as f32);
                if t <= c.peak && c.peak > 0.0 {
                    c.start + (1.0 - c.start) * ease(t / c.peak)
                } else if t < last {
                    c.floor + (1.0 - c.floor) * ease((last - t) / (last - c.peak))
                } else {
                    c.floor
                }
            }
        }
    }
}

/// (1 − cos πx) / 2 = sin²(πx/2) for x in \[0, 1\], by sine's series: a square keeps its digits
/// where the difference would lose them.
fn ease(x: f32) -> f32 {
    let a = std::f32::consts::FRAC_PI_2 * x.clamp(0.0, 1.0);
    let q = a * a;
    let terms = [1.0 / 156.0, 1.0 / 110.0, 1.0 / 72.0, 1.0 / 42.0, 1.0 / 20.0, 1.0 / 6.0];
    let sine = a * terms.iter().fold(1.0, |sum, term| 1.0 - q * term * sum);
    sine * sine
}

bindings! {
    LearningRate {
        write control: Control [1],
    }
}

impl Contract for LearningRate {
    type Immediates = Immediates;

    fn stem(&self) -> &'static str {
        "learning_rate"
    }

    fn modules(&self) -> Vec<Module> {
        vec![CONTROL, RATE, piece!("learning_rate")]
    }

    fn overrides(&self) -> Vec<(&'static str, f64)> {
        vec![self.rate.as_override()]
    }

    fn immediates(&self) -> Immediates {
        Immediates { rate: self.rate.terms }
    }

    fn workgroups(&self) -> u64 {
        1
    }

    fn describe(&self) -> String {
        let name = match self.rate.decay {
            Formula::Constant => "constant",
            Formula::Step => "step",
            Formula::Exponential => "exponential",
            Formula::Cosine => "cosine",
            Formula::OneCycle => "one-cycle",
        };
        match self.rate.terms.warmup {
            0 => format!("{name} learning rate"),
            steps => format!("{name} learning rate after {steps} steps of warm-up"),
        }
    }

    fn cost(&self) -> Cost {
        Cost { flops: 0, bytes: 8 }
    }

    fn twin(&self, bound: Bindings<Views<'_>>) {
        let control = &mut bound.control[0];
        control.schedule = self.rate.at(control.step);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn easing_is_a_cosine() {
        for step in 0..=1000 {
            let x = f64::from(step) / 1000.0;
            let exact = (1.0 - (std::f64::consts::PI * x).cos()) / 2.0;
            let error = (f64::from(ease(x as f32)) - exact).abs();
            // x is rounded, which the square doubles, and so are the steps of the polynomial.
            assert!(error < 5e-7 * exact + 1e-12, "{x}: off by {error}");
        }
    }

    #[test]
    fn runs_that_go_on_stay_at_the_end() {
        for decay in [Decay::Cosine { floor: 0.125 }, Decay::one_cycle()] {
            let rate = Rate::of(&Schedule { warmup: 0, decay }, 10);
            assert_eq!(rate.at(10), rate.at(1_000_000), "{decay:?}");
            assert!(rate.at(5) > rate.at(10), "{decay:?}");
        }
    }
}
