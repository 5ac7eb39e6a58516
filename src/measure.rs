//! Measures a device's roofline (Williams et al. 2009) and the share of it that dispatches reach.
//!
//! Must not know: training, files.

use std::time::Duration;

use crate::Result;
use crate::backend::Device;
use crate::kernels::{
    Bind, Control, Cost, DenseForward, Each, Element, Function, Gather, Operation, dense_forward,
    gather,
};
use crate::plan::{BufferId, DeviceKind, Dispatch, Outline, Phase, PlanBuilder, Role};
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
    // Sizes that keep the measurement short on slow devices.
    let (side, rows) = match device.limits().kind {
        DeviceKind::Gpu => (4096, 1 << 20),
        DeviceKind::Cpu => (1024, 1 << 19),
        DeviceKind::Software => (512, 1 << 18),
    };
    let product = DenseForward {
        rows: side,
        inputs: side,
        outputs: side,
        function: Function::Identity,
        tiling: device.limits().tiling([side; 3]),
    };
    let columns = 16;
    let copy = Gather {
        rows,
        count: rows,
        columns,
        chunk_first: 0,
        chunk_rows: rows,
        shuffle: Shuffle::Never,
        seed: 0,
    };
    let product = measure(device, side, product, |control, buffer| dense_forward::Bindings {
        control,
        x: buffer(side * side),
        parameters: buffer(side * (side + 1)),
        y: buffer(side * side),
    })
    .await?;
    let copy = measure(device, rows, copy, |control, buffer| gather::Bindings {
        control,
        data: buffer(rows * columns),
        batch: buffer(rows * columns),
    })
    .await?;
    let a_second = |count: u64, time: Duration| count as f64 / time.as_secs_f64().max(1e-9);
    Ok(Roofline {
        flops: a_second(product.0.flops, product.1),
        bytes: a_second(copy.0.bytes, copy.1),
    })
}

/// The cost and the time of one operation on `rows` rows of zeros. `bind` is handed the control, and
/// what makes a buffer of so many elements.
async fn measure<K: Bind + Into<Operation>>(
    device: &dyn Device,
    rows: usize,
    operation: K,
    bind: impl FnOnce(BufferId, &mut dyn FnMut(usize) -> BufferId) -> K::Bindings<Each<BufferId>>,
) -> Result<(Cost, Duration)> {
    let limits = device.limits();
    let mut builder = PlanBuilder::new(&limits, "");
    let control = builder.control("control", 1)?;
    let mut buffer = |elements| builder.push("", Element::F32, vec![elements], Role::Bookkeeping);
    let bindings = bind(control, &mut buffer);
    let dispatch = Dispatch::new("measure", operation, bindings);
    let cost = dispatch.operation.kernel().cost();
    builder.phase(Phase::Step, vec![dispatch]);
    let outline = Outline::new(vec![Network::new(1, &[], 1)], Strategy::Layered);
    let plan = builder.finish(outline, |_, _| String::new())?;
    let mut backend = device.load(plan).await?;
    backend.write(control, &Control::of_rows(rows).to_words()).await?;
    let times = backend.profile(Phase::Step).await?;
    Ok((cost, times.first().copied().unwrap_or_default()))
}
