//! What was exported, read back and run.

use std::path::PathBuf;

use prost::Message as _;

use super::interpreter::{Tensor, run};
use super::{onnx, proto};
use crate::Model;
use crate::data::{
    Bin, Column, DateFormat, DateInput, DatePart, DropReason, Encoding, MissingCategory,
    MissingNumber, Preprocessing, TargetColumn, TargetEncoding, TargetScale, UnknownCategory,
};
use crate::spec::{Activation, LayerParameters, Network, Normalization, Output, Parameters};

/// Both round to float32 after every layer, but add up in different orders.
const TOLERANCE: f32 = 1e-5;

fn read_back(model: &Model) -> proto::Model {
    let bytes = onnx(model).expect("it can be exported");
    proto::Model::decode(&bytes[..]).expect("what was written can be read")
}

fn graph(model: &Model) -> proto::Graph {
    read_back(model).graph.expect("there is a graph")
}

fn model(network: Network, seed: u64) -> Model {
    let classes = match network.output {
        Output::Softmax => network.outputs,
        Output::Sigmoid => 2,
        Output::Identity => 0,
    };
    Model {
        members: vec![Parameters::pytorch(&network, seed)],
        preprocessing: Preprocessing::as_is((0..network.inputs).map(|input| format!("x{input}"))),
        targets: vec![TargetColumn::new(
            "y",
            (0..classes).map(|class| format!("class {class}")).collect(),
        )],
        provenance: None,
        network,
    }
}

/// Numbers in ±2 without a pattern that a network could be blind to.
fn rows(count: usize, columns: usize) -> Vec<f32> {
    (0..count * columns).map(|i| (i * 7919 % 1009) as f32 / 252.0 - 2.0).collect()
}

/// Runs a model's graph on rows of numbers and holds its answers against the model's own.
fn agrees(model: &Model, case: &str) {
    let features = rows(17, model.network.inputs);
    let input = Tensor::floats(&[17, model.network.inputs], &features);
    let outputs = run(&graph(model), &[("input", input)]);
    let ours = model.predict(&features).expect("it can predict");
    let theirs = match (model.network.output, model.network.outputs) {
        (Output::Identity, _) => outputs["prediction"].as_floats().to_vec(),
        (Output::Sigmoid, 1) => {
            outputs["probabilities"].as_floats().iter().skip(1).step_by(2).copied().collect()
        }
        _ => outputs["probabilities"].as_floats().to_vec(),
    };
    assert_eq!(ours.len(), theirs.len(), "{case}");
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert!(
            (ours - theirs).abs() <= TOLERANCE * ours.abs().max(1.0),
            "{case}: {ours} {theirs}"
        );
    }
    if let Some(labels) = outputs.get("label") {
        let columns = model.classes().len();
        let all = outputs["probabilities"].as_floats();
        for (row, label) in all.chunks(columns).zip(labels.as_words()) {
            let best = row.iter().copied().fold(0.0, f32::max);
            let place = row.iter().position(|p| *p == best).expect("one is the best");
            assert_eq!(label, &model.classes()[place], "{case}");
        }
    }
}

#[test]
fn every_golden_network_says_what_the_model_says() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
    let paths = std::fs::read_dir(folder).expect("the golden files are in the repository");
    let paths: Vec<PathBuf> = paths
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    assert!(paths.len() >= 50, "only {} golden files", paths.len());
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("a readable file");
        let case: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let network: Network =
            serde_json::from_value(case["network"].clone()).expect("it describes a network");
        let seed = case["seed"].as_u64().expect("it has a seed");
        agrees(&model(network, seed), &path.display().to_string());
    }
}

