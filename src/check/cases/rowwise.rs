//! The cases of activations, softmax and losses.

use super::{PRIME, about, activations, criteria, folded, micro, workgroup};
use crate::check::Case;
use crate::kernels::{
    Activate, Control, Criterion, Dropout, Function, LossGradient, Operation, Softmax, Weighting,
};
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

/// Blocks of four units about a workgroup, and rows that end in the midst of one; short batches.
pub(super) fn dropout(list: &mut Vec<Case>) {
    let mut add = |rows, columns, live, share, step| {
        // A seed with bits in both halves, and a layer that is not the first.
        let seed = 777 << 32 | 12_345;
        let operation = Operation::Dropout(Dropout { rows, columns, layer: 3, share, seed });
        let control = Control { step, ..Control::of_rows(live) };
        list.push(Case::new(operation, control, format!("step {step}")));
    };
    let one = Dropout { rows: 1, columns: 1, layer: 0, share: 0.5, seed: 0 };
    for blocks in about(workgroup(&one)) {
        add(blocks, 3, blocks, 0.5, 0);
        add(2, 4 * blocks, 2, 0.2, 1);
    }
    for columns in [1, 2, 4, 5, 6, 7, 8, PRIME] {
        add(19, columns, 19, 0.75, 1_000_000);
    }
    for live in SHORT {
        add(CAPACITY, 7, live, 0.3, 9);
    }
    let (rows, live) = folded(workgroup(&one));
    add(rows, 1, live, 0.5, 2);
    let layer = Dropout { rows: 20, columns: 7, layer: 3, share: 0.3, seed: 5 };
    list.push(Case::new(Operation::Dropout(layer), micro(20), "of a micro-batch"));
}

pub(super) fn losses(list: &mut Vec<Case>) {
    for (name, criterion) in criteria() {
        let loss = |rows, outputs, weighting| LossGradient { rows, outputs, criterion, weighting };
        let threads = workgroup(&loss(1, 1, Weighting::Even));
        let mut add = |rows, outputs, live, weighting| {
            let operation = Operation::LossGradient(loss(rows, outputs, weighting));
            list.push(Case::new(operation, Control::of_rows(live), &*name));
        };
        for (rows, outputs, live) in shapes(threads) {
            add(rows, outputs, live, Weighting::Even);
        }
        for (rows, live) in [(65, 65), (CAPACITY, 65)] {
            add(rows, 3, live, Weighting::Rows { scale: 1.5 });
        }
        // The losses find their row in the same words: one of them will do.
        if criterion == Criterion::new(Loss::CrossEntropy, Output::Softmax) {
            let (rows, live) = folded(threads);
            add(rows, 1, live, Weighting::Even);
        }
        for weighting in [Weighting::Even, Weighting::Rows { scale: 1.5 }] {
            let operation = Operation::LossGradient(loss(20, 3, weighting));
            list.push(Case::new(operation, micro(20), format!("{name}, of a micro-batch")));
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
