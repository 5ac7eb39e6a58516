//! A batch through all layers and back while it is in the cache: the batch is cut into strands, each
//! strand into tiles of rows, and a tile goes forward, through the loss and backward before the next
//! one. Every strand leaves a gradient; `fused_update` adds them up.

use super::network::ReferenceNetwork;
use super::order::{RowOrder, seed_of};
use super::shader::{ACTIVATION_FOUR, BLOCKS, CONTROL, FOLD, MATH, ORDER, WIDTHS, piece};
use super::{
    Contract, Control, Cost, Criterion, Function, Module, Views, bindings, immediates, widths,
};
use crate::spec::{Layer, Shuffle};

/// How far the rows go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// Forward, to the loss.
    Evaluate,
    /// Forward and backward.
    Train,
}

/// How a workgroup shares a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FusedTiling {
    /// Threads along the rows, an even number.
    pub threads_m: u32,
    /// Threads along the units of a layer.
    pub threads_n: u32,
    /// Quads of rows that a thread has: 1 or 2.
    pub quads_m: u32,
    /// Quads of units: 1 or 2.
    pub quads_n: u32,
    /// Weights are staged for so many of what a product sums over: a number that divides the threads'.
    pub depth: u32,
    /// And a layer's inputs for so many rows, a multiple of 4 that divides a tile's.
    pub chunk: u32,
}

impl FusedTiling {
    /// Rows of a tile.
    pub const fn rows(self) -> usize {
        4 * (self.quads_m * self.threads_m) as usize
    }

    /// Units of a layer, at most.
    pub const fn units(self) -> usize {
        4 * (self.quads_n * self.threads_n) as usize
    }

    /// Threads of a workgroup.
    pub const fn threads(self) -> u32 {
        self.threads_m * self.threads_n
    }

    /// Quads of workgroup memory: for a layer's tile, and for what is staged.
    const fn quads(self) -> [usize; 2] {
        let depth = self.depth as usize;
        let weights = depth * (self.units() / 4 + 1);
        let inputs = self.units() * (self.chunk as usize / 4 + 1);
        let stage = if weights > inputs { weights } else { inputs };
        [self.units() * (self.rows() / 4 + 1), stage]
    }

    /// Bytes of workgroup memory.
    pub const fn workgroup_bytes(self) -> u64 {
        let [tile, stage] = self.quads();
        // Beside them the rows' numbers, and a sum for four of them.
        (16 * (tile + stage) + 6 * self.rows()) as u64
    }
}

/// A batch's loss and gradient, strand by strand.
#[derive(Clone, Debug, PartialEq)]
pub struct FusedGradient {
    /// The widths of the layers, input first.
    pub widths: Vec<usize>,
    /// The activation of the hidden layers.
    pub function: Function,
    /// What is minimised.
    pub criterion: Criterion,
    /// How far the rows go.
    pub pass: Pass,
    /// Rows in the data set, N.
    pub count: usize,
    /// Rows in a batch, B.
    pub batch: usize,
    /// The order.
    pub shuffle: Shuffle,
    /// The order's seed.
    pub seed: u64,
    /// Strands, S: their number fixes the order of the sums, whatever the order they run in.
    pub strands: usize,
    /// Rows that go through at once, R.
    pub tile: usize,
    /// How the threads of a GPU share them; the CPU's take a strand at a time.
    pub tiling: Option<FusedTiling>,
}

immediates! { pub(crate) struct Immediates { count: u32, batch: u32, strands: u32, seed: u32 } }