#[test]
fn every_activation_and_output_says_what_the_model_says() {
    for &activation in Activation::ALL {
        for &output in Output::ALL {
            let network =
                Network::new(5, &[9, 4], 3).with_activation(activation).with_output(output);
            agrees(&model(network.clone(), 777), &format!("{activation}, {output}"));
            let mut normed = model(network.with_normalization(Normalization::LayerNorm), 777);
            // Scales and shifts of their own, as after a training.
            for (number, own) in normed.members[0].norms.iter_mut().enumerate() {
                for (at, (scale, shift)) in own.weight.iter_mut().zip(&mut own.bias).enumerate() {
                    *scale = 0.5 + 0.2 * (at + number) as f32;
                    *shift = 0.3 - 0.1 * at as f32;
                }
            }
            agrees(&normed, &format!("{activation}, {output}, normalized"));
        }
    }
    agrees(&model(Network::new(4, &[], 1), 3), "one layer");
}

#[test]
fn the_mean_of_members_says_what_the_model_says() {
    for &output in Output::ALL {
        // A softmax over one output is always 1.
        for outputs in if output == Output::Softmax { 2..=3 } else { 1..=2 } {
            let network = Network::new(4, &[7], outputs).with_output(output);
            let models = (1..=3).map(|seed| model(network.clone(), seed)).collect();
            let Ok(mean) = Model::mean_of(models) else { panic!("they are alike") };
            agrees(&mean, &format!("three members, {outputs} × {output}"));
        }
    }
}

#[test]
fn declares_versions_and_open_rows() {
    let whole = read_back(&model(Network::new(3, &[2], 1).with_activation(Activation::Sigmoid), 1));
    assert_eq!((whole.ir_version, whole.opset_import[0].version), (9, 20));
    assert_eq!(whole.producer_name, "halfplane");
    let graph = whole.graph.expect("there is a graph");
    let input = graph.input[0].r#type.clone().and_then(|t| t.tensor_type).expect("a tensor");
    let shape = input.shape.expect("a shape").dim;
    assert_eq!(shape[0].dim_param.as_deref(), Some("N"));
    assert_eq!(shape[1].dim_value, Some(3));
}

/// A network that passes its inputs through, so that the preprocessing shows.
fn transparent(preprocessing: Preprocessing) -> Model {
    let width = preprocessing.outputs();
    let mut weight = vec![0.0; width * width];
    for place in 0..width {
        weight[place * width + place] = 1.0;
    }
    let layer = LayerParameters { weight, bias: vec![0.0; width] };
    let network = Network::new(width, &[], width).with_output(Output::Identity);
    let parameters = Parameters { layers: vec![layer], ..Parameters::default() };
    Model { preprocessing, members: vec![parameters], ..model(network, 0) }
}

fn numeric(mean: f32, scale: f32, missing: MissingNumber) -> Encoding {
    Encoding::Numeric { mean, scale, bins: Vec::new(), missing }
}

fn column(name: &str, encoding: Encoding) -> Column {
    Column { name: name.into(), encoding }
}

fn words(list: &[&str], other: UnknownCategory, missing: MissingCategory) -> Encoding {
    let categories = list.iter().map(ToString::to_string).collect();
    Encoding::Categorical { categories, other, missing }
}

#[test]
fn numbers_are_standardised_in_one_input() {
    let model = transparent(Preprocessing {
        columns: vec![
            column("a", numeric(4.0, 2.0, MissingNumber::MeanAndIndicator)),
            column("gone", Encoding::Dropped(DropReason::Constant)),
            column("b", Encoding::AsIs),
            column("c", numeric(-1.0, 0.5, MissingNumber::Mean)),
            column("d", numeric(0.0, 1.0, MissingNumber::MeanAndIndicator)),
        ],
        ..Preprocessing::default()
    });
    let nan = f32::NAN;
    let input = Tensor::floats(&[2, 4], &[6.0, 7.5, -0.5, 0.25, nan, 3.0, nan, nan]);
    let outputs = run(&graph(&model), &[("input", input)]);
    let expected = [1.0, 0.0, 7.5, 1.0, 0.25, 0.0, 0.0, 1.0, 3.0, 0.0, 0.0, 1.0];
    assert_eq!(outputs["prediction"].as_floats(), expected);
}

