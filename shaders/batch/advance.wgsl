// Where training stands from step to step; `kernels/control.rs` computes the same.

// The control before step `step`, of `count` rows in batches of `batch`.
fn control_at(step: u32, slot: u32, count: u32, batch: u32) -> Control {
    let per_epoch = (count + batch - 1u) / batch;
    let number = step % per_epoch;
    let first = number * batch;
    let rows = min(batch, count - first);
    return Control(step, step / per_epoch, number, first, rows, 0u, 0u, slot, 1.0);
}

// One step on, with so many entries in the history.
fn advanced(before: Control, count: u32, batch: u32, capacity: u32) -> Control {
    var after = before;
    after.slot = (after.slot + 1u) % capacity;
    after.step += 1u;
    after.batch += 1u;
    after.first += batch;
    if (after.first >= count) {
        after.epoch += 1u;
        after.batch = 0u;
        after.first = 0u;
    }
    after.rows = min(batch, count - after.first);
    return after;
}
