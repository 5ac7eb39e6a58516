//! A step on the CPU allocates nothing of ours: a run of many steps allocates as often as a run of
//! few. (The `gemm` crate allocates where it packs a matrix: so the products here are of the size
//! that it is not asked for.)

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};

use halfplane::backend::cpu::Cpu;
use halfplane::spec::{BatchSize, Length, Optimizer};
use halfplane::train::output_for;
use halfplane::{Activation, Network, Result, Strategy, Task, TrainOptions, Trainer};

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
    let data = common::random_data(Task::Multiclass, [400, 7, 3], 5)?;
    let network = Network::new(7, &[8, 7], 3)
        .with_activation(Activation::Gelu)
        .with_output(output_for(Task::Multiclass));
    for strategy in [Strategy::Layered, Strategy::Fused, Strategy::Resident] {
        let calls = |steps| {
            let options = TrainOptions {
                strategy,
                optimizer: Optimizer::adam(1e-3),
                batch_size: BatchSize::Rows(8),
                length: Length::Steps(steps),
                ..TrainOptions::default()
            };
            let mut trainer = Trainer::on(&Cpu, &network, &data, options)?;
            trainer.run(|_| ControlFlow::Continue(()))?;
            let before = CALLS.load(Ordering::Relaxed);
            trainer.run(|_| ControlFlow::Continue(()))?;
            Ok::<_, halfplane::Error>(CALLS.load(Ordering::Relaxed) - before)
        };
        let (few, many) = (calls(3)?, calls(300)?);
        // A list that holds the run's metrics may grow a few times, and a thread more or less may
        // be woken: far from one allocation a step.
        assert!(many < few + 30, "{strategy}: {few} allocations for 3 steps, {many} for 300");
    }
    Ok(())
}