/// Beside the standardised number, each bin's, in the order of the columns.
#[test]
fn numbers_have_bins() {
    let bin = |from, to, mean| Bin { from, to, mean, scale: 0.5 };
    let bins = |mean| vec![bin(None, Some(1.0), mean), bin(Some(1.0), None, mean)];
    let binned = |mean, missing| Encoding::Numeric { mean, scale: 2.0, bins: bins(mean), missing };
    let model = transparent(Preprocessing {
        columns: vec![
            column("a", binned(2.0, MissingNumber::MeanAndIndicator)),
            column("b", numeric(0.0, 1.0, MissingNumber::MeanAndIndicator)),
            column("c", binned(0.0, MissingNumber::Mean)),
        ],
        ..Preprocessing::default()
    });
    let nan = f32::NAN;
    let input = Tensor::floats(&[2, 3], &[4.0, 7.0, -1.0, nan, nan, 1.5]);
    let outputs = run(&graph(&model), &[("input", input)]);
    let expected = [
        [1.0, -2.0, 4.0, 0.0, 7.0, 0.0, -0.5, -2.0, 2.0],
        [0.0, -2.0, 0.0, 1.0, 0.0, 1.0, 0.75, 2.0, 3.0],
    ];
    assert_eq!(outputs["prediction"].as_floats(), expected.as_flattened());
}

#[test]
fn numbers_that_stand_for_missing_ones_do() {
    let model = transparent(Preprocessing {
        columns: vec![column("a", numeric(4.0, 2.0, MissingNumber::MeanAndIndicator))],
        na: ["NA", "-999", "-9e2"].map(str::to_owned).to_vec(),
        ..Preprocessing::default()
    });
    let input = Tensor::floats(&[4, 1], &[-999.0, -900.0, f32::NAN, 6.0]);
    let outputs = run(&graph(&model), &[("input", input)]);
    assert_eq!(outputs["prediction"].as_floats(), [0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0]);
}

#[test]
fn words_become_columns() {
    let model = transparent(Preprocessing {
        columns: vec![
            column("mass", numeric(4.0, 2.0, MissingNumber::MeanAndIndicator)),
            column("full", words(&["a", "b"], UnknownCategory::Pooled, MissingCategory::Category)),
            column("plain", words(&["a", "b"], UnknownCategory::Zeros, MissingCategory::Other)),
            column("pool", words(&["a"], UnknownCategory::Pooled, MissingCategory::Other)),
            column("rare", words(&[], UnknownCategory::Pooled, MissingCategory::Other)),
            column("hole", words(&["a"], UnknownCategory::Zeros, MissingCategory::Category)),
        ],
        na: vec!["NA".into()],
        ..Preprocessing::default()
    });
    let graph = graph(&model);
    let all = |mass: f32, word: &str| {
        let word = |name| (name, Tensor::words(&[1, 1], &[word]));
        let mass = ("mass", Tensor::floats(&[1, 1], &[mass]));
        let words = ["full", "plain", "pool", "rare", "hole"].map(word);
        let inputs: Vec<_> = std::iter::once(mass).chain(words).collect();
        run(&graph, &inputs)["prediction"].as_floats().to_vec()
    };
    // mass, missing | a, b, other, missing | a, b | a, other | other | a, missing
    assert_eq!(all(6.0, "a"), [1., 0., 1., 0., 0., 0., 1., 0., 1., 0., 1., 1., 0.]);
    assert_eq!(all(6.0, "b"), [1., 0., 0., 1., 0., 0., 0., 1., 0., 1., 1., 0., 0.]);
    assert_eq!(all(6.0, "z"), [1., 0., 0., 0., 1., 0., 0., 0., 0., 1., 1., 0., 0.]);
    let missing = [0., 1., 0., 0., 0., 1., 0., 0., 0., 1., 1., 0., 1.];
    assert_eq!(all(f32::NAN, ""), missing);
    assert_eq!(all(f32::NAN, "NA"), missing);
    // Blanks around a word are none of it, in a table and here.
    assert_eq!(all(6.0, " a"), all(6.0, "a"));
    assert_eq!(all(6.0, "\tb  "), all(6.0, "b"));
    assert_eq!(all(f32::NAN, " NA "), missing);
    assert_eq!(all(6.0, "a b"), all(6.0, "z"));
}

