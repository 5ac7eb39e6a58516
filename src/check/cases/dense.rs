//! The dense layer's cases.

use super::{FOLDED, PRIME, about, activations, micro, name, regularizations};
use crate::check::Case;
use crate::kernels::{
    Control, DenseBackwardInput, DenseBackwardWeight, DenseForward, DenseJoinWeight,
    DenseSplitWeight, Function, Hyper, LayerUpdate, Operation, Tiling, Update,
};
use crate::spec::{Moments, Optimizer};

/// The tilings that the planner picks from, here forced onto products of every size, and one of
/// no powers of two.
fn tilings() -> impl Iterator<Item = Tiling> {
    let odd =
        Tiling::Shared { threads_m: 4, threads_n: 2, slices: 3, depth: 4, quads_m: 2, quads_n: 4 };
    Tiling::all().chain([odd])
}

/// B, I and O, each ragged and unlike the others; and I and O by four.
const BASE: [usize; 3] = [19, 23, 29];
const BY_FOUR: [usize; 3] = [19, 24, 28];
const MIXED: [[usize; 3]; 2] = [[19, 24, 29], [19, 23, 28]];

/// Rows of a plan whose batches may be shorter.
const CAPACITY: usize = 67;

/// Where the steps are counted.
const LATER: u32 = 9;
const MUCH_LATER: u32 = 1_000_000;

/// B, I and O around a tiling's tile, one dimension after the other.
fn shapes(tiling: Tiling) -> Vec<[usize; 3]> {
    let [rows, columns, depth] = [tiling.rows(), tiling.columns(), tiling.depth()];
    let mut sizes: Vec<usize> = [rows, columns, depth].map(about).concat();
    sizes.sort_unstable();
    sizes.dedup();
    let mut shapes = vec![BASE, BY_FOUR, [1, 1, 1]];
    shapes.extend([[rows + 1, depth + 4, columns + 4], [depth + 1, columns + 4, rows + 4]]);
    for dimension in 0..BASE.len() {
        for &size in &sizes {
            // Each of both by four or neither: every mixture is a pipeline more.
            let mut shape = if size.is_multiple_of(4) { BY_FOUR } else { BASE };
            shape[dimension] = size;
            shapes.push(shape);
        }
    }
    if matches!(tiling, Tiling::SMALL | Tiling::Lanes { blocks: 1 }) {
        shapes.extend(MIXED);
    }
    shapes.sort_unstable();
    shapes.dedup();
    shapes
}

fn tile(tiling: Tiling) -> String {
    let [rows, columns, depth] = [tiling.rows(), tiling.columns(), tiling.depth()];
    format!("tile {rows} × {columns} × {depth} by {} threads", tiling.threads())
}

pub(super) fn forward(list: &mut Vec<Case>) {
    let mut add = |[rows, inputs, outputs]: [usize; 3], live, function, tiling| {
        let layer = DenseForward { rows, inputs, outputs, function, tiling };
        let variant = format!("{}, {}", name(function), tile(tiling));
        list.push(Case::new(Operation::DenseForward(layer), Control::of_rows(live), variant));
    };
    each_layer(&mut add);
    add([1, 2, Tiling::SMALL.columns() * FOLDED - 3], 1, Function::Identity, Tiling::SMALL);
}

pub(super) fn backward_input(list: &mut Vec<Case>) {
    let mut add = |[rows, inputs, outputs]: [usize; 3], live, function, tiling| {
        let layer = DenseBackwardInput { rows, inputs, outputs, function, tiling };
        let variant = format!("{}, {}", name(function), tile(tiling));
        let operation = Operation::DenseBackwardInput(layer);
        list.push(Case::new(operation, Control::of_rows(live), variant));
    };
    each_layer(&mut add);
    add([1, Tiling::SMALL.columns() * FOLDED - 3, 2], 1, Function::Identity, Tiling::SMALL);
}

