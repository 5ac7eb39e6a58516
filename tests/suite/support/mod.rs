//! What the tests share: devices, made-up data, quiet observers.

pub(crate) mod folder;
pub(crate) mod scarce;

use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use halfplane::low_level::backend::{self, Backend, Device, cpu::Cpu};
use halfplane::low_level::plan::{Limits, Plan};
use halfplane::low_level::platform::{BoxFuture, block_on};
use halfplane::{Dataset, DeviceChoice, Event, Result, ShaderChecks, Strategy, Targets, Task};

/// Devices that no test is using, each with the shaders that were compiled for it.
static IDLE: Mutex<Vec<(ShaderChecks, Box<dyn Device>)>> = Mutex::new(Vec::new());

/// A device for one test; the next one takes it over.
struct Lent {
    checks: ShaderChecks,
    device: Option<Box<dyn Device>>,
}

impl Lent {
    fn device(&self) -> &dyn Device {
        self.device.as_deref().expect("it is given back at the end")
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // A device may be what a test failed by.
        if let Some(device) = self.device.take().filter(|_| !std::thread::panicking()) {
            let mut idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
            idle.push((self.checks, device));
        }
    }
}

impl Device for Lent {
    fn name(&self) -> &str {
        self.device().name()
    }

    fn limits(&self) -> Limits {
        self.device().limits()
    }

    fn load(&self, plan: Plan) -> BoxFuture<'_, Result<Box<dyn Backend>>> {
        self.device().load(plan)
    }
}

/// The software adapter, or the one that `TEST_ADAPTER` names: `gpu`, or a part of its name. Its
/// absence fails a test: a skipped test proves nothing.
///
/// A driver takes far longer to compile shaders than they run, so devices are used again. Each test
/// has one to itself: lavapipe compiles on one thread for each device.
pub(crate) fn software(checks: ShaderChecks) -> Box<dyn Device> {
    let idle = {
        let mut idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
        let place = idle.iter().position(|(own, _)| *own == checks);
        place.map(|place| idle.swap_remove(place).1)
    };
    let device = Some(idle.unwrap_or_else(|| opened(checks)));
    Box::new(Lent { checks, device })
}

/// The same, opened anew.
pub(crate) fn opened(checks: ShaderChecks) -> Box<dyn Device> {
    let choice = std::env::var("TEST_ADAPTER")
        .map_or(DeviceChoice::Software, |name| name.parse().expect("a choice of device"));
    match block_on(backend::open(&choice, checks)) {
        Ok((device, _)) => device,
        Err(error) => panic!("{error}\nrun the tests by tests/run.sh, which installs an adapter"),
    }
}

/// The devices that are everywhere: the CPU path and the software adapter.
pub(crate) fn devices() -> [Box<dyn Device>; 2] {
    [Box::new(Cpu::new()), software(ShaderChecks::Off)]
}

/// The ways to lower a step.
pub(crate) const WAYS: [Strategy; 3] = [Strategy::Layered, Strategy::Resident, Strategy::Fused];

/// An observer that lets training go on.
pub(crate) fn quiet(_: &Event) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// The 64-bit linear congruential generator of `tests/golden/make.py`.
pub(crate) struct Draws(pub(crate) u64);

impl Draws {
    fn next(&mut self) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0
    }

    /// Numbers in [−1, 1), exact in float32.
    pub(crate) fn values(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| (self.next() >> 40) as f32 / (1 << 23) as f32 - 1.0).collect()
    }

    fn classes(&mut self, rows: usize, count: usize) -> Vec<u32> {
        (0..rows).map(|_| ((self.next() >> 33) % count as u64) as u32).collect()
    }
}

/// Random rows with random targets, as `tests/golden/make.py` makes them: all features, then all
/// targets.
pub(crate) fn random_data(
    task: Task,
    [rows, inputs, outputs]: [usize; 3],
    seed: u64,
) -> Result<Dataset> {
    let mut draws = Draws(seed);
    let features = draws.values(rows * inputs);
    let targets = match task {
        Task::Multiclass => {
            Targets::Classes { values: draws.classes(rows, outputs), count: outputs }
        }
        Task::Regression => {
            Targets::Numbers { values: draws.values(rows * outputs), columns: outputs }
        }
        Task::Binary => {
            let values = draws.values(rows * outputs);
            let values = values.iter().map(|&value| f32::from(value >= 0.0)).collect();
            Targets::Binary { values, columns: outputs }
        }
    };
    Dataset::new(inputs, features, targets)
}

/// The same numbers in float64.
pub(crate) fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&value| f64::from(value)).collect()
}

/// Where two tensors differ most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Gap {
    pub(crate) index: usize,
    pub(crate) found: f64,
    pub(crate) expected: f64,
    pub(crate) error: f64,
}

impl Gap {
    /// The largest error by `error(found, expected)`; one that is NaN counts as infinite.
    pub(crate) fn largest(
        found: impl IntoIterator<Item = f64>,
        expected: impl IntoIterator<Item = f64>,
        error: impl Fn(f64, f64) -> f64,
    ) -> Self {
        let none = Self { index: 0, found: 0.0, expected: 0.0, error: 0.0 };
        found.into_iter().zip(expected).enumerate().fold(none, |worst, (index, (f, e))| {
            let error = Some(error(f, e)).filter(|error| !error.is_nan()).unwrap_or(f64::INFINITY);
            if error > worst.error { Self { index, found: f, expected: e, error } } else { worst }
        })
    }

    /// The largest error as a share of the largest expected element.
    pub(crate) fn over_largest(found: &[f32], expected: &[f32]) -> Self {
        let expected = wide(expected);
        let scale = expected.iter().fold(f64::MIN_POSITIVE, |most, v| most.max(v.abs()));
        Self::largest(wide(found), expected, |f, e| (f - e).abs() / scale)
    }
}
