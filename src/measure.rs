//! Measures a device's roofline (Williams et al. 2009) and the share of it that dispatches reach.
//!
//! Must not know: training, files.

use std::time::Duration;

use crate::Result;
use crate::backend::Device;
use crate::kernels::{Control, Cost, DenseForward, Function, Gather, Operation};
use crate::plan::{Buffer, BufferId, DeviceKind, Dispatch, Handles, Phase, Plan, Role};
use crate::spec::{Network, Shuffle, Strategy};

/// The two limits of a dispatch's speed: arithmetic and memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Roofline {
    /// Floating-point operations per second of a large square matrix product by this crate's own
    /// kernel: below the device's theoretical peak.
    pub flops: f64,
    /// Bytes read and written per second when rows are copied from one large buffer to another.
    pub bytes: f64,
}

impl Roofline {
    /// The fraction of the attainable speed at which a dispatch of this cost ran; up to about 1,
    /// within the error of measurement.
    pub fn share(&self, cost: Cost, time: Duration) -> f64 {
        let least = (cost.flops as f64 / self.flops).max(cost.bytes as f64 / self.bytes);
        least / time.as_secs_f64().max(1e-12)
    }
}

/// A dispatch and its measured duration.
#[derive(Clone, Debug)]
pub struct Timed {
    /// The dispatch.
    pub dispatch: Dispatch,
    /// The median of several replays.
    pub time: Duration,
}

/// Measures a device's roofline, with a matrix product and a copy.
///
/// # Errors
/// [`crate::Error::Device`] where the device fails, [`crate::Error::Invalid`] where it has no
/// timestamps.
pub async fn roofline(device: &dyn Device) -> Result<Roofline> {
    let product = |side| {
        Operation::DenseForward(DenseForward {
            rows: side,
            inputs: side,
            outputs: side,
            function: Function::Identity,
            tiling: device.limits().tiling([side; 3]),
        })
    };
    // Sizes that keep the measurement short on slow devices.
    let (side, rows) = match device.limits().kind {
        DeviceKind::Gpu => (4096, 1 << 20),
        DeviceKind::Cpu => (1024, 1 << 19),
        DeviceKind::Software => (512, 1 << 18),
    };
    let columns = 16;
    let copy = Operation::Gather(Gather {
        rows,
        count: rows,
        columns,
        chunk_first: 0,
        chunk_rows: rows,
        shuffle: Shuffle::Never,
        seed: 0,
    });
    let sizes = [side * side, side * (side + 1), side * side];
    let (cost, time) = measure(device, product(side), side, &sizes).await?;
    let flops = cost.flops as f64 / time.as_secs_f64().max(1e-9);
    let sizes = [rows * columns, rows * columns];
    let (cost, time) = measure(device, copy, rows, &sizes).await?;
    let bytes = cost.bytes as f64 / time.as_secs_f64().max(1e-9);
    Ok(Roofline { flops, bytes })
}

/// The cost and the time of one operation on zeros. Its bindings are a control buffer, then buffers
/// of `sizes` words.
async fn measure(
    device: &dyn Device,
    operation: Operation,
    rows: usize,
    sizes: &[usize],
) -> Result<(Cost, Duration)> {
    let cost = operation.kernel().cost();
    let slots = operation.kernel().slots();
    let words = std::iter::once(Control::WORDS).chain(sizes.iter().copied());
    let buffers: Vec<Buffer> = slots
        .iter()
        .zip(words)
        .map(|(slot, words)| Buffer {
            name: slot.name.into(),
            shape: vec![words],
            role: Role::Bookkeeping,
        })
        .collect();
    let mut phases: [Vec<Dispatch>; Phase::COUNT] = Default::default();
    let bindings = (0..buffers.len()).map(BufferId).collect();
    phases[Phase::Step as usize] = vec![Dispatch { label: "measure".into(), operation, bindings }];
    let plan = Plan {
        networks: vec![Network::new(1, &[], 1)],
        strategy: Strategy::Layered,
        rows: 0,
        batch: 0,
        micro_batch: None,
        evaluate_rows: 0,
        predict_rows: 0,
        buffers,
        shard: None,
        phases,
        handles: Handles::default(),
    };
    let mut backend = device.load(plan).await?;
    backend.write(BufferId(0), &Control::of_rows(rows).to_words()).await?;
    let times = backend.profile(Phase::Step).await?;
    Ok((cost, times.first().copied().unwrap_or_default()))
}
