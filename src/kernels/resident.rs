//! Many steps of many networks in one dispatch, one network per workgroup (`shaders/resident.wgsl`)
//! or per thread (`shaders/thread_per_network.wgsl`).

use super::learning_rate::RateTerms;
use super::member::Member;
use super::network::ReferenceNetwork;
use super::optimizer::{Formula, Hyper};
use super::order::{RowOrder, seed_of};
use super::shader::{ADVANCE, CONTROL, FOLD, MATH, OPTIMIZER, ORDER, RATE, WIDTHS, piece};
use super::{
    Contract, Control, Cost, Criterion, Function, Module, Update, Views, Words, bindings, dropout,
    immediates, thread_per_network, widths,
};
use crate::spec::{Layer, Shuffle};

/// What stands in workgroup memory; the rest stays in storage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Placement {
    /// The parameters.
    pub parameters: bool,
    /// The optimizer's state; only together with the parameters.
    pub state: bool,
    /// The batch's activations and their gradients.
    pub rows: bool,
}

/// What a thread computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThreadMapping {
    /// Elements of a layer's output, of any row: work for the most threads, with a barrier after every
    /// layer.
    Elements,
    /// A row of the batch through all layers, forward and backward: two barriers a step.
    Rows,
    /// A network, without barriers. All networks have one shape, for which the passes are written out;
    /// it should be small.
    Networks,
}

/// The steps of a grid of networks.
#[derive(Clone, Debug, PartialEq)]
pub struct Resident {
    /// The networks.
    pub members: Vec<Member>,
    /// Their activation.
    pub function: Function,
    /// What they minimise.
    pub criterion: Criterion,
    /// The update; [`Update::Gradient`] only evaluates, without dropout.
    pub update: Update,
    /// The order of the rows.
    pub shuffle: Shuffle,
    /// The rows of the data set, where some count more than others: their weights stand behind the targets.
    pub weighted: Option<usize>,
    /// Steps in the history.
    pub capacity: usize,
    /// What stands in workgroup memory.
    pub placement: Placement,
    /// What a thread computes.
    pub mapping: ThreadMapping,
    /// Loop iterations that a thread may do in one dispatch, where the driver counts them.
    pub loop_limit: Option<u64>,
}

immediates! {
    pub(crate) struct Immediates {
        steps: u32, members: u32, stride: u32, capacity: u32,
    }
}

/// Widths of a shape that the compiler may know: it takes longer the more layers it unrolls.
const UNROLLED: usize = 6;

/// Words of a description before the widths.
const FIXED: usize = 14 + size_of::<Hyper>() / 4 + size_of::<RateTerms>() / 4;

impl Resident {
    /// The shader divides an element's number in float32, which is exact below this.
    pub const MOST_ELEMENTS: usize = 1 << 22;

    /// Words in a network's description.
    pub fn stride(&self) -> usize {
        let of_dropout = if self.describes_dropout() { 2 } else { 0 };
        let words = |member: &Member| FIXED + member.widths.len() + of_dropout * member.hidden();
        self.members.iter().map(words).max().unwrap_or(0)
    }

    /// Whether the descriptions, which an evaluation shares with the steps, tell of dropout.
    fn describes_dropout(&self) -> bool {
        self.members.iter().any(Member::drops)
    }

    /// Whether a network leaves units out in these steps.
    pub(crate) fn drops_of(&self, member: &Member) -> bool {
        self.update != Update::Gradient && member.drops()
    }

    /// Whether some network does.
    fn drops(&self) -> bool {
        self.members.iter().any(|member| self.drops_of(member))
    }

    /// Whether the backward pass needs more of a hidden unit than what goes into the next layer: z, or y as
    /// it was before dropout.
    fn keeps(&self) -> bool {
        self.update != Update::Gradient && (self.function.keeps_z() || self.drops())
    }

    /// Words of storage for the rows of all networks, where they are not in workgroup memory.
    pub fn scratch_words(&self) -> usize {
        self.members.iter().map(|member| self.row_words(member)).sum()
    }

    /// Words that a network's batch takes on its way through the layers.
    fn row_words(&self, member: &Member) -> usize {
        member.row_words(self.keeps(), self.weighted.is_some())
    }

