//! The classic: a perceptron cannot learn XOR, two layers can.
//!
//! `cargo run --release --example xor`

use std::ops::ControlFlow;

use halfplane::{Activation, Dataset, Event, Length, Network, Optimizer, TrainOptions, Trainer};

fn main() -> halfplane::Result<()> {
    let data = Dataset::xor();
    for hidden in [&[][..], &[2], &[10, 10, 10]] {
        let network = Network::new(2, hidden, 1).with_activation(Activation::Sigmoid);
        let options = TrainOptions {
            optimizer: Optimizer::sgd(1.0),
            batch_size: halfplane::BatchSize::Full,
            length: Length::Steps(10_001),
            device: std::env::args().nth(1).unwrap_or("cpu".into()).parse()?,
            ..TrainOptions::default()
        };
        let mut trainer = Trainer::new(&network, &data, options)?;
        println!("{network} on {}", trainer.device());
        let summary = trainer.run(|event| {
            if let Event::Step { step: step @ (0..=300 | 9800..), loss } = event {
                println!("{step:5} {loss}");
            }
            ControlFlow::Continue(())
        })?;
        println!("{:?}", summary);
        println!("{:?}\n", trainer.model()?.predict(data.features())?);
    }
    Ok(())
}
