//! All shaders that there are: one operation for each.

use std::collections::BTreeSet;

use halfplane::kernels::{
    Activate, DenseBackwardInput, DenseBackwardWeight, DenseForward, Function, Gather, Hyper,
    Metrics, MicroBatch, Operation, Softmax, Tiling, Update,
};
use halfplane::{Activation, Regularization, Shuffle};

/// What a pipeline is made of: stem, modules and overrides.
pub(crate) type Variant = (&'static str, Vec<&'static str>, Vec<(&'static str, u64)>);

/// The variant that an operation needs.
pub(crate) fn variant(operation: &Operation) -> Variant {
    let kernel = operation.kernel();
    let modules = kernel.modules().iter().map(|module| module.name).collect();
    let overrides = kernel.overrides().into_iter().map(|(name, value)| (name, value.to_bits()));
    (kernel.stem(), modules, overrides.collect())
}

const TILINGS: [Tiling; 3] = [Tiling::SMALL, Tiling::MEDIUM, Tiling::LARGE];
const UPDATES: [Update; 4] = [Update::Gradient, Update::Sgd, Update::Momentum, Update::Adam];

/// One operation for each variant; sizes travel as immediates and make no difference.
pub(crate) fn operations() -> Vec<Operation> {
    let mut list = vec![
        Operation::MicroBatch(MicroBatch { before: 0, rows: 1, batch: 1 }),
        Operation::Gather(Gather {
            rows: 1,
            count: 1,
            columns: 1,
            chunk_first: 0,
            chunk_rows: 1,
            shuffle: Shuffle::EveryEpoch,
            seed: 0,
        }),
        Operation::Softmax(Softmax { rows: 1, outputs: 1 }),
        Operation::Metrics(Metrics { rows: 1, count: 1, capacity: 1 }),
    ];
    list.extend(
        activations()
            .map(|function| Operation::Activate(Activate { rows: 1, columns: 1, function })),
    );
    list.extend(TILINGS.into_iter().flat_map(dense));
    for stem in CHECKED {
        list.extend(checked(stem));
    }
    let variants: BTreeSet<Variant> = list.iter().map(variant).collect();
    assert_eq!(variants.len(), list.len(), "a variant stands there twice");
    list
}

/// Kernels whose shader depends on settings or, of a grid, on its shape: those that are checked on
/// devices stand for all.
const CHECKED: [&str; 9] = [
    "schedule",
    "weigh",
    "dropout",
    "loss_gradient",
    "square_sum",
    "clip_norm",
    "apply_gradient",
    "resident",
    "solo",
];

fn checked(stem: &str) -> Vec<Operation> {
    let mut seen = BTreeSet::new();
    let operations = halfplane::check::cases().into_iter().map(|case| case.operation().clone());
    operations
        .filter(|operation| operation.kernel().stem() == stem && seen.insert(variant(operation)))
        .collect()
}

fn activations() -> impl Iterator<Item = Function> {
    Activation::ALL.iter().copied().map(Function::Of)
}

/// The dense layer's kernels in one tiling.
fn dense(tiling: Tiling) -> Vec<Operation> {
    let (rows, inputs, outputs) = (1, 1, 1);
    let mut list = Vec::new();
    for function in std::iter::once(Function::Identity).chain(activations()) {
        let layer = DenseForward { rows, inputs, outputs, function, tiling };
        list.push(Operation::DenseForward(layer));
        let layer = DenseBackwardInput { rows, inputs, outputs, function, tiling };
        list.push(Operation::DenseBackwardInput(layer));
    }
    let lr = 0.1;
    for update in UPDATES {
        let hyper = Hyper::default();
        let layer = DenseBackwardWeight { rows, inputs, outputs, update, lr, hyper, tiling };
        list.push(Operation::DenseBackwardWeight(layer));
    }
    // A gradient that is kept is kept as it is.
    for update in &UPDATES[1..] {
        let regularization = Regularization { l1: 0.1, ..Regularization::default() };
        let (update, hyper) = (*update, Hyper::default().regularized_by(&regularization));
        let layer = DenseBackwardWeight { rows, inputs, outputs, update, lr, hyper, tiling };
        list.push(Operation::DenseBackwardWeight(layer));
    }
    list
}
