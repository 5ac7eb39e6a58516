//! Data sets larger than the device's memory: of such a one, a shard is on the device while the
//! steps go through it, and there is a second place for the next one to come to meanwhile.

use super::layered::lower;
use super::{Chunk, Limits, Plan, Training};
use crate::Result;

/// What of the training rows is on the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataPlacement {
    /// All or, where there is no room for that, a shard at a time.
    Fitting,
    /// All.
    Whole,
    /// This shard.
    Shard(Shard),
}

/// A part of the training rows that is on the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Rows that it has room for: whole batches.
    pub capacity: usize,
    /// Its rows: as many, or in the last shard fewer.
    pub rows: usize,
    /// Which of the two places it is in.
    pub place: usize,
}

/// Features, targets and, where there are such, weights of rows, each in chunks.
pub type Place = [Vec<Chunk>; 3];

impl Training<'_> {
    /// Rows of the largest shard, or all.
    pub(super) fn room(&self) -> usize {
        match self.placement {
            DataPlacement::Shard(shard) => shard.capacity,
            DataPlacement::Fitting | DataPlacement::Whole => self.rows,
        }
    }

    /// Rows that are on the device.
    pub(super) fn device_rows(&self) -> usize {
        match self.placement {
            DataPlacement::Shard(shard) => shard.rows,
            DataPlacement::Fitting | DataPlacement::Whole => self.rows,
        }
    }
}

/// The plan with the largest shards that there is room for, if there is room for any, and with at
/// most so many rows in the layers at once.
pub(super) fn largest(
    request: &Training<'_>,
    limits: &Limits,
    at_once: usize,
) -> Option<Result<Plan>> {
    let plan = |batches: usize| {
        let capacity = batches * request.batch;
        let shard = Shard { capacity, rows: capacity, place: 0 };
        let request = Training { placement: DataPlacement::Shard(shard), ..request.clone() };
        lower(&request, limits, at_once)
    };
    // The last batch may be short; all of them do not fit, or nobody would ask.
    let (mut fitting, mut too_many) = (0, request.rows.div_ceil(request.batch));
    while too_many - fitting > 1 {
        let middle = fitting.midpoint(too_many);
        *(if plan(middle).is_ok() { &mut fitting } else { &mut too_many }) = middle;
    }
    (fitting > 0).then(|| plan(fitting))
}

/// The chunks of a place, without the rows that the shard does not fill.
pub(super) fn filled(place: &Place, rows: usize) -> Place {
    let of = |chunk: &Chunk| Chunk { rows: chunk.rows.min(rows - chunk.first), ..*chunk };
    let cut = |chunks: &Vec<Chunk>| chunks.iter().filter(|c| c.first < rows).map(of).collect();
    place.each_ref().map(cut)
}
