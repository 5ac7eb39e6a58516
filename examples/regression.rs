//! Regression: the progression of diabetes from ten measurements, scored on rows not trained on.
//!
//! `cargo run --release --example regression`

use std::ops::ControlFlow;

use halfplane::data::{Source, TableOptions, Validation, prepare};
use halfplane::spec::Decay;
use halfplane::{
    Activation, Length, Loss, Network, Optimizer, Output, Regularization, Schedule, TrainOptions,
    Trainer,
};

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/diabetes.csv");

fn main() -> halfplane::Result<()> {
    let options = TableOptions {
        target: Some("progression".into()),
        validation: Some(Validation::Fraction(0.25)),
        ..TableOptions::default()
    };
    let table = prepare(&Source::File(TABLE.into()), &options)?;
    let training = table.training;
    let held_out = table.validation.expect("it was asked for");

    // Everything can be chosen by hand.
    let network = Network::new(training.inputs(), &[32, 16], training.outputs())
        .with_activation(Activation::Silu)
        .with_output(Output::Identity);
    let options = TrainOptions {
        loss: Some(Loss::Huber { delta: 1.0 }),
        optimizer: Optimizer::adamw(3e-3),
        schedule: Schedule { warmup: 50, decay: Decay::Cosine { floor: 0.0 } },
        regularization: Regularization { dropout: vec![0.1], ..Regularization::default() },
        length: Length::Steps(1_000),
        ..TrainOptions::default()
    };
    let mut trainer = Trainer::new(&network, (&training, &held_out), options)?;
    let summary = trainer.run(|_| ControlFlow::Continue(()))?;
    let r2 = summary.validation.and_then(|found| found.r2).unwrap_or(f64::NAN);
    println!("R² {r2:.3} on {} rows that were not trained on", held_out.rows());

    // The target was standardised for the training; predictions are in its own unit.
    let model = trainer.model()?;
    println!("predicted: {:.0?}", model.predict(&held_out.features()[..3 * held_out.inputs()])?);
    assert!(r2 > 0.3);
    Ok(())
}
