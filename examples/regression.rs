//! Regression: the progression of diabetes from ten measurements, scored on rows not trained on.
//!
//! `cargo run --release --example regression`

use std::ops::ControlFlow;

use halfplane::data::{Source, TableOptions, Validation, prepare};
use halfplane::metrics::Scores;
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
    let mut trainer = Trainer::new(&network, &training, options)?;
    trainer.run(|_| ControlFlow::Continue(()))?;

    // The target was standardised for the training; scores are in its own unit.
    let Scores::Regression(scores) = trainer.model()?.evaluate(&held_out)? else {
        unreachable!("the target holds numbers")
    };
    println!("on {} rows: RMSE {:.1}, MAE {:.1}", scores.rows, scores.rmse, scores.mae);
    println!("R² {:.3}", scores.r2.unwrap_or(f64::NAN));
    assert!(scores.r2.is_some_and(|r2| r2 > 0.3));
    Ok(())
}
