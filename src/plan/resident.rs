//! The `resident` strategy: whole steps of whole networks in one dispatch, one network per workgroup or
//! thread.

use std::ops::Range;

use super::{
    BufferId, Chunk, DeviceKind, Dispatch, Examination, Limits, Outline, Phase, Plan, PlanBuilder,
    Region, Role, Training, Validation,
};
use crate::kernels::{
    Element, Function, Hyper, Member, Placement, Rate, Resident, ThreadMapping, Update, Weighting,
    resident,
};
use crate::spec::{Clip, Layer, Network, Optimizer, Regularization, Shuffle, Strategy};
use crate::{Error, Result};

/// One network of a grid, with what it has of its own beside the request that they share.
#[derive(Clone, Debug, PartialEq)]
pub struct GridMember {
    /// The network; activation and output are the same for all.
    pub network: Network,
    /// The seed of its order and of its dropout.
    pub seed: u64,
    /// How it learns; momentum and Adam's moments are kept of all or of none.
    pub optimizer: Optimizer,
    /// What is done against its overfitting; label smoothing is the same for all.
    pub regularization: Regularization,
    /// Steps that its run is to have.
    pub steps: u64,
    /// Its rows of the data set.
    pub rows: Range<usize>,
    /// Its rows of the validation data.
    pub validation: Range<usize>,
    /// How much its rows count: all the same in all networks, or in none.
    pub weighting: Weighting,
}

/// Entries of all networks together in the ring of losses.
const HISTORY: usize = 1 << 20;

/// Steps in the ring of losses, at most.
const HISTORY_STEPS: usize = 1 << 14;

/// Numbers of a network, its parameters and as many for each tensor of the optimizer's state, that
/// may be variables of a shader for a software adapter. Compiling them takes more than its share
/// with each: lavapipe 0.1 s for the 9 of the 2-2-1 network, 0.5 s for the 261 of 2-10-10-10-1 with
/// gradient descent, as long as 10,000 of its steps by rows; 3 s for the 783 with Adam.
const WRITTEN_OUT: usize = 300;

/// Numbers that take as long to compile as the load of an input, a loop over the lanes.
const LOAD: usize = 4;

/// Parameters of a network that one thread of a graphics processor trains, at most.
const ALONE: usize = 16;

/// Their product with the rows of a batch, at most.
const ALONE_BY_ROWS: usize = 64;

/// Whether `auto` picks this strategy, by the operations of a batch's forward pass.
///
/// On the CPU both strategies were measured on one hidden layer of 8, 32 and 100 units and two of 64 and
/// 32, with batches of 4, 32 and 256: up to 20,000 operations the resident strategy is ahead (by 1.2 to
/// 4 times), past 40,000 the matrix products are. On a GPU a dispatch costs more than a small step:
/// of the grid that `workloads --crossover` goes through, on an NVIDIA H200 this strategy is ahead up
/// to 72,000 operations (by 2.8 times and more), and the layered one from 144,000. Lavapipe takes 0.3 µs
/// for a step of the 2-2-1 network by this strategy, and 500 µs by the layered one.
pub(super) fn pays(request: &Training<'_>, limits: &Limits) -> bool {
    if request.lacks(Strategy::Resident).is_some() || request.check().is_err() {
        return false;
    }
    let member = member(&alone(request), request);
    let work = request.batch as u64 * request.network.flops_forward();
    let examination = examination(vec![member.clone()], request, limits);
    let grid = resident(vec![member], request, Update::of(request.optimizer), limits);
    work <= most_operations(limits.kind)
        && (limits.kind == DeviceKind::Cpu || grid.placement.rows)
        && [&grid, &examination].iter().all(|grid| check_loops(grid, limits).is_ok())
}

/// Operations of a batch's forward pass up to which this strategy is ahead for one network.
const fn most_operations(kind: DeviceKind) -> u64 {
    match kind {
        DeviceKind::Cpu => 20_000,
        DeviceKind::Gpu => 100_000,
        DeviceKind::Software => 1 << 19,
    }
}

