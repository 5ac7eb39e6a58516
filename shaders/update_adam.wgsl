// Adam (Kingma & Ba 2015) and AdamW (Loshchilov & Hutter 2019), as torch.optim has them. The bias
// corrections 1 - beta^t go through expm1: at t = 1 the difference 1 - 0.999 would keep only four
// digits in float32.
@group(0) @binding(3) var<storage, read_write> parameters: array<f32>; // W[O, I], then b[O]
@group(0) @binding(4) var<storage, read_write> m: array<f32>;          // mean of g
@group(0) @binding(5) var<storage, read_write> v: array<f32>;          // mean of g^2

fn update(index: u32, d_parameter: f32) {
    var w = parameters[index];
    var g = d_parameter;
    if (p.decoupled == 1u) {
        w -= p.lr * p.weight_decay * w;
    } else {
        g += p.weight_decay * w;
    }
    let mean = m[index] + p.one_minus_beta1 * (g - m[index]);
    let square = p.beta2 * v[index] + p.one_minus_beta2 * g * g;
    m[index] = mean;
    v[index] = square;
    let t = f32(control.step + 1u);
    let correction1 = -expm1(t * p.ln_beta1);
    let correction2 = -expm1(t * p.ln_beta2);
    let denominator = sqrt(square) / sqrt(correction2) + p.eps;
    parameters[index] = w - p.lr / correction1 * mean / denominator;
}
