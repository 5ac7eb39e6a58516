//! Devices that grant less: data sets are cut into chunks that train to the same bits, batches into
//! micro-batches, and what cannot be cut is refused with the size that would fit.

use halfplane::low_level::backend::Device;
use halfplane::low_level::plan::{Limits, Plan};
use halfplane::train::plan_for;
use halfplane::{
    Activation, BatchSize, Dataset, Error, Network, Output, Parameters, Result, Task, TrainOptions,
    Trainer,
};

use crate::support::scarce::Limited;
use crate::support::{devices, random_data};
use crate::train::runs::{options, record};

/// The ring of losses takes all of this, so no binding could be smaller.
const BINDING: u64 = 128 << 10;

const ROWS: usize = 4001;
const INPUTS: usize = 33;
const OUTPUTS: usize = 17;

#[test]
fn a_data_set_in_chunks_trains_to_the_same_bits() -> Result<()> {
    let data = data()?;
    for device in devices() {
        let limited = Limited { inner: device.as_ref(), binding_bytes: BINDING };
        let whole = train(device.as_ref(), &data, [1, 1])?;
        // 992 rows of features fit into a binding, 1,927 of targets.
        let parts = train(&limited, &data, [5, 3])?;
        assert!(parts == whole, "{}: chunks change the training", device.name());
    }
    Ok(())
}

/// Losses and weights of a run whose features and targets lie in so many chunks.
fn train(
    device: &dyn Device,
    data: &Dataset,
    chunks: [usize; 2],
) -> Result<(Vec<halfplane::Event>, Parameters)> {
    let options = TrainOptions { batch_size: BatchSize::Rows(256), ..options(40) };
    let mut trainer = Trainer::on(device, &network(&[20]), data, options)?;
    let handles = &trainer.plan().handles;
    assert_eq!([handles.features.len(), handles.targets.len()], chunks, "{}", device.name());
    Ok((record(&mut trainer)?, trainer.parameters()?))
}

#[test]
fn a_layer_past_the_limits_is_refused_with_what_fits() -> Result<()> {
    let data = data()?;
    let plan = |units| plan_for(&network(&[200, units]), &data, &options(1), &small());
    let message = refusal(plan(300));
    for part in ["layers.1.parameters [300, 200 + 1]", "236 KiB", "128 KiB", "1.8 times"] {
        assert!(message.contains(part), "no `{part}` in: {message}");
    }
    let units = after("at most ", &message);
    plan(units)?;
    refusal(plan(units + 1));
    Ok(())
}

#[test]
fn a_batch_past_the_limits_is_split() -> Result<()> {
    let data = data()?;
    // Whichever layer is the widest, and wherever it stands, it is what counts.
    for (hidden, most) in [(&[][..], 992), (&[20], 992), (&[100], 327), (&[40, 150], 218)] {
        let options = TrainOptions { batch_size: BatchSize::Full, ..options(1) };
        let plan = plan_for(&network(hidden), &data, &options, &small())?;
        let rows = plan.micro_batch.expect("4,001 rows are past a binding");
        // Of so many, as many as spans and tiles divide and as make them even.
        let grain = if most < 512 { 16 } else { 512 };
        assert_eq!(plan.micro_batches(), ROWS.div_ceil(most / grain * grain), "{hidden:?}");
        assert!(rows <= most && rows % grain == 0, "{hidden:?}: {rows}");
    }
    Ok(())
}

/// A row's loss and score, of the whole batch at once.
#[test]
fn a_batch_whose_losses_do_not_fit_is_refused_with_what_fits() -> Result<()> {
    let data = random_data(Task::Regression, [30_001, 2, 1], 6)?;
    let network =
        Network::new(2, &[3], 1).with_activation(Activation::Sigmoid).with_output(Output::Identity);
    let plan = |batch_size| {
        plan_for(&network, &data, &TrainOptions { batch_size, ..options(1) }, &small())
    };
    let message = refusal(plan(BatchSize::Full));
    assert!(message.contains("128 KiB"), "{message}");
    let rows = after("at most ", &message);
    assert_eq!(rows, BINDING as usize / 8);
    plan(BatchSize::Rows(rows))?;
    refusal(plan(BatchSize::Rows(rows + 1)));
    Ok(())
}

#[test]
fn a_plan_past_the_memory_is_refused_with_what_fits() -> Result<()> {
    let data = data()?;
    let limits = |memory| Limits { memory_bytes: Some(memory), ..Limits::unlimited("small") };
    let plan = |hidden: &[usize], batch_size, memory| {
        let options = TrainOptions { batch_size, ..options(1) };
        plan_for(&network(hidden), &data, &options, &limits(memory))
    };
    assert!(plan(&[500], BatchSize::Full, 10 << 20)?.micro_batches() > 1);
    let message = refusal(plan(&[500, 500], BatchSize::Rows(1), 2 << 20));
    assert!(message.contains("2.00 MiB") && message.contains("parameters fit"), "{message}");
    Ok(())
}

fn data() -> Result<Dataset> {
    random_data(Task::Regression, [ROWS, INPUTS, OUTPUTS], 6)
}

fn network(hidden: &[usize]) -> Network {
    Network::new(INPUTS, hidden, OUTPUTS)
        .with_activation(Activation::Sigmoid)
        .with_output(Output::Identity)
}

fn small() -> Limits {
    Limits { binding_bytes: BINDING, ..Limits::unlimited("small") }
}

fn refusal(plan: Result<Plan>) -> String {
    match plan {
        Err(error @ Error::TooLarge { .. }) => error.to_string(),
        Err(error) => panic!("refused for something else: {error}"),
        Ok(plan) => panic!("a plan of {} bytes was not refused", plan.bytes()),
    }
}

/// The number that follows some words of a message.
fn after(words: &str, message: &str) -> usize {
    let number =
        message.split_once(words).and_then(|(_, rest)| rest.split(' ').next()?.parse().ok());
    number.unwrap_or_else(|| panic!("no number after `{words}` in: {message}"))
}
