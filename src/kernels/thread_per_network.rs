//! WGSL written out for a shape: the forward and backward pass and the update in
//! `shaders/thread_per_network.wgsl`, with a variable for each number and a statement for each sum.
//!
//! This is the only WGSL that Rust writes, because it pays. llvmpipe keeps in registers only variables
//! that are never reached through a computed index, and the length of a thread's own array cannot be
//! an override. On 2 cores with llvmpipe (LLVM 15, 256 bits) a step of the 2-2-1 XOR network takes
//! 0.50 µs this way and 2.8 µs by the fastest mapping of `shaders/resident.wgsl`, 5.6 times as long;
//! of eight such networks at once 0.74 µs and 82 µs. llvmpipe would unroll loops of constant length,
//! but takes three times as long to compile them as the same text written out.
//!
//! A parameter's variable is `w` with its number in the buffer; its gradient is `d_w`, its state
//! `state`. A unit is `y`, the layer's number, `_` and the unit's number; `z` and `d_z` likewise. Sums
//! run in the order of `shaders/resident.wgsl`.

use std::iter::once;

use super::{Function, Update};
use crate::spec::Layer;

/// A layer, its number and where its parameters begin.
struct Dense {
    layer: Layer,
    /// Its input is layer `below`, its output layer `below + 1`.
    below: usize,
    first: usize,
}

impl Dense {
    /// The number of a weight.
    fn weight(&self, output: usize, input: usize) -> usize {
        self.first + output * self.layer.inputs + input
    }

    /// The number of a bias.
    fn bias(&self, output: usize) -> usize {
        self.first + self.layer.outputs * self.layer.inputs + output
    }

    /// z = b + Σ w y of an output.
    fn z(&self, output: usize) -> String {
        let products = (0..self.layer.inputs)
            .map(|input| format!("w{} * y{}_{input}", self.weight(output, input), self.below));
        let bias = format!("w{}", self.bias(output));
        once(bias).chain(products).collect::<Vec<_>>().join(" + ")
    }

    /// d_y = Σ d_z w of an input.
    fn d_y(&self, input: usize) -> String {
        let products = (0..self.layer.outputs).map(|output| {
            format!("d_z{}_{output} * w{}", self.above(), self.weight(output, input))
        });
        products.collect::<Vec<_>>().join(" + ")
    }

    const fn above(&self) -> usize {
        self.below + 1
    }
}

/// The layers of a shape.
fn dense(widths: &[usize]) -> Vec<Dense> {
    let mut first = 0;
    let mut list = Vec::new();
    for (below, pair) in widths.windows(2).enumerate() {
        let layer = Layer { inputs: pair[0], outputs: pair[1] };
        list.push(Dense { layer, below, first });
        first += layer.parameters();
    }
    list
}

/// The declarations and functions of a shape, which all networks of a grid share.
pub(super) fn written(
    widths: &[usize],
    activation: Function,
    (update, regularized): (Update, bool),
) -> String {
    let layers = dense(widths);
    let stateful = !update.state().is_empty();
    let all = 0..layers.iter().map(|dense| dense.layer.parameters()).sum();
    let outputs = widths[widths.len() - 1];
    let mut lines = vec![format!("const OUTPUTS: u32 = {outputs}u;")];
    for n in all.clone() {
        lines.push(format!("var<private> w{n}: f32; var<private> d_w{n}: f32;"));
        if stateful {
            lines.push(format!("var<private> state{n}: vec2<f32>;"));
        }
    }
    function(&mut lines, "clear()", all.clone().map(|n| format!("d_w{n} = 0.0;")));
    let learn_row = learn_row(&layers, activation, update);
    function(&mut lines, "learn_row(rows: u32) -> vec2<f32>", learn_row);
    let update = self::update(&layers, update, regularized);
    function(&mut lines, "update(step: u32, lr: f32)", update);
    function(&mut lines, "shift(value: Stepped) -> Stepped", shift(all.len(), stateful));
    lines.push(String::new());
    lines.join("\n")
}

fn function(lines: &mut Vec<String>, head: &str, body: impl IntoIterator<Item = String>) {
    lines.push(format!("fn {head} {{"));
    lines.extend(body.into_iter().map(|statement| format!("    {statement}")));
    lines.push("}".into());
}

