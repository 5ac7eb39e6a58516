//! Batches that do not fit: they go through the layers in micro-batches, whose gradients are added
//! up on the device before the one update.
//!
//! The sums go through the rows in the order of the whole batch, losses are means over it, and the
//! masks of dropout go by a row's place in it. So a split step ends where the whole one does; to
//! rounding on a GPU, whose threads share long sums.

use super::batch::Source;
use super::{LayeredBuilder, Use, lower};
use crate::Result;
use crate::kernels::{MicroBatch, Update, Weighting, micro_batch};
use crate::plan::{BufferId, Dispatch, Limits, Plan, Training};
use crate::spec::Clip;

/// Micro-batches of a batch, at most: each has dispatches of its own in the plan.
const MOST: usize = 1024;

/// Rows in a multiple of which micro-batches come where there is no room for the sums' own parts:
/// something that vectors and tiles divide.
const GRAINS: [usize; 2] = [16, 1];

/// Whether the activations and gradients of a batch are larger than the data set.
pub(super) fn takes_more_than_data(request: &Training<'_>) -> bool {
    let row = request.network.inputs + request.target_columns();
    // y and d_z, and of a norm z and d_n.
    let dense: usize = request.network.layers().iter().map(|layer| 2 * layer.outputs).sum();
    let passed = dense + 2 * request.network.norms().iter().sum::<usize>();
    request.batch as u64 * (row + passed) as u64 > request.rows as u64 * row as u64
}

/// The plan with the largest micro-batches that there is room for, if there is room for any.
pub(super) fn largest(request: &Training<'_>, limits: &Limits) -> Option<Result<Plan>> {
    most(request, limits).map(|rows| lower(request, limits, rows))
}

/// Rows of the largest micro-batches that there is room for, or a few less, so that the last one
/// is not much smaller than the others.
pub(super) fn most(request: &Training<'_>, limits: &Limits) -> Option<usize> {
    let least = request.batch.div_ceil(MOST);
    let whole = LayeredBuilder::new(request.network, request.batch, limits).grain();
    for grain in [whole].into_iter().chain(GRAINS) {
        let fits = |count: usize| lower(request, limits, count * grain).is_ok();
        let (mut fitting, mut too_many) = (least.div_ceil(grain), request.room().div_ceil(grain));
        if fitting >= too_many || !fits(fitting) {
            continue;
        }
        while too_many - fitting > 1 {
            let middle = fitting.midpoint(too_many);
            *(if fits(middle) { &mut fitting } else { &mut too_many }) = middle;
        }
        let rows = fitting * grain;
        let even = request.batch.div_ceil(request.batch.div_ceil(rows));
        return Some(if rows < request.batch { even.next_multiple_of(grain) } else { rows });
    }
    None
}

impl LayeredBuilder<'_> {
    /// Whether the batch does not go through the layers as a whole.
    pub(super) fn is_split(&self) -> bool {
        self.batch > self.at_once
    }

    /// Whether all gradients must be known before the first update.
    pub(super) fn sums_gradients(&self, request: &Training<'_>) -> bool {
        self.is_split() || matches!(request.regularization.clip, Some(Clip::Norm(_)))
    }

    /// Takes a batch of at most `rows` rows through `pass`: whole or, where it does not fit, in
    /// micro-batches with a control of their own.
    pub(super) fn in_parts(
        &self,
        list: &mut Vec<Dispatch>,
        control: BufferId,
        rows: usize,
        pass: impl Fn(&mut Vec<Dispatch>, BufferId, usize),
    ) {
        let Some(own) = self.micro_control.filter(|_| rows > self.at_once) else {
            return pass(list, control, rows);
        };
        for before in (0..rows).step_by(self.at_once) {
            let part = MicroBatch { before, rows: self.at_once.min(rows - before), batch: rows };
            list.push(Dispatch::new("batch", part, micro_batch::Bindings { control, micro: own }));
            pass(list, own, self.at_once.min(rows - before));
        }
    }

    /// A batch forward, its loss, and backward.
    pub(super) fn learn(
        &self,
        list: &mut Vec<Dispatch>,
        request: &Training<'_>,
        control: BufferId,
        (source, weights): (&Source, Option<(BufferId, Weighting)>),
        update: Update,
    ) {
        self.in_parts(list, control, self.batch, |list, control, rows| {
            list.extend(source.gather(request, control, rows));
            self.forward(list, Use::Training, control, source.features, rows);
            self.loss(list, request, control, (source.targets, weights), rows);
            self.backward(list, request, control, (source.features, rows), update);
        });
    }
}
