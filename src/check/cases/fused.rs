//! Batches through all layers and back: every activation and loss, layers narrower and as wide as a
//! tile, strands of several tiles, of a part of one and of none.

use super::dense::{self, Settings};
use super::{activations, criteria, name};
use crate::check::Case;
use crate::kernels::{
    Control, Criterion, Function, FusedGradient, FusedTiling, FusedUpdate, Operation, Pass,
};
use crate::spec::{Activation, Loss, Output, Shuffle};

/// 16 rows of 16 units, a quad a thread.
const SINGLE: FusedTiling =
    FusedTiling { threads_m: 4, threads_n: 4, quads_m: 1, quads_n: 1, depth: 8, chunk: 8 };

/// 16 rows of 32 units, in one chunk.
const WIDE: FusedTiling = FusedTiling { threads_n: 4, quads_n: 2, chunk: 16, ..SINGLE };

/// 32 rows of 16 units.
const TALL: FusedTiling = FusedTiling { quads_m: 2, depth: 16, chunk: 32, ..SINGLE };

/// 32 rows of 32 units, four quads a thread.
const SQUARE: FusedTiling = FusedTiling { quads_m: 2, quads_n: 2, chunk: 16, ..SINGLE };

/// 16 rows of 64 units, threads in more than one strip.
const STRIPS: FusedTiling = FusedTiling { threads_n: 16, depth: 32, ..SINGLE };

/// Loop iterations that llvmpipe's go on for.
const LONG: usize = 60_000;

/// What the planner takes where it can: 128 rows of 64 units for large batches, and for small ones, and
/// wide layers, 16 rows; 64 rows where a device has less room.
const PLANNED: [FusedTiling; 5] = [
    FusedTiling { threads_m: 16, threads_n: 8, quads_m: 2, quads_n: 2, depth: 32, chunk: 32 },
    FusedTiling { threads_m: 8, threads_n: 8, quads_m: 2, quads_n: 2, depth: 32, chunk: 32 },
    FusedTiling { threads_m: 4, threads_n: 32, quads_m: 1, quads_n: 1, depth: 32, chunk: 16 },
    FusedTiling { threads_m: 2, threads_n: 32, quads_m: 2, quads_n: 2, depth: 16, chunk: 16 },
    FusedTiling { threads_m: 32, threads_n: 2, quads_m: 1, quads_n: 2, depth: 32, chunk: 32 },
];

fn base() -> FusedGradient {
    FusedGradient {
        widths: vec![5, 13, 7, 3],
        function: Function::Of(Activation::Tanh),
        criterion: Criterion::new(Loss::Bce, Output::Sigmoid),
        pass: Pass::Train,
        count: 100,
        batch: 37,
        shuffle: Shuffle::EveryEpoch,
        seed: 5,
        strands: 2,
        tile: SINGLE.rows(),
        tiling: Some(SINGLE),
    }
}

pub(super) fn gradient(list: &mut Vec<Case>) {
    let mut add = |variant: &str, fused: FusedGradient, step| {
        let control = Control::at(step, fused.count, fused.batch);
        let operation = Operation::FusedGradient(fused);
        list.push(Case::new(operation, control, format!("{variant}, step {step}")));
    };
    for step in [0, 2, 4] {
        add("two strands of several tiles", base(), step);
    }
    for strands in [1, 3, 12] {
        add("a short last batch", FusedGradient { strands, ..base() }, 2);
    }
    add("as the rows stand", FusedGradient { shuffle: Shuffle::Never, ..base() }, 1);
    add("only forward", FusedGradient { pass: Pass::Evaluate, ..base() }, 2);
    for activation in activations() {
        let function = Function::Of(activation);
        add(name(function), FusedGradient { function, ..base() }, 1);
    }
    for (name, criterion) in criteria() {
        add(&name, FusedGradient { criterion, ..base() }, 1);
    }
    let shapes: [(&str, FusedTiling, &[usize]); 10] = [
        ("a single quad", SINGLE, &[16, 16, 16]),
        ("a single layer", SINGLE, &[5, 3]),
        ("as little as there can be", SINGLE, &[1, 1]),
        ("nine layers", SINGLE, &[3, 4, 5, 4, 3, 4, 5, 4, 3, 2]),
        ("two quads of units", WIDE, &[32, 32, 17]),
        ("two quads of units", WIDE, &[16, 31, 15, 4]),
        ("two quads of rows", TALL, &[9, 16, 13, 2]),
        ("four quads", SQUARE, &[32, 29, 32, 1]),
        ("four quads", SQUARE, &[3, 16, 17, 5]),
        ("strips", STRIPS, &[33, 64, 61, 6]),
    ];
    for (variant, tiling, widths) in shapes {
        for batch in [tiling.rows() - 1, tiling.rows(), tiling.rows() + 1, 5 * tiling.rows() + 3] {
            let (widths, tile) = (widths.to_vec(), tiling.rows());
            let (count, tiling) = (2 * batch + 1, Some(tiling));
            let shape = FusedGradient { widths, count, batch, tile, tiling, ..base() };
            add(variant, shape, 1);
        }
    }
    for tiling in PLANNED {
        let [tile, units] = [tiling.rows(), tiling.units()];
        let batch = 2 * tile + 5;
        for widths in [vec![units - 3, units, units - 1, 3], vec![7, units / 2 + 1, 5]] {
            let (count, tiling) = (3 * batch, Some(tiling));
            add("planned", FusedGradient { widths, count, batch, tile, tiling, ..base() }, 1);
        }
    }
    // As many tiles as the planner would give a strand where the driver ends long loops.
    for (tiling, widths) in [(SINGLE, &[3, 4, 2][..]), (SQUARE, &[31, 32, 30, 29])] {
        let (tile, tiling) = (tiling.rows(), Some(tiling));
        let shape = FusedGradient { widths: widths.to_vec(), tile, tiling, strands: 1, ..base() };
        let batch = LONG / shape.iterations() * tile;
        add("a long strand", FusedGradient { count: 2 * batch, batch, ..shape }, 1);
    }
}

pub(super) fn update(list: &mut Vec<Case>) {
    let mut add = |variant: &str, fused: FusedUpdate, step| {
        let control = Control { step, schedule: 0.75, ..Control::of_rows(9) };
        let operation = Operation::FusedUpdate(fused);
        list.push(Case::new(operation, control, format!("{variant}, step {step}")));
    };
    let of = |widths: &[usize], strands, (_, update, lr, hyper): &Settings| {
        let widths = widths.to_vec();
        let parameters = widths.windows(2).map(|pair| pair[1] * (pair[0] + 1)).sum();
        FusedUpdate { widths, parameters, strands, update: *update, lr: *lr, hyper: *hyper }
    };
    let updates = [dense::updates(), dense::regularized_updates()].concat();
    for settings in &updates {
        for step in [0, 9] {
            add(&settings.0, of(&[5, 7, 3], 3, settings), step);
        }
    }
    for strands in [1, 2, 7, 8, 9, 63, 64, 65, 500] {
        add("strands", of(&[3, 2], strands, &updates[0]), 0);
    }
    for widths in [&[30, 1][..], &[31, 1], &[32, 1], &[8, 7, 6, 5, 4, 3, 2, 1, 2, 3]] {
        for strands in [5, 60] {
            add("widths", of(widths, strands, &updates[0]), 0);
        }
    }
    for inputs in [254, 255, 256] {
        add("widths", of(&[inputs, 1], 2, &updates[0]), 0);
    }
}