/// Whether so many networks like one, by the operations of its batch's forward pass, are sooner done side by
/// side than one after another by the layered strategy.
///
/// A workgroup takes as long for its network whether others have one or not, as far as there are processors
/// for them: even a small card has eight, and a software adapter a thread for each core.
pub(crate) fn pays_side_by_side(work: u64, networks: usize, limits: &Limits) -> bool {
    let processors = match limits.kind {
        DeviceKind::Cpu => return false,
        DeviceKind::Gpu => 8,
        DeviceKind::Software => 2,
    };
    networks > 1 && work <= most_operations(limits.kind) * networks.min(processors) as u64
}

/// Refuses a step so long that the driver would end its loops: it says nothing, and what comes out
/// is wrong.
fn check_loops(grid: &Resident, limits: &Limits) -> Result<()> {
    match grid.steps_at_once() {
        0 => Err(Error::invalid(
            format!(
                "{} ends loops before they have gone through a step of the resident strategy",
                limits.device
            ),
            "use the layered strategy, smaller batches, or another device",
        )),
        _ => Ok(()),
    }
}

/// Plans the training of one network.
pub(super) fn training(request: &Training<'_>, limits: &Limits) -> Result<Plan> {
    grid(&[alone(request)], request, limits)
}

/// The only network of a request.
fn alone(request: &Training<'_>) -> GridMember {
    GridMember {
        network: request.network.clone(),
        seed: request.seed,
        optimizer: *request.optimizer,
        regularization: request.regularization.clone(),
        steps: request.steps,
        rows: 0..request.rows,
        validation: 0..request.validation,
        weighting: request.weighting,
    }
}

/// Plans the training of many networks at once on one data set: the request tells what they share, and
/// what each has of its own is passed over there.
///
/// # Errors
/// As [`super::training`].
pub fn grid(members: &[GridMember], request: &Training<'_>, limits: &Limits) -> Result<Plan> {
    request.check()?;
    request.check_for(Strategy::Resident)?;
    let Some(first) = members.first() else {
        return Err(Error::invalid("there is no network to train", "give at least one"));
    };
    for member in members {
        check_member(member, first, request)?;
    }
    let list: Vec<Member> = members.iter().map(|one| member(one, request)).collect();
    if limits.kind != DeviceKind::Cpu
        && let Some(most) = list.iter().map(Member::most_elements).max()
        && most >= Resident::MOST_ELEMENTS
    {
        return Err(Error::invalid(
            format!("the resident strategy has no room for {most} numbers in a layer"),
            "use the layered strategy",
        ));
    }
    let remedy = "use the layered strategy, which cuts the data set into parts";
    let builder = PlanBuilder::new(limits, remedy);
    let step = resident(list, request, Update::of(request.optimizer), limits);
    check_loops(&step, limits)?;
    finish(builder, members, step, request)
}

/// What tells loss and score of the rows of members, in order.
fn examination(members: Vec<Member>, request: &Training<'_>, limits: &Limits) -> Resident {
    let capacity = members.iter().map(|m| m.rows.div_ceil(m.batch)).max().unwrap_or(1);
    let grid = resident(members, request, Update::Gradient, limits);
    Resident { shuffle: Shuffle::Never, capacity, ..grid }
}

/// The members on their validation rows, in portions that their own batches have room for.
fn on_validation(members: &[Member], own: &[GridMember]) -> Vec<Member> {
    let of = |(member, one): (&Member, &GridMember)| {
        let Range { start: first_row, .. } = one.validation;
        let rows = one.validation.len();
        Member { first_row, rows, batch: member.batch.min(rows), ..member.clone() }
    };
    members.iter().zip(own).map(of).collect()
}

