//! Immediates in a uniform buffer, as browsers need them: the same bits as without.

use std::ops::ControlFlow;

use halfplane::low_level::backend::Device;
use halfplane::low_level::backend::gpu::{self, ImmediateStorage};
use halfplane::low_level::platform::block_on;
use halfplane::{
    BatchSize, Dataset, DeviceChoice, Event, Length, Network, Optimizer, Result, ShaderChecks,
    Strategy, Task, TrainOptions, Trainer,
};

use crate::support::{WAYS, random_data, software};

/// Losses and weights of a run, by their bits.
fn train(device: &dyn Device, data: &Dataset, strategy: Strategy) -> Result<Vec<u32>> {
    let options = TrainOptions {
        strategy,
        optimizer: Optimizer::adam(0.01),
        batch_size: BatchSize::Rows(8),
        length: Length::Steps(250),
        ..TrainOptions::default()
    };
    let mut trainer = Trainer::on(device, &Network::new(5, &[7], 1), data, options)?;
    let mut bits = Vec::new();
    trainer.run(|event| {
        if let Event::Step { loss, .. } = event {
            bits.push(loss.to_bits());
        }
        ControlFlow::Continue(())
    })?;
    let parameters = trainer.parameters()?;
    let numbers = parameters.blocks().flat_map(|block| block.weight.iter().chain(&block.bias));
    bits.extend(numbers.map(|number| number.to_bits()));
    Ok(bits)
}

#[test]
fn immediates_in_a_uniform_buffer_train_to_the_same_bits() -> Result<()> {
    let data = random_data(Task::Binary, [37, 5, 1], 3)?;
    let storage = ImmediateStorage::UniformBuffer;
    let choice = DeviceChoice::Software;
    let uniform = block_on(gpu::open(&choice, ShaderChecks::Off, storage))?;
    let immediates = software(ShaderChecks::Off);
    for strategy in WAYS {
        let expected = train(immediates.as_ref(), &data, strategy)?;
        assert!(train(&uniform, &data, strategy)? == expected, "{strategy}");
    }
    Ok(())
}
