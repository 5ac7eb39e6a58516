//! All shaders that there are: one operation for each.

use std::collections::BTreeSet;

use halfplane::low_level::kernels::{
    Activate, DenseBackwardInput, DenseBackwardWeight, DenseForward, DenseSplitWeight, Function,
    Gather, Hyper, LayerUpdate, Metrics, MicroBatch, Operation, Softmax, Tiling, Update,
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

const UPDATES: [Update; 4] = [Update::Gradient, Update::Sgd, Update::Momentum, Update::Adam];

/// One operation for each variant; sizes travel as immediates and make no difference.
pub(crate) fn operations() -> Vec<Operation> {
    let gather = |columns| {
        let (shuffle, chunk_first, chunk_rows) = (Shuffle::EveryEpoch, 0, 1);
        let (rows, count, seed) = (1, 1, 0);
        Operation::Gather(Gather { rows, count, columns, chunk_first, chunk_rows, shuffle, seed })
    };
    let mut list = vec![
        Operation::MicroBatch(MicroBatch { before: 0, rows: 1, batch: 1 }),
        gather(1),
        gather(4),
        Operation::Softmax(Softmax { rows: 1, outputs: 1 }),
        Operation::Metrics(Metrics { rows: 1, count: 1, capacity: 1, parts: None }),
    ];
    list.extend(
        activations()
            .map(|function| Operation::Activate(Activate { rows: 1, columns: 1, function })),
    );
    list.extend(dense());
    let checked = checked(&list);
    list.extend(checked);
    let variants: BTreeSet<Variant> = list.iter().map(variant).collect();
    assert_eq!(variants.len(), list.len(), "a variant stands there twice");
    list
}

/// Of the other kernels, whose shaders depend on settings or, of a norm or a grid, on its shape, those
/// that are checked on devices stand for all.
fn checked(listed: &[Operation]) -> Vec<Operation> {
    let stems: BTreeSet<_> = listed.iter().map(|operation| operation.kernel().stem()).collect();
    let mut seen = BTreeSet::new();
    let operations =
        halfplane::low_level::check::cases().into_iter().map(|case| case.operation().clone());
    operations
        .filter(|operation| !stems.contains(operation.kernel().stem()))
        .filter(|operation| seen.insert(variant(operation)))
        .collect()
}

fn activations() -> impl Iterator<Item = Function> {
    Activation::ALL.iter().copied().map(Function::Of)
}

/// Inputs and outputs, which shaders take by four where they can: neither, both, one.
const SIZES: [[usize; 2]; 4] = [[1, 1], [4, 4], [1, 4], [4, 1]];

/// The dense layer's kernels: in every tiling, and every epilogue in one of them, since a tile's
/// size has nothing to do with what becomes of its sums.
fn dense() -> Vec<Operation> {
    let mut list = Vec::new();
    let split = |tiling, [inputs, outputs]: [usize; 2]| {
        let layer = DenseSplitWeight { rows: 1, inputs, outputs, range: 32, tiling };
        Operation::DenseSplitWeight(layer)
    };
    for tiling in Tiling::all() {
        // One of each kind stands for all where just one of them is by four.
        let plain = matches!(tiling, Tiling::SMALL | Tiling::Lanes { blocks: 1 });
        for sizes in &SIZES[..if plain { 4 } else { 2 }] {
            list.extend(products(tiling, *sizes, Function::Identity));
            list.push(weight(tiling, *sizes, Update::Gradient, Hyper::default()));
        }
        list.push(split(tiling, SIZES[1]));
        if plain {
            list.extend([0, 2, 3].map(|sizes| split(tiling, SIZES[sizes])));
        }
    }
    for function in activations() {
        list.extend(products(Tiling::SMALL, SIZES[0], function));
        list.extend(products(Tiling::LANED[0], SIZES[1], function));
    }
    // A gradient that is kept is kept as it is.
    for update in &UPDATES[1..] {
        let regularization = Regularization { l1: 0.1, ..Regularization::default() };
        let regularized = Hyper::default().regularized_by(&regularization);
        for hyper in [Hyper::default(), regularized] {
            list.push(weight(Tiling::SMALL, SIZES[0], *update, hyper));
        }
    }
    list
}

/// The tiles of a matrix product.
pub(super) fn tiling(operation: &Operation) -> Option<Tiling> {
    match operation {
        Operation::DenseForward(dense) => Some(dense.tiling),
        Operation::DenseBackwardInput(dense) => Some(dense.tiling),
        Operation::DenseBackwardWeight(dense) => Some(dense.tiling),
        Operation::DenseSplitWeight(dense) => Some(dense.tiling),
        _ => None,
    }
}

fn products(tiling: Tiling, [inputs, outputs]: [usize; 2], function: Function) -> [Operation; 2] {
    let rows = 1;
    [
        Operation::DenseForward(DenseForward { rows, inputs, outputs, function, tiling }),
        Operation::DenseBackwardInput(DenseBackwardInput {
            rows,
            inputs,
            outputs,
            function,
            tiling,
        }),
    ]
}

fn weight(
    tiling: Tiling,
    [inputs, outputs]: [usize; 2],
    update: Update,
    hyper: Hyper,
) -> Operation {
    let (rows, lr) = (1, 0.1);
    let layer = LayerUpdate { inputs, outputs, update, lr, hyper };
    Operation::DenseBackwardWeight(DenseBackwardWeight { rows, layer, tiling })
}