fn check_member(member: &GridMember, first: &GridMember, request: &Training<'_>) -> Result<()> {
    let GridMember { network, optimizer, regularization, steps, rows, validation, .. } = member;
    let own = Training { network, optimizer, regularization, steps: *steps, ..request.clone() };
    own.check()?;
    own.check_for(Strategy::Resident)?;
    let refuse = |problem: String| Err(Error::invalid(problem, "train them apart"));
    let around = |own: &Network| (own.inputs, own.outputs, own.activation, own.output);
    if around(network) != around(&first.network) {
        let first = &first.network;
        return refuse(format!(
            "networks {first} and {network} differ in more than their hidden layers"
        ));
    }
    if Update::of(optimizer) != Update::of(&first.optimizer) {
        return refuse("networks differ in the state that their optimizers keep".into());
    }
    if regularization.label_smoothing != request.regularization.label_smoothing {
        return refuse("networks differ in their label smoothing".into());
    }
    if request.validation > 0 && (validation.is_empty() || validation.end > request.validation) {
        return Err(Error::invalid(
            format!("a network has the validation rows {validation:?} of {}", request.validation),
            "give it at least one that there is",
        ));
    }
    if rows.is_empty() || rows.end > request.rows {
        return Err(Error::invalid(
            format!("a network has the rows {rows:?} of {}", request.rows),
            "give it at least one that there is",
        ));
    }
    Ok(())
}

fn member(own: &GridMember, request: &Training<'_>) -> Member {
    let GridMember { network, optimizer, regularization, rows, .. } = own;
    let hidden = 0..network.hidden.len();
    let dropout = match regularization.drops() {
        true => hidden.map(|layer| regularization.dropout_of(layer)).collect(),
        false => Vec::new(),
    };
    Member {
        widths: network.widths(),
        first_row: rows.start,
        rows: rows.len(),
        batch: request.batch.min(rows.len()),
        seed: own.seed,
        lr: optimizer.lr() as f32,
        rate: Rate::of(request.schedule, own.steps),
        hyper: Hyper::of(optimizer).regularized_by(regularization),
        dropout,
        weight_scale: own.weighting.scale(),
        clip_norm: match regularization.clip {
            Some(Clip::Norm(most)) => most as f32,
            Some(Clip::Value(_)) | None => 0.0,
        },
    }
}

/// The operation, with as much in workgroup memory as there is room for: the rows first, which
/// every layer goes through, then the parameters, then the optimizer's state.
fn resident(
    members: Vec<Member>,
    request: &Training<'_>,
    update: Update,
    limits: &Limits,
) -> Resident {
    let full = members.iter().all(|member| member.batch == member.rows);
    let capacity = (HISTORY / members.len()).clamp(64, HISTORY_STEPS);
    // What may be written out: see `shaders/thread_per_network.wgsl`.
    let is_plain = request.weighting == Weighting::Even
        && members.iter().all(|member| !member.drops() && member.clip_norm == 0.0);
    let mapping = match limits.kind {
        DeviceKind::Software => on_a_cpu(&members, update, is_plain),
        DeviceKind::Gpu => on_a_gpu(&members, is_plain),
        DeviceKind::Cpu => ThreadMapping::Elements,
    };
    let mut grid = Resident {
        members,
        function: Function::Of(request.network.activation),
        criterion: request.criterion(),
        update,
        // A batch of all rows has no order worth shuffling.
        shuffle: if full { Shuffle::Never } else { request.shuffle },
        weighted: (request.weighting != Weighting::Even).then_some(request.rows),
        capacity,
        placement: Placement::default(),
        mapping,
        loop_limit: limits.loop_limit,
    };
    let all = Placement { rows: true, parameters: true, state: true };
    let choices = [
        all,
        Placement { state: false, ..all },
        Placement { state: false, parameters: false, ..all },
    ];
    for placement in choices {
        grid.placement = placement;
        if grid.workgroup_bytes() as u64 <= limits.workgroup_bytes {
            return grid;
        }
    }
    grid.placement = Placement::default();
    grid
}

/// On a graphics processor more threads are faster, except for networks so small that one thread
/// finishes before several have passed their barriers. An NVIDIA H200 takes 0.7 µs for a step of the
/// 2-2-1 network with one thread and 1.2 µs with several, but 33 µs and 4.1 µs for 2-10-10-10-1.
fn on_a_gpu(members: &[Member], is_plain: bool) -> ThreadMapping {
    let tiny = |member: &Member| {
        let parameters = member.parameters();
        parameters <= ALONE && member.batch * parameters <= ALONE_BY_ROWS
    };
    match is_plain && alike(members) && members.iter().all(tiny) {
        true => ThreadMapping::Networks,
        false => ThreadMapping::Elements,
    }
}

