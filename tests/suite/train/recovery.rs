//! Devices that fail in mid-run: training goes on from the last snapshot, on another device, and
//! says so.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use halfplane::low_level::backend::{Backend, Device, Sink, StepMetrics, cpu::Cpu};
use halfplane::low_level::kernels::Words;
use halfplane::low_level::plan::{DeviceKind, Limits, Phase, Plan, Region};
use halfplane::low_level::platform::BoxFuture;
use halfplane::train::{Budget, CheckpointOptions, Interval, Status};
use halfplane::{
    Activation, BatchSize, Dataset, Error, Event, Keep, Length, Network, Optimizer, Parameters,
    Result, Strategy, Task, TrainOptions, Trainer,
};

use crate::support::{devices, random_data};

const STEPS: u64 = 90;

static CPU: Cpu = Cpu::new();

/// A device that fails after so many steps, counted over all that is loaded onto it, or when it is
/// unplugged.
struct Failing<'a> {
    inner: &'a dyn Device,
    left: Arc<AtomicU64>,
    unplugged: Arc<AtomicBool>,
}

impl<'a> Failing<'a> {
    fn after(inner: &'a dyn Device, steps: u64) -> Self {
        Self { inner, left: Arc::new(AtomicU64::new(steps)), unplugged: Arc::default() }
    }
}

impl Device for Failing<'_> {
    fn name(&self) -> &str {
        "a device that fails"
    }

    fn limits(&self) -> Limits {
        let limits = self.inner.limits();
        let kind = match limits.kind {
            // It cannot be lost, so that nothing is kept for that case. Small batches have the same
            // plan on a GPU, so that the bits can be compared.
            DeviceKind::Cpu => DeviceKind::Gpu,
            kind => kind,
        };
        Limits { kind, ..limits }
    }

    fn load(&self, plan: Plan) -> BoxFuture<'_, Result<Box<dyn Backend>>> {
        Box::pin(async move {
            let inner = self.inner.load(plan).await?;
            let (left, unplugged) = (Arc::clone(&self.left), Arc::clone(&self.unplugged));
            Ok(Box::new(Loaded { inner, left, unplugged }) as Box<dyn Backend>)
        })
    }
}

struct Loaded {
    inner: Box<dyn Backend>,
    left: Arc<AtomicU64>,
    unplugged: Arc<AtomicBool>,
}

fn unplugged() -> Error {
    Error::Device { device: "a device that fails".into(), problem: "it was unplugged".into() }
}

impl Backend for Loaded {
    fn plan(&self) -> &Plan {
        self.inner.plan()
    }

    fn load(&self, plan: Plan) -> BoxFuture<'_, Result<Box<dyn Backend>>> {
        self.inner.load(plan)
    }

    fn replan(&mut self, plan: Plan) -> Result<()> {
        self.inner.replan(plan)
    }

    fn write_region<'a>(
        &'a mut self,
        region: Region,
        words: &'a [u32],
    ) -> BoxFuture<'a, Result<()>> {
        self.inner.write_region(region, words)
    }

    fn read_region(&mut self, region: Region, words: usize) -> BoxFuture<'_, Result<Words>> {
        if self.unplugged.load(Ordering::Relaxed) {
            return Box::pin(async { Err(unplugged()) });
        }
        self.inner.read_region(region, words)
    }

    fn replay(&mut self, phase: Phase, times: u64) -> BoxFuture<'_, Result<()>> {
        self.inner.replay(phase, times)
    }

    fn steps<'a>(&'a mut self, steps: u64, sink: &'a mut Sink<'_>) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let now = steps.min(self.left.load(Ordering::Relaxed));
            let mut done = 0;
            let mut counted = |finished: &[StepMetrics]| {
                done += finished.len() as u64;
                sink(finished)
            };
            self.inner.steps(now, &mut counted).await?;
            self.left.fetch_sub(done, Ordering::Relaxed);
            if now < steps && done == now {
                return Err(unplugged());
            }
            Ok(())
        })
    }
}

fn network() -> Network {
    Network::new(5, &[9], 3)
        .with_activation(Activation::Sigmoid)
        .with_output(Task::Multiclass.into())
}

fn data() -> Result<[Dataset; 2]> {
    let of = |rows, seed| random_data(Task::Multiclass, [rows, 5, 3], seed);
    Ok([of(37, 1)?, of(23, 2)?])
}