    /// Whether the gradients of a network are clipped by their norm.
    pub(crate) fn clips_of(&self, member: &Member) -> bool {
        self.update != Update::Gradient && member.clip_norm > 0.0
    }

    /// Whether those of some are.
    fn clips(&self) -> bool {
        self.members.iter().any(|member| self.clips_of(member))
    }

    /// Threads that add up the squares of gradients.
    fn clippers(&self) -> u32 {
        if self.clips() { self.threads() } else { 1 }
    }

    /// Where the weights of rows begin in the buffer of the targets.
    pub(crate) fn weights_at(&self) -> usize {
        let columns = self.criterion.target_columns(self.members[0].outputs());
        self.weighted.unwrap_or(0) * columns
    }

    /// Finds how much each of the rows of a batch counts, by their weights behind the targets: beside the others
    /// of the batch, or, in an evaluation, beside all others. Nothing where all count the same.
    pub(crate) fn find_shares(
        &self,
        member: &Member,
        data_t: &[u32],
        sources: &[usize],
        shares: &mut Vec<f32>,
    ) {
        shares.clear();
        if self.weighted.is_none() {
            return;
        }
        let weights = &data_t[self.weights_at()..];
        shares.extend(sources.iter().map(|row| f32::from_bits(weights[*row])));
        let scale = match self.update {
            Update::Gradient => member.weight_scale,
            _ => {
                let mean = shares.iter().sum::<f32>() / shares.len() as f32;
                if mean > 0.0 { 1.0 / mean } else { 0.0 }
            }
        };
        shares.iter_mut().for_each(|share| *share *= scale);
    }

    /// Whether L1, L2 or clipping by value change the gradients of a network.
    fn regularizes(&self) -> bool {
        self.members.iter().any(|member| member.hyper.regularizes())
    }

    /// The descriptions, as the shader reads them.
    pub fn descriptions(&self) -> Words {
        let (stride, weights_at) = (self.stride(), self.weights_at() as u32);
        let describes_dropout = self.describes_dropout();
        let mut words = Words::with_capacity(stride * self.members.len());
        let (mut parameters_at, mut scratch_at) = (0, 0);
        for member in &self.members {
            let parameters = member.parameters();
            let numbers = [parameters_at, parameters, member.first_row, member.rows, member.batch];
            words.extend(numbers.map(|number| number as u32));
            words.extend([seed_of(member.seed), member.lr.to_bits(), scratch_at as u32]);
            words.extend([weights_at, member.weight_scale.to_bits(), member.clip_norm.to_bits()]);
            words.push(member.widths.len() as u32 - 1);
            words.extend([member.seed as u32, (member.seed >> 32) as u32]);
            words.extend_from_slice(bytemuck::cast_slice(&[member.hyper]));
            words.extend_from_slice(bytemuck::cast_slice(&[member.rate.terms]));
            words.extend(member.widths.iter().map(|&width| width as u32));
            if describes_dropout {
                let odds = (0..member.hidden()).map(|layer| member.dropout_of(layer).odds());
                words.extend(odds.flat_map(|(threshold, scale)| [threshold, scale.to_bits()]));
            }
            words.resize(words.len().next_multiple_of(stride), 0);
            parameters_at += parameters;
            scratch_at += self.row_words(member);
        }
        words
    }

    /// Threads of a workgroup: one for each unit of each row, as far as that goes, or for each row.
    pub fn threads(&self) -> u32 {
        let most = |of: &dyn Fn(&Member) -> usize| self.members.iter().map(of).max().unwrap_or(1);
        match self.mapping {
            ThreadMapping::Elements => {
                (most(&Member::widest).next_power_of_two() as u32).clamp(16, 256)
            }
            // The lanes of a CPU's vector. A GPU could have more threads, but takes only the smallest
            // networks like this, of which there are rarely many.
            ThreadMapping::Networks => 8,
            ThreadMapping::Rows => (most(&|m| m.batch).next_power_of_two() as u32).max(8),
        }
    }

