//! The `fused` strategy: a tile of rows goes forward and backward through all layers while it is in the
//! cache, strands of tiles side by side, their gradients summed in the strands' order.
//!
//! Three dispatches a step, whatever the depth. On the CPU threads take strands, on a GPU
//! workgroups.

use super::{
    Chunk, DeviceKind, Dispatch, Examination, Limits, Outline, Phase, Plan, PlanBuilder, Region,
    Role, Training, Validation, print,
};
use crate::kernels::{
    Element, Function, FusedGradient, FusedTiling, FusedUpdate, MOST_WIDTHS, Metrics, Pass, Update,
    fused_gradient, fused_update, metrics,
};
use crate::spec::{Shuffle, Strategy};
use crate::{Error, Result};

/// Entries of the ring of losses.
const HISTORY: usize = 1 << 14;

/// Rows of a tile: enough that a matrix product reaches the speed of a large one, few enough that
/// a tile's activations stay in the L2 cache.
const TILE: usize = 128;

/// Rows of a strand, at least: below this a matrix product loses more than a thread wins.
const STRAND: usize = 64;

/// Rows of a strand of a large batch: each strand's gradient is written and added up, which takes little
/// beside so many rows.
const LONG_STRAND: usize = 512;

/// Strands of a batch on the CPU, at least where it has rows for them, and at most.
const STRANDS: [usize; 2] = [2, 16];

/// Rows that an evaluation takes at once, at least.
const PORTION: usize = 4096;

/// Strands of a batch on a GPU, at most: as many workgroups as a large one runs at a time, and as
/// many gradients as are soon added up.
const MOST_STRANDS: usize = 512;

/// Tiles of a batch that a GPU should have: one for each of its units.
const ENOUGH_TILES: usize = 128;

/// Rows of a tile that there are, the most first, and units.
const ROWS: [u32; 4] = [128, 64, 32, 16];
const UNITS: [u32; 5] = [16, 32, 64, 128, 256];

/// Threads that a workgroup should have where there are as many, and where there are fewer: then it
/// has a unit to itself.
const ENOUGH_THREADS: [u32; 2] = [64, 128];

/// Parameters up to which it was measured to be ahead.
const MOST_PARAMETERS: u64 = 250_000;

/// And for each row of the batch.
const MOST_OF_A_ROW: u64 = 1000;

/// Whether `auto` picks this strategy: where each thread has a strand of its own, and the
/// strands' gradients are cheap to add up.
///
/// Measured on two cores with batches of 128 to 8,192 rows, the most in smaller ones: 16-32-1 takes
/// 0.60 to 0.73 of the layered strategy's time, 64-128-64-1 0.61 to 0.90, 784-64-10 (51,000 parameters)
/// 0.71 to 0.91, 784-128-10 (102,000) 0.45 to 1.00, 784-256-128-10 (235,000) 0.54 to 0.93 from 256
/// rows on, 512-512-512-1 (526,000) 0.92 to 1.16. With 128 rows 256-256-256-10 (134,000) and
/// 784-256-128-10 take 0.93 to 1.05 of it, and the workload `mnist` 1.03 to 1.13: then the layered
/// strategy is the better one, which loses less where a core is slow.
pub(super) fn pays(request: &Training<'_>, limits: &Limits) -> bool {
    limits.kind == DeviceKind::Cpu
        && request.lacks(Strategy::Fused).is_none()
        && request.network.parameters() <= MOST_PARAMETERS.min(MOST_OF_A_ROW * request.batch as u64)
        && request.batch >= 2 * STRAND
}

/// Strands of a batch on the CPU: the fewest, where there is no room for more, and as many as are worth
/// their gradients. They do not depend on the number of threads, so that the numbers do not.
fn strands(batch: usize) -> [usize; 2] {
    let [fewest, most] = STRANDS;
    [fewest, (batch / LONG_STRAND).clamp(fewest, most)].map(|all| all.min(batch / STRAND).max(1))
}