impl FusedGradient {
    /// The dense layers.
    pub fn layers(&self) -> impl DoubleEndedIterator<Item = Layer> + ExactSizeIterator + '_ {
        Layer::between(&self.widths)
    }

    /// Parameters of all layers, P.
    pub fn parameters(&self) -> usize {
        self.layers().map(|layer| layer.parameters()).sum()
    }

    /// Numbers in a prediction.
    pub fn outputs(&self) -> usize {
        self.widths[self.widths.len() - 1]
    }

    /// Words in a row of targets.
    pub fn target_columns(&self) -> usize {
        self.criterion.target_columns(self.outputs())
    }

    /// Loop iterations of one thread for a tile, at most, as llvmpipe counts them: a loop of n costs
    /// n + 2, and both sides of a branch are walked.
    /// None are counted where a tile is not a workgroup's.
    pub(crate) fn iterations(&self) -> usize {
        const LOOP: usize = 2;
        let Some(tiling) = self.tiling else { return 0 };
        let threads = tiling.threads() as usize;
        let [rows, units] = [tiling.rows(), tiling.units()];
        let [depth, chunk] = [tiling.depth as usize, tiling.chunk as usize];
        let shared =
            |elements: usize, inner: usize| LOOP + elements.div_ceil(threads) * (1 + inner);
        let product = |sums: usize| {
            let stage = shared(depth * units / 4, 0);
            LOOP + sums.div_ceil(depth) * (1 + stage + LOOP) + sums
        };
        // A shuffled row is found by walks of three rounds: two on average, a dozen at the worst.
        let gather = shared(rows, 64) + shared(self.widths[0] * rows / 4, 0);
        let losses = LOOP + 4 * (1 + 4 * (LOOP + self.outputs()));
        let layer = |layer: Layer| {
            let blocks = layer.outputs.div_ceil(4 * tiling.threads_m as usize);
            let block = LOOP + rows / chunk * (1 + shared(units * chunk / 4, 0) + LOOP + chunk / 4);
            let biases = shared(layer.outputs, LOOP + rows / 4);
            let products = product(layer.inputs) + product(layer.outputs);
            2 + products + LOOP + blocks * (1 + block) + biases
        };
        1 + gather + losses + 2 * LOOP + self.layers().map(layer).sum::<usize>()
    }

    /// Losses and scores that it leaves: those of each row or, from a GPU, their sums of each strand.
    pub fn parts(&self) -> Option<usize> {
        self.tiling.map(|_| self.strands)
    }

    /// Rows of a strand.
    pub fn strand_rows(&self) -> usize {
        self.batch.div_ceil(self.strands)
    }

    /// The rows of strand `index` in a batch of `rows`.
    pub fn strand(&self, index: usize, rows: usize) -> std::ops::Range<usize> {
        let most = self.strand_rows();
        (index * most).min(rows)..((index + 1) * most).min(rows)
    }

    /// The order of the rows.
    pub(crate) fn order(&self) -> RowOrder {
        RowOrder::new(0..self.count, self.shuffle, self.seed)
    }

    /// Units of the hidden layers.
    fn hidden(&self) -> usize {
        self.widths[1..self.widths.len() - 1].iter().sum()
    }

    /// Words of a row that a tile keeps for the backward pass: x, y of the hidden layers, and z where the
    /// activation's derivative needs it.
    fn kept(&self) -> usize {
        let times = if self.function.keeps_z() { 2 } else { 1 };
        self.widths[0] + times * self.hidden()
    }

    /// Words of scratch memory that a strand takes: what is kept of a tile and, where no workgroup
    /// memory holds them, the last z, the targets, and d_z of two neighbouring layers.
    pub fn tile_words(&self) -> usize {
        let rest = match self.tiling {
            Some(_) => 0,
            None => self.outputs() + self.target_columns() + 2 * self.widest(),
        };
        self.tile * (self.kept() + rest)
    }

    /// Units of the widest layer.
    pub fn widest(&self) -> usize {
        self.widths[1..].iter().copied().max().unwrap_or(1)
    }
}

bindings! {
    FusedGradient {
        read control: Control [1],
        read data_x: f32 [N, I],
        read data_t: u32 [N, T],
        read parameters: f32 [P],
        write gradients: f32 [S, P],
        write row_metrics: [f32; 2] [B],
        write scratch: f32 [S, tile],
    }
}

impl Contract for FusedGradient {
    type Immediates = Immediates;

