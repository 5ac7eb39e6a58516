// Where training stands. It lives on the device, so that a replay needs nothing from the host;
// `metrics` advances it at the end of a step.
struct Control {
    step: u32,     // steps done
    epoch: u32,    // epochs begun before this one
    batch: u32,    // this batch's number in its epoch
    first: u32,    // the batch's first row, a position in the epoch's order
    rows: u32,     // rows in the batch, at most the capacity that the plan gave
    before: u32,   // rows of a split batch before these; 0 for a whole one
    after: u32,    // and behind them
    slot: u32,     // where in the history the step's metrics go
    schedule: f32, // the schedule's factor on this step's learning rate
}
