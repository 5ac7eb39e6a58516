//! The layers of the network and the outputs of the model, as nodes.

use super::graph::{Graph, Kind, float, int};
use crate::Model;
use crate::data::TargetEncoding;
use crate::kernels::LayerNorm;
use crate::spec::{Activation, LayerParameters, Output};

/// Adds the layers of a member with norms and activations; returns the last layer's z \[N, O\].
fn layers(graph: &mut Graph, model: &Model, number: usize, features: &str) -> String {
    let layers = model.network.layers();
    let last = layers.len() - 1;
    let parameters = &model.members[number];
    let prefix = if model.members.len() > 1 { format!("members.{number}.") } else { String::new() };
    let mut value = features.to_owned();
    for (index, (layer, own)) in layers.iter().zip(&parameters.layers).enumerate() {
        let name = format!("{prefix}layers.{index}");
        let shape = [layer.outputs, layer.inputs];
        let weight = graph.floats(&format!("{name}.weight"), &shape, &own.weight);
        let bias = graph.floats(&format!("{name}.bias"), &[layer.outputs], &own.bias);
        let transposed = vec![int("transB", 1)];
        value = graph.node(&name, "Gemm", &[&value, &weight, &bias], transposed);
        if let Some(own) = parameters.norms.get(index) {
            value = normalize(graph, &format!("{prefix}norms.{index}"), own, &value);
        }
        if index < last {
            value = activate(graph, &format!("{name}.activation"), model.network.activation, value);
        }
    }
    value
}

fn normalize(graph: &mut Graph, name: &str, own: &LayerParameters, z: &str) -> String {
    let units = [own.bias.len()];
    let scale = graph.floats(&format!("{name}.weight"), &units, &own.weight);
    let shift = graph.floats(&format!("{name}.bias"), &units, &own.bias);
    let settings = vec![int("axis", -1), float("epsilon", LayerNorm::EPS)];
    graph.node(name, "LayerNormalization", &[z, &scale, &shift], settings)
}

fn activate(graph: &mut Graph, name: &str, activation: Activation, z: String) -> String {
    let mut node = |operator, attributes| graph.node(name, operator, &[&z], attributes);
    match activation {
        Activation::Sigmoid => node("Sigmoid", vec![]),
        Activation::Tanh => node("Tanh", vec![]),
        Activation::Relu => node("Relu", vec![]),
        Activation::LeakyRelu => node("LeakyRelu", vec![float("alpha", 0.01)]),
        Activation::Elu => node("Elu", vec![float("alpha", 1.0)]),
        Activation::Gelu => node("Gelu", vec![]),
        Activation::Softplus => node("Softplus", vec![]),
        Activation::Silu => {
            let gate = graph.node(&format!("{name}.gate"), "Sigmoid", &[&z], vec![]);
            graph.node(name, "Mul", &[&z, &gate], vec![])
        }
    }
}

/// What a member makes of its z \[N, O\].
fn answer(graph: &mut Graph, output: Output, z: String) -> String {
    match output {
        Output::Softmax => graph.node("softmax", "Softmax", &[&z], vec![int("axis", 1)]),
        Output::Sigmoid => graph.node("sigmoid", "Sigmoid", &[&z], vec![]),
        Output::Identity => z,
    }
}

/// The mean of the members' answers \[N, O\].
fn mean(graph: &mut Graph, model: &Model, features: &str) -> String {
    let output = model.network.output;
    let each: Vec<String> = (0..model.members.len())
        .map(|number| {
            let z = layers(graph, model, number, features);
            answer(graph, output, z)
        })
        .collect();
    match &each[..] {
        [only] => only.clone(),
        _ => {
            let each: Vec<&str> = each.iter().map(String::as_str).collect();
            graph.node("mean", "Mean", &each, vec![])
        }
    }
}

/// Adds the network and its outputs: probabilities and the most probable class, or numbers in the
/// target's unit.
pub(super) fn outputs(graph: &mut Graph, model: &Model, features: &str) {
    let all = mean(graph, model, features);
    let count = model.network.outputs;
    let classes = || format!("the probability of {}", model.classes.join(", "));
    match (model.network.output, count) {
        (Output::Softmax, _) => {
            graph.output("probabilities", Kind::Numbers(count), &all, &classes());
            label(graph, model, &all);
        }
        (Output::Sigmoid, 1) => {
            let one = graph.floats("one", &[1, 1], &[1.0]);
            let no = graph.node("no", "Sub", &[&one, &all], vec![]);
            let both = graph.concat("no, yes", &[no, all]);
            graph.output("probabilities", Kind::Numbers(2), &both, &classes());
            label(graph, model, &both);
        }
        (Output::Sigmoid, _) => {
            let doc = format!("the probability of {}, for each label", model.classes[1]);
            graph.output("probabilities", Kind::Numbers(count), &all, &doc);
        }
        (Output::Identity, _) => {
            let y = restored(graph, model.preprocessing.target, &all);
            graph.output("prediction", Kind::Numbers(count), &y, &model.target);
        }
    }
}

/// Adds the output `label` \[N\], the name of the most probable class, the first on a tie.
fn label(graph: &mut Graph, model: &Model, probabilities: &str) {
    let classes = graph.strings("classes", &[model.classes.len()], &model.classes);
    let row = vec![int("axis", 1), int("keepdims", 0)];
    let number = graph.node("number", "ArgMax", &[probabilities], row);
    let name = graph.node("name", "Gather", &[&classes, &number], vec![int("axis", 0)]);
    graph.output("label", Kind::String, &name, &model.target);
}

/// The prediction in the unit of the target.
fn restored(graph: &mut Graph, target: TargetEncoding, z: &str) -> String {
    match target {
        TargetEncoding::AsIs => z.to_owned(),
        TargetEncoding::Standardised { mean, scale } => {
            let scale = graph.floats("target.scale", &[1, 1], &[scale]);
            let mean = graph.floats("target.mean", &[1, 1], &[mean]);
            let scaled = graph.node("scaled", "Mul", &[z, &scale], vec![]);
            graph.node("restored", "Add", &[&scaled, &mean], vec![])
        }
    }
}
