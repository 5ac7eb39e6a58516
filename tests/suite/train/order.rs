//! The order of the rows, as the devices gather them: each row once an epoch, each epoch anew.

use halfplane::low_level::backend::{Backend, Device};
use halfplane::low_level::kernels::Control;
use halfplane::low_level::plan::{BufferId, Limits, Phase};
use halfplane::low_level::platform::block_on;
use halfplane::train::plan_for;
use halfplane::{BatchSize, Dataset, Network, Output, Result, Shuffle, Targets, TrainOptions};

use crate::support::devices;
use crate::train::runs::options;

const EPOCHS: usize = 4;

#[test]
fn each_row_is_visited_once_an_epoch() -> Result<()> {
    for (rows, batch) in [(2, 1), (37, 8), (64, 16), (1031, 100)] {
        let mut orders = Vec::new();
        for device in devices() {
            let order = visited(device.as_ref(), [rows, batch], Shuffle::EveryEpoch, 777)?;
            for epoch in order.chunks(rows) {
                let mut sorted = epoch.to_vec();
                sorted.sort_unstable();
                assert!(sorted.into_iter().eq(0..rows), "{}: {epoch:?}", device.name());
            }
            orders.push(order);
        }
        assert_eq!(orders[0], orders[1], "all devices take the same order");
    }
    Ok(())
}

#[test]
fn epochs_and_seeds_have_orders_of_their_own() -> Result<()> {
    const SHAPE: [usize; 2] = [37, 8];
    for device in devices() {
        let mut epochs = Vec::new();
        // Seeds that differ in their upper half only must differ too.
        for seed in [777, 778, 777 | 1 << 32] {
            let order = visited(device.as_ref(), SHAPE, Shuffle::EveryEpoch, seed)?;
            epochs.extend(order.chunks(SHAPE[0]).map(<[usize]>::to_vec));
        }
        assert_eq!(epochs.len(), 3 * EPOCHS);
        epochs.sort();
        epochs.dedup();
        assert_eq!(epochs.len(), 3 * EPOCHS, "{}: an order came twice", device.name());
    }
    Ok(())
}

#[test]
fn unshuffled_rows_come_as_they_stand() -> Result<()> {
    for device in devices() {
        let order = visited(device.as_ref(), [37, 8], Shuffle::Never, 777)?;
        assert!(order.into_iter().eq((0..EPOCHS).flat_map(|_| 0..37)), "{}", device.name());
    }
    Ok(())
}

/// The rows that a device gathers, batch by batch, through all epochs. Each row's feature and
/// target are its number.
fn visited(
    device: &dyn Device,
    [rows, batch]: [usize; 2],
    shuffle: Shuffle,
    seed: u64,
) -> Result<Vec<usize>> {
    let numbers: Vec<f32> = (0..rows).map(|row| row as f32).collect();
    let targets = Targets::Numbers { values: numbers.clone(), columns: 1 };
    let data = Dataset::new(1, numbers, targets)?;
    let network = Network::new(1, &[], 1).with_output(Output::Identity);
    let options = TrainOptions { batch_size: BatchSize::Rows(batch), shuffle, seed, ..options(1) };
    let plan = plan_for(&network, &data, &options, &Limits::unlimited("any"))?;
    let gathered = ["batch.x", "batch.t"].map(|name| {
        let found = plan.buffers.iter().position(|buffer| buffer.name == name);
        BufferId(found.expect("mini-batches are gathered"))
    });
    let control = plan.handles.control.expect("training has a control");
    let steps = EPOCHS * rows.div_ceil(batch);

    let mut backend = loaded(device, plan, &data)?;
    let mut order = Vec::new();
    for _ in 0..steps {
        let count =
            Control::from_words(&block_on(backend.read(control, Control::WORDS))?).rows as usize;
        block_on(backend.replay(Phase::Step, 1))?;
        let [features, targets] = gathered.map(|buffer| block_on(backend.read(buffer, count)));
        let features = features?;
        assert_eq!(features, targets?, "{}: rows and targets part", device.name());
        order.extend(features.into_iter().map(|word| f32::from_bits(word) as usize));
    }
    Ok(order)
}

/// A plan with its data, at its first step; the weights are of no interest and stay zero.
fn loaded(
    device: &dyn Device,
    plan: halfplane::low_level::plan::Plan,
    data: &Dataset,
) -> Result<Box<dyn Backend>> {
    let (handles, start) = (plan.handles.clone(), Control::at(0, plan.rows, plan.batch));
    let mut backend = block_on(device.load(plan))?;
    let features: Vec<u32> = data.features().iter().map(|value| value.to_bits()).collect();
    block_on(backend.write(handles.features[0].buffer, &features))?;
    block_on(backend.write(handles.targets[0].buffer, data.targets().words()))?;
    block_on(backend.write(handles.control.expect("training has a control"), &start.to_words()))?;
    Ok(backend)
}