    fn stem(&self) -> &'static str {
        "fused_gradient"
    }

    fn modules(&self) -> Vec<Module> {
        vec![
            CONTROL,
            FOLD,
            MATH,
            self.function.piece(),
            ACTIVATION_FOUR,
            BLOCKS,
            ORDER,
            WIDTHS,
            self.criterion.piece(),
            piece!("fused_gradient"),
        ]
    }

    fn overrides(&self) -> Vec<(&'static str, f64)> {
        let flag = |set: bool| f64::from(u8::from(set));
        let mut overrides = self.criterion.overrides();
        overrides.extend([
            ("LAYERS", self.widths.len() as f64 - 1.0),
            ("COUNT", self.parameters() as f64),
            ("HIDDEN", self.hidden() as f64),
            ("KEPT", self.kept() as f64),
            ("KEEP_Z", flag(self.function.keeps_z())),
            ("SHUFFLE", flag(self.shuffle == Shuffle::EveryEpoch)),
            ("TRAIN", flag(self.pass == Pass::Train)),
        ]);
        overrides.extend(widths::overrides(&self.widths));
        if let Some(tiling) = self.tiling {
            let [tile, stage] = tiling.quads();
            overrides.extend([
                ("THREADS_M", f64::from(tiling.threads_m)),
                ("THREADS_N", f64::from(tiling.threads_n)),
                ("QUADS_M", f64::from(tiling.quads_m)),
                ("QUADS_N", f64::from(tiling.quads_n)),
                ("ROWS", tiling.rows() as f64),
                ("ROW_QUADS", (tiling.rows() / 4) as f64),
                ("UNITS", tiling.units() as f64),
                ("DEPTH", f64::from(tiling.depth)),
                ("CHUNK", f64::from(tiling.chunk)),
                ("TILE", tile as f64),
                ("STAGE", stage as f64),
            ]);
        }
        overrides
    }

    fn immediates(&self) -> Immediates {
        Immediates {
            count: self.count as u32,
            batch: self.batch as u32,
            strands: self.strands as u32,
            seed: seed_of(self.seed),
        }
    }

    fn workgroups(&self) -> u64 {
        self.strands as u64
    }

    fn describe(&self) -> String {
        let widths: Vec<String> = self.widths.iter().map(usize::to_string).collect();
        let ways = match self.pass {
            Pass::Evaluate => "forward",
            Pass::Train => "forward and backward",
        };
        let Self { batch, strands, tile, .. } = self;
        let strand = match strands {
            1 => "1 strand".to_owned(),
            _ => format!("{strands} strands of {}", self.strand_rows()),
        };
        format!("[{batch}] rows through {} {ways}; {strand}, tiles of {tile}", widths.join("-"))
    }

    fn cost(&self) -> Cost {
        let b = self.batch as u64;
        let forward: u64 =
            b * self.layers().map(|l| (l.outputs * (2 * l.inputs + 1)) as u64).sum::<u64>();
        let rows = 4 * b * (self.widths[0] + self.target_columns()) as u64;
        let parameters = 4 * self.parameters() as u64;
        match self.pass {
            Pass::Evaluate => Cost { flops: forward, bytes: rows + parameters },
            Pass::Train => {
                let first = 2 * b * (self.widths[0] * self.widths[1]) as u64;
                let gradients = self.strands as u64 * parameters;
                Cost { flops: 3 * forward - first, bytes: rows + parameters + gradients }
            }
        }
    }

    fn twin(&self, bound: Bindings<Views<'_>>) {
        let Bindings { control, data_x, data_t, parameters, gradients, row_metrics, .. } = bound;
        let control = control[0];
        let data = (data_x, data_t);
        let Self { function, criterion, .. } = *self;
        let network = ReferenceNetwork {
            widths: &self.widths,
            function,
            criterion,
            dropout: &[],
            shares: &[],
        };
        let rows: Vec<usize> = self.order().rows(control, 0..control.rows as usize).collect();
        let p = self.parameters();
        for strand in 0..self.strands {
            let range = self.strand(strand, rows.len());
            let own = &rows[range.clone()];
            let (metrics, gradient) = network.gradient(own, data, &parameters[..p], rows.len());
            match self.parts() {
                None => row_metrics[range].copy_from_slice(&metrics),
                Some(_) => {
                    let sum = |which: usize| metrics.iter().map(|of_row| of_row[which]).sum();
                    row_metrics[strand] = [sum(0), sum(1)];
                }
            }
            if self.pass == Pass::Train {
                gradients[strand * p..(strand + 1) * p].copy_from_slice(&gradient);
            }
        }
    }
}
