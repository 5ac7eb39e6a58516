//! Against Optuna, and against random points.

use serde::Deserialize;

use super::*;
use crate::sweep::sampler::Random;
use crate::sweep::{Dimension, Value};

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    space: Space,
    told: Vec<Line>,
    seed: u32,
    next: Point,
}

#[derive(Deserialize)]
struct Line {
    point: Point,
    value: Option<f64>,
    pruned: Option<(u64, f64)>,
}

/// The same point after the same results and with the same generator, for every kind of dimension.
#[test]
fn proposes_what_optuna_proposes() {
    let text = include_str!("../../../../tests/tpe/optuna.json");
    let golden: Golden = serde_json::from_str(text).expect("it is a golden file");
    assert_eq!(golden.cases.len(), 35);
    for case in golden.cases {
        let sampler = Tpe::new(&case.space, 0);
        let observed: Vec<Observed> = case
            .told
            .iter()
            .map(|line| Observed {
                at: sampler.coordinates(&line.point).expect("it lies in the space"),
                outcome: match (line.value, line.pruned) {
                    (Some(value), _) => Outcome::Complete(value),
                    (_, Some((epochs, value))) => Outcome::Pruned { epochs, value },
                    (None, None) => Outcome::Running,
                },
            })
            .collect();
        let next = sampler.next(&observed, &mut Mt::new(case.seed));
        for ((name, own), (_, expected)) in next.iter().zip(case.next.iter()) {
            let close = match (own.number(), expected.number()) {
                (Some(own), Some(expected)) => (own - expected).abs() <= 1e-9 * expected.abs(),
                _ => own == expected,
            };
            assert!(close, "{name} of seed {}: {own} instead of {expected}", case.seed);
        }
    }
}

/// Branin's function over its usual square: three minima of 0.397887.
fn branin(point: &Point) -> f64 {
    use std::f64::consts::PI;

    let of = |name| point.get(name).and_then(Value::number).expect("it is a number");
    let (x, y) = (of("x"), of("y"));
    let bend = y - 5.1 / (4.0 * PI * PI) * x * x + 5.0 / PI * x - 6.0;
    bend * bend + 10.0 * (1.0 - 1.0 / (8.0 * PI)) * x.cos() + 10.0
}

/// The lowest value after so many points, proposed in batches.
fn lowest(sampler: &dyn Sampler, points: u64, batch: usize) -> f64 {
    let mut told: Vec<Told> = Vec::new();
    while (told.len() as u64) < points {
        let next = sampler.propose(told.len() as u64, batch, &told);
        told.extend(next.into_iter().map(|point| {
            let outcome = Outcome::Complete(branin(&point));
            Told { point, outcome }
        }));
    }
    told.iter().map(|own| branin(&own.point)).fold(f64::INFINITY, f64::min)
}

#[test]
fn finds_what_random_points_find_later() {
    let space = Space::new()
        .with("x", Dimension::linear(-5.0, 10.0))
        .and_then(|own| own.with("y", Dimension::linear(0.0, 15.0)))
        .expect("it is sound");
    let seeds = 0..20;
    let mean = |of: &dyn Fn(u64) -> f64| seeds.clone().map(of).sum::<f64>() / 20.0;
    let random = mean(&|seed| lowest(&Random::new(&space, seed), 120, 120));
    for batch in [1, 8] {
        let own = mean(&|seed| lowest(&Tpe::new(&space, seed), 60, batch));
        assert!(own < random, "{own} after 60 points in batches of {batch}, {random} after 120");
    }
}

#[test]
fn points_of_a_batch_keep_apart_and_come_again() {
    let space = Space::new()
        .with("hidden", Dimension::parse("hidden", "taper:1..3x8..64").expect("it is sound"))
        .and_then(|own| own.with("optimizer", Dimension::choices(["sgd"])))
        .and_then(|own| own.with("lr", Dimension::log(1e-4, 0.1)))
        .expect("it is sound");
    let sampler = Tpe::new(&space, 3);
    let told: Vec<Told> = sampler
        .propose(0, 16, &[])
        .into_iter()
        .enumerate()
        .map(|(number, point)| {
            let outcome = match number % 4 {
                3 => Outcome::Pruned { epochs: 3, value: f64::NAN },
                _ => Outcome::Complete(number as f64),
            };
            Told { point, outcome }
        })
        .collect();
    let batch = sampler.propose(16, 8, &told);
    assert_eq!(sampler.propose(16, 8, &told), batch);
    assert!((0..8).all(|at| batch[at + 1..].iter().all(|other| *other != batch[at])));
    // What is being trained counts as bad: the next point avoids it.
    let running = Told { point: batch[0].clone(), outcome: Outcome::Running };
    let told: Vec<Told> = told.into_iter().chain([running]).collect();
    assert_eq!(sampler.propose(17, 1, &told)[0], batch[1]);
    for point in batch {
        assert_eq!(point.get("optimizer"), Some(&Value::Text("sgd".into())));
    }
}
