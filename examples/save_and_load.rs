//! Save a model, load it again, and predict rows of a new table.
//!
//! `cargo run --release --example save_and_load`

use std::ops::ControlFlow;

use halfplane::data::{Layout, Source, TableOptions, prepare, read_features};
use halfplane::{Activation, Length, Model, Network, Output, TrainOptions, Trainer};

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/iris.csv");

fn main() -> halfplane::Result<()> {
    let table = prepare(&Source::File(TABLE.into()), &TableOptions::default())?;
    let training = table.training;
    let network = Network::new(training.inputs(), &[100], training.outputs())
        .with_activation(Activation::Relu)
        .with_output(Output::Softmax);
    let options = TrainOptions { length: Length::Epochs(100), ..TrainOptions::default() };
    let mut trainer = Trainer::new(&network, &training, options)?;
    trainer.run(|_| ControlFlow::Continue(()))?;

    // A safetensors file, with the preprocessing in its metadata.
    let path = std::env::temp_dir().join(format!("halfplane-{}.safetensors", std::process::id()));
    trainer.model()?.save(&path)?;
    let model = Model::load(&path)?;
    println!("{} predicts {}", path.display(), model.target);

    // New rows, here from memory: the columns may come in any order.
    let rows =
        "petal_width,petal_length,sepal_width,sepal_length\n0.2,1.4,3.5,5.1\n2.1,5.6,2.8,6.4\n";
    let rows =
        read_features(&Source::Memory(rows.into()), Layout::default(), &model.preprocessing)?;

    // Probabilities of the classes, row by row; the likeliest has the largest.
    let probabilities = model.predict(&rows.values)?;
    let likeliest = |row: &[f32]| {
        let class = (0..row.len()).max_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap_or(0);
        model.classes[class].clone()
    };
    let names: Vec<_> = probabilities.chunks(model.classes.len()).map(likeliest).collect();
    println!("{names:?}");
    assert_eq!(names, ["setosa", "virginica"]);
    // A file that is gone already is no trouble.
    let _ = std::fs::remove_file(path);
    Ok(())
}
