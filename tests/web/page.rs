//! A page that trains the lecture's XOR network: 2-2-1, seed 777, 10,001 steps, as many at a time as
//! go into a frame, so that it could draw in between.
#![cfg(target_arch = "wasm32")]

use std::ops::ControlFlow;
use std::time::Duration;

use halfplane::train::{Budget, Status};
use halfplane::{
    Activation, BatchSize, Dataset, Event, Length, Network, Optimizer, Session, TrainOptions,
};
use wasm_bindgen::prelude::*;

/// What the lecture's program prints. What a device may be off it is what `train::classics` of the test
/// suite allows.
const LOSSES: [(u64, f32); 4] =
    [(0, 0.7434073), (300, 0.6931517), (9900, 0.0012511102), (10_000, 0.0012345188)];
const OUTPUTS: [f32; 4] = [0.00106364, 0.99889404, 0.99889404, 0.00165861];

/// Trains on a device and says what came of it.
///
/// # Errors
/// Where it is not what the lecture's program prints.
#[wasm_bindgen]
pub async fn train(device: &str) -> Result<String, JsError> {
    let options = TrainOptions {
        device: device.parse()?,
        seed: 777,
        optimizer: Optimizer::sgd(1.0),
        batch_size: BatchSize::Full,
        length: Length::Steps(10_001),
        ..TrainOptions::default()
    };
    let data = Dataset::xor();
    let network = Network::new(2, &[2], 1).with_activation(Activation::Sigmoid);
    let mut session = Session::open(&network, &data, options).await?;
    let mut losses = Vec::new();
    let mut observer = |event: &Event| {
        losses.extend(match *event {
            Event::Step { step, loss } => Some((step, loss)),
            _ => None,
        });
        ControlFlow::Continue(())
    };
    let mut frames = 1;
    let frame = Budget::Time(Duration::from_millis(16));
    while session.advance(frame, &mut observer).await? == Status::Running {
        frames += 1;
    }
    let outputs = session.predict_rows(0, data.features()).await?;
    let last = losses.last().map_or(f32::NAN, |(_, loss)| *loss);
    let name = session.device();
    let report = format!("{name}: {frames} frames, last loss {last:?}, outputs {outputs:?}");
    let right = |&(step, expected): &(u64, f32)| {
        let most = if step < 9800 { 1e-6 * (1.0 + expected) } else { 1e-5 * expected };
        let found = losses.iter().find(|(at, _)| *at == step);
        found.is_some_and(|(_, loss)| (loss - expected).abs() <= most)
    };
    let near = |(found, expected): (&f32, f32)| (found - expected).abs() <= 2e-8;
    match LOSSES.iter().all(right) && outputs.iter().zip(OUTPUTS).all(near) {
        true => Ok(report),
        false => Err(JsError::new(&format!("not the lecture's numbers: {report}"))),
    }
}
