// One parameter's step, with torch.optim's formulas. OPTIMIZER is one of the numbers that
// `kernels/optimizer.rs` gives out. The optimizer's state of the parameter comes and goes as `state`:
// the momentum buffer, or Adam's means of g and of g^2; it starts at zero.
//
// All of it selects instead of branching: `thread_per_network` has it once for each parameter, and
// SwiftShader's compiler takes minutes and gigabytes for 40 branches in a row.
override OPTIMIZER: u32;
override REGULARIZED: bool; // whether L1, L2 or clip_value are anything but 0

// The settings that travel as immediates, after an operation's own.
struct Hyper {
    weight_decay: f32,
    momentum: f32,
    nesterov: u32,  // 1: look ahead
    decoupled: u32, // 1: weight decay apart from the gradient (AdamW)
    beta2: f32,
    one_minus_beta1: f32,
    one_minus_beta2: f32,
    ln_beta1: f32,
    ln_beta2: f32,
    eps: f32,
    l1: f32,
    l2: f32,
    clip_value: f32, // gradients stay in +- this; 0: as they are
}

struct Stepped {
    parameter: f32,
    state: vec2<f32>,
}

// A gradient with the derivatives of L1 |w| and L2 w^2 / 2 added, for weights, and then clipped by
// value.
fn regularized(gradient: f32, w: f32, weight: bool, h: Hyper) -> f32 {
    if (!REGULARIZED) {
        return gradient;
    }
    let g = gradient + select(0.0, h.l1 * sign(w) + h.l2 * w, weight);
    // Not clamp, which may make a number of NaN.
    let clips = h.clip_value > 0.0;
    let below = clips & (g < -h.clip_value);
    let above = clips & (g > h.clip_value);
    return select(select(g, -h.clip_value, below), h.clip_value, above);
}

// Gradient descent: w -= lr (g + weight_decay w).
fn sgd_step(w: f32, gradient: f32, lr: f32, h: Hyper) -> Stepped {
    return Stepped(w - lr * (gradient + h.weight_decay * w), vec2<f32>());
}

// With momentum, m = momentum m + g and w -= lr m, or lr (g + momentum m) with Nesterov.
fn momentum_step(w: f32, gradient: f32, state: vec2<f32>, lr: f32, h: Hyper) -> Stepped {
    let g = gradient + h.weight_decay * w;
    let m = h.momentum * state.x + g;
    let direction = select(m, g + h.momentum * m, h.nesterov == 1u);
    return Stepped(w - lr * direction, vec2<f32>(m, 0.0));
}

// Adam's bias corrections 1 - beta^t. They go through expm1: at t = 1 the difference 1 - 0.999
// would keep only four digits in float32.
fn corrections(step: u32, h: Hyper) -> vec2<f32> {
    let t = f32(step + 1u);
    return vec2<f32>(-expm1(t * h.ln_beta1), -expm1(t * h.ln_beta2));
}

// Adam (Kingma & Ba 2015) and AdamW (Loshchilov & Hutter 2019).
fn adam_step(
    w: f32,
    gradient: f32,
    state: vec2<f32>,
    correction: vec2<f32>,
    lr: f32,
    h: Hyper,
) -> Stepped {
    let decoupled = h.decoupled == 1u;
    let parameter = select(w, w - lr * h.weight_decay * w, decoupled);
    let g = select(gradient + h.weight_decay * w, gradient, decoupled);
    let m = state.x + h.one_minus_beta1 * (g - state.x);
    let v = h.beta2 * state.y + h.one_minus_beta2 * g * g;
    let denominator = sqrt(v) / sqrt(correction.y) + h.eps;
    return Stepped(parameter - lr / correction.x * m / denominator, vec2<f32>(m, v));
}

fn optimize(w: f32, gradient: f32, state: vec2<f32>, step: u32, lr: f32, h: Hyper) -> Stepped {
    switch (OPTIMIZER) {
        case 1u: { return sgd_step(w, gradient, lr, h); }
        case 2u: { return momentum_step(w, gradient, state, lr, h); }
        case 3u: { return adam_step(w, gradient, state, corrections(step, h), lr, h); }
        default: { return Stepped(w, state); }
    }
}
