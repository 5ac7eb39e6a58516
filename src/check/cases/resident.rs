//! Grids of networks: every activation, loss and update, every placement, shapes that the compiler
//! knows and shapes that it does not.

use super::{activations, criteria, name, regularizations, schedules};
use crate::check::Case;
use crate::kernels::{
    Control, Criterion, Function, Hyper, Member, Operation, Placement, Rate, Resident,
    ThreadMapping, Update,
};
use crate::spec::{
    Activation, Decay, Loss, Moments, Optimizer, Output, Regularization, Schedule, Shuffle,
};

/// Everything in workgroup memory.
const INSIDE: Placement = Placement { parameters: true, state: true, rows: true };

/// A network in mid-run.
fn member(widths: &[usize], rows: usize, batch: usize) -> Member {
    Member {
        widths: widths.to_vec(),
        first_row: 0,
        rows,
        batch,
        seed: 5,
        lr: 0.1,
        rate: Rate::default(),
        hyper: Hyper::of(&Optimizer::sgd(0.1)),
        dropout: Vec::new(),
        weight_scale: 0.7,
        clip_norm: 0.0,
    }
}

/// The same networks with something else.
fn each(grid: &Resident, change: impl Fn(&mut Member)) -> Vec<Member> {
    let mut members = grid.members.clone();
    members.iter_mut().for_each(change);
    members
}

/// Two layers, a short last batch, gradient descent.
fn base() -> Resident {
    Resident {
        members: vec![member(&[3, 7, 5, 2], 13, 5)],
        function: Function::Of(Activation::Tanh),
        criterion: Criterion::new(Loss::Bce, Output::Sigmoid),
        update: Update::Sgd,
        shuffle: Shuffle::EveryEpoch,
        weighted: None,
        capacity: 7,
        placement: INSIDE,
        mapping: ThreadMapping::Elements,
        loop_limit: None,
    }
}

pub(super) fn resident(list: &mut Vec<Case>) {
    list.extend([ThreadMapping::Elements, ThreadMapping::Rows].map(at_rest));
    let mut add = |variant: &str, grid: Resident, step: u64| {
        let first = &grid.members[0];
        let control = Control::at(step, first.rows, first.batch);
        list.push(Case::new(Operation::Resident(grid), control, format!("{variant}, step {step}")));
    };
    for step in [0, 2, 4] {
        add("short last batch", base(), step);
    }
    for activation in activations() {
        let function = Function::Of(activation);
        add(name(function), Resident { function, ..base() }, 1);
    }
    for (name, criterion) in criteria() {
        add(&name, Resident { criterion, ..base() }, 3);
    }
    for (name, optimizer) in optimizers() {
        let update = Update::of(&optimizer);
        let members = each(&base(), |member| member.hyper = Hyper::of(&optimizer));
        for (place, placement) in placements() {
            let grid = Resident { update, members: members.clone(), placement, ..base() };
            add(&format!("{name}, {place}"), grid, 2);
        }
    }
    for (name, regularization) in regularizations() {
        let members = each(&base(), |one| one.hyper = one.hyper.regularized_by(&regularization));
        add(name, Resident { members, ..base() }, 3);
    }
    for (name, schedule) in schedules() {
        let rate = Rate::of(&schedule, 10);
        let members = each(&base(), |member| member.rate = rate);
        for step in [0, 1, 6] {
            add(name, Resident { members: members.clone(), ..base() }, step);
        }
    }
    add("evaluation", Resident { update: Update::Gradient, shuffle: Shuffle::Never, ..base() }, 0);
    let shapes: [(&[usize], usize, usize); 6] = [
        (&[2, 2, 1], 4, 4),
        (&[1, 1], 1, 1),
        (&[4, 3], 6, 6),
        (&[2, 10, 10, 10, 1], 4, 4),
        (&[2, 3, 3, 3, 3, 3, 3, 3, 1], 9, 4),
        (&[17, 31, 3], 67, 33),
    ];
    for (widths, rows, batch) in shapes {
        let members = vec![member(widths, rows, batch)];
        add(&format!("{widths:?}"), Resident { members: members.clone(), ..base() }, 1);
        let mapping = ThreadMapping::Rows;
        add(&format!("{widths:?} by rows"), Resident { members, mapping, ..base() }, 1);
    }
    for (place, placement) in placements() {
        let function = Function::Of(Activation::Gelu);
        let grid = Resident { placement, function, mapping: ThreadMapping::Rows, ..base() };
        add(&format!("by rows, {place}"), grid, 2);
    }
    let mixed = [&[3, 4, 2][..], &[3, 7, 5, 2], &[3, 2]].map(|widths| member(widths, 13, 5));
    add("three shapes", Resident { members: mixed.to_vec(), ..base() }, 1);
    let by_rows = Resident { members: mixed.to_vec(), mapping: ThreadMapping::Rows, ..base() };
    add("three shapes by rows", by_rows, 1);
    let alike = vec![member(&[3, 4, 2], 13, 5); 9];
    add("nine alike", Resident { members: alike, ..base() }, 2);
    dropout(&mut add);
    weighted(&mut add);
    clipped(&mut add);
    add("settings of their own", Resident { update: Update::Adam, ..of_their_own() }, 2);
    alone(&mut add);
    list.push(at_rest(ThreadMapping::Networks));
}

