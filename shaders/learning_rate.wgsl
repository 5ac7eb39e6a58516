// Writes the schedule's factor on the learning rate into the control, where the updates of the step
// find it. It follows from the step counter alone, so a run that goes on needs nothing more.
struct Immediates {
    rate: RateTerms,
}
var<immediate> p: Immediates;

@group(0) @binding(0) var<storage, read_write> control: Control;

@compute @workgroup_size(1)
fn learning_rate() {
    control.schedule = rate_at(control.step, p.rate);
}
