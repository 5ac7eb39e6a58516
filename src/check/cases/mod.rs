//! Which cases there are: every kernel in every variant, and sizes 1, tile − 1, tile, tile + 1 and
//! a prime in each dimension in turn.

mod bookkeeping;
mod clipping;
mod dense;
mod fused;
mod norm;
mod resident;
mod rowwise;

use super::Case;
use crate::kernels::{Control, Criterion, Function, Kernel};
use crate::spec::{Activation, Clip, Decay, Loss, Output, Regularization, Schedule};

/// A prime that no tile divides, past the largest of them.
const PRIME: usize = 1031;

/// Workgroups that no device takes in one dimension, so that the grid is folded.
const FOLDED: usize = 65_537;

/// All cases, those of one kernel together.
pub fn cases() -> Vec<Case> {
    let mut list = Vec::new();
    bookkeeping::micro_batch(&mut list);
    bookkeeping::gather(&mut list);
    dense::forward(&mut list);
    rowwise::activate(&mut list);
    norm::forward(&mut list);
    rowwise::softmax(&mut list);
    rowwise::dropout(&mut list);
    bookkeeping::weigh(&mut list);
    rowwise::losses(&mut list);
    dense::backward_input(&mut list);
    norm::backward_input(&mut list);
    norm::backward_weight(&mut list);
    bookkeeping::learning_rate(&mut list);
    dense::backward_weight(&mut list);
    dense::split_weight(&mut list);
    dense::join_weight(&mut list);
    clipping::square_sum(&mut list);
    clipping::clip_norm(&mut list);
    clipping::apply_gradient(&mut list);
    bookkeeping::metrics(&mut list);
    resident::resident(&mut list);
    fused::gradient(&mut list);
    fused::update(&mut list);
    list
}

/// The control of so many rows in the midst of their batch.
fn micro(rows: usize) -> Control {
    Control { before: 17, after: 6, ..Control::of_rows(rows) }
}

/// 1, the sizes about a tile, and a prime.
fn about(tile: usize) -> [usize; 5] {
    [1, tile - 1, tile, tile + 1, PRIME]
}

/// Threads, at so many a workgroup, that fold the grid into two rows; and how many of them reach
/// a little way into the second.
fn folded(threads: usize) -> (usize, usize) {
    (threads * FOLDED - 5, threads * (FOLDED / 2 + 3) + 7)
}

/// The threads in a workgroup, for kernels where each works alone.
fn workgroup(kernel: &dyn Kernel) -> usize {
    let threads = kernel.overrides().into_iter().find(|(name, _)| *name == "WORKGROUP");
    threads.map_or(1, |(_, threads)| threads as usize)
}

/// Every activation.
fn activations() -> impl Iterator<Item = Activation> {
    Activation::ALL.iter().copied()
}

/// Every loss with every output that it goes with, its settings far enough from the defaults to
/// show; and what tells each apart.
fn criteria() -> [(String, Criterion); 13] {
    let smooth = |criterion: Criterion| Criterion { label_smoothing: 0.15, ..criterion };
    let (bce, classes) = (
        Criterion::new(Loss::Bce, Output::Sigmoid),
        Criterion::new(Loss::CrossEntropy, Output::Softmax),
    );
    [
        bce,
        smooth(bce),
        Criterion::new(Loss::Mse, Output::Identity),
        Criterion::new(Loss::Mse, Output::Sigmoid),
        Criterion::new(Loss::Mae, Output::Identity),
        Criterion::new(Loss::Huber { delta: 0.7 }, Output::Identity),
        Criterion::new(Loss::SmoothL1 { beta: 0.3 }, Output::Identity),
        Criterion::new(Loss::Focal { gamma: 2.0, alpha: Some(0.25) }, Output::Sigmoid),
        Criterion::new(Loss::Focal { gamma: 0.5, alpha: None }, Output::Sigmoid),
        Criterion::new(Loss::Focal { gamma: 2.0, alpha: None }, Output::Softmax),
        Criterion::new(Loss::Focal { gamma: 0.5, alpha: None }, Output::Softmax),
        smooth(classes),
        classes,
    ]
    .map(|criterion| {
        let Criterion { loss, output, label_smoothing } = criterion;
        let smooth = if label_smoothing > 0.0 { ", smooth labels" } else { "" };
        let settings = match loss {
            Loss::Focal { gamma, .. } => format!(" (gamma {gamma})"),
            _ => String::new(),
        };
        (format!("{loss}{settings} of {output}{smooth}"), criterion)
    })
}

/// What is done to gradients, in settings that show.
fn regularizations() -> [(&'static str, Regularization); 3] {
    let none = Regularization::default();
    [
        ("l1 and l2", Regularization { l1: 0.3, l2: 0.2, ..none.clone() }),
        ("clipped", Regularization { clip: Some(Clip::Value(0.25)), ..none.clone() }),
        ("l1, clipped", Regularization { l1: 0.3, clip: Some(Clip::Value(0.25)), ..none }),
    ]
}

/// Every schedule, with a warm-up and without.
fn schedules() -> [(&'static str, Schedule); 6] {
    let warm = |warmup, decay| Schedule { warmup, decay };
    [
        ("warm-up", warm(7, Decay::Constant)),
        ("step", warm(0, Decay::Step { every: 3, factor: 0.3 })),
        ("warm-up and exponential", warm(3, Decay::Exponential { factor: 0.95 })),
        ("cosine", warm(0, Decay::Cosine { floor: 0.1 })),
        ("warm-up and cosine", warm(5, Decay::Cosine { floor: 0.0 })),
        ("one-cycle", warm(0, Decay::one_cycle())),
    ]
}

/// A function's name, for people.
fn name(function: Function) -> &'static str {
    match function {
        Function::Identity => "identity",
        Function::Of(activation) => activation.name(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn have_names_of_their_own() {
        let mut seen = HashSet::new();
        let names = cases().into_iter().map(|case| (case.kernel(), case.name()));
        let twice: Vec<_> = names.filter(|name| !seen.insert(name.clone())).collect();
        assert!(twice.is_empty(), "{twice:#?}");
    }

    #[test]
    fn of_one_kernel_stand_together() {
        let list = cases();
        let groups = list.chunk_by(|a, b| a.kernel() == b.kernel()).count();
        let kernels: HashSet<_> = list.iter().map(Case::kernel).collect();
        assert_eq!(groups, kernels.len());
    }
}
