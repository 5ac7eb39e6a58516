//! Data sets larger than the device's memory: the largest shards that there is room for.

use super::lower;
use crate::Result;
use crate::plan::{DataPlacement, Limits, Plan, Shard, Training};

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
