//! The dense layer's cases.

use super::{FOLDED, about, activations, micro, name, regularizations};
use crate::check::Case;
use crate::kernels::{
    Control, DenseBackwardInput, DenseBackwardWeight, DenseForward, Function, Hyper, Operation,
    Tiling, Update,
};
use crate::spec::{Moments, Optimizer};

/// The tilings that the planner picks from, here forced onto products of every size.
const PLANNED: [Tiling; 3] = [Tiling::SMALL, Tiling::MEDIUM, Tiling::LARGE];

/// With one that would show rows taken for columns.
const TILINGS: [Tiling; 4] = [Tiling::SMALL, Tiling::MEDIUM, Tiling::LARGE, OBLONG];
const OBLONG: Tiling = Tiling { threads_m: 2, threads_n: 8, tile_k: 12 };

/// B, I and O, each ragged and unlike the others.
const BASE: [usize; 3] = [19, 23, 29];

/// Rows of a plan whose batches may be shorter.
const CAPACITY: usize = 67;

/// Where the steps are counted.
const LATER: u32 = 9;
const MUCH_LATER: u32 = 1_000_000;

/// B, I and O around a tiling's tile, one dimension after the other.
fn shapes(tiling: Tiling) -> Vec<[usize; 3]> {
    let mut sizes: Vec<usize> =
        [tiling.rows(), tiling.columns(), tiling.tile_k as usize].map(about).concat();
    sizes.sort_unstable();
    sizes.dedup();
    let mut shapes = vec![BASE, [1, 1, 1]];
    for dimension in 0..BASE.len() {
        for &size in &sizes {
            let mut shape = BASE;
            shape[dimension] = size;
            shapes.push(shape);
        }
    }
    shapes
}

fn tile(tiling: Tiling) -> String {
    format!("tile {} × {} × {}", tiling.rows(), tiling.columns(), tiling.tile_k)
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
    for tiling in TILINGS {
        for shape in shapes(tiling) {
            add(shape, shape[0], Function::Identity, tiling);
        }
        for live in [1, 16, 17, 50] {
            add([CAPACITY, inputs, outputs], live, Function::Identity, tiling);
        }
    }
    for tiling in PLANNED {
        for activation in activations() {
            add([CAPACITY, inputs, outputs], 50, Function::Of(activation), tiling);
        }
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
        let layer = DenseBackwardWeight { rows, inputs, outputs, update, lr, hyper, tiling };
        let control = Control { step, ..Control::of_rows(live) };
        let variant = format!("{name}, step {step}, {}", tile(tiling));
        list.push(Case::new(Operation::DenseBackwardWeight(layer), control, variant));
    };
    for tiling in TILINGS {
        for shape in shapes(tiling) {
            add(shape, shape[0], 0, kept, tiling);
        }
        for live in [1, 16, 17, 50] {
            add([CAPACITY, inputs, outputs], live, 0, kept, tiling);
        }
    }
    for tiling in PLANNED {
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
    }
    add([2, 1, Tiling::SMALL.rows() * FOLDED - 3], 2, 0, kept, Tiling::SMALL);
    for tiling in TILINGS {
        for rows in [0, 1, 19] {
            let layer = DenseBackwardWeight {
                rows: BASE[0],
                inputs,
                outputs,
                update: Update::Gradient,
                lr: 0.0,
                hyper: Hyper::default(),
                tiling,
            };
            let variant = format!("on top of others, {}", tile(tiling));
            list.push(Case::new(Operation::DenseBackwardWeight(layer), micro(rows), variant));
        }
    }
}

/// An update with the learning rate and the other settings, by a name.
pub(super) type Settings = (String, Update, f32, Hyper);

/// Every update in every variant, with settings far enough from the defaults to show.
fn updates() -> Vec<Settings> {
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