/// Every size without an activation, every activation in every tiling with a short batch.
fn each_layer(add: &mut impl FnMut([usize; 3], usize, Function, Tiling)) {
    let [_, inputs, outputs] = BASE;
    for tiling in tilings() {
        for shape in shapes(tiling) {
            add(shape, shape[0], Function::Identity, tiling);
        }
        for live in [1, 16, 17, 50] {
            add([CAPACITY, inputs, outputs], live, Function::Identity, tiling);
        }
    }
    for activation in activations() {
        add([CAPACITY, inputs, outputs], 50, Function::Of(activation), Tiling::SMALL);
        add(BY_FOUR, 17, Function::Of(activation), Tiling::LANED[0]);
    }
}

pub(super) fn backward_weight(list: &mut Vec<Case>) {
    let kept = &("gradient alone".to_owned(), Update::Gradient, 0.0, Hyper::default());
    let updates = updates();
    let [_, inputs, outputs] = BASE;
    let mut add = |[rows, inputs, outputs]: [usize; 3],
                   live: usize,
                   step: u32,
                   (name, update, lr, hyper): &Settings,
                   tiling: Tiling| {
        let (update, lr, hyper) = (*update, *lr, *hyper);
        let layer = LayerUpdate { inputs, outputs, update, lr, hyper };
        let product = DenseBackwardWeight { rows, layer, tiling };
        let control = Control { step, ..Control::of_rows(live) };
        let variant = format!("{name}, step {step}, {}", tile(tiling));
        list.push(Case::new(Operation::DenseBackwardWeight(product), control, variant));
    };
    for tiling in tilings() {
        for shape in shapes(tiling) {
            add(shape, shape[0], 0, kept, tiling);
        }
        for live in [1, 16, 17, 50] {
            add([CAPACITY, inputs, outputs], live, 0, kept, tiling);
        }
    }
    let tiling = Tiling::SMALL;
    for update in &updates {
        for step in [0, LATER, MUCH_LATER] {
            add(BASE, BASE[0], step, update, tiling);
        }
        add([1, 1, 1], 1, LATER, update, tiling);
        add([CAPACITY, inputs, outputs], 50, LATER, update, tiling);
    }
    for update in &regularized_updates() {
        add(BASE, BASE[0], LATER, update, tiling);
    }
    add([2, 1, Tiling::SMALL.rows() * FOLDED - 3], 2, 0, kept, Tiling::SMALL);
    for tiling in tilings() {
        for rows in [0, 1, 19] {
            let (update, hyper) = (Update::Gradient, Hyper::default());
            let layer = LayerUpdate { inputs, outputs, update, lr: 0.0, hyper };
            let product = DenseBackwardWeight { rows: BASE[0], layer, tiling };
            let variant = format!("on top of others, {}", tile(tiling));
            list.push(Case::new(Operation::DenseBackwardWeight(product), micro(rows), variant));
        }
    }
}

/// Ranges of a step or a few, of which the last is short or nothing is left for it.
pub(super) fn split_weight(list: &mut Vec<Case>) {
    let mut add = |[rows, inputs, outputs]: [usize; 3], live, steps, tiling: Tiling| {
        let range = steps * tiling.depth();
        let layer = DenseSplitWeight { rows, inputs, outputs, range, tiling };
        let control = Control::of_rows(live);
        let variant = format!("ranges of {range}, {}", tile(tiling));
        list.push(Case::new(Operation::DenseSplitWeight(layer), control, variant));
    };
    for tiling in tilings() {
        let depth = tiling.depth();
        let [_, inputs, outputs] = BY_FOUR;
        for steps in [1, 3] {
            let range = steps * depth;
            for rows in [1, range, 2 * range - 1, 2 * range, 2 * range + 1] {
                add([rows, inputs, outputs], rows, steps, tiling);
            }
            add([4 * range + 3, inputs, outputs], range + 1, steps, tiling);
        }
        add([PRIME, tiling.columns() + 4, tiling.rows() + 4], 907, 5, tiling);
    }
    for tiling in [Tiling::SMALL, Tiling::LANED[0]] {
        for [_, inputs, outputs] in [BASE, MIXED[0], MIXED[1]] {
            add([CAPACITY, inputs, outputs], CAPACITY, 1, tiling);
        }
    }
    let tiling = Tiling::LANED[2];
    add([tiling.depth() * FOLDED, 1, 1], tiling.depth() * 9 + 1, 1, tiling);
}