/// How a GPU's workgroups take a batch: tiles as large as there is room for, but enough of them.
///
/// # Errors
/// [`Error::Invalid`] where a layer is too wide, the network too deep, or there is no room.
fn tiling(request: &Training<'_>, limits: &Limits) -> Result<FusedTiling> {
    let widths = request.network.widths();
    let layers = widths.len() - 1;
    let widest = widths.iter().copied().max().unwrap_or(1);
    let [.., most] = UNITS;
    if layers >= MOST_WIDTHS {
        let most = MOST_WIDTHS - 1;
        return Err(refused(request, limits, &format!("takes up to {most} layers, not {layers}")));
    }
    let Some(units) = UNITS.into_iter().find(|units| *units as usize >= widest) else {
        let why = format!("takes layers of up to {most} inputs and units, not {widest}");
        return Err(refused(request, limits, &why));
    };
    let enough = |rows: &u32| request.batch.div_ceil(*rows as usize) >= ENOUGH_TILES;
    let [many, few] = ENOUGH_THREADS;
    let [.., fewest] = ROWS;
    let large = ROWS.into_iter().filter(enough).map(|rows| (rows, many));
    large
        .chain([(fewest, few), (fewest, many)])
        .find_map(|(rows, threads)| share([rows, units], threads, limits))
        .ok_or_else(|| {
            let memory = print::bytes(limits.workgroup_bytes);
            let why = format!("has no room for {widest} units in {memory} of workgroup memory");
            refused(request, limits, &why)
        })
}

fn refused(request: &Training<'_>, limits: &Limits, why: &str) -> Error {
    Error::invalid(
        format!(
            "the fused strategy on {} {why} (the network is {})",
            limits.device, request.network
        ),
        "use the layered strategy, or the device cpu",
    )
}

/// So many rows and units among a workgroup's threads: as many of either to a thread as leaves enough
/// threads.
fn share([rows, units]: [u32; 2], threads: u32, limits: &Limits) -> Option<FusedTiling> {
    let quads = [(2, 2), (1, 2), (2, 1), (1, 1)].map(|(quads_m, quads_n)| FusedTiling {
        threads_m: rows / (4 * quads_m),
        threads_n: units / (4 * quads_n),
        quads_m,
        quads_n,
        depth: 0,
        chunk: 0,
    });
    let [.., single] = quads;
    let shared = quads.into_iter().find(|tiling| tiling.threads() >= threads).unwrap_or(single);
    let staged = [32, 16, 8, 4].map(|most| FusedTiling {
        depth: most.min(shared.threads()),
        chunk: most.min(rows),
        ..shared
    });
    staged.into_iter().find(|tiling| limits.runs_fused(*tiling))
}

impl FusedGradient {
    /// The same for a batch of so many rows on a GPU, in strands of so few tiles that the driver's
    /// loops go on for them, and so few strands that there is room for their gradients. Nothing where
    /// both cannot be, and on the CPU.
    fn in_tiles(self, batch: usize, limits: &Limits) -> Option<Self> {
        let tiling = self.tiling?;
        let most_tiles = match limits.loop_limit {
            // Before the tiles and after them.
            Some(limit) => {
                let around = self.parameters() / tiling.threads() as usize + tiling.rows();
                (limit as usize).saturating_sub(around) / self.iterations()
            }
            None => usize::MAX,
        };
        let of_a_strand = self.parameters().max(self.tile_words());
        let room = (limits.tensor_bytes() / 4) as usize / of_a_strand;
        let tiles = batch.div_ceil(tiling.rows());
        let each = tiles.div_ceil(MOST_STRANDS.min(room).max(1));
        (each <= most_tiles && room > 0).then(|| Self {
            batch,
            strands: tiles.div_ceil(each),
            ..self
        })
    }
}

