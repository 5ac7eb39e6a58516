//! Save a model, load it again, and predict rows of a new table.
//!
//! `cargo run --release --example save_and_load`

use std::ops::ControlFlow;

use halfplane::data::{Layout, Source, TableOptions, prepare, read_features};
use halfplane::{DeviceChoice, Model, Recipe, Trainer};

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/iris.csv");

fn main() -> halfplane::Result<()> {
    let table = prepare(&Source::File(TABLE.into()), &TableOptions::default())?;
    let Recipe { network, options, .. } = Recipe::for_data(&table.training);
    let mut trainer = Trainer::new(&network, &table.training, options)?;
    trainer.run(|_| ControlFlow::Continue(()))?;

    // A safetensors file, with the preprocessing in its metadata.
    let path = std::env::temp_dir().join(format!("halfplane-{}.safetensors", std::process::id()));
    trainer.model()?.save(&path)?;
    let model = Model::load(&path)?;
    println!("{} predicts {}", path.display(), model.target());

    // New rows, here from memory: the columns may come in any order.
    let rows =
        "petal_width,petal_length,sepal_width,sepal_length\n0.2,1.4,3.5,5.1\n2.1,5.6,2.8,6.4\n";
    let rows =
        read_features(&Source::Memory(rows.into()), Layout::default(), &model.preprocessing)?;

    // A predictor stays loaded on its device from one call to the next.
    let mut predictor = model.predictor(&DeviceChoice::Cpu)?;
    let found = predictor.predict_class(&rows.values)?;
    let names: Vec<_> = found.iter().map(|&class| model.classes()[class].as_str()).collect();
    println!("{names:?}");
    assert_eq!(names, ["setosa", "virginica"]);
    // A file that is gone already is no trouble.
    let _ = std::fs::remove_file(path);
    Ok(())
}
