//! The cases of clipping by the norm, from the sums of squares to the update.

use super::dense::{Settings, regularized_updates};
use super::{FOLDED, PRIME, about, regularizations};
use crate::check::Case;
use crate::kernels::{ApplyGradient, ClipNorm, Control, Hyper, LayerUpdate, Operation, SquareSum};

/// The largest layer that one workgroup sums by itself.
const PART: usize = 4096;

/// Layers about a part and about two; where the parts begin; L1 and L2.
pub(super) fn square_sum(list: &mut Vec<Case>) {
    let mut add = |inputs: usize, outputs, first, (name, hyper): (&str, Hyper)| {
        let operation = Operation::SquareSum(SquareSum { inputs, outputs, first, hyper });
        list.push(Case::new(operation, Control::of_rows(1), name));
    };
    let plain = ("", Hyper::default());
    for numbers in [1, PART - 1, PART, PART + 1, 2 * PART, 2 * PART + 1] {
        add(0, numbers, 0, plain);
    }
    for (inputs, outputs) in [(1, 1), (7, 5), (PRIME, 19), (19, PRIME)] {
        add(inputs, outputs, 3, plain);
    }
    for (name, regularization) in regularizations() {
        add(30, 41, 2, (name, Hyper::default().regularized_by(&regularization)));
    }
    add(0, 2, FOLDED, plain);
}

/// Sums about a workgroup; norms that are too large and norms that are not.
pub(super) fn clip_norm(list: &mut Vec<Case>) {
    for parts in about(256) {
        for most in [0.25, 1e4] {
            let operation = Operation::ClipNorm(ClipNorm { parts, most });
            list.push(Case::new(operation, Control::of_rows(1), ""));
        }
    }
}

/// Every update with every regularization, layers about a workgroup.
pub(super) fn apply_gradient(list: &mut Vec<Case>) {
    let mut add = |inputs, outputs, step, (name, update, lr, hyper): &Settings| {
        let (update, lr, hyper) = (*update, *lr, *hyper);
        let layer = LayerUpdate { inputs, outputs, update, lr, hyper };
        let control = Control { step, ..Control::of_rows(1) };
        let operation = Operation::ApplyGradient(ApplyGradient { layer });
        list.push(Case::new(operation, control, format!("{name}, step {step}")));
    };
    for settings in &regularized_updates() {
        add(7, 5, 9, settings);
    }
    for settings in regularized_updates().iter().step_by(3) {
        let (name, update, lr, hyper) = settings;
        let hyper = Hyper { l1: 0.0, l2: 0.0, ..*hyper };
        let plain = (format!("{name} left out"), *update, *lr, hyper);
        for outputs in about(64) {
            add(0, outputs, 0, &plain);
        }
        add(PRIME, 3, 1_000_000, &plain);
    }
}
