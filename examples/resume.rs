//! Checkpoints: a run that is interrupted and resumed ends with the same bits as one that is not.
//!
//! `cargo run --release --example resume`

use std::ops::ControlFlow;

use halfplane::train::{CheckpointOptions, Checkpoints, Interval};
use halfplane::{Dataset, Event, Recipe, Regularization, TrainOptions, Trainer};

fn main() -> halfplane::Result<()> {
    let folder = std::env::temp_dir().join(format!("halfplane-run-{}", std::process::id()));
    let data = Dataset::xor();
    let Recipe { network, options, .. } = Recipe::for_data(&data);
    let options = TrainOptions {
        regularization: Regularization { l2: 1e-5, ..Regularization::default() },
        ..options
    };
    let with_checkpoints = TrainOptions {
        checkpoints: Some(CheckpointOptions {
            every: Interval::Steps(1_000),
            ..CheckpointOptions::new(&folder)
        }),
        ..options.clone()
    };

    // The run ends early: here the observer breaks it off, elsewhere it may be a crash.
    let mut trainer = Trainer::new(&network, &data, with_checkpoints.clone())?;
    trainer.run(|event| match event {
        Event::Checkpoint { step, .. } if *step >= 4_000 => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    })?;
    println!("interrupted after {} steps", trainer.step());
    drop(trainer);

    // A new trainer with the same network, data and options continues from the newest checkpoint.
    let (path, checkpoint) = Checkpoints::of(&folder).latest()?;
    println!("resumed from {}", path.display());
    let mut resumed = Trainer::new(&network, &data, with_checkpoints)?;
    resumed.resume(&checkpoint)?;
    resumed.run(|_| ControlFlow::Continue(()))?;

    let mut uninterrupted = Trainer::new(&network, &data, options)?;
    uninterrupted.run(|_| ControlFlow::Continue(()))?;
    assert_eq!(resumed.parameters()?, uninterrupted.parameters()?);
    println!("after {} steps both have the same weights", resumed.step());
    // A folder that is gone already is no trouble.
    let _ = std::fs::remove_dir_all(folder);
    Ok(())
}
