//! How long a run takes on either kind of device, to within a small factor: enough to tell where
//! the slower one was taken.

use std::time::Duration;

use super::{Phase, Plan};
use crate::spec::Strategy;

/// A dispatch of a small step on an NVIDIA H200: 650 ms for 10,001 steps of 13 dispatches, by the
/// layered strategy. A slower card takes longer, and has a slower CPU beside it.
const DISPATCH: f64 = 5e-6;

/// What a floating-point operation of a small network takes a workgroup there: 41 ms for 10,001 steps
/// of 2-10-10-10-1 by the resident strategy.
const WORKGROUP_FLOP: f64 = 0.8e-9;

/// The shortest step there: 7 ms for as many of 2-2-1.
const SHORTEST: f64 = 0.7e-6;

/// What one takes where the whole card takes part: 10 TFLOP/s.
const CARD_FLOP: f64 = 1e-13;

/// One core of an EPYC: 5.4 ms for the same steps of 2-10-10-10-1, and faster for wider networks. More
/// cores are not counted upon, since they may be busy.
const CORE_FLOP: f64 = 0.1e-9;

impl Plan {
    /// How long so many steps take on a graphics processor, once they have begun.
    pub fn seconds_on_gpu(&self, steps: u64) -> f64 {
        let flops = self.flops_of_step();
        let step = match self.strategy {
            // One workgroup goes through many steps in a dispatch.
            Strategy::Resident => SHORTEST.max(WORKGROUP_FLOP * flops),
            _ => DISPATCH * self.phase(Phase::Step).len() as f64 + CARD_FLOP * flops,
        };
        steps as f64 * step
    }

    /// How long they take one core on the CPU path.
    pub fn seconds_on_cpu(&self, steps: u64) -> f64 {
        steps as f64 * CORE_FLOP * self.flops_of_step()
    }

    /// Whether the CPU path would be done by far sooner than a graphics processor that took so long
    /// to open: with how long both take.
    pub fn sooner_on_cpu(&self, steps: u64, opening: Duration) -> Option<[Duration; 2]> {
        /// Less is not worth a word.
        const SAVED: f64 = 0.02;
        let gpu = opening.as_secs_f64() + self.seconds_on_gpu(steps);
        let cpu = self.seconds_on_cpu(steps);
        // The estimates may be off by a factor of 2.
        let sooner = 2.0 * cpu < gpu && gpu - cpu > SAVED;
        sooner.then(|| [cpu, gpu].map(Duration::from_secs_f64))
    }

    /// Floating-point operations of a step: a pass back is worth two passes forward.
    fn flops_of_step(&self) -> f64 {
        3.0 * self.batch as f64 * self.network().flops_forward() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::super::{DataPlacement, DeviceKind, Gradients, Limits, Training, training};
    use super::*;
    use crate::kernels::Weighting;
    use crate::spec::{Loss, Network, Optimizer, Regularization, Schedule, Shuffle};
    use crate::{Activation, Result};

    /// The lecture's training of a network with these hidden layers.
    fn plan(hidden: &[usize], strategy: Strategy) -> Result<Plan> {
        let request = Training {
            network: &Network::new(2, hidden, 1).with_activation(Activation::Sigmoid),
            loss: Loss::Bce,
            optimizer: &Optimizer::sgd(1.0),
            regularization: &Regularization::default(),
            schedule: &Schedule::default(),
            steps: STEPS,
            weighting: Weighting::Even,
            rows: 4,
            placement: DataPlacement::Whole,
            validation: 0,
            batch: 4,
            shuffle: Shuffle::EveryEpoch,
            seed: 777,
            strategy,
            gradients: Gradients::Fused,
        };
        training(&request, &Limits { kind: DeviceKind::Gpu, ..Limits::unlimited("gpu") })
    }

    const STEPS: u64 = 10_001;
    const WIDE: [usize; 3] = [10; 3];

    #[test]
    fn measured_times_are_met_to_within_a_factor_of_two() -> Result<()> {
        let met = |seconds: f64, measured: f64| (0.5..2.0).contains(&(seconds / measured));
        let wide = plan(&WIDE, Strategy::Resident)?;
        assert!(met(wide.seconds_on_cpu(STEPS), 5.4e-3), "{}", wide.seconds_on_cpu(STEPS));
        for (hidden, strategy, measured) in [
            (&[2][..], Strategy::Resident, 7e-3),
            (&WIDE, Strategy::Resident, 41e-3),
            (&WIDE, Strategy::Layered, 650e-3),
        ] {
            let seconds = plan(hidden, strategy)?.seconds_on_gpu(STEPS);
            assert!(met(seconds, measured), "{hidden:?}, {strategy}: {seconds}");
        }
        Ok(())
    }

    #[test]
    fn the_cpu_path_is_named_where_it_is_done_by_far_sooner() -> Result<()> {
        let opening = Duration::from_millis(200);
        let sooner = |plan: &Plan, steps| plan.sooner_on_cpu(steps, opening).is_some();
        let small = plan(&WIDE, Strategy::Resident)?;
        assert!(sooner(&small, STEPS));
        assert!(small.sooner_on_cpu(STEPS, Duration::ZERO).is_some());
        assert!(small.sooner_on_cpu(1, Duration::ZERO).is_none(), "too little to speak of");
        let large = plan(&[2048, 2048], Strategy::Layered)?;
        assert!(!sooner(&large, 100_000));
        assert!(sooner(&large, 1), "a step is over before a device is open");
        Ok(())
    }
}
