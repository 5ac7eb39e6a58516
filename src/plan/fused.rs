//! The `fused` way: a tile of rows goes forward and backward through all layers while it is in the
//! cache, strands of tiles side by side, their gradients summed in the strands' order.
//!
//! Three dispatches a step, whatever the depth. So far only the CPU path runs them.

use super::batch::target_columns;
use super::layered::check;
use super::{
    Buffer, BufferId, Chunk, DeviceKind, Dispatch, Gradients, Handles, Limits, Plan, Region, Role,
    Training,
};
use crate::kernels::{
    Control, Function, FusedGradient, FusedUpdate, Hyper, Metrics, Operation, Pass, Update,
};
use crate::spec::{Shuffle, Strategy};
use crate::{Error, Result};

/// Entries of the ring of losses.
const HISTORY: usize = 1 << 14;

/// Rows of a tile: enough that a matrix product reaches the speed of a large one, few enough that
/// a tile's activations stay in the second cache.
const TILE: usize = 128;

/// Rows of a strand, at least: below this a matrix product loses more than a thread wins.
const STRAND: usize = 64;

/// Rows that an evaluation takes at once, at least.
const PORTION: usize = 4096;

/// Parameters up to which it was measured to be ahead.
const MOST_PARAMETERS: u64 = 100_000;

/// Whether `auto` trains a network this way: where each thread has a strand of its own, and the
/// strands' gradients are cheap to add up.
///
/// Measured on two cores with batches of 64 to 8,192 rows: 16-32-1 takes 0.44 to 0.64 of the
/// layered way's time from 128 rows on, 64-128-64-1 0.7 to 0.8, 64-256-256-1 (83,000 parameters)
/// 0.8 to 1.0; with 100,000 parameters and more both take the same, or the layered way less.
pub(super) fn pays(request: &Training<'_>, limits: &Limits) -> bool {
    limits.kind == DeviceKind::Cpu
        && request.gradients == Gradients::Fused
        && request.network.parameters() <= MOST_PARAMETERS
        && request.batch >= 2 * STRAND
}

/// Strands of a batch: one for each thread, for each strand more is a gradient more to write and
/// to add up. So a run is the same to the bit only on as many threads.
fn strands(batch: usize, limits: &Limits) -> usize {
    limits.threads.min(batch / STRAND).max(1)
}

/// Plans the training of a network: phases step and evaluate.
///
/// # Errors
/// As [`super::training`].
pub(super) fn training(request: &Training<'_>, limits: &Limits) -> Result<Plan> {
    check(request)?;
    if limits.kind != DeviceKind::Cpu {
        return Err(Error::invalid(
            format!("the fused strategy runs on the CPU only, not on {}", limits.device),
            "use the layered strategy, or the device cpu",
        ));
    }
    if request.gradients == Gradients::Kept {
        return Err(Error::invalid(
            "the fused strategy keeps no gradients",
            "use the layered strategy",
        ));
    }
    let strands = strands(request.batch, limits);
    // A batch of all rows has no order worth shuffling.
    let full = request.batch == request.rows;
    let step = FusedGradient {
        widths: request.network.widths(),
        function: Function::Of(request.network.activation),
        loss: request.loss,
        output: request.network.output,
        pass: Pass::Train,
        count: request.rows,
        batch: request.batch,
        shuffle: if full { Shuffle::Never } else { request.shuffle },
        seed: request.seed,
        strands,
        tile: TILE.min(request.batch.div_ceil(strands)),
    };
    let evaluate = FusedGradient {
        pass: Pass::Evaluate,
        batch: request.batch.max(PORTION).min(request.rows),
        shuffle: Shuffle::Never,
        ..step.clone()
    };
    Making { limits, buffers: Vec::new() }.finish(request, step, evaluate)
}

/// A plan in the making.
struct Making<'a> {
    limits: &'a Limits,
    buffers: Vec<Buffer>,
}

