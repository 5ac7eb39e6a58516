//! Classification: from a CSV file to a model that names the species of a penguin.
//!
//! `cargo run --release --example table`

use std::ops::ControlFlow;

use halfplane::data::{Source, TableOptions, Validation, prepare};
use halfplane::{EarlyStopping, Event, Recipe, TrainOptions, Trainer};

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

    // A network and options that suit the data, here with early stopping.
    let Recipe { network, options, .. } = Recipe::for_data(&training);
    let options = TrainOptions {
        early_stopping: Some(EarlyStopping { patience: 10, min_delta: 0.0 }),
        ..options
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
    let classes = model.predict_class(validation.features())?;
    for (row, class) in classes.into_iter().enumerate().step_by(20) {
        println!("validation row {row}: {}", model.classes()[class]);
    }
    let found = trainer.validate()?.and_then(|found| found.accuracy);
    assert!(found.is_some_and(|accuracy| accuracy > 0.9), "accuracy {found:?}");
    Ok(())
}