/// The parts of moments before and after 1970, in leap years and at their ends, are those of a table.
#[test]
fn moments_become_their_parts() {
    let of = |parts: &[DatePart]| {
        let parts = parts.iter().map(|part| DateInput { part: *part, mean: 2.0, scale: 4.0 });
        let (format, missing) = (DateFormat::Ymd, MissingNumber::MeanAndIndicator);
        Encoding::Date { format, parts: parts.collect(), missing }
    };
    let model = transparent(Preprocessing {
        columns: vec![
            column("when", of(DatePart::ALL)),
            column("hour", of(&[DatePart::Hour])),
            column("gap", of(&[])),
            column("x", Encoding::AsIs),
        ],
        ..Preprocessing::default()
    });
    let graph = graph(&model);
    let mut moments: Vec<i64> = (-300..300).map(|number| number * 86_399 * 91 + number).collect();
    moments.extend([
        0,
        -1,
        951_782_400,
        951_868_800,
        4_107_542_400,
        -62_135_596_800,
        253_402_300_799,
    ]);
    moments.push(i64::MIN);
    for moment in moments {
        let date = |name| (name, Tensor::ints(&[1, 1], &[moment]));
        let x = ("x", Tensor::floats(&[1, 1], &[0.5]));
        let inputs = [date("when"), date("hour"), date("gap"), x];
        let found = run(&graph, &inputs)["prediction"].as_floats().to_vec();
        let scaled = |part: &DatePart| match moment {
            i64::MIN => 0.0,
            _ => (part.of(moment) - 2.0) / 4.0,
        };
        let missing = if moment == i64::MIN { 1.0 } else { 0.0 };
        let mut expected: Vec<f32> = DatePart::ALL.iter().map(scaled).collect();
        expected.extend([missing, scaled(&DatePart::Hour), missing, missing, 0.5]);
        assert_eq!(found, expected, "{moment}");
    }
}

/// What means the same in a table means the same in the graph.
#[test]
fn texts_of_one_value_are_one_category() {
    let categories =
        |list: &[&str]| words(list, UnknownCategory::Pooled, MissingCategory::Category);
    let model = transparent(Preprocessing {
        columns: vec![
            column("flag", categories(&["False", "True"])),
            column("level", categories(&["1", "2.5"])),
        ],
        na: vec!["-999".into()],
        ..Preprocessing::default()
    });
    let graph = graph(&model);
    let all = |flag: &str, level: &str| {
        let inputs = [("flag", flag), ("level", level)]
            .map(|(name, text)| (name, Tensor::words(&[1, 1], &[text])));
        run(&graph, &inputs)["prediction"].as_floats().to_vec()
    };
    // False, True, other, missing | 1, 2.5, other, missing
    assert_eq!(all("true", "1.0"), [0., 1., 0., 0., 1., 0., 0., 0.]);
    assert_eq!(all("0", "2.50"), [1., 0., 0., 0., 0., 1., 0., 0.]);
    assert_eq!(all("yes", "01"), [0., 0., 1., 0., 0., 0., 1., 0.]);
    assert_eq!(all("", "-999.0"), [0., 0., 0., 1., 0., 0., 0., 1.]);
}

#[test]
fn the_target_comes_back_in_its_unit() {
    let mut model = transparent(Preprocessing::as_is(["x"]));
    model.preprocessing.target = TargetEncoding::Standardised { mean: 10.0, scale: 4.0 };
    let input = Tensor::floats(&[2, 1], &[0.0, -1.5]);
    let outputs = run(&graph(&model), &[("input", input)]);
    assert_eq!(outputs["prediction"].as_floats(), [10.0, 4.0]);
}

