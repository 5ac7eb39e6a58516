//! The cases of activations, softmax and losses.

use super::{PRIME, about, activations, criteria, folded, workgroup};
use crate::check::Case;
use crate::kernels::{Activate, Control, Criterion, Function, LossGradient, Operation, Softmax};
use crate::spec::{Activation, Loss, Output};

/// Rows of a plan whose batches may be shorter, and rows that such a batch has.
const CAPACITY: usize = 150;
const SHORT: [usize; 4] = [1, 64, 65, 149];

/// Every activation over sizes about a workgroup.
pub(super) fn activate(list: &mut Vec<Case>) {
    let mut add = |rows, columns, live, activation: Activation| {
        let function = Function::Of(activation);
        let operation = Operation::Activate(Activate { rows, columns, function });
        list.push(Case::new(operation, Control::of_rows(live), activation.name()));
    };
    for activation in activations() {
        let function = Function::Of(activation);
        for elements in about(workgroup(&Activate { rows: 1, columns: 1, function })) {
            add(elements, 1, elements, activation);
            add(2, elements, 2, activation);
        }
        for live in SHORT {
            add(CAPACITY, 7, live, activation);
        }
    }
    let function = Function::Of(Activation::Relu);
    let (rows, live) = folded(workgroup(&Activate { rows: 1, columns: 1, function }));
    add(rows, 1, live, Activation::Relu);
}

pub(super) fn softmax(list: &mut Vec<Case>) {
    let threads = workgroup(&Softmax { rows: 1, outputs: 1 });
    for (rows, outputs, live) in shapes(threads) {
        let operation = Operation::Softmax(Softmax { rows, outputs });
        list.push(Case::new(operation, Control::of_rows(live), ""));
    }
}

pub(super) fn losses(list: &mut Vec<Case>) {
    for (name, criterion) in criteria() {
        let threads = workgroup(&LossGradient { rows: 1, outputs: 1, criterion });
        let mut add = |rows, outputs, live| {
            let operation = Operation::LossGradient(LossGradient { rows, outputs, criterion });
            list.push(Case::new(operation, Control::of_rows(live), &*name));
        };
        for (rows, outputs, live) in shapes(threads) {
            add(rows, outputs, live);
        }
        // The losses find their row in the same words: one of them will do.
        if criterion == Criterion::new(Loss::CrossEntropy, Output::Softmax) {
            let (rows, live) = folded(threads);
            add(rows, 1, live);
        }
    }
}

/// B, O and the rows of the batch.
fn shapes(threads: usize) -> Vec<(usize, usize, usize)> {
    let rows = about(threads).map(|rows| (rows, 3, rows));
    let outputs = [1, 2, 15, 16, 17, PRIME].map(|outputs| (19, outputs, 19));
    let short = SHORT.map(|live| (CAPACITY, 5, live));
    [&rows[..], &outputs[..], &short[..]].concat()
}