/// Whether all have one shape.
fn alike(members: &[Member]) -> bool {
    members.iter().all(|member| member.widths == members[0].widths)
}

/// The fastest mapping where a CPU runs a workgroup's threads one after another: loads through a
/// computed index and barriers cost most there.
fn on_a_cpu(members: &[Member], update: Update, is_plain: bool) -> ThreadMapping {
    let few = members.iter().all(|member| member.batch <= 256);
    let tensors = match update {
        // Evaluations are short, so that the time to compile counts more.
        Update::Gradient => 3,
        Update::Sgd | Update::Momentum | Update::Adam => 1 + update.state().len(),
    };
    let numbers = tensors * members[0].parameters() + LOAD * members[0].widths[0];
    if few && is_plain && alike(members) && numbers <= WRITTEN_OUT {
        ThreadMapping::Networks
    } else if few {
        ThreadMapping::Rows
    } else {
        ThreadMapping::Elements
    }
}

/// All of the plan.
fn finish(
    mut builder: PlanBuilder<'_>,
    own: &[GridMember],
    step: Resident,
    request: &Training<'_>,
) -> Result<Plan> {
    let count = own.len();
    let rows = request.rows;
    let evaluate = examination(step.members.clone(), request, builder.limits);
    check_loops(&evaluate, builder.limits)?;
    let weighted = step.weighted.is_some();
    let (x, t) = builder.data_with_weights("data", rows, request, weighted)?;
    let words: usize = step.members.iter().map(Member::parameters).sum();
    let tensors = step.update.state().len();
    let parameters = builder.buffer("parameters", Element::F32, vec![words], Role::Parameters)?;
    let state =
        builder.buffer("state", Element::F32, vec![tensors, words], Role::OptimizerState)?;
    let members =
        builder.buffer("members", Element::U32, vec![count, step.stride()], Role::Bookkeeping)?;
    let scratch = match step.placement.rows && evaluate.placement.rows {
        true => 0,
        false => step.scratch_words(),
    };
    let scratch = builder.buffer("scratch", Element::F32, vec![scratch], Role::Activations)?;
    let control = builder.control("control", count)?;
    let history = builder.history("history", count, step.capacity)?;
    let evaluation = builder.examination(Phase::Evaluate, count, evaluate.capacity)?;

    let dispatch = |grid: Resident, controls, members, data_x, data_t, history| {
        let bindings = resident::Bindings {
            controls,
            members,
            data_x,
            data_t,
            parameters,
            state,
            history,
            scratch,
        };
        Dispatch::new("network", grid, bindings)
    };
    if request.validation > 0 {
        let rows = request.validation;
        // Every row of the validation data counts the same.
        let grid = examination(on_validation(&step.members, own), request, builder.limits);
        let grid = Resident { weighted: None, ..grid };
        let (x, t) = builder.data("validation", rows, request)?;
        let shape = vec![count, grid.stride()];
        let members =
            builder.buffer("validation.members", Element::U32, shape, Role::Bookkeeping)?;
        let examination = builder.examination(Phase::Validate, count, grid.capacity)?;
        let Examination { control, history } = examination;
        builder.handles.validation = Some(Validation {
            features: vec![Chunk::whole(x, rows)],
            targets: vec![Chunk::whole(t, rows)],
            members: Some((members, grid.descriptions())),
            examination,
            rows,
            portion: grid.members[0].batch,
        });
        let list = vec![dispatch(grid, control, members, x, t, history)];
        builder.phase(Phase::Validate, list);
    }
    let handles = &mut builder.handles;
    handles.features = vec![Chunk::whole(x, rows)];
    handles.targets = vec![Chunk::whole(t, rows)];
    if weighted {
        handles.weights = vec![Chunk { offset: step.weights_at(), ..Chunk::whole(t, rows) }];
    }
    (handles.parameters, handles.state) = regions(&step.members, parameters, (state, tensors));
    handles.members = Some((members, step.descriptions()));
    handles.control = Some(control);
    handles.history = Some(history);
    handles.evaluation = Some(evaluation);
    let (batch, share) = (step.members[0].batch, step.members[0].rows);
    let Examination { control: evaluated, history: losses } = evaluation;
    builder.phase(Phase::Step, vec![dispatch(step, control, members, x, t, history)]);
    builder.phase(Phase::Evaluate, vec![dispatch(evaluate, evaluated, members, x, t, losses)]);
    let networks = own.iter().map(|one| one.network.clone()).collect();
    let outline = Outline {
        rows: share,
        batch,
        evaluate_rows: batch,
        ..Outline::new(networks, Strategy::Resident)
    };
    builder.finish(outline, |_, _| "train fewer networks at once".into())
}