/// Networks that are to stay as they are.
fn at_rest(mapping: ThreadMapping) -> Case {
    let grid = Resident { members: vec![member(&[3, 4, 2], 13, 5); 9], mapping, ..base() };
    let control = Control::at(2, 13, 5).at_rest();
    Case::new(Operation::Resident(grid), control, format!("at rest, {mapping:?}"))
}

/// Masks beside activations whose slope goes by y, and by z; by elements and by rows.
fn dropout(add: &mut impl FnMut(&str, Resident, u64)) {
    for activation in [Activation::Sigmoid, Activation::Relu, Activation::Gelu] {
        let function = Function::Of(activation);
        for mapping in [ThreadMapping::Elements, ThreadMapping::Rows] {
            for (place, placement) in placements() {
                let members = each(&base(), |member| member.dropout = vec![0.3, 0.6]);
                let grid = Resident { members, function, placement, mapping, ..base() };
                add(&format!("dropout, {}, {mapping:?}, {place}", name(function)), grid, 2);
            }
        }
    }
    let evaluation = Resident { update: Update::Gradient, shuffle: Shuffle::Never, ..base() };
    let members = each(&base(), |member| member.dropout = vec![0.3, 0.6]);
    add("evaluation after dropout", Resident { members, ..evaluation }, 0);
}

/// Rows that count more than others, in steps and in evaluations.
fn weighted(add: &mut impl FnMut(&str, Resident, u64)) {
    for mapping in [ThreadMapping::Elements, ThreadMapping::Rows] {
        for (place, placement) in placements() {
            let grid = Resident { weighted: Some(13), mapping, placement, ..base() };
            for step in [1, 2] {
                add(&format!("weighted, {mapping:?}, {place}"), grid.clone(), step);
            }
            let grid = Resident { update: Update::Gradient, shuffle: Shuffle::Never, ..grid };
            add(&format!("weighted evaluation, {mapping:?}, {place}"), grid, 0);
        }
    }
    for (name, criterion) in criteria() {
        add(&format!("weighted, {name}"), Resident { criterion, weighted: Some(13), ..base() }, 3);
    }
}

/// Gradients whose norm is too large, beside some whose norm is not and some that are left as they are.
fn clipped(add: &mut impl FnMut(&str, Resident, u64)) {
    for mapping in [ThreadMapping::Elements, ThreadMapping::Rows] {
        for (place, placement) in placements() {
            for (name, optimizer) in optimizers() {
                let update = Update::of(&optimizer);
                let mut members = vec![member(&[3, 7, 5, 2], 13, 5); 3];
                for (member, clip_norm) in members.iter_mut().zip([0.02, 0.0, 1e4]) {
                    member.hyper = Hyper::of(&optimizer);
                    member.clip_norm = clip_norm;
                }
                let grid = Resident { update, members, mapping, placement, ..base() };
                add(&format!("clipped by the norm, {name}, {mapping:?}, {place}"), grid, 2);
            }
        }
    }
    for (name, regularization) in regularizations() {
        let members = each(&base(), |one| {
            one.hyper = one.hyper.regularized_by(&regularization);
            one.clip_norm = 0.05;
        });
        add(&format!("{name}, and by the norm"), Resident { members, ..base() }, 3);
    }
}