/// A row forward and, unless it is only evaluated, backward; its loss and score.
fn learn_row(layers: &[Dense], activation: Function, update: Update) -> Vec<String> {
    let mut body = Vec::new();
    let inputs = layers[0].layer.inputs;
    body.extend((0..inputs).map(|i| format!("let y0_{i} = data_x[source * {inputs}u + {i}u];")));
    for dense in layers {
        let above = dense.above();
        for o in 0..dense.layer.outputs {
            let z = dense.z(o);
            if above == layers.len() {
                body.push(format!("z_last[{o}] = {z};"));
            } else {
                body.push(format!("let z{above}_{o} = {z};"));
                body.push(format!("let y{above}_{o} = activation(z{above}_{o});"));
            }
        }
    }
    body.push("let metrics = loss_row(0u, rows, OUTPUTS);".into());
    if update != Update::Gradient {
        let last = layers.len();
        let outputs = layers[last - 1].layer.outputs;
        body.extend((0..outputs).map(|o| format!("let d_z{last}_{o} = d_z_last[{o}];")));
        body.extend(layers.iter().rev().flat_map(|dense| backward(activation, dense)));
    }
    body.push("return metrics;".into());
    body
}

/// The gradients of a layer's parameters, and d_z of the layer below.
fn backward(function: Function, dense: &Dense) -> Vec<String> {
    let Dense { layer: Layer { inputs, outputs }, below, .. } = *dense;
    let above = dense.above();
    let mut body = Vec::new();
    for o in 0..outputs {
        body.extend(
            (0..inputs)
                .map(|i| format!("d_w{} += d_z{above}_{o} * y{below}_{i};", dense.weight(o, i))),
        );
        body.push(format!("d_w{} += d_z{above}_{o};", dense.bias(o)));
    }
    if below > 0 {
        let kept = if function.keeps_z() { "z" } else { "y" };
        body.extend((0..inputs).map(|i| {
            let d_y = dense.d_y(i);
            format!("let d_z{below}_{i} = ({d_y}) * activation_derivative({kept}{below}_{i});")
        }));
    }
    body
}

/// All parameters' step.
fn update(layers: &[Dense], update: Update, regularized: bool) -> Vec<String> {
    let mut body = Vec::new();
    match update {
        Update::Gradient => return body,
        Update::Adam => body.push("let correction = corrections(step, hyper);".into()),
        Update::Sgd | Update::Momentum => {}
    }
    if update != Update::Sgd {
        body.push("var after: Stepped;".into());
    }
    let weights = layers.iter().flat_map(|Dense { layer: Layer { inputs, outputs }, .. }| {
        (0..outputs * (inputs + 1)).map(move |n| n < outputs * inputs)
    });
    for (n, weight) in weights.enumerate() {
        let gradient = match regularized {
            true => format!("regularized(d_w{n}, w{n}, {weight}, hyper)"),
            false => format!("d_w{n}"),
        };
        let after = match update {
            Update::Adam => {
                format!("adam_step(w{n}, {gradient}, state{n}, correction, lr, hyper)")
            }
            Update::Momentum => format!("momentum_step(w{n}, {gradient}, state{n}, lr, hyper)"),
            Update::Sgd | Update::Gradient => {
                body.push(format!("w{n} = sgd_step(w{n}, {gradient}, lr, hyper).parameter;"));
                continue;
            }
        };
        body.push(format!("after = {after};"));
        body.push(format!("w{n} = after.parameter; state{n} = after.state;"));
    }
    body
}

/// Moves every parameter to the next variable: the first is new, and the last is returned.
fn shift(count: usize, stateful: bool) -> Vec<String> {
    let state_of = |n: usize| if stateful { format!("state{n}") } else { "vec2<f32>()".into() };
    let mut body = vec![format!("let last = Stepped(w{}, {});", count - 1, state_of(count - 1))];
    for n in (1..count).rev() {
        body.push(format!("w{n} = w{};", n - 1));
        if stateful {
            body.push(format!("state{n} = state{};", n - 1));
        }
    }
    body.push("w0 = value.parameter;".into());
    if stateful {
        body.push("state0 = value.state;".into());
    }
    body.push("return last;".into());
    body
}