    /// Loop iterations of one thread in a step, at most, as llvmpipe counts them: a loop of n costs
    /// n + 2, and both sides of a branch are walked.
    fn iterations(&self) -> u64 {
        const LOOP: u64 = 2;
        let threads = u64::from(self.threads());
        // A loop over the elements that fall to a thread, with so much in each.
        let shared = |elements: usize, inner: u64| {
            let iterations = (elements as u64).div_ceil(threads);
            LOOP + iterations * (1 + inner)
        };
        // A shuffled row is found by walks of three rounds: two on average, a dozen at the worst.
        let source = if self.shuffle == Shuffle::EveryEpoch { 64 } else { 0 };
        // Random words are drawn in ten rounds.
        let draw = if self.drops() { LOOP + 10 } else { 0 };
        let by_rows = |rows: usize, columns: usize, inner: u64| match self.mapping {
            ThreadMapping::Elements => shared(rows * columns, inner),
            ThreadMapping::Rows | ThreadMapping::Networks => LOOP + columns as u64 * (1 + inner),
        };
        let of = |member: &Member| {
            let rows = member.batch as u64;
            if self.mapping == ThreadMapping::Networks {
                let loss = 3 * (LOOP + member.outputs() as u64);
                return 1 + LOOP + rows * (1 + source + loss);
            }
            let gather = by_rows(member.batch, member.widths[0], source);
            let of_outputs = LOOP + member.outputs() as u64 * (1 + source);
            let weights = if self.weighted.is_some() { LOOP + rows } else { 0 };
            let loss = shared(member.batch, 3 * of_outputs + weights) + LOOP + rows;
            let clip = if self.clips() { 2 * LOOP + threads } else { 0 };
            let updates = if self.clips() { 2 } else { 1 };
            let layers: u64 = member
                .layers()
                .map(|Layer { inputs, outputs }| {
                    let forward = by_rows(member.batch, outputs, draw + LOOP + inputs as u64);
                    let backward = by_rows(member.batch, inputs, draw + LOOP + outputs as u64);
                    let update = shared(outputs * (inputs + 1), 2 * (LOOP + rows));
                    3 + forward + backward + updates * update
                })
                .sum();
            1 + gather + loss + clip + 3 * LOOP + layers
        };
        self.members.iter().map(of).max().unwrap_or(1)
    }

    /// Steps that a dispatch can do before the driver ends its loops; 0 where it would not get
    /// through one.
    pub(crate) fn steps_at_once(&self) -> u64 {
        let Some(limit) = self.loop_limit else { return u64::MAX };
        // What comes before and after the steps: parameters in and out.
        let parameters = self.members.iter().map(Member::parameters).max().unwrap_or(0) as u64;
        let share = match self.mapping {
            ThreadMapping::Elements | ThreadMapping::Rows => u64::from(self.threads()),
            ThreadMapping::Networks => 1,
        };
        let around = 64 + 8 * parameters.div_ceil(share);
        limit.saturating_sub(around) / self.iterations()
    }

    /// Where the rows begin in workgroup memory, and where it ends, in words.
    fn arena(&self) -> (usize, usize) {
        let largest =
            |size: &dyn Fn(&Member) -> usize| self.members.iter().map(size).max().unwrap_or(0);
        let copies = usize::from(self.placement.parameters)
            + if self.placement.state { self.update.state().len() } else { 0 };
        let rows_at = copies * largest(&Member::parameters);
        let rows = match self.placement.rows {
            true => largest(&|member| self.row_words(member)),
            false => 0,
        };
        (rows_at, (rows_at + rows).max(1))
    }

    /// The shape, for the compiler, where all networks have the same and it is not too long.
    fn shape(&self) -> Vec<(&'static str, f64)> {
        let first = &self.members[0];
        let alike = |m: &Member| (&m.widths, m.batch) == (&first.widths, first.batch);
        let known = first.widths.len() <= UNROLLED && self.members.iter().all(alike);
        let whole = self.members.iter().all(|m| m.rows.is_multiple_of(m.batch));
        let mut shape = vec![
            ("KNOWN", f64::from(u8::from(known))),
            ("WHOLE", f64::from(u8::from(whole))),
            ("LAYERS", first.widths.len() as f64 - 1.0),
            ("BATCH", first.batch as f64),
        ];
        shape.extend(widths::overrides(if known { &first.widths } else { &[] }));
        shape
    }

    /// A member's update at a step.
    pub(crate) fn formula(&self, member: &Member, control: Control) -> Formula {
        let lr = member.lr * member.rate.at(control.step);
        member.hyper.at(self.update, lr, control.step)
    }

