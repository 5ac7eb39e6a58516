//! The dispatches that a plan should have, and what holds for every plan.

use std::collections::{BTreeMap, BTreeSet};

use halfplane::low_level::backend::Memory;
use halfplane::low_level::kernels::{Access, Bind, Control, Element, Operation};
use halfplane::low_level::plan::{
    BufferId, DeviceKind, Gradients, Limits, Phase, Plan, Role, inference,
};
use halfplane::train::plan_for;
use halfplane::{
    Activation, BatchSize, Network, Normalization, Optimizer, Result, Strategy, Task, TrainOptions,
};

use crate::support::random_data;
use crate::train::runs::options;

const ROWS: usize = 37;

#[test]
fn a_step_has_the_dispatches_that_it_needs() -> Result<()> {
    let deep = Network::new(2, &[10, 10, 10], 1).with_activation(Activation::Sigmoid);
    let plan = |network: &Network, batch_size| {
        plan_of(network, Task::Binary, TrainOptions { batch_size, ..options(1) })
    };

    let full = plan(&deep, BatchSize::Full)?;
    let forward = [("dense_forward", 4), ("loss_gradient", 1), ("metrics", 1)];
    let backward = [("dense_backward_input", 3), ("dense_backward_weight", 4)];
    let step = counted(&[&forward, &backward]);
    assert_eq!(count(&full, Phase::Step), step);
    assert_eq!(count(&full, Phase::Evaluate), counted(&[&forward]));
    assert!(full.phase(Phase::Predict).is_empty(), "predictions have a plan of their own");
    let applied = inference(&deep, 8, &Limits::unlimited("any"))?;
    assert_eq!(count(&applied, Phase::Predict), counted(&[&[("dense_forward", 4)]]));
    assert!(full.phase(Phase::Gradient).is_empty(), "nobody asked for gradients");

    // A batch's features and targets are gathered; the evaluation takes all rows as they lie.
    let batches = plan(&deep, BatchSize::Rows(8))?;
    assert_eq!(count(&batches, Phase::Step), counted(&[&forward, &backward, &[("gather", 2)]]));
    assert_eq!(count(&batches, Phase::Evaluate), counted(&[&forward]));

    // GELU's derivative needs z, so it is a dispatch of its own after each hidden layer.
    let gelu = deep.clone().with_activation(Activation::Gelu);
    let gelu_plan = plan(&gelu, BatchSize::Full)?;
    assert_eq!(count(&gelu_plan, Phase::Step), counted(&[&forward, &backward, &[("activate", 3)]]));

    // A norm takes the activation along, but for GELU; the way back is a dispatch for what it takes
    // and one for its γ and β.
    let norms = [("layer_norm", 3)];
    let norms_back = [("layer_norm_backward_input", 3), ("layer_norm_backward_weight", 3)];
    let normed = deep.with_normalization(Normalization::LayerNorm);
    let normed = plan(&normed, BatchSize::Full)?;
    let all = [&forward[..], &norms, &backward, &norms_back];
    assert_eq!(count(&normed, Phase::Step), counted(&all));
    assert_eq!(count(&normed, Phase::Evaluate), counted(&[&forward, &norms]));
    let both = plan(&gelu.with_normalization(Normalization::LayerNorm), BatchSize::Full)?;
    let all = [&all[..], &[&[("activate", 3)]]].concat();
    assert_eq!(count(&both, Phase::Step), counted(&all));
    Ok(())
}

/// A layer of few weights has too few tiles for a device: the rows of a large batch are split.
#[test]
fn small_gradients_of_large_batches_are_summed_in_ranges() -> Result<()> {
    let gpu = Limits { kind: DeviceKind::Gpu, ..Limits::unlimited("gpu") };
    let network = Network::new(6, &[9], 1).with_activation(Activation::Relu);
    let data = random_data(Task::Binary, [9000, 6, 1], 8)?;
    let of = |batch, limits: &Limits| {
        let batch_size = BatchSize::Rows(batch);
        let strategy = Strategy::Layered;
        let options = TrainOptions { batch_size, strategy, ..options(1) };
        plan_for(&network, &data, &options, limits)
    };
    let split = of(8192, &gpu)?;
    let step = count(&split, Phase::Step);
    assert_eq!(
        (step.get("dense_split_weight"), step.get("dense_join_weight")),
        (Some(&2), Some(&2))
    );
    assert_eq!(step.get("dense_backward_weight"), None);
    for dispatch in split.phase(Phase::Step) {
        if let Operation::DenseSplitWeight(layer) = &dispatch.operation {
            let words = layer.splits() * layer.outputs * (layer.inputs + 1);
            let bound = layer.named(dispatch.bindings.iter().copied());
            assert!(split.buffer(bound.partials).words() >= words, "{dispatch:?}");
        }
    }
    for whole in [of(128, &gpu)?, of(8192, &Limits::unlimited("cpu"))?] {
        let step = count(&whole, Phase::Step);
        assert_eq!(step.get("dense_backward_weight"), Some(&2));
        assert!(whole.buffers.iter().all(|buffer| buffer.name != "partials"));
    }
    Ok(())
}

