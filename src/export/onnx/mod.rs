//! ONNX: a model as a graph of standard operators, from a table's columns to its answer.

mod graph;
mod network;
mod preprocess;
mod proto;

#[cfg(test)]
mod interpreter;
#[cfg(test)]
mod tests;

use prost::Message as _;

use crate::{Error, Model, Result};

/// The operators' version, of 2023: the first with GELU.
const OPERATORS: i64 = 20;

/// The file format's version that goes with it.
const FORMAT: i64 = 9;

/// What a protocol buffer can hold.
const MOST_BYTES: usize = i32::MAX as usize;

/// A model as the bytes of an ONNX file.
///
/// Its input is `input` \[N, columns\] where all columns are numbers, else one \[N, 1\] for each
/// column, of its name: numbers with NaN for missing, words with the empty string. Its outputs are
/// `probabilities` \[N, classes\] and `label` \[N\], or `prediction` \[N, 1\] for regression.
///
/// # Errors
/// [`Error::Invalid`] where the model is past the 2 GiB that such a file can hold.
pub fn onnx(model: &Model) -> Result<Vec<u8>> {
    model.parameters.check(&model.network)?;
    let mut graph = graph::Graph::default();
    let features = preprocess::inputs(&mut graph, &model.preprocessing);
    let z = network::layers(&mut graph, model, features);
    network::outputs(&mut graph, model, &z);
    let proto = proto::Model {
        ir_version: FORMAT,
        opset_import: vec![proto::OperatorSet { domain: Some(String::new()), version: OPERATORS }],
        producer_name: env!("CARGO_PKG_NAME").into(),
        producer_version: env!("CARGO_PKG_VERSION").into(),
        doc_string: format!("A {} network that predicts {}", model.network, model.target),
        graph: Some(graph.finish("halfplane")),
        metadata_props: metadata(model),
    };
    let bytes = proto.encoded_len();
    if bytes > MOST_BYTES {
        return Err(Error::invalid(
            format!("the model takes {bytes} bytes as ONNX, and such a file holds {MOST_BYTES}"),
            "export it with --format pytorch, which leaves the weights where they are",
        ));
    }
    Ok(proto.encode_to_vec())
}

/// What the graph does not tell: columns and classes as JSON lists.
fn metadata(model: &Model) -> Vec<proto::Entry> {
    let list = |words: Vec<&str>| serde_json::json!(words).to_string();
    let columns = model.preprocessing.needed().map(|column| column.name.as_str()).collect();
    let classes = model.classes.iter().map(String::as_str).collect();
    [("target", model.target.clone()), ("columns", list(columns)), ("classes", list(classes))]
        .map(|(key, value)| proto::Entry { key: key.into(), value })
        .to_vec()
}