fn options(strategy: Strategy) -> TrainOptions {
    TrainOptions {
        strategy,
        optimizer: Optimizer::adam(0.01),
        batch_size: BatchSize::Rows(8),
        length: Length::Steps(STEPS),
        log_every: 1,
        keep: Some(Keep::Best),
        ..TrainOptions::default()
    }
}

/// What a training says about steps and epochs, from where it went on after failures, and its
/// weights.
#[derive(Debug, PartialEq)]
struct Run {
    events: Vec<Event>,
    recovered: Vec<(u64, String)>,
    parameters: Parameters,
}

fn run(trainer: &mut Trainer) -> Result<Run> {
    let (mut events, mut recovered) = (Vec::new(), Vec::new());
    trainer.run(|event| {
        match event {
            Event::Recovered { step, problem, device } => {
                assert_eq!(problem, "it was unplugged");
                recovered.push((*step, device.clone()));
            }
            Event::Step { .. } | Event::Epoch { .. } => events.push(event.clone()),
            _ => {}
        }
        ControlFlow::Continue(())
    })?;
    Ok(Run { events, recovered, parameters: trainer.parameters()? })
}

/// Opened again, the device goes on from the checkpoint before: nothing is said twice, and the end
/// is that of a training that nothing has happened to.
#[test]
fn a_device_that_is_opened_again_ends_where_it_would_have() -> Result<()> {
    let [train, validation] = data()?;
    let (network, data) = (network(), (&train, &validation));
    for device in devices() {
        let shared: Arc<dyn Device> = device.into();
        let device = shared.as_ref();
        for strategy in [Strategy::Layered, Strategy::Resident] {
            let whole = run(&mut Trainer::on(device, &network, data, options(strategy))?)?;
            for fails in [0, 1, 33, 38, 40, STEPS - 1] {
                let place = format!("{}, {strategy}, after {fails} steps", device.name());
                let folder = tempfile::tempdir().expect("a folder can be made");
                let own = CheckpointOptions::new(folder.path());
                let own = CheckpointOptions { every: Interval::Steps(20), ..own };
                let options = TrainOptions { checkpoints: Some(own), ..options(strategy) };
                let failing = Failing::after(device, fails);
                let trainer = Trainer::on(&failing, &network, data, options)?;
                let lent = Arc::clone(&shared);
                let again = move || Ok(Box::new(Lent(Arc::clone(&lent))) as Box<dyn Device>);
                let found = run(&mut trainer.with_fallback(again))?;
                let expected = (fails / 20 * 20, device.name().to_owned());
                assert_eq!(found.recovered, [expected], "{place}");
                assert!(found.events == whole.events, "{place}: {:?}", found.events);
                assert!(found.parameters == whole.parameters, "{place}: the weights differ");
            }
        }
    }
    Ok(())
}

/// A device that others own, too.
struct Lent(Arc<dyn Device>);

impl Device for Lent {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn limits(&self) -> Limits {
        self.0.limits()
    }

    fn load(&self, plan: Plan) -> BoxFuture<'_, Result<Box<dyn Backend>>> {
        self.0.load(plan)
    }
}

type Open = Box<dyn FnMut() -> Result<Box<dyn Device>> + Send>;

#[test]
fn where_no_device_comes_back_the_cpu_goes_on() -> Result<()> {
    let [train, validation] = data()?;
    let (network, data) = (network(), (&train, &validation));
    let whole = run(&mut Trainer::on(&Cpu::new(), &network, data, options(Strategy::Layered))?)?;
    // It cannot be opened, or it fails at once, or it fails where it failed before.
    let gone = || Err(Error::NoDevice { problem: "gone".into(), remedy: "wait".into() });
    let broken = || Ok(Box::new(Failing::after(&CPU, 0)) as Box<dyn Device>);
    let cases: [(&str, &[&str], Open); 2] = [
        ("gone", &["cpu"], Box::new(gone)),
        ("broken", &["a device that fails", "cpu"], Box::new(broken)),
    ];
    for (name, expected, open) in cases {
        let failing = Failing::after(&CPU, 42);
        let options = options(Strategy::Layered);
        let trainer = Trainer::on(&failing, &network, data, options)?;
        let found = run(&mut trainer.with_fallback(open))?;
        let names: Vec<&str> = found.recovered.iter().map(|(_, name)| name.as_str()).collect();
        assert_eq!(names, expected, "{name}");
        assert!(found.events == whole.events, "{name}: {:?}", found.events);
        assert!(found.parameters == whole.parameters, "{name}: the weights differ");
    }
    Ok(())
}

