//! The cases of layer norms.

use super::dense::{Settings, regularized_updates, updates};
use super::{FOLDED, PRIME, about, activations, folded, micro};
use crate::check::Case;
use crate::kernels::{
    Control, Function, Hyper, LayerNorm, LayerNormBackwardInput, LayerNormBackwardWeight,
    LayerUpdate, Operation, Update,
};

/// Rows of a plan whose batches may be shorter, and rows that such a batch has.
const CAPACITY: usize = 150;
const SHORT: [usize; 4] = [1, 16, 65, 149];

/// Threads that share a row: none, a few, all of a workgroup.
const LANES: [usize; 4] = [1, 2, 16, LayerNorm::MOST_LANES];

/// Rows, units and the rows of the batch, with the threads that share a row: units about a row's
/// threads, rows about a workgroup's, short batches.
fn shapes() -> Vec<([usize; 3], usize)> {
    let of_lanes = |lanes: usize| {
        let units = [1, lanes - 1, lanes, lanes + 1, 4 * lanes + 3, PRIME];
        let at_once = LayerNorm::MOST_LANES / lanes;
        let rows = [1, at_once - 1, at_once, at_once + 1, 2 * at_once + 3];
        let short = SHORT.map(|live| [CAPACITY, 21, live]);
        let units = units.map(|units| [19, units.max(1), 19]);
        let rows = rows.map(|rows| [rows.max(1), 13, rows.max(1)]);
        let mut all = [&units[..], &rows, &short].concat();
        all.sort_unstable();
        all.dedup();
        all.into_iter().map(move |shape| (shape, lanes))
    };
    LANES.into_iter().flat_map(of_lanes).collect()
}

/// How rows are shared, for people.
fn shared(lanes: usize) -> String {
    format!("{lanes} of {} threads a row", LayerNorm::MOST_LANES)
}

/// Every activation, and every shape with none.
pub(super) fn forward(list: &mut Vec<Case>) {
    let mut add = |[rows, columns, live]: [usize; 3], lanes, function| {
        let operation = Operation::LayerNorm(LayerNorm { rows, columns, function, lanes });
        let variant = format!("{}, {}", super::name(function), shared(lanes));
        list.push(Case::new(operation, Control::of_rows(live), variant));
    };
    for (shape, lanes) in shapes() {
        add(shape, lanes, Function::Identity);
    }
    for activation in activations() {
        for lanes in [1, 8] {
            add([31, 37, 31], lanes, Function::Of(activation));
        }
    }
    let (rows, live) = folded(LayerNorm::MOST_LANES);
    add([rows, 1, live], 1, Function::Identity);
}

pub(super) fn backward_input(list: &mut Vec<Case>) {
    for ([rows, columns, live], lanes) in shapes() {
        let operation =
            Operation::LayerNormBackwardInput(LayerNormBackwardInput { rows, columns, lanes });
        list.push(Case::new(operation, Control::of_rows(live), shared(lanes)));
    }
}

/// Every update, with every regularization; units about a workgroup's, rows about an iteration's.
pub(super) fn backward_weight(list: &mut Vec<Case>) {
    let mut add = |[rows, columns]: [usize; 2], control, settings: &Settings| {
        let (name, update, lr, hyper) = settings;
        let (update, lr, hyper) = (*update, *lr, *hyper);
        let layer = LayerUpdate { inputs: 0, outputs: 2 * columns, update, lr, hyper };
        let norm = LayerNormBackwardWeight { rows, layer };
        let Control { step, .. } = control;
        let operation = Operation::LayerNormBackwardWeight(norm);
        list.push(Case::new(operation, control, format!("{name}, step {step}")));
    };
    for settings in updates().iter().chain(&regularized_updates()) {
        for step in [0, 9] {
            add([19, 21], Control { step, ..Control::of_rows(19) }, settings);
        }
    }
    let kept = &("gradient alone".to_owned(), Update::Gradient, 0.0, Hyper::default());
    for units in about(16) {
        add([33, units], Control::of_rows(33), kept);
    }
    for rows in about(64) {
        add([rows, 5], Control::of_rows(rows), kept);
    }
    for live in SHORT {
        add([CAPACITY, 18], Control::of_rows(live), kept);
    }
    add([2, 16 * FOLDED - 3], Control::of_rows(2), kept);
    let on_top = ("on top of others".to_owned(), Update::Gradient, 0.0, Hyper::default());
    for rows in [0, 1, 70] {
        add([CAPACITY, 19], micro(rows), &on_top);
    }
}
