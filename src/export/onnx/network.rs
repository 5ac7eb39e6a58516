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
/// target's unit. Each of several targets has an output of its own, whose name is kept for it.
pub(super) fn outputs(graph: &mut Graph, model: &Model, features: &str, names: &[String]) {
    let all = mean(graph, model, features);
    let count = model.network.outputs;
    let doc = || format!("the probability of {}", model.classes().join(", "));
    match (model.network.output, count) {
        (Output::Softmax, _) => {
            graph.output("probabilities", Kind::Numbers(count), &all, &doc());
            let label = likeliest(graph, model.classes(), &all);
            graph.output("label", Kind::String, &label, &model.target());
        }
        (Output::Sigmoid, 1) => {
            let both = no_and_yes(graph, &all);
            graph.output("probabilities", Kind::Numbers(2), &both, &doc());
            let label = likeliest(graph, model.classes(), &both);
            graph.output("label", Kind::String, &label, &model.target());
        }
        (Output::Sigmoid, _) => {
            graph.output("probabilities", Kind::Numbers(count), &all, &of_labels(model));
            for (place, (name, target)) in names.iter().zip(&model.targets).enumerate() {
                let yes = column(graph, name, &all, place);
                let both = no_and_yes(graph, &yes);
                let label = likeliest(graph, &target.classes, &both);
                graph.reserved_output(name, Kind::String, &label, &target.name);
            }
        }
        (Output::Identity, _) => {
            let y = restored(graph, &model.preprocessing.target, &all);
            graph.output("prediction", Kind::Numbers(count), &y, &model.target());
            for (place, (name, target)) in names.iter().zip(&model.targets).enumerate() {
                let own = column(graph, name, &y, place);
                graph.reserved_output(name, Kind::Numbers(1), &own, &target.name);
            }
        }
    }
}

/// The probabilities of both classes \[N, 2\], from that of the second \[N, 1\].
fn no_and_yes(graph: &mut Graph, yes: &str) -> String {
    let one = graph.floats("one", &[1, 1], &[1.0]);
    let no = graph.node("no", "Sub", &[&one, yes], vec![]);
    graph.concat("no, yes", &[no, yes.to_owned()])
}

/// The name of the most probable class \[N\], the first on a tie.
fn likeliest(graph: &mut Graph, classes: &[String], probabilities: &str) -> String {
    let classes = graph.strings("classes", &[classes.len()], classes);
    let row = vec![int("axis", 1), int("keepdims", 0)];
    let number = graph.node("number", "ArgMax", &[probabilities], row);
    graph.node("name", "Gather", &[&classes, &number], vec![int("axis", 0)])
}

/// What the probabilities of several labels are of.
fn of_labels(model: &Model) -> String {
    match &model.targets[..] {
        [only] => format!("the probability of {}, for each label", only.classes[1]),
        all => {
            let each = all.iter().map(|own| format!("{} = {}", own.name, own.classes[1]));
            format!("the probability of {}", each.collect::<Vec<_>>().join(", "))
        }
    }
}

/// A column of values \[N, columns\], as \[N, 1\].
fn column(graph: &mut Graph, name: &str, values: &str, place: usize) -> String {
    let place = graph.ints(&format!("{name}/place"), &[place as i64]);
    graph.node(&format!("{name}/column"), "Gather", &[values, &place], vec![int("axis", 1)])
}

/// The predictions in the units of the targets.
fn restored(graph: &mut Graph, target: &TargetEncoding, z: &str) -> String {
    let (mean, scale): (Vec<f32>, Vec<f32>) = match target {
        TargetEncoding::AsIs => return z.to_owned(),
        TargetEncoding::Standardised { mean, scale } => (vec![*mean], vec![*scale]),
        TargetEncoding::Each(each) => each.iter().map(|own| (own.mean, own.scale)).unzip(),
    };
    let scale = graph.floats("target.scale", &[1, scale.len()], &scale);
    let mean = graph.floats("target.mean", &[1, mean.len()], &mean);
    let scaled = graph.node("scaled", "Mul", &[z, &scale], vec![]);
    graph.node("restored", "Add", &[&scaled, &mean], vec![])
}
