//! ONNX: a model as a graph of standard operators, from a table's columns to predictions.

mod dates;
mod graph;
mod network;
mod preprocess;
mod proto;

#[cfg(test)]
mod interpreter;
#[cfg(test)]
mod tests;

use prost::Message as _;

use crate::data::TargetColumn;
use crate::{Error, Model, Result, Setting};

/// The operator set of 2023, the first with `Gelu`.
const OPSET_VERSION: i64 = 20;

/// The version of the file format that belongs to it.
const IR_VERSION: i64 = 9;

/// The largest size of a protocol buffer.
const MAX_BYTES: usize = i32::MAX as usize;

/// A model as the bytes of an ONNX file.
///
/// If all columns are numeric, its input is `input` \[N, columns\]; otherwise each column is an
/// input \[N, 1\] of the column's name. A missing number is NaN, a missing text the empty string. A date
/// is a number of seconds in int64, a missing one the smallest of them: a graph cannot read dates.
/// Its outputs are `probabilities` \[N, classes\] and `label` \[N\], or `prediction` \[N, 1\] for
/// regression. Of several targets `probabilities` are those of "yes" \[N, targets\] and `prediction` is
/// \[N, targets\]; beside them each target has an output of its name: a number \[N, 1\], or the more
/// probable class \[N\].
///
/// # Errors
/// [`Error::Invalid`] where the file would be larger than 2 GiB.
pub fn onnx(model: &Model) -> Result<Vec<u8>> {
    model.check_members()?;
    let mut graph = graph::Graph::default();
    // Before anything else can have the names of the targets.
    let several = if model.targets.len() > 1 { &model.targets[..] } else { &[] };
    let names: Vec<String> = several.iter().map(|own| graph.reserve(&own.name)).collect();
    let features = preprocess::inputs(&mut graph, &model.preprocessing);
    network::outputs(&mut graph, model, &features, &names);
    let proto = proto::Model {
        ir_version: IR_VERSION,
        opset_import: vec![proto::OperatorSet {
            domain: Some(String::new()),
            version: OPSET_VERSION,
        }],
        producer_name: env!("CARGO_PKG_NAME").into(),
        producer_version: env!("CARGO_PKG_VERSION").into(),
        doc_string: format!("A {} network that predicts {}", model.network, model.target()),
        graph: Some(graph.finish("halfplane")),
        metadata_props: metadata(model),
    };
    let bytes = proto.encoded_len();
    if bytes > MAX_BYTES {
        return Err(Error::invalid(
            format!("the model takes {bytes} bytes as ONNX; at most {MAX_BYTES} are possible"),
            (
                "export it with ",
                Setting::Format.to("pytorch"),
                ", which loads the weights from the model file",
            ),
        ));
    }
    Ok(proto.encode_to_vec())
}

/// Metadata that the graph does not hold: the target, and columns and classes as JSON lists; of several
/// targets a JSON list with the name and classes of each.
fn metadata(model: &Model) -> Vec<proto::Entry> {
    let list = |words: Vec<&str>| serde_json::json!(words).to_string();
    let columns = model.preprocessing.needed().map(|column| column.name.as_str()).collect();
    let targets = match &model.targets[..] {
        [TargetColumn { name, classes }] => {
            let classes = list(classes.iter().map(String::as_str).collect());
            vec![("target", name.clone()), ("columns", list(columns)), ("classes", classes)]
        }
        several => {
            let targets = serde_json::json!(several).to_string();
            vec![("targets", targets), ("columns", list(columns))]
        }
    };
    let entry = |(key, value): (&str, String)| proto::Entry { key: key.into(), value };
    targets.into_iter().map(entry).collect()
}