/// Plans the training of a network: phases step and evaluate.
///
/// # Errors
/// As [`super::training`].
pub(super) fn training(request: &Training<'_>, limits: &Limits) -> Result<Plan> {
    request.check()?;
    request.check_for(Strategy::Fused)?;
    let [few, many] = strands(request.batch);
    // A batch of all rows has no order worth shuffling.
    let full = request.batch == request.rows;
    let in_strands = |strands: usize| FusedGradient {
        widths: request.network.widths(),
        function: Function::Of(request.network.activation),
        criterion: request.criterion(),
        pass: Pass::Train,
        count: request.rows,
        batch: request.batch,
        shuffle: if full { Shuffle::Never } else { request.shuffle },
        seed: request.seed,
        strands,
        tile: TILE.min(request.batch.div_ceil(strands)),
        tiling: None,
    };
    let remedy = "train on fewer rows, or on fewer units";
    let plan = |step| finish(PlanBuilder::new(limits, remedy), request, step);
    match limits.kind {
        // Where there is no room for many gradients, there may be for few.
        DeviceKind::Cpu => plan(in_strands(many)).or_else(|_| plan(in_strands(few))),
        DeviceKind::Gpu | DeviceKind::Software => {
            let tiling = tiling(request, limits)?;
            let tiled =
                FusedGradient { tile: tiling.rows(), tiling: Some(tiling), ..in_strands(1) };
            let why = "has no room for as many strands as a batch takes";
            plan(tiled.in_tiles(request.batch, limits).ok_or_else(|| {
                refused(request, limits, &format!("{why} of {} rows", request.batch))
            })?)
        }
    }
}

/// What tells loss and score of so many rows, in order.
fn examination(step: &FusedGradient, rows: usize, limits: &Limits) -> FusedGradient {
    let (pass, shuffle) = (Pass::Evaluate, Shuffle::Never);
    let examination = FusedGradient { pass, shuffle, count: rows, ..step.clone() };
    let portion = match step.tiling {
        None => PORTION,
        Some(tiling) => MOST_STRANDS * tiling.rows(),
    };
    let batch = step.batch.max(portion).min(rows);
    let tiled = examination.clone().in_tiles(batch, limits);
    tiled.unwrap_or(FusedGradient { batch, ..examination })
}

