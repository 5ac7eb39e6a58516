//! A step on the CPU allocates nothing: a run of many steps allocates as often as a run of few.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};

use halfplane::low_level::backend::cpu::Cpu;
use halfplane::spec::{BatchSize, Clip, Decay, Length, Optimizer, Regularization, Schedule};
use halfplane::{
    Activation, Dataset, Network, Normalization, Result, Strategy, Targets, Task, TrainOptions,
    Trainer,
};

/// The system's allocator, counting.
struct Counting;

static CALLS: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call goes on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn more_steps_allocate_no_more() -> Result<()> {
    // Products of a few terms, such as are cut into blocks and packed, and such as leave out zeros.
    let few = &[Strategy::Layered, Strategy::Fused, Strategy::Resident][..];
    let many = &[Strategy::Layered, Strategy::Fused][..];
    let small = (&[8, 7][..], Activation::Gelu, 8, [3, 300], few);
    let large = (&[600, 520][..], Activation::Gelu, 300, [2, 42], many);
    let sparse = (&[600, 520][..], Activation::Relu, 300, [2, 42], many);
    for (hidden, activation, batch, steps, strategies) in [small, large, sparse] {
        let inputs = if batch > 8 { 700 } else { 7 };
        let data = table(400, inputs)?;
        let network = Network::new(inputs, hidden, 3)
            .with_activation(activation)
            .with_output(Task::Multiclass.into());
        for &strategy in strategies {
            // All that a step of the layered way may hold.
            let network = match strategy {
                Strategy::Layered => network.clone().with_normalization(Normalization::LayerNorm),
                _ => network.clone(),
            };
            let [few, many] = steps.map(|steps| calls(&network, &data, strategy, batch, steps));
            let (few, many) = (few?, many?);
            // A list that holds the run's metrics may grow a few times, and a thread more or less
            // may be woken: far from one allocation a step.
            assert!(
                many < few + 30,
                "{strategy} {network}: {few} allocations for {} steps, {many} for {}",
                steps[0],
                steps[1]
            );
        }
    }
    Ok(())
}

/// Scattered numbers in [−1, 1), of three classes.
fn table(rows: usize, inputs: usize) -> Result<Dataset> {
    let number = |index: usize| {
        let hash = (index as u32).wrapping_mul(2_654_435_769);
        f64::from(hash) / f64::from(1_u32 << 31) - 1.0
    };
    let features = (0..rows * inputs).map(|index| number(index) as f32).collect();
    let values = (0..rows as u32).map(|row| row % 3).collect();
    Dataset::new(inputs, features, Targets::Classes { values, count: 3 })
}

/// Allocations of a run, after another one.
fn calls(
    network: &Network,
    data: &Dataset,
    strategy: Strategy,
    batch: usize,
    steps: u64,
) -> Result<u64> {
    let options = TrainOptions {
        strategy,
        // All that a step of the layered way may hold.
        regularization: match strategy {
            Strategy::Layered => Regularization {
                dropout: vec![0.2],
                clip: Some(Clip::Norm(1.0)),
                ..Regularization::default()
            },
            _ => Regularization::default(),
        },
        schedule: Schedule { decay: Decay::Cosine { floor: 0.0 }, ..Schedule::default() },
        optimizer: Optimizer::adam(1e-3),
        batch_size: BatchSize::Rows(batch),
        length: Length::Steps(steps),
        ..TrainOptions::default()
    };
    let mut trainer = Trainer::on(&Cpu::new(), network, data, options)?;
    trainer.run(|_| ControlFlow::Continue(()))?;
    let before = CALLS.load(Ordering::Relaxed);
    trainer.run(|_| ControlFlow::Continue(()))?;
    Ok(CALLS.load(Ordering::Relaxed) - before)
}