    /// The order of a member's rows.
    pub(crate) fn order(&self, member: &Member) -> RowOrder {
        let rows = member.first_row..member.first_row + member.rows;
        RowOrder::new(rows, self.shuffle_of(member), member.seed)
    }

    /// Whether a member's rows are shuffled: a batch of all of them stays in their order, whatever the
    /// others do.
    pub(crate) fn shuffle_of(&self, member: &Member) -> Shuffle {
        if member.batch < member.rows { self.shuffle } else { Shuffle::Never }
    }

    /// Bytes of workgroup memory that this takes.
    pub fn workgroup_bytes(&self) -> usize {
        match self.mapping {
            ThreadMapping::Elements | ThreadMapping::Rows => {
                4 * (self.arena().1 + 4 + self.clippers() as usize)
            }
            ThreadMapping::Networks => 0,
        }
    }
}

bindings! {
    Resident {
        write controls: Control [members],
        read members: u32 [members, stride],
        read data_x: f32 [N, I],
        read data_t: u32 [N, T], // and then the rows' weights, where they count
        write parameters: f32 [P],
        write state: f32 [STATE_TENSORS, P],
        write history: [f32; 2] [capacity, members],
        write scratch: f32 [rows],
    }
}

impl Contract for Resident {
    type Immediates = Immediates;

    fn stem(&self) -> &'static str {
        match self.mapping {
            ThreadMapping::Elements | ThreadMapping::Rows => "resident",
            ThreadMapping::Networks => "thread_per_network",
        }
    }

    fn modules(&self) -> Vec<Module> {
        let pieces = [
            CONTROL,
            ADVANCE,
            FOLD,
            piece!("network/grid"),
            MATH,
            self.function.piece(),
            ORDER,
            OPTIMIZER,
            RATE,
            self.criterion.piece(),
        ];
        let own: &[Module] = match self.mapping {
            ThreadMapping::Elements | ThreadMapping::Rows => {
                &[WIDTHS, piece!("common/random"), piece!("resident")]
            }
            ThreadMapping::Networks => &[piece!("thread_per_network")],
        };
        [&pieces, own].concat()
    }

    fn written(&self) -> String {
        match self.mapping {
            ThreadMapping::Elements | ThreadMapping::Rows => String::new(),
            ThreadMapping::Networks => thread_per_network::written(
                &self.members[0].widths,
                self.function,
                (self.update, self.regularizes()),
            ),
        }
    }

    fn overrides(&self) -> Vec<(&'static str, f64)> {
        let flag = |set: bool| f64::from(u8::from(set));
        let (rows_at, arena) = self.arena();
        let mut overrides = self.criterion.overrides();
        overrides.extend([
            self.update.as_override(),
            ("REGULARIZED", flag(self.regularizes())),
            self.members[0].rate.as_override(),
            ("THREADS", f64::from(self.threads())),
            ("SHUFFLE", flag(self.shuffle == Shuffle::EveryEpoch)),
            ("STATE_TENSORS", self.update.state().len() as f64),
        ]);
        if self.mapping == ThreadMapping::Networks {
            return overrides;
        }
        overrides.extend([
            ("BY_ROWS", flag(self.mapping == ThreadMapping::Rows)),
            ("KEEP", flag(self.keeps())),
            ("KEEP_Z", flag(self.function.keeps_z())),
            ("DROPS", flag(self.drops())),
            ("WEIGHTED", flag(self.weighted.is_some())),
            ("CLIPS", flag(self.clips())),
            ("CLIPPERS", f64::from(self.clippers())),
            ("PARAMETERS_INSIDE", flag(self.placement.parameters)),
            ("STATE_INSIDE", flag(self.placement.state)),
            ("ROWS_INSIDE", flag(self.placement.rows)),
            ("ROWS_AT", rows_at as f64),
            ("ARENA", arena as f64),
        ]);
        overrides.extend(self.shape());
        overrides
    }

    fn immediates(&self) -> Immediates {
        Immediates {
            steps: 1,
            members: self.members.len() as u32,
            stride: self.stride() as u32,
            capacity: self.capacity as u32,
        }
    }

    fn repeats_itself(&self) -> Option<u32> {
        Some(u32::try_from(self.steps_at_once()).unwrap_or(u32::MAX).max(1))
    }

    fn workgroups(&self) -> u64 {
        let networks = self.members.len() as u64;
        match self.mapping {
            ThreadMapping::Elements | ThreadMapping::Rows => networks,
            ThreadMapping::Networks => networks.div_ceil(u64::from(self.threads())),
        }
    }

    fn describe(&self) -> String {
        let inside = [
            (self.placement.parameters, "parameters"),
            (self.placement.state, "optimizer"),
            (self.placement.rows, "rows"),
        ];
        let inside: Vec<&str> =
            inside.into_iter().filter(|(inside, _)| *inside).map(|(_, name)| name).collect();
        let what = if self.update == Update::Gradient { "evaluation" } else { "steps" };
        let count = match self.members.len() {
            1 => "a network".to_owned(),
            count => format!("{count} networks"),
        };
        let place = match &inside[..] {
            _ if self.mapping == ThreadMapping::Networks => {
                "all in registers, a thread each".to_owned()
            }
            [] => "all in storage".to_owned(),
            names => format!(
                "{} in {:.1} KiB of workgroup memory",
                names.join(", "),
                self.workgroup_bytes() as f64 / 1024.0,
            ),
        };
        format!("{what} of {count}; {place}, {} threads", self.threads())
    }

    fn cost(&self) -> Cost {
        let of = |member: &Member| {
            let forward: usize =
                member.layers().map(|layer| layer.outputs * (2 * layer.inputs + 1)).sum();
            let forward = (member.batch * forward) as u64;
            if self.update == Update::Gradient {
                return forward;
            }
            let first = 2 * member.batch * member.widths[0] * member.widths[1];
            let update = self.update.flops() * member.parameters() as u64;
            (3 * forward).saturating_sub(first as u64) + update
        };
        let rows = |member: &Member| 4 * (member.batch * (member.widths[0] + 1)) as u64;
        Cost {
            flops: self.members.iter().map(of).sum(),
            bytes: self.members.iter().map(rows).sum(),
        }
    }

    fn twin(&self, bound: Bindings<Views<'_>>) {
        let Bindings { controls, data_x, data_t, history, .. } = bound;
        let (mut parameters, mut state) = (bound.parameters, bound.state);
        let tensors = self.update.state().len();
        for (index, member) in self.members.iter().enumerate() {
            let count = member.parameters();
            let (own, other) = parameters.split_at_mut(count);
            let (own_state, other_state) = state.split_at_mut(tensors * count);
            (parameters, state) = (other, other_state);
            let control = &mut controls[index];
            if control.is_at_rest() {
                continue;
            }
            let metrics = twin(self, member, *control, (data_x, data_t), own, own_state);
            history[control.slot as usize * self.members.len() + index] = metrics;
            control.advance(member.rows, member.batch, self.capacity);
        }
    }
}