/// The blocks of parameters of each network.
type Blocks = Vec<Vec<Region>>;

/// Where each layer of each network stands in the buffer of all parameters, and where it does in each
/// of so many tensors of state: each network's stand one after another, behind those of the networks
/// before it.
fn regions(
    members: &[Member],
    parameters: BufferId,
    (state, tensors): (BufferId, usize),
) -> (Blocks, Vec<Blocks>) {
    let (mut blocks, mut states) = (Vec::new(), Vec::new());
    let mut begin = 0;
    for member in members {
        let count = member.parameters();
        let block = |buffer, begin| {
            let mut offset = begin;
            let region = |layer: Layer| {
                let region = Region { buffer, offset };
                offset += layer.parameters();
                region
            };
            member.layers().map(region).collect()
        };
        blocks.push(block(parameters, begin));
        let tensor = |number| block(state, tensors * begin + number * count);
        states.push((0..tensors).map(tensor).collect());
        begin += count;
    }
    (blocks, states)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(widths: &[usize], batch: usize) -> Member {
        let widths = widths.to_vec();
        let (rate, hyper, dropout) = Default::default();
        Member {
            widths,
            first_row: 0,
            rows: 999,
            batch,
            seed: 0,
            lr: 1.0,
            rate,
            hyper,
            dropout,
            weight_scale: 1.0,
            clip_norm: 0.0,
        }
    }

    #[test]
    fn a_gpu_gives_the_tiniest_networks_a_thread_each() {
        let tiny = of(&[2, 2, 1], 4);
        assert_eq!(on_a_gpu(&[tiny.clone(), tiny.clone()], true), ThreadMapping::Networks);
        assert_eq!(on_a_gpu(&[of(&[2, 2, 1], 32)], true), ThreadMapping::Elements);
        assert_eq!(on_a_gpu(&[of(&[20, 1], 1)], true), ThreadMapping::Elements);
        assert_eq!(on_a_gpu(&[of(&[2, 10, 10, 10, 1], 4)], true), ThreadMapping::Elements);
        assert_eq!(on_a_gpu(&[tiny, of(&[2, 3, 1], 4)], true), ThreadMapping::Elements);
    }

    #[test]
    fn a_software_adapter_gives_small_networks_of_one_shape_a_thread_each() {
        let wide = of(&[2, 10, 10, 10, 1], 4);
        for (update, mapping) in [
            (Update::Sgd, ThreadMapping::Networks),
            (Update::Momentum, ThreadMapping::Rows),
            (Update::Adam, ThreadMapping::Rows),
            (Update::Gradient, ThreadMapping::Rows),
        ] {
            assert_eq!(on_a_cpu(std::slice::from_ref(&wide), update, true), mapping, "{update:?}");
            let small = of(&[2, 2, 1], 4);
            assert_eq!(on_a_cpu(&[small.clone(), small], update, true), ThreadMapping::Networks);
        }
        assert_eq!(on_a_cpu(&[of(&[100, 1], 4)], Update::Sgd, true), ThreadMapping::Rows);
        let two_shapes = [of(&[2, 2, 1], 4), of(&[2, 3, 1], 4)];
        assert_eq!(on_a_cpu(&two_shapes, Update::Sgd, true), ThreadMapping::Rows);
        assert_eq!(on_a_cpu(&[of(&[2, 2, 1], 257)], Update::Sgd, true), ThreadMapping::Elements);
    }
}
