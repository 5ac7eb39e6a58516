//! Classification: from a CSV file to a model that names the species of a penguin.
//!
//! `cargo run --release --example table`

use std::ops::ControlFlow;

use halfplane::data::{Source, TableOptions, Validation, prepare};
use halfplane::{Activation, EarlyStopping, Event, Length, Network, Output, TrainOptions, Trainer};

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/penguins.csv");

fn main() -> halfplane::Result<()> {
    // Read the table. Types of columns, missing values and the task are inferred from the rows to
    // train on; a fifth of each class is set aside for validation.
    let options = TableOptions {
        target: Some("species".into()),
        validation: Some(Validation::Fraction(0.2)),
        ..TableOptions::default()
    };
    let table = prepare(&Source::File(TABLE.into()), &options)?;
    let training = table.training;
    let validation = table.validation.expect("it was asked for");
    println!("{} rows of {} inputs", training.rows(), training.inputs());

    // One hidden layer of 100 units and a softmax over the species; early stopping ends the run.
    let network = Network::new(training.inputs(), &[100], training.outputs())
        .with_activation(Activation::Relu)
        .with_output(Output::Softmax);
    let options = TrainOptions {
        length: Length::Epochs(100),
        early_stopping: Some(EarlyStopping { patience: 10, min_delta: 0.0 }),
        ..TrainOptions::default()
    };

    // Train. The closure sees every event, and may end the run.
    let mut trainer = Trainer::new(&network, (&training, &validation), options)?;
    println!("{network} on {}", trainer.device());
    trainer.run(|event| {
        if let Event::Epoch { epoch, train_loss, validation: Some(found) } = event
            && epoch % 10 == 0
        {
            println!("epoch {epoch}: loss {train_loss:.4}, validation loss {:.4}", found.loss);
        }
        ControlFlow::Continue(())
    })?;

    // The model holds the best weights and the preprocessing.
    let model = trainer.model()?;
    let rows = &validation.features()[..3 * validation.inputs()];
    println!("{:?}", model.classes);
    for probabilities in model.predict(rows)?.chunks(model.classes.len()) {
        println!("{probabilities:.3?}");
    }
    let found = trainer.validate()?.and_then(|found| found.accuracy);
    assert!(found.is_some_and(|accuracy| accuracy > 0.9), "accuracy {found:?}");
    Ok(())
}