/// A page draws its networks between two calls, and that is when a device may be found to be gone.
#[test]
fn what_is_read_in_mid_run_is_read_where_it_goes_on() -> Result<()> {
    type Read = fn(&mut Trainer) -> Result<()>;
    let [train, validation] = data()?;
    let (network, data) = (network(), (&train, &validation));
    let whole = run(&mut Trainer::on(&CPU, &network, data, options(Strategy::Layered))?)?;
    let reads: [Read; 5] = [
        |trainer| trainer.parameters().map(drop),
        |trainer| trainer.model().map(drop),
        |trainer| trainer.predict().map(drop),
        |trainer| trainer.evaluate().map(drop),
        |trainer| trainer.validate().map(drop),
    ];
    for read in reads {
        let failing = Failing::after(&CPU, STEPS);
        let trainer = Trainer::on(&failing, &network, data, options(Strategy::Layered))?;
        let gone = || Err(Error::NoDevice { problem: "gone".into(), remedy: "wait".into() });
        let mut trainer = trainer.with_fallback(gone);
        let mut before = 0;
        let status = trainer.advance(Budget::Steps(30), |event| {
            before += u64::from(matches!(event, Event::Step { .. } | Event::Epoch { .. }));
            ControlFlow::Continue(())
        })?;
        assert_eq!(status, Status::Running);
        failing.unplugged.store(true, Ordering::Relaxed);
        read(&mut trainer)?;
        let snapshot = trainer.step();
        let found = run(&mut trainer)?;
        assert_eq!(found.recovered, [(snapshot, "cpu".to_owned())]);
        assert!(found.events == whole.events[before as usize..], "{:?}", found.events);
        assert!(found.parameters == whole.parameters, "the weights differ");
    }
    // What has ended is not set back.
    let failing = Failing::after(&CPU, STEPS);
    let mut trainer = Trainer::on(&failing, &network, data, options(Strategy::Layered))?;
    run(&mut trainer)?;
    failing.unplugged.store(true, Ordering::Relaxed);
    assert!(matches!(trainer.evaluate(), Err(Error::Device { .. })));
    Ok(())
}

/// A device with so much room that all rows fit, but no batch of all of them.
struct Smaller(Arc<dyn Device>);

impl Device for Smaller {
    fn name(&self) -> &str {
        "a smaller device"
    }

    fn limits(&self) -> Limits {
        self.0.limits()
    }

    fn load(&self, plan: Plan) -> BoxFuture<'_, Result<Box<dyn Backend>>> {
        if plan.micro_batch.is_none() {
            let (device, problem) = (self.name().into(), "there is no room".into());
            return Box::pin(async { Err(Error::Device { device, problem }) });
        }
        self.0.load(plan)
    }
}

/// Where there is less room than before, the batch is split before the device is given up.
#[test]
fn a_device_with_less_room_goes_on_with_a_split_batch() -> Result<()> {
    let data = &random_data(Task::Multiclass, [1500, 5, 3], 1)?;
    let network = Network::new(5, &[60, 60], 3)
        .with_activation(Activation::Sigmoid)
        .with_output(Task::Multiclass.into());
    let [_, device] = devices();
    let device: Arc<dyn Device> = device.into();
    let options = TrainOptions {
        batch_size: BatchSize::Full,
        length: Length::Steps(20),
        ..options(Strategy::Layered)
    };
    let whole = run(&mut Trainer::on(device.as_ref(), &network, data, options.clone())?)?;
    let failing = Failing::after(device.as_ref(), 12);
    let trainer = Trainer::on(&failing, &network, data, options)?;
    let smaller = move || Ok(Box::new(Smaller(Arc::clone(&device))) as Box<dyn Device>);
    let found = run(&mut trainer.with_fallback(smaller))?;
    let names: Vec<&str> = found.recovered.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(names, ["a smaller device"]);
    assert!(found.events == whole.events, "{:?}", found.events);
    assert!(found.parameters == whole.parameters, "the weights differ");
    Ok(())
}

#[test]
fn without_a_fallback_a_failure_is_an_error() -> Result<()> {
    let [train, _] = data()?;
    let failing = Failing::after(&CPU, 42);
    let mut trainer = Trainer::on(&failing, &network(), &train, options(Strategy::Layered))?;
    match run(&mut trainer) {
        Err(Error::Device { problem, .. }) => assert_eq!(problem, "it was unplugged"),
        other => panic!("{other:?}"),
    }
    Ok(())
}