/// Two columns as they are, that are the outputs, too.
fn two(output: Output, names: [&str; 2], classes: [&[&str]; 2]) -> Model {
    let network = Network::new(2, &[], 2).with_output(output);
    let layer = LayerParameters { weight: vec![1.0, 0.0, 0.0, 1.0], bias: vec![0.0; 2] };
    let target = |(name, classes): (&str, &[&str])| {
        TargetColumn::new(name, classes.iter().map(ToString::to_string).collect())
    };
    Model {
        members: vec![Parameters { layers: vec![layer], ..Parameters::default() }],
        preprocessing: Preprocessing::as_is(["x", "y"]),
        targets: names.into_iter().zip(classes).map(target).collect(),
        provenance: None,
        network,
    }
}

#[test]
fn each_of_several_numbers_has_an_output_in_its_unit() {
    // Names that nodes of the graph and the joint output have, too.
    let mut model = two(Output::Identity, ["prediction", "scaled"], [&[], &[]]);
    let scale = |mean, scale| TargetScale { mean, scale };
    model.preprocessing.target = TargetEncoding::Each(vec![scale(10.0, 4.0), scale(-1.0, 0.5)]);
    let rows = [0.0, 2.0, -1.5, 4.0];
    let outputs = run(&graph(&model), &[("input", Tensor::floats(&[2, 2], &rows))]);
    assert_eq!(outputs["prediction"], Tensor::floats(&[2, 1], &[10.0, 4.0]));
    assert_eq!(outputs["scaled"], Tensor::floats(&[2, 1], &[0.0, 1.0]));
    assert_eq!(outputs["prediction_"].as_floats(), model.predict(&rows).expect("two rows"));
}

#[test]
fn each_of_several_labels_has_an_output_with_its_class() {
    let model = two(Output::Sigmoid, ["ill", "old"], [&["no", "yes"], &["0", "1"]]);
    // A probability of a half is none of yes.
    let rows = [-1.0, 0.5, 0.0, -3.0, 2.0, 0.0];
    let outputs = run(&graph(&model), &[("input", Tensor::floats(&[3, 2], &rows))]);
    assert_eq!(outputs["ill"], Tensor::words(&[3], &["no", "no", "yes"]));
    assert_eq!(outputs["old"], Tensor::words(&[3], &["1", "0", "0"]));
    let probabilities = model.predict(&rows).expect("three rows");
    for (theirs, ours) in outputs["probabilities"].as_floats().iter().zip(&probabilities) {
        assert!((theirs - ours).abs() < TOLERANCE, "{theirs} for {ours}");
    }
}

#[test]
fn columns_may_be_called_anything() {
    let names = ["prediction", "layers.0", "", "features"];
    let mut columns: Vec<Column> = names.iter().map(|name| column(name, Encoding::AsIs)).collect();
    columns.push(column(
        "layers.0.weight",
        words(&["a"], UnknownCategory::Zeros, MissingCategory::Other),
    ));
    let model = transparent(Preprocessing { columns, ..Preprocessing::default() });
    let graph = graph(&model);
    let names: Vec<String> = graph.input.iter().map(|input| input.name.clone()).collect();
    assert_eq!(names, ["prediction", "layers.0", "_", "features", "layers.0.weight"]);
    let one = |value| Tensor::floats(&[1, 1], &[value]);
    let word = Tensor::words(&[1, 1], &["a"]);
    let values = [one(1.0), one(2.0), one(3.0), one(4.0), word];
    let inputs: Vec<_> = names.iter().map(String::as_str).zip(values).collect();
    let outputs = run(&graph, &inputs);
    assert_eq!(outputs["prediction_"].as_floats(), [1.0, 2.0, 3.0, 4.0, 1.0]);
}