/// A driver that counts the turns of loops.
fn lavapipe() -> Limits {
    Limits { kind: DeviceKind::Software, loop_limit: Some(60_000), ..Limits::unlimited("lavapipe") }
}

/// It gets no more rows at once than it has turns for.
#[test]
fn norms_keep_to_the_loops_that_a_driver_allows() -> Result<()> {
    let lavapipe = lavapipe();
    let plan = |rows: usize, units: usize, normalization| {
        let data = random_data(Task::Binary, [rows, 1, 1], 8)?;
        let network = Network::new(1, &[units], 1)
            .with_activation(Activation::Sigmoid)
            .with_normalization(normalization);
        let options =
            TrainOptions { batch_size: BatchSize::Full, strategy: Strategy::Layered, ..options(1) };
        plan_for(&network, &data, &options, &lavapipe)
    };
    let norm = Normalization::LayerNorm;
    assert_eq!(plan(59_392, 1, norm)?.micro_batch, None);
    assert_eq!(plan(150_000, 1, norm)?.micro_batch, Some(59_392));
    assert_eq!(plan(150_000, 1, Normalization::None)?.micro_batch, None);
    Ok(())
}

/// Past these it would end them without a word, and train to something else.
#[test]
fn sums_longer_than_a_drivers_loops_are_refused() -> Result<()> {
    let lavapipe = lavapipe();
    let data = random_data(Task::Binary, [2, 1, 1], 8)?;
    let options = TrainOptions { strategy: Strategy::Layered, ..options(1) };
    for normalization in [Normalization::None, Normalization::LayerNorm] {
        let plan = |units: usize| {
            let network = Network::new(1, &[units], 1)
                .with_activation(Activation::Sigmoid)
                .with_normalization(normalization);
            plan_for(&network, &data, &options, &lavapipe)
        };
        assert!(plan(40_000).is_ok());
        let refused = plan(40_001).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(
            refused.contains("layer 0, of 1 inputs and 40001 outputs")
                && refused.contains("another device"),
            "{refused}"
        );
    }
    // A row has one thread of the resident way to itself: 400 × 400 weights are too many for it.
    let network = Network::new(1, &[400, 400], 1).with_activation(Activation::Sigmoid);
    let plan = |strategy| {
        let options = TrainOptions { batch_size: BatchSize::Rows(1), strategy, ..options.clone() };
        plan_for(&network, &data, &options, &lavapipe)
    };
    assert_eq!(plan(Strategy::Auto)?.strategy, Strategy::Layered);
    let refused = plan(Strategy::Resident).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(refused.contains("use the layered strategy"), "{refused}");
    let inference = |classes| {
        halfplane::low_level::plan::inference(&Network::new(1, &[], classes), 1, &lavapipe)
    };
    assert!(inference(20_000).is_ok() && inference(20_001).is_err());
    Ok(())
}

#[test]
fn gradients_are_a_step_without_its_end() -> Result<()> {
    let kept = TrainOptions { gradients: Gradients::Kept, ..options(1) };
    let plan = plan_of(
        &Network::new(5, &[9, 7], 1).with_activation(Activation::Sigmoid),
        Task::Binary,
        kept,
    )?;
    let mut step = count(&plan, Phase::Step);
    step.remove("metrics");
    assert_eq!(count(&plan, Phase::Gradient), step);
    let parameters = plan.handles.parameters[0].iter().map(|region| region.buffer);
    let state = plan.handles.state[0].iter().flatten().map(|region| region.buffer);
    let state: Vec<BufferId> = parameters.chain(state).collect();
    for (buffer, access) in plan.phase(Phase::Gradient).iter().flat_map(|d| d.accesses()) {
        assert!(access == Access::Read || !state.contains(&buffer), "the gradient phase updates");
    }
    Ok(())
}

#[test]
fn no_dispatch_binds_a_buffer_twice() -> Result<()> {
    for plan in plans()? {
        for dispatch in all_dispatches(&plan) {
            let distinct: BTreeSet<usize> = dispatch.bindings.iter().map(|id| id.0).collect();
            assert_eq!(distinct.len(), dispatch.bindings.len(), "{dispatch:?}");
            let slots = dispatch.operation.kernel().slots();
            assert_eq!(slots.len(), dispatch.bindings.len(), "{dispatch:?}");
        }
    }
    Ok(())
}

