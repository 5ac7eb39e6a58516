//! Data that arrives in parts: continue training on each, with weights and optimizer state as they
//! are (scikit-learn's `partial_fit`).
//!
//! `cargo run --release --example own_data_loop`

use std::ops::ControlFlow;

use halfplane::{Activation, Dataset, Length, Network, Optimizer, Targets, TrainOptions, Trainer};

/// Rows of a part.
const ROWS: u32 = 1_000;

/// Rows to train on: points of a square, and whether they lie in the circle. A program would read
/// the next file or ask a sensor here.
fn part(number: u32) -> halfplane::Result<Dataset> {
    let (mut features, mut inside) = (Vec::new(), Vec::new());
    for row in number * ROWS..(number + 1) * ROWS {
        // A sequence that fills the square evenly.
        let [x, y] =
            [0.754_877_7, 0.569_840_3].map(|step| 2.0 * (f64::from(row) * step).fract() - 1.0);
        features.extend([x as f32, y as f32]);
        inside.push(f32::from(x * x + y * y < 0.5));
    }
    Dataset::new(2, features, Targets::Binary { values: inside, columns: 1 })
}

fn main() -> halfplane::Result<()> {
    let held_out = part(1_000)?;
    let network = Network::new(2, &[16, 16], 1).with_activation(Activation::Relu);
    let options = TrainOptions {
        optimizer: Optimizer::adam(1e-2),
        // What one call of `run` does: here three passes over a part.
        length: Length::Epochs(3),
        ..TrainOptions::default()
    };
    let mut trainer = Trainer::new(&network, (&part(0)?, &held_out), options)?;
    let mut accuracy = 0.0;
    for number in 0..8 {
        if number > 0 {
            trainer.continue_on((&part(number)?, &held_out))?;
        }
        let summary = trainer.run(|_| ControlFlow::Continue(()))?;
        accuracy = summary.validation.and_then(|found| found.accuracy).unwrap_or(0.0);
        println!("part {number}, step {}: {accuracy:.3} right on new points", trainer.step());
    }
    assert!(accuracy > 0.95);
    Ok(())
}