/// One step of one network; returns the batch's mean loss and score.
fn twin(
    grid: &Resident,
    member: &Member,
    control: Control,
    data: (&[f32], &[u32]),
    parameters: &mut [f32],
    state: &mut [f32],
) -> [f32; 2] {
    let Resident { function, criterion, .. } = *grid;
    let rows = 0..control.rows as usize;
    let sources: Vec<usize> = grid.order(member).rows(control, rows).collect();
    let factors = |layer: usize| {
        let own = member.dropout_of(layer);
        let ones = vec![1.0; sources.len() * own.columns];
        let mut factors = ones.clone();
        own.twin(dropout::Bindings { control: &[control], x: &ones, y: &mut factors });
        factors
    };
    let factors: Vec<Vec<f32>> = match grid.drops_of(member) {
        true => (0..member.hidden()).map(factors).collect(),
        false => Vec::new(),
    };
    let mut shares = Vec::new();
    grid.find_shares(member, data.1, &sources, &mut shares);
    let network = ReferenceNetwork {
        widths: &member.widths,
        function,
        criterion,
        dropout: &factors,
        shares: &shares,
    };
    let (metrics, mut gradient) = network.gradient(&sources, data, parameters, sources.len());
    if grid.update != Update::Gradient {
        let formula = grid.formula(member, control);
        let hyper = (&member.hyper, member.clip_norm);
        network.update(hyper, &formula, parameters, &mut gradient, state);
    }
    let mean = |which: usize| {
        metrics.iter().map(|of_row| of_row[which]).sum::<f32>() / sources.len() as f32
    };
    [mean(0), mean(1)]
}