/// Whole numbers may be read of any buffer, for targets and records are such; floats may not.
#[test]
fn buffers_hold_what_their_slots_say() -> Result<()> {
    for plan in plans()? {
        for dispatch in all_dispatches(&plan) {
            for (slot, id) in dispatch.operation.kernel().slots().iter().zip(&dispatch.bindings) {
                let buffer = plan.buffer(*id);
                let fits = slot.element == Element::U32 || slot.element == buffer.element;
                assert!(fits, "{slot:?} of {} is bound to {buffer:?}", dispatch.label);
            }
        }
    }
    Ok(())
}

/// Where parameters stand and where the optimizer's state does: blocks of the same lengths, of which no
/// two overlap.
#[test]
fn blocks_of_parameters_and_state_do_not_overlap() -> Result<()> {
    for plan in plans()?.iter().filter(|plan| plan.handles.control.is_some()) {
        let handles = &plan.handles;
        assert_eq!([handles.parameters.len(), handles.state.len()], [plan.networks.len(); 2]);
        let mut taken: BTreeMap<usize, Vec<bool>> = BTreeMap::new();
        for (index, network) in plan.networks.iter().enumerate() {
            for tensor in std::iter::once(&handles.parameters[index]).chain(&handles.state[index]) {
                assert_eq!(tensor.len(), network.blocks().len());
                for (region, block) in tensor.iter().zip(network.blocks()) {
                    let words = block.weight.iter().product::<usize>() + block.bias;
                    let buffer = plan.buffer(region.buffer).words();
                    let taken = taken.entry(region.buffer.0).or_insert_with(|| vec![false; buffer]);
                    for word in &mut taken[region.offset..region.offset + words] {
                        assert!(!std::mem::replace(word, true), "{region:?} overlaps another");
                    }
                }
            }
        }
        let used = |role| plan.buffers.iter().enumerate().filter(move |(_, b)| b.role == role);
        for (id, buffer) in used(Role::Parameters).chain(used(Role::OptimizerState)) {
            let all = taken.get(&id).map_or(buffer.shape == [1], |words| words.iter().all(|w| *w));
            assert!(all, "not all of {buffer:?} is a block");
        }
    }
    Ok(())
}

/// Runs every phase on the twins with something in every buffer.
#[test]
fn read_only_bindings_are_never_written() -> Result<()> {
    for plan in plans()? {
        let mut memory = filled(&plan);
        for phase in Phase::ALL {
            memory.run(&plan, phase, &mut |operation, bound| {
                let before: Vec<Vec<u32>> = bound.iter().map(|words| words.to_vec()).collect();
                let kernel = operation.kernel();
                operation.twin(bound);
                for (slot, (before, after)) in kernel.slots().iter().zip(before.iter().zip(bound)) {
                    let kept = slot.access == Access::ReadWrite || before[..] == **after;
                    assert!(kept, "{} writes {}", kernel.stem(), slot.name);
                }
            });
        }
    }
    Ok(())
}

/// What a dispatch reads has been written before it in its phase, or outlives phases.
#[test]
fn nothing_is_read_before_it_is_written() -> Result<()> {
    for plan in plans()? {
        for phase in Phase::ALL {
            let mut known = lasting(&plan);
            for dispatch in plan.phase(phase) {
                for (buffer, access) in dispatch.accesses() {
                    let name = &plan.buffer(buffer).name;
                    let fine = access == Access::ReadWrite || known.contains(&buffer.0);
                    assert!(fine, "{} of {} reads {name}", dispatch.label, phase.name());
                    known.insert(buffer.0);
                }
            }
        }
    }
    Ok(())
}

#[test]
fn every_buffer_fits_the_limits() -> Result<()> {
    for binding_bytes in [128 << 10, 200 << 10, 1 << 20] {
        let limits = Limits { binding_bytes, ..Limits::unlimited("small") };
        for [rows, inputs, batch] in [[4001, 33, 64], [9001, 7, 500], [1200, 100, 300]] {
            let data = random_data(Task::Multiclass, [rows, inputs, 5], 7)?;
            let network = Network::new(inputs, &[60], 5)
                .with_activation(Activation::Sigmoid)
                .with_normalization(Normalization::LayerNorm)
                .with_output(data.task().into());
            let options = TrainOptions { batch_size: BatchSize::Rows(batch), ..options(1) };
            let plan = plan_for(&network, &data, &options, &limits)?;
            let portion = inference(&network, rows, &limits)?;
            for buffer in plan.buffers.iter().chain(&portion.buffers) {
                assert!(buffer.bytes() <= binding_bytes, "{buffer:?} past {binding_bytes}");
            }
            for chunks in [&plan.handles.features, &plan.handles.targets] {
                let ends = chunks.iter().map(|chunk| chunk.first + chunk.rows);
                let starts = chunks.iter().skip(1).map(|chunk| chunk.first).chain([rows]);
                assert!(chunks[0].first == 0 && ends.eq(starts), "gaps in {chunks:?}");
            }
        }
    }
    Ok(())
}