/// Every update, with every regularization; few partial sums and many.
pub(super) fn join_weight(list: &mut Vec<Case>) {
    let mut add = |[inputs, outputs, splits]: [usize; 3], step, settings: &Settings| {
        let (name, update, lr, hyper) = settings;
        let (update, lr, hyper) = (*update, *lr, *hyper);
        let layer = LayerUpdate { inputs, outputs, update, lr, hyper };
        let control = Control { step, ..Control::of_rows(1) };
        let operation = Operation::DenseJoinWeight(DenseJoinWeight { splits, layer });
        list.push(Case::new(operation, control, format!("{name}, step {step}")));
    };
    for settings in updates().iter().chain(&regularized_updates()) {
        add([7, 5, 3], LATER, settings);
    }
    let kept = &("gradient alone".to_owned(), Update::Gradient, 0.0, Hyper::default());
    for splits in [1, 2, 64, PRIME] {
        add([7, 5, splits], 0, kept);
    }
    for outputs in about(64) {
        add([0, outputs, 2], 0, kept);
    }
    add([0, 64 * FOLDED - 5, 2], 0, kept);
    let (update, lr, hyper) = (Update::Gradient, 0.0, Hyper::default());
    let layer = LayerUpdate { inputs: 7, outputs: 5, update, lr, hyper };
    let join = DenseJoinWeight { splits: 3, layer };
    list.push(Case::new(Operation::DenseJoinWeight(join), micro(19), "on top of others"));
}

/// An update with the learning rate and the other settings, by a name.
pub(super) type Settings = (String, Update, f32, Hyper);

/// Every update in every variant, with settings far enough from the defaults to show.
pub(super) fn updates() -> Vec<Settings> {
    let momentum =
        |nesterov, weight_decay| Optimizer::Sgd { lr: 0.1, momentum: 0.9, nesterov, weight_decay };
    let far = Moments { lr: 0.02, beta1: 0.8, beta2: 0.95, eps: 1e-2, weight_decay: 0.1 };
    [
        ("alone", Optimizer::sgd(0.1)),
        ("weight decay", Optimizer::sgd(0.1).with_weight_decay(0.2)),
        ("alone", momentum(false, 0.0)),
        ("weight decay", momentum(false, 0.2)),
        ("nesterov", momentum(true, 0.0)),
        ("nesterov and weight decay", momentum(true, 0.2)),
        ("PyTorch's settings", Optimizer::adam(0.01)),
        ("far settings", Optimizer::Adam(far)),
        ("PyTorch's settings", Optimizer::adamw(0.01)),
        ("far settings", Optimizer::AdamW(far)),
    ]
    .map(|(name, optimizer)| {
        (name.to_owned(), Update::of(&optimizer), optimizer.lr() as f32, Hyper::of(&optimizer))
    })
    .to_vec()
}

/// Those of them that are enough to see what is done to the gradients before.
pub(super) fn regularized_updates() -> Vec<Settings> {
    let optimizers = [
        ("sgd", Optimizer::sgd(0.1).with_weight_decay(0.2)),
        ("momentum", Optimizer::Sgd { lr: 0.1, momentum: 0.9, nesterov: true, weight_decay: 0.0 }),
        ("adam", Optimizer::adam(0.01)),
    ];
    let mut list = Vec::new();
    for (name, optimizer) in optimizers {
        for (how, regularization) in regularizations() {
            let hyper = Hyper::of(&optimizer).regularized_by(&regularization);
            let lr = optimizer.lr() as f32;
            list.push((format!("{name}, {how}"), Update::of(&optimizer), lr, hyper));
        }
    }
    list
}
