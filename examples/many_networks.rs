//! Many networks at once: widths and learning rates of a grid, the best one by validation loss.
//!
//! `cargo run --release --example many_networks`

use halfplane::data::{Source, TableOptions, Validation, prepare};
use halfplane::train::{Candidate, Grid};
use halfplane::{Length, Network, Output, TrainOptions};

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/wine.csv");

fn main() -> halfplane::Result<()> {
    let options =
        TableOptions { validation: Some(Validation::Fraction(0.25)), ..TableOptions::default() };
    let table = prepare(&Source::File(TABLE.into()), &options)?;
    let training = table.training;
    let validation = table.validation.expect("it was asked for");

    // Each candidate has a shape, a seed, a learning rate and rows of its own.
    let mut candidates = Vec::new();
    for hidden in [4, 8, 16] {
        for lr in [1e-3, 1e-2] {
            for seed in 0..4 {
                let network = Network::new(training.inputs(), &[hidden], training.outputs())
                    .with_output(Output::Softmax);
                candidates.push(Candidate::new(network, seed, lr, 0..training.rows()));
            }
        }
    }

    // All of them train in the same steps; each ends as it would have ended alone.
    let options = TrainOptions { length: Length::Epochs(60), ..TrainOptions::default() };
    let mut grid = Grid::new(&candidates, (&training, &validation), options)?;
    let trained = grid.run()?;
    let loss = |at: usize| trained[at].validation.map_or(f64::INFINITY, |found| found.loss);
    let mut order: Vec<usize> = (0..trained.len()).collect();
    order.sort_by(|&a, &b| loss(a).total_cmp(&loss(b)));
    for &at in &order[..5] {
        let Candidate { network, seed, lr, .. } = &candidates[at];
        println!("{network}, seed {seed}, lr {lr}: validation loss {:.4}", loss(at));
    }

    // The best one is a model like any other.
    let best = grid.model(order[0])?;
    let row = &validation.features()[..validation.inputs()];
    println!("the best says {:?}", best.predict_class(row)?);
    assert!(loss(order[0]) < 0.3);
    Ok(())
}
