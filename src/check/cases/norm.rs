//! The cases of layer norms.

use super::dense::{Settings, regularized_updates, updates};
use super::{FOLDED, PRIME, about, activations, micro};
use crate::check::Case;
use crate::kernels::{
    Control, Function, Hyper, LayerNorm, LayerNormBackwardInput, LayerNormBackwardWeight,
    Operation, Update,
};
use crate::spec::Activation;

/// Rows of a plan whose batches may be shorter, and rows that such a batch has.
const CAPACITY: usize = 150;
const SHORT: [usize; 4] = [1, 16, 65, 149];

/// Units about those from which on another number of threads shares a row, and far past them.
const UNITS: [usize; 15] = [1, 2, 3, 4, 5, 8, 9, 15, 17, 33, 63, 65, 128, 257, PRIME];

/// Rows and units with the rows of the batch: about the rows of a workgroup, too.
fn shapes() -> Vec<(usize, usize, usize)> {
    let units = UNITS.map(|units| (19, units, 19));
    let rows = about(64).map(|rows| (rows, 4, rows));
    let shared = about(16).map(|rows| (rows, 13, rows));
    let short = SHORT.map(|live| (CAPACITY, 21, live));
    [&units[..], &rows[..], &shared[..], &short[..]].concat()
}

/// Every activation, and every shape with one of them.
pub(super) fn forward(list: &mut Vec<Case>) {
    let mut add = |rows, columns, live, function| {
        let operation = Operation::LayerNorm(LayerNorm { rows, columns, function });
        list.push(Case::new(operation, Control::of_rows(live), super::name(function)));
    };
    for (rows, columns, live) in shapes() {
        add(rows, columns, live, Function::Identity);
        // Each number of threads and each activation makes a pipeline, which takes long.
        add(rows, columns, live, Function::Of(Activation::Tanh));
    }
    for activation in activations() {
        add(31, 37, 31, Function::Of(activation));
    }
    add(64 * FOLDED - 5, 1, 64 * (FOLDED / 2 + 3) + 7, Function::Identity);
}

pub(super) fn backward_input(list: &mut Vec<Case>) {
    for (rows, columns, live) in shapes() {
        let operation = Operation::LayerNormBackwardInput(LayerNormBackwardInput { rows, columns });
        list.push(Case::new(operation, Control::of_rows(live), ""));
    }
}

/// Every update, with every regularization; units about a workgroup's, rows about a turn's.
pub(super) fn backward_weight(list: &mut Vec<Case>) {
    let mut add = |[rows, columns]: [usize; 2], control, settings: &Settings| {
        let (name, update, lr, hyper) = settings;
        let (update, lr, hyper) = (*update, *lr, *hyper);
        let norm = LayerNormBackwardWeight { rows, columns, update, lr, hyper };
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
