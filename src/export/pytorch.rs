//! Exports a model as a Python script: an `nn.Sequential`, with the preprocessing in plain Python.

use std::fmt::Write as _;
use std::path::Path;

use super::numbers_of;
use crate::Model;
use crate::data::{
    Column, Encoding, MissingCategory, MissingNumber, TargetColumn, TargetEncoding,
    UnknownCategory, missing_pattern, patterns,
};
use crate::spec::{Activation, Output};

/// The script, with placeholders between `@` for the parts that depend on the model.
const TEMPLATE: &str = include_str!("template.py");

/// A model as a Python script that loads its weights from the model file `weights`, an absolute
/// path or one relative to the script's folder. The script needs `torch` and `safetensors`.
pub fn pytorch(model: &Model, weights: &Path) -> String {
    let path = literal(&weights.to_string_lossy());
    let weights = match weights.is_absolute() {
        true => format!("Path({path})"),
        false => format!("Path(__file__).parent / {path}"),
    };
    let columns: String = model
        .preprocessing
        .needed()
        .map(|column| {
            let own = model.preprocessing.na_columns.get(&column.name);
            format!("        {},\n", encode(column, own.map(Vec::as_slice).unwrap_or_default()))
        })
        .collect();
    let na = std::iter::once("").chain(model.preprocessing.na.iter().map(String::as_str));
    let version = env!("CARGO_PKG_VERSION");
    let title = format!("A {} network, trained by halfplane {version}.", model.network);
    // In the order of the template, so that no placeholder is searched in inserted text: columns
    // and classes may have any names.
    let parts = [
        ("@TITLE@", title),
        ("@WEIGHTS@", weights),
        ("@HEADER@", list(model.prediction_columns().iter().map(String::as_str))),
        ("@CLASSES@", classes(model)),
        ("@MISSING@", list(na)),
        ("@PATTERN@", literal(&missing_pattern(&model.preprocessing.na))),
        ("@NUMBERS@", format!("{:?}", numbers_of(&model.preprocessing.na))),
        ("@LAYERS@", layers(model)),
        ("@NET@", net(model)),
        ("@COLUMNS@", columns),
        ("@ANSWER@", answer(model)),
        ("@CHOICE@", choice(model).into()),
    ];
    let (mut script, mut rest) = (String::new(), TEMPLATE);
    for (name, text) in parts {
        let (before, after) = rest.split_once(name).expect("the template has each once, in order");
        script += before;
        script += &text;
        rest = after;
    }
    script + rest
}

/// The line that makes the network: of an ensemble, the mean of its members.
fn net(model: &Model) -> String {
    match model.members.len() {
        1 => "net = network()".into(),
        count => format!(
            "class Mean(nn.Module):\n    def __init__(self):\n        super().__init__()\n        \
             self.members = nn.ModuleList(network() for _ in range({count}))\n\n    \
             def forward(self, x):\n        \
             return torch.stack([member(x) for member in self.members]).mean(dim=0)\n\n\n\
             net = Mean()"
        ),
    }
}

fn layers(model: &Model) -> String {
    let layers = model.network.layers();
    let mut text = String::new();
    for (index, layer) in layers.iter().enumerate() {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "        nn.Linear({}, {}),", layer.inputs, layer.outputs);
        if let Some(units) = model.network.norms().get(index) {
            let _ = writeln!(text, "        nn.LayerNorm({units}),");
        }
        if index + 1 < layers.len() {
            let _ = writeln!(text, "        nn.{}(),", activation(model.network.activation));
        }
    }
    match model.network.output {
        Output::Identity => {}
        Output::Sigmoid => text += "        nn.Sigmoid(),\n",
        Output::Softmax => text += "        nn.Softmax(dim=1),\n",
    }
    text
}

fn activation(activation: Activation) -> &'static str {
    match activation {
        Activation::Sigmoid => "Sigmoid",
        Activation::Tanh => "Tanh",
        Activation::Relu => "ReLU",
        Activation::LeakyRelu => "LeakyReLU",
        Activation::Elu => "ELU",
        Activation::Gelu => "GELU",
        Activation::Silu => "SiLU",
        Activation::Softplus => "Softplus",
    }
}

