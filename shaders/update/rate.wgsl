// The learning rate's factor of a step, with the formulas of PyTorch's schedulers. SCHEDULE is one
// of the numbers that `kernels/schedule.rs` gives out.
override SCHEDULE: u32;

// The numbers that travel as immediates, after an operation's own.
struct RateTerms {
    warmup: u32,    // steps in which the rate grows evenly
    length: u32,    // steps after them
    every: u32,     // steps between two drops
    ln_factor: f32, // the logarithm of what a drop or a step leaves
    floor: f32,     // where the rate ends
    start: f32,     // where one cycle begins
    peak: f32,      // the step at which one cycle is at its highest
}

// (1 - cos pi x) / 2 = sin^2(pi x / 2) for x in [0, 1], by sine's series: drivers may give a cosine
// eleven bits, and the difference would lose digits that the square keeps.
fn ease(x: f32) -> f32 {
    let a = 1.57079632679489662 * clamp(x, 0.0, 1.0);
    let q = a * a;
    let sine = a * (1.0 - q * (1.0 / 6.0) * (1.0 - q * (1.0 / 20.0) * (1.0 - q * (1.0 / 42.0)
        * (1.0 - q * (1.0 / 72.0) * (1.0 - q * (1.0 / 110.0) * (1.0 - q * (1.0 / 156.0)))))));
    return sine * sine;
}

fn rate_at(step: u32, c: RateTerms) -> f32 {
    if (SCHEDULE == 0u) {
        return 1.0;
    }
    if (step < c.warmup) {
        return f32(step + 1u) / f32(c.warmup);
    }
    let t = step - c.warmup;
    switch (SCHEDULE) {
        // StepLR
        case 2u: { return exp(f32(t / max(c.every, 1u)) * c.ln_factor); }
        // ExponentialLR
        case 3u: { return exp(f32(t) * c.ln_factor); }
        // CosineAnnealingLR
        case 4u: {
            if (t >= c.length) {
                return c.floor;
            }
            return c.floor + (1.0 - c.floor) * ease(f32(c.length - t) / f32(c.length));
        }
        // OneCycleLR
        case 5u: {
            let x = f32(t);
            let last = f32(c.length - 1u);
            if (x <= c.peak && c.peak > 0.0) {
                return c.start + (1.0 - c.start) * ease(x / c.peak);
            }
            if (x < last) {
                return c.floor + (1.0 - c.floor) * ease((last - x) / (last - c.peak));
            }
            return c.floor;
        }
        default: { return 1.0; }
    }
}