/// Plans of every kind: each activation, normalization, task, optimizer and batch.
fn plans() -> Result<Vec<Plan>> {
    let momentum = Optimizer::Sgd { lr: 0.1, momentum: 0.9, nesterov: true, weight_decay: 0.1 };
    let mut plans = Vec::new();
    for &activation in Activation::ALL {
        for &task in Task::ALL {
            let norm = Normalization::LayerNorm;
            let bare = [&[][..], &[6], &[9, 7]].map(|hidden| (hidden, Normalization::None));
            for (hidden, normalization) in bare.into_iter().chain([(&[9, 7][..], norm)]) {
                let network = Network::new(5, hidden, 3)
                    .with_normalization(normalization)
                    .with_activation(activation)
                    .with_output(task.into());
                for (optimizer, batch_size) in [
                    (Optimizer::sgd(0.1), BatchSize::Full),
                    (momentum, BatchSize::Rows(8)),
                    (Optimizer::adam(0.1), BatchSize::Rows(1)),
                ] {
                    let gradients = Gradients::Kept;
                    let options = TrainOptions { optimizer, batch_size, gradients, ..options(1) };
                    plans.push(plan_of(&network, task, options.clone())?);
                    // One row at a time, or so.
                    let mut memory = plans.last().map_or(0, Plan::bytes);
                    while plans.last().is_some_and(|plan| plan.micro_batches() < plan.batch) {
                        memory = memory.saturating_sub(200);
                        let narrow = TrainOptions { memory: Some(memory), ..options.clone() };
                        match plan_of(&network, task, narrow) {
                            Ok(plan) => plans.push(plan),
                            Err(_) => break,
                        }
                    }
                }
                plans.push(inference(&network, ROWS, &Limits::unlimited("any"))?);
            }
        }
    }
    Ok(plans)
}

fn plan_of(network: &Network, task: Task, options: TrainOptions) -> Result<Plan> {
    let data = random_data(task, [ROWS, network.inputs, network.outputs], 8)?;
    plan_for(network, &data, &options, &Limits::unlimited("any"))
}

fn all_dispatches(plan: &Plan) -> impl Iterator<Item = &halfplane::low_level::plan::Dispatch> {
    Phase::ALL.into_iter().flat_map(|phase| plan.phase(phase))
}

/// How often each kernel is dispatched.
fn count(plan: &Plan, phase: Phase) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for dispatch in plan.phase(phase) {
        *counts.entry(dispatch.operation.kernel().stem()).or_default() += 1;
    }
    counts
}

fn counted(lists: &[&[(&'static str, usize)]]) -> BTreeMap<&'static str, usize> {
    lists.concat().into_iter().collect()
}

/// Buffers that hold something before a phase begins.
fn lasting(plan: &Plan) -> BTreeSet<usize> {
    let handles = &plan.handles;
    let examined = handles.evaluation.map(|evaluation| evaluation.control);
    let controls = [handles.control, examined, handles.predict_control];
    let roles = [Role::Data, Role::Parameters, Role::OptimizerState];
    let by_role = (0..plan.buffers.len()).filter(|&id| roles.contains(&plan.buffers[id].role));
    let by_handle = controls.into_iter().chain([handles.input]).flatten().map(|id| id.0);
    by_role.chain(by_handle).collect()
}

/// The buffers of a plan, with something in each and the counters as they should be.
fn filled(plan: &Plan) -> Memory {
    let mut memory = Memory::new(plan);
    for id in 0..plan.buffers.len() {
        memory.words_mut(BufferId(id)).fill(0.1f32.to_bits());
    }
    let handles = &plan.handles;
    let mut set = |id: Option<BufferId>, control: Control| {
        if let Some(id) = id {
            memory.words_mut(id).copy_from_slice(&control.to_words());
        }
    };
    let at = |rows: usize| Control::at(0, plan.rows, rows.max(1));
    set(handles.control, at(plan.batch));
    set(handles.evaluation.map(|evaluation| evaluation.control), at(plan.evaluate_rows));
    set(handles.predict_control, Control::of_rows(plan.predict_rows));
    memory
}