/// The Python call that encodes a column, in which `na` are more words for a missing value.
fn encode(Column { name, encoding }: &Column, na: &[String]) -> String {
    let column = match na {
        [] => format!("column({})", literal(name)),
        _ => format!("column({}, {})", literal(name), literal(&missing_pattern(na))),
    };
    match encoding {
        Encoding::AsIs | Encoding::Dropped(_) => format!("as_is({column})"),
        Encoding::Numeric { mean, scale, bins, missing } => {
            let indicator = boolean(*missing == MissingNumber::MeanAndIndicator);
            let bins: Vec<String> = bins
                .iter()
                .map(|own| {
                    let [from, to] = [own.from, own.to]
                        .map(|end| end.map_or_else(|| "None".to_owned(), |end| format!("{end:?}")));
                    format!("({from}, {to}, {:?}, {:?})", own.mean, own.scale)
                })
                .collect();
            let bins = match bins[..] {
                [] => String::new(),
                _ => format!(", bins=[{}]", bins.join(", ")),
            };
            format!(
                "numeric({column}, mean={mean:?}, scale={scale:?}, indicator={indicator}{bins})"
            )
        }
        Encoding::Date { format, parts, missing } => {
            let parts: Vec<String> = parts
                .iter()
                .map(|own| {
                    format!("({}, {:?}, {:?})", literal(own.part.name()), own.mean, own.scale)
                })
                .collect();
            let indicator = boolean(*missing == MissingNumber::MeanAndIndicator);
            format!(
                "dates({column}, {}, [{}], indicator={indicator})",
                literal(format.name()),
                parts.join(", ")
            )
        }
        Encoding::Categorical { categories, other, missing } => format!(
            "categorical({column}, {}, other={}, missing={})",
            list(patterns(categories).iter().map(String::as_str)),
            boolean(*other == UnknownCategory::Pooled),
            boolean(*missing == MissingCategory::Category),
        ),
    }
}

/// The classes: of several targets a list for each, but none of numbers.
fn classes(model: &Model) -> String {
    let of = |own: &TargetColumn| list(own.classes.iter().map(String::as_str));
    match &model.targets[..] {
        [only] => of(only),
        several => {
            let labels = several.iter().filter(|own| !own.classes.is_empty());
            format!("[{}]", labels.map(of).collect::<Vec<_>>().join(", "))
        }
    }
}

/// The lines that add the classes to a row of predictions.
fn choice(model: &Model) -> &'static str {
    match (model.targets.len(), model.network.output) {
        (1, _) => CHOICE,
        (_, Output::Sigmoid) => CHOICE_OF_LABELS,
        _ => "",
    }
}

const CHOICE: &str = "        \
if len(HEADER) > len(answer):
            # The last column is the most probable class.
            every = answer if len(answer) > 1 else [0.5, answer[0]]
            answer.append(CLASSES[every.index(max(every))])
";

const CHOICE_OF_LABELS: &str = "        \
# Behind the probabilities stands the more probable class of each target.
        answer += [own[p > 0.5] for own, p in zip(CLASSES, answer)]
";

fn answer(model: &Model) -> String {
    match &model.preprocessing.target {
        TargetEncoding::AsIs => "net(preprocess(rows))".into(),
        TargetEncoding::Standardised { mean, scale } => {
            format!("net(preprocess(rows)) * {scale:?} + {mean:?}")
        }
        TargetEncoding::Each(each) => {
            let scale: Vec<f32> = each.iter().map(|own| own.scale).collect();
            let mean: Vec<f32> = each.iter().map(|own| own.mean).collect();
            format!("net(preprocess(rows)) * torch.tensor({scale:?}) + torch.tensor({mean:?})")
        }
    }
}

/// A Python string literal: JSON strings are valid ones.
fn literal(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn list<'a>(words: impl Iterator<Item = &'a str>) -> String {
    format!("[{}]", words.map(literal).collect::<Vec<_>>().join(", "))
}

fn boolean(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Dataset, Network, Normalization, TrainOptions, Trainer};

    #[test]
    fn the_script_says_where_the_weights_are() {
        let data = Dataset::xor();
        let options = TrainOptions { device: crate::DeviceChoice::Cpu, ..Default::default() };
        let mut trainer = Trainer::new(
            &Network::new(2, &[3], 1).with_activation(Activation::Sigmoid),
            &data,
            options,
        )
        .unwrap_or_else(|error| panic!("{error}"));
        let model = trainer.model().unwrap_or_else(|error| panic!("{error}"));
        let beside = pytorch(&model, Path::new("m.safetensors"));
        assert!(beside.contains("WEIGHTS = Path(__file__).parent / \"m.safetensors\"\n"));
        assert!(pytorch(&model, Path::new("/m")).contains("WEIGHTS = Path(\"/m\")\n"));
        let sequence = "        nn.Linear(2, 3),\n        nn.Sigmoid(),\n        nn.Linear(3, 1),\n        nn.Sigmoid(),\n    )";
        assert!(beside.contains(sequence), "{beside}");
        assert!(beside.contains("        as_is(column(\"x1\")),\n"), "{beside}");
        let network = model.network.clone().with_normalization(Normalization::LayerNorm);
        let normed = pytorch(&Model { network, ..model.clone() }, Path::new("m.safetensors"));
        let sequence = "        nn.Linear(2, 3),\n        nn.LayerNorm(3),\n        nn.Sigmoid(),\n        nn.Linear(3, 1),\n";
        assert!(normed.contains(sequence), "{normed}");
        let classes = vec!["@NUMBERS@".into(), "@COLUMNS@".into()];
        let named = Model { targets: vec![TargetColumn::new("y", classes)], ..model };
        let script = pytorch(&named, Path::new("m.safetensors"));
        assert!(script.contains("CLASSES = [\"@NUMBERS@\", \"@COLUMNS@\"]\n"), "{script}");
        assert!(!beside.contains('@') || beside.matches('@').count() == 1, "no_grad's alone");
    }
}
