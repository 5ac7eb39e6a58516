//! Sessions that another program drives: epoch by epoch, with rates of its own, from one session to the
//! next.

use std::ops::ControlFlow;
use std::time::Duration;

use halfplane::low_level::platform::block_on;
use halfplane::train::{Budget, Session, Silent, Status};
use halfplane::{
    Activation, BatchSize, Dataset, Event, Length, Network, Optimizer, Result, Shuffle, Task,
    TrainOptions, Trainer,
};

use crate::support::{devices, quiet, random_data};

fn network() -> Network {
    Network::new(5, &[4], 3).with_activation(Activation::Tanh).with_output(Task::Multiclass.into())
}

fn data(rows: usize, seed: u64) -> Result<Dataset> {
    random_data(Task::Multiclass, [rows, 5, 3], seed)
}

fn options(epochs: u64) -> TrainOptions {
    TrainOptions {
        optimizer: Optimizer::adam(0.01),
        batch_size: BatchSize::Rows(8),
        length: Length::Epochs(epochs),
        shuffle: Shuffle::Never,
        ..TrainOptions::default()
    }
}

#[test]
fn an_epoch_at_a_time_is_the_whole_run() -> Result<()> {
    let data = data(61, 1)?;
    for device in devices() {
        let mut whole = Trainer::on(device.as_ref(), &network(), &data, options(3))?;
        whole.run(quiet)?;
        let session = block_on(Session::on(device.as_ref(), &network(), &data, options(3)))?;
        let mut session = session.without_evaluation();
        for epoch in 1..=3 {
            let mut status = Status::Running;
            while session.step(0) < 8 * epoch {
                let left = session.steps_of_epoch_left();
                assert_eq!(left, 8 * epoch - session.step(0));
                let budget = Budget::StepsWithin(left, Duration::from_micros(1));
                status = block_on(session.advance(budget, &mut Silent))?;
            }
            assert_eq!(status == Status::Ended, epoch == 3, "{}", device.name());
        }
        assert!(block_on(session.parameters(0))? == whole.parameters()?, "{}", device.name());
        let summary = session.summaries().next().flatten().cloned();
        assert!(summary.is_some_and(|own| own.steps == 24 && own.evaluation.loss.is_nan()));
    }
    Ok(())
}

#[test]
fn another_session_goes_on_from_weights_and_state() -> Result<()> {
    let data = data(64, 1)?;
    for device in devices() {
        let mut whole = Trainer::on(device.as_ref(), &network(), &data, options(4))?;
        whole.run(quiet)?;
        let mut first = Trainer::on(device.as_ref(), &network(), &data, options(2))?;
        first.run(quiet)?;
        let state = block_on(first.session().optimizer_state())?;
        assert_eq!((state.steps, state.tensors.len()), (16, 2));
        let mut second = Trainer::on(device.as_ref(), &network(), &data, options(2))?;
        block_on(second.session().take_up(&first.parameters()?, &state))?;
        second.run(quiet)?;
        assert!(second.parameters()? == whole.parameters()?, "{}", device.name());
        assert_eq!(second.step(), 32);
        let plain = TrainOptions { optimizer: Optimizer::sgd(0.1), ..options(2) };
        let mut other = Trainer::on(device.as_ref(), &network(), &data, plain)?;
        assert!(block_on(other.session().take_up(&first.parameters()?, &state)).is_err());
    }
    Ok(())
}

#[test]
fn as_many_rows_need_no_new_plan() -> Result<()> {
    let [first, second, fewer] = [data(61, 1)?, data(61, 2)?, data(23, 3)?];
    let weights: Vec<f32> = (0..61).map(|row| 1.0 + (row % 3) as f32).collect();
    for device in devices() {
        let mut trainer = Trainer::on(device.as_ref(), &network(), &first, options(1))?;
        trainer.run(quiet)?;
        let state = block_on(trainer.session().optimizer_state())?;
        let before = trainer.parameters()?;
        for rows in [&second, &fewer, &second.clone().with_weights(weights.clone())?] {
            let mut other = Trainer::on(device.as_ref(), &network(), rows, options(1))?;
            block_on(other.session().take_up(&before, &state))?;
            other.run(quiet)?;
            let mut again = Trainer::on(device.as_ref(), &network(), &first, options(1))?;
            again.run(quiet)?;
            again.continue_on(rows)?;
            again.run(quiet)?;
            assert!(again.parameters()? == other.parameters()?, "{}", device.name());
            let evaluations = [again.evaluate()?, other.evaluate()?];
            assert_eq!(evaluations[0], evaluations[1], "{}", device.name());
        }
    }
    Ok(())
}

#[test]
fn rows_that_come_again_come_in_another_order() -> Result<()> {
    let data = data(61, 1)?;
    let shuffled = TrainOptions { shuffle: Shuffle::EveryEpoch, ..options(1) };
    let shuffled = TrainOptions { log_every: 1, ..shuffled };
    let mut trainer = Trainer::on(devices()[0].as_ref(), &network(), &data, shuffled)?;
    block_on(trainer.session().set_lr(1e-30))?;
    let mut epoch = || -> Result<Vec<f32>> {
        let mut losses = Vec::new();
        trainer.run(|event| {
            // Without learning, the losses of the batches tell the order.
            losses.extend(if let Event::Step { loss, .. } = event { Some(*loss) } else { None });
            ControlFlow::Continue(())
        })?;
        trainer.continue_on(&data)?;
        Ok(losses)
    };
    let [first, second] = [epoch()?, epoch()?];
    assert_eq!((first.len(), second.len()), (8, 8));
    assert_ne!(first, second);
    Ok(())
}

#[test]
fn the_learning_rate_can_be_set() -> Result<()> {
    let data = data(64, 1)?;
    for device in devices() {
        let lower = TrainOptions { optimizer: Optimizer::adam(0.001), ..options(1) };
        let mut expected = Trainer::on(device.as_ref(), &network(), &data, lower)?;
        expected.run(quiet)?;
        let mut trainer = Trainer::on(device.as_ref(), &network(), &data, options(1))?;
        block_on(trainer.session().set_lr(0.001))?;
        trainer.run(quiet)?;
        assert!(trainer.parameters()? == expected.parameters()?, "{}", device.name());
        assert!(block_on(trainer.session().set_lr(-1.0)).is_err());
    }
    Ok(())
}