/// Networks that differ in all that they may, also in how many hidden layers have dropout.
fn of_their_own() -> Resident {
    let shapes = [&[3, 4, 2][..], &[3, 7, 5, 2], &[3, 2], &[3, 2, 2, 2, 2]];
    let members = shapes.iter().zip(1u8..).map(|(widths, number)| {
        let share = f64::from(number) / 10.0;
        let moments = Moments { lr: 0.02, beta1: 0.8, beta2: 0.95, eps: 1e-2, weight_decay: share };
        let optimizer = match number {
            1 => Optimizer::AdamW(moments),
            _ => Optimizer::Adam(moments),
        };
        let penalties = Regularization { l1: share, l2: 0.1 - share / 5.0, ..Default::default() };
        let decay = Decay::Exponential { factor: 1.0 - share };
        Member {
            hyper: Hyper::of(&optimizer).regularized_by(&penalties),
            rate: Rate::of(&Schedule { warmup: number.into(), decay }, 10),
            dropout: if number == 2 { vec![share, 2.0 * share] } else { Vec::new() },
            lr: share as f32,
            seed: u64::from(number) << 33 | 7,
            ..member(widths, 13 - usize::from(number), 5)
        }
    });
    Resident { members: members.collect(), ..base() }
}

/// A network a thread, its passes written out: for small shapes, so that they are soon compiled.
fn alone(add: &mut impl FnMut(&str, Resident, u64)) {
    let members = vec![member(&[3, 4, 3, 2], 13, 5)];
    let base = Resident { members, mapping: ThreadMapping::Networks, ..base() };
    for step in [0, 2, 4] {
        add("alone, short last batch", base.clone(), step);
    }
    for activation in activations() {
        let function = Function::Of(activation);
        add(&format!("alone, {}", name(function)), Resident { function, ..base.clone() }, 1);
    }
    for (name, criterion) in criteria() {
        add(&format!("alone, {name}"), Resident { criterion, ..base.clone() }, 3);
    }
    for (name, optimizer) in optimizers() {
        let update = Update::of(&optimizer);
        let members = each(&base, |member| member.hyper = Hyper::of(&optimizer));
        add(&format!("alone, {name}"), Resident { update, members, ..base.clone() }, 2);
    }
    for (name, regularization) in regularizations() {
        let members = each(&base, |one| one.hyper = one.hyper.regularized_by(&regularization));
        add(&format!("alone, {name}"), Resident { members, ..base.clone() }, 3);
    }
    let rate = Rate::of(&schedules()[0].1, 10);
    let members = each(&base, |member| member.rate = rate);
    add("alone, a schedule", Resident { members, ..base.clone() }, 6);
    let (update, shuffle) = (Update::Gradient, Shuffle::Never);
    add("alone, evaluation", Resident { update, shuffle, ..base.clone() }, 0);
    let shapes: [(&[usize], usize, usize); 5] = [
        (&[2, 2, 1], 4, 4),
        (&[1, 1], 1, 1),
        (&[4, 3], 6, 6),
        (&[2, 10, 10, 10, 1], 4, 4),
        (&[2, 3, 3, 3, 3, 3, 3, 3, 1], 9, 4),
    ];
    for (widths, rows, batch) in shapes {
        let members = vec![member(widths, rows, batch)];
        add(&format!("{widths:?} alone"), Resident { members, ..base.clone() }, 1);
    }
    let mut many = vec![member(&[3, 4, 2], 13, 5); 19];
    for (index, member) in many.iter_mut().enumerate() {
        *member = Member {
            batch: 1 + index % 6,
            rows: 13 - index % 3,
            seed: index as u64,
            ..member.clone()
        };
    }
    add("nineteen alone", Resident { members: many, ..base }, 2);
}

fn optimizers() -> [(&'static str, Optimizer); 5] {
    let far = Moments { lr: 0.02, beta1: 0.8, beta2: 0.95, eps: 1e-2, weight_decay: 0.1 };
    [
        ("sgd with weight decay", Optimizer::sgd(0.1).with_weight_decay(0.2)),
        ("momentum", Optimizer::Sgd { lr: 0.1, momentum: 0.9, nesterov: false, weight_decay: 0.1 }),
        ("nesterov", Optimizer::Sgd { lr: 0.1, momentum: 0.9, nesterov: true, weight_decay: 0.0 }),
        ("adam", Optimizer::Adam(far)),
        ("adamw", Optimizer::AdamW(far)),
    ]
}

fn placements() -> [(&'static str, Placement); 4] {
    [
        ("all inside", INSIDE),
        ("state outside", Placement { state: false, ..INSIDE }),
        ("rows inside", Placement { state: false, parameters: false, ..INSIDE }),
        ("all outside", Placement::default()),
    ]
}