/// All of the plan.
fn finish(
    mut builder: PlanBuilder<'_>,
    request: &Training<'_>,
    step: FusedGradient,
) -> Result<Plan> {
    let (rows, strands, words) = (request.rows, step.strands, step.parameters());
    let evaluate = examination(&step, rows, builder.limits);
    let validate =
        (request.validation > 0).then(|| examination(&step, request.validation, builder.limits));
    let update = Update::of(request.optimizer);
    let (x, t) = builder.data("data", rows, request)?;
    let parameters = builder.buffer("parameters", Element::F32, vec![words], Role::Parameters)?;
    let tensors = update.state().len();
    let shape = vec![tensors, words];
    let state = builder.buffer("state", Element::F32, shape, Role::OptimizerState)?;
    let gradients =
        builder.buffer("gradients", Element::F32, vec![strands, words], Role::Gradients)?;
    let parts = |pass: &FusedGradient| pass.parts().unwrap_or(pass.batch);
    let most = validate.as_ref().map_or(0, parts).max(parts(&evaluate)).max(parts(&step));
    let row_metrics =
        builder.buffer("row_metrics", Element::F32, vec![most, 2], Role::Bookkeeping)?;
    let shape = vec![strands, step.tile_words()];
    let scratch = builder.buffer("scratch", Element::F32, shape, Role::Activations)?;
    let control = builder.control("control", 1)?;
    let history = builder.history("history", 1, HISTORY)?;
    let steps = |pass: &FusedGradient| pass.count.div_ceil(pass.batch);
    let evaluation = builder.examination(Phase::Evaluate, 1, steps(&evaluate))?;

    let update = Dispatch::new(
        "network",
        FusedUpdate {
            widths: step.widths.clone(),
            parameters: words,
            strands,
            update,
            lr: request.optimizer.lr() as f32,
            hyper: request.hyper(),
        },
        fused_update::Bindings { control, gradients, parameters, state },
    );
    let gradient = |pass: &FusedGradient, control, (data_x, data_t)| {
        let bindings = fused_gradient::Bindings {
            control,
            data_x,
            data_t,
            parameters,
            gradients,
            row_metrics,
            scratch,
        };
        Dispatch::new("network", pass.clone(), bindings)
    };
    let end = |pass: &FusedGradient, capacity, control, history| {
        let (rows, count, parts) = (pass.batch, pass.count, pass.parts());
        let bindings = metrics::Bindings { control, row_metrics, history };
        Dispatch::new("step", Metrics { rows, count, capacity, parts }, bindings)
    };
    let examine = |pass: &FusedGradient, own: Examination, data| {
        let capacity = steps(pass);
        let Examination { control, history } = own;
        vec![gradient(pass, control, data), end(pass, capacity, control, history)]
    };
    if let Some(pass) = &validate {
        let rows = pass.count;
        let (x, t) = builder.data("validation", rows, request)?;
        let examination = builder.examination(Phase::Validate, 1, steps(pass))?;
        builder.phase(Phase::Validate, examine(pass, examination, (x, t)));
        builder.handles.validation = Some(Validation {
            features: vec![Chunk::whole(x, rows)],
            targets: vec![Chunk::whole(t, rows)],
            members: None,
            examination,
            rows,
            portion: pass.batch,
        });
    }
    builder.phase(Phase::Evaluate, examine(&evaluate, evaluation, (x, t)));
    let mut list = request.scheduled(control);
    list.extend([gradient(&step, control, (x, t)), update, end(&step, HISTORY, control, history)]);
    builder.phase(Phase::Step, list);

    let mut offset = 0;
    let mut blocks = Vec::new();
    for layer in step.layers() {
        blocks.push(Region { buffer: parameters, offset });
        offset += layer.parameters();
    }
    let tensor = |number: usize| {
        let of = |block: &Region| Region { buffer: state, offset: number * words + block.offset };
        blocks.iter().map(of).collect()
    };
    let handles = &mut builder.handles;
    handles.features = vec![Chunk::whole(x, rows)];
    handles.targets = vec![Chunk::whole(t, rows)];
    handles.state = vec![(0..tensors).map(tensor).collect()];
    handles.parameters = vec![blocks];
    handles.control = Some(control);
    handles.history = Some(history);
    handles.evaluation = Some(evaluation);
    let outline = Outline {
        rows,
        batch: request.batch,
        evaluate_rows: evaluate.batch,
        ..Outline::new(vec![request.network.clone()], Strategy::Fused)
    };
    builder.finish(outline, |_, _| "use the layered strategy".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gpu(workgroup_bytes: u64) -> Limits {
        let (kind, invocations) = (DeviceKind::Gpu, 256);
        Limits { kind, invocations, workgroup_bytes, ..Limits::unlimited("gpu") }
    }

    #[test]
    fn large_batches_have_more_strands() {
        for (batch, expected) in [
            (100, [1, 1]),
            (128, [2, 2]),
            (1535, [2, 2]),
            (2048, [2, 4]),
            (65_536, [2, 16]),
            (1 << 20, [2, 16]),
        ] {
            assert_eq!(strands(batch), expected, "{batch} rows");
        }
    }

    /// What `fused_gradient.wgsl` builds upon.
    #[test]
    fn tiles_are_laid_out_as_the_shader_takes_them() {
        for rows in ROWS {
            for units in UNITS {
                for (threads, kibibytes) in [(64, 16), (64, 32), (64, 48), (128, 48), (128, 64)] {
                    let limits = gpu(kibibytes << 10);
                    let Some(tiling) = share([rows, units], threads, &limits) else { continue };
                    assert_eq!([tiling.rows(), tiling.units()], [rows, units].map(|n| n as usize));
                    let FusedTiling { threads_m, threads_n, quads_m, quads_n, depth, chunk } =
                        tiling;
                    assert!(
                        threads_m.is_multiple_of(2) && threads_n.is_multiple_of(threads_n.min(8))
                    );
                    assert!([quads_m, quads_n].iter().all(|quads| [1, 2].contains(quads)));
                    assert!(tiling.threads().is_multiple_of(depth), "{tiling:?}");
                    assert!(tiling.threads().is_multiple_of(units / 4), "{tiling:?}");
                    assert!(chunk.is_multiple_of(4) && rows.is_multiple_of(chunk), "{tiling:?}");
                    assert!(tiling.threads() >= rows / 4, "a thread for each quad of rows");
                }
            }
        }
    }

    #[test]
    fn every_device_has_room_for_narrow_layers() {
        // What WebGPU promises everywhere, and what most have.
        assert!(share([64, 32], 64, &gpu(16 << 10)).is_some());
        assert!(share([16, 128], 64, &gpu(16 << 10)).is_some());
        assert!(share([64, 64], 64, &gpu(32 << 10)).is_some());
        assert_eq!(share([128, 64], 64, &gpu(48 << 10)).map(FusedTiling::threads), Some(128));
        assert_eq!(share([128, 128], 64, &gpu(48 << 10)), None);
    }
}