impl Making<'_> {
    fn buffer(&mut self, name: &str, shape: Vec<usize>, role: Role) -> Result<BufferId> {
        // No buffer is empty: a binding could not be.
        let shape = if shape.contains(&0) { vec![1] } else { shape };
        let buffer = Buffer { name: name.into(), shape, role };
        self.limits
            .check(name, buffer.bytes(), |_| "train on fewer rows, or on fewer units".into())?;
        self.buffers.push(buffer);
        Ok(BufferId(self.buffers.len() - 1))
    }

    fn finish(
        mut self,
        request: &Training<'_>,
        step: FusedGradient,
        evaluate: FusedGradient,
    ) -> Result<Plan> {
        let (rows, strands, words) = (request.rows, step.strands, step.parameters());
        let update = Update::of(request.optimizer);
        let x = self.buffer("data.x", vec![rows, step.widths[0]], Role::Data)?;
        let t = self.buffer("data.t", vec![rows, target_columns(request)], Role::Data)?;
        let parameters = self.buffer("parameters", vec![words], Role::Parameters)?;
        let memories = vec![update.memories().len(), words];
        let state = self.buffer("optimizer", memories, Role::OptimizerState)?;
        let gradients = self.buffer("gradients", vec![strands, words], Role::Gradients)?;
        let shape = vec![evaluate.batch, 2];
        let row_metrics = self.buffer("row_metrics", shape, Role::Bookkeeping)?;
        let shape = vec![strands, step.tile_words()];
        let scratch = self.buffer("scratch", shape, Role::Activations)?;
        let control = self.buffer("control", vec![Control::WORDS], Role::Bookkeeping)?;
        let history = self.buffer("history", vec![HISTORY, 2], Role::Bookkeeping)?;
        let evaluate_control =
            self.buffer("evaluate.control", vec![Control::WORDS], Role::Bookkeeping)?;
        let portions = rows.div_ceil(evaluate.batch);
        let evaluate_history =
            self.buffer("evaluate.history", vec![portions, 2], Role::Bookkeeping)?;

        let mut at = 0;
        let region = |layer: crate::spec::Layer| {
            let region = Region { buffer: parameters, offset: at };
            at += layer.parameters();
            region
        };
        let handles = Handles {
            features: vec![Chunk { buffer: x, first: 0, rows }],
            targets: vec![Chunk { buffer: t, first: 0, rows }],
            parameters: vec![step.layers().map(region).collect()],
            state: vec![state],
            control: Some(control),
            history: Some(history),
            evaluate_control: Some(evaluate_control),
            evaluate_history: Some(evaluate_history),
            ..Handles::default()
        };
        let update = FusedUpdate {
            parameters: words,
            strands,
            update,
            lr: request.optimizer.lr() as f32,
            hyper: Hyper::of(request.optimizer),
        };
        let gradient = |gradient: &FusedGradient, control| Dispatch {
            label: "network".into(),
            operation: Operation::FusedGradient(gradient.clone()),
            bindings: vec![control, x, t, parameters, gradients, row_metrics, scratch],
        };
        let end = |batch, capacity, control, history| Dispatch {
            label: "step".into(),
            operation: Operation::Metrics(Metrics { rows: batch, count: rows, capacity }),
            bindings: vec![control, row_metrics, history],
        };
        let phases = [
            vec![
                gradient(&step, control),
                Dispatch {
                    label: "network".into(),
                    operation: Operation::FusedUpdate(update),
                    bindings: vec![control, gradients, parameters, state],
                },
                end(step.batch, HISTORY, control, history),
            ],
            Vec::new(),
            vec![
                gradient(&evaluate, evaluate_control),
                end(evaluate.batch, portions, evaluate_control, evaluate_history),
            ],
            Vec::new(),
        ];
        let plan = Plan {
            networks: vec![request.network.clone()],
            strategy: Strategy::Fused,
            rows,
            batch: request.batch,
            evaluate_rows: evaluate.batch,
            predict_rows: 0,
            buffers: self.buffers,
            phases,
            handles,
        };
        self.limits.check_total(plan.bytes(), |_| "use the layered strategy".into())?;
        Ok(plan)
    }
}
