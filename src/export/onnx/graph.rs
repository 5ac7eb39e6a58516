//! Builds a graph: nodes in order, constants, unique names.

use std::collections::HashSet;

use super::proto::{self, attribute, kind};

/// The type of a value: its elements and columns. The number of rows, N, is symbolic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Numbers, \[N, columns\].
    Numbers(usize),
    /// Whole numbers of 64 bits, \[N, columns\].
    Integers(usize),
    /// Strings, \[N, columns\].
    Strings(usize),
    /// One string per row, \[N\].
    String,
}

/// A graph under construction.
#[derive(Default)]
pub(super) struct Graph {
    proto: proto::Graph,
    names: HashSet<String>,
}

/// A float attribute of a node.
pub(super) fn float(name: &str, value: f32) -> proto::Attribute {
    proto::Attribute { name: name.into(), f: Some(value), i: None, s: None, kind: attribute::FLOAT }
}

/// An integer attribute of a node.
pub(super) fn int(name: &str, value: i64) -> proto::Attribute {
    proto::Attribute { name: name.into(), f: None, i: Some(value), s: None, kind: attribute::INT }
}

/// A string attribute of a node.
pub(super) fn string(name: &str, value: &str) -> proto::Attribute {
    let s = Some(value.as_bytes().to_vec());
    proto::Attribute { name: name.into(), f: None, i: None, s, kind: attribute::STRING }
}

impl Graph {
    /// Adds an input, and returns its name: `wish` if that is free.
    pub(super) fn input(&mut self, wish: &str, kind: Kind, doc: &str) -> String {
        let name = self.fresh(wish);
        self.proto.input.push(value_info(&name, kind, doc));
        name
    }

    /// Makes a value an output, through an `Identity` node of the output's name.
    pub(super) fn output(&mut self, wish: &str, kind: Kind, of: &str, doc: &str) {
        let name = self.fresh(wish);
        self.reserved_output(&name, kind, of, doc);
    }

    /// Keeps a name for an output, and returns it: `wish` if that is free.
    pub(super) fn reserve(&mut self, wish: &str) -> String {
        self.fresh(wish)
    }

    /// The same as [`Graph::output`], with a name that was kept for it.
    pub(super) fn reserved_output(&mut self, name: &str, kind: Kind, of: &str, doc: &str) {
        self.add(name, "Identity", &[of], vec![]);
        self.proto.output.push(value_info(name, kind, doc));
    }

    /// Adds a node with one result, and returns the name of both.
    pub(super) fn node(
        &mut self,
        wish: &str,
        operator: &str,
        inputs: &[&str],
        attribute: Vec<proto::Attribute>,
    ) -> String {
        let name = self.fresh(wish);
        self.add(&name, operator, inputs, attribute);
        name
    }

    fn add(
        &mut self,
        name: &str,
        operator: &str,
        inputs: &[&str],
        attribute: Vec<proto::Attribute>,
    ) {
        self.proto.node.push(proto::Node {
            input: inputs.iter().map(ToString::to_string).collect(),
            output: vec![name.to_owned()],
            name: name.to_owned(),
            op_type: operator.into(),
            attribute,
        });
    }

    /// Concatenates values \[N, columns\] along the columns.
    pub(super) fn concat(&mut self, wish: &str, parts: &[String]) -> String {
        match parts {
            [only] => only.clone(),
            _ => {
                let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
                self.node(wish, "Concat", &parts, vec![int("axis", 1)])
            }
        }
    }

    /// Adds a constant tensor of float32.
    pub(super) fn floats(&mut self, wish: &str, shape: &[usize], values: &[f32]) -> String {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.constant(wish, shape, kind::FLOAT, Some(bytes), vec![])
    }

    /// Adds a constant vector of int64.
    pub(super) fn ints(&mut self, wish: &str, values: &[i64]) -> String {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.constant(wish, &[values.len()], kind::INT64, Some(bytes), vec![])
    }

    /// Adds a constant tensor of strings.
    pub(super) fn strings(&mut self, wish: &str, shape: &[usize], values: &[String]) -> String {
        let values = values.iter().map(|value| value.clone().into_bytes()).collect();
        self.constant(wish, shape, kind::STRING, None, values)
    }

    pub(super) fn finish(mut self, name: &str) -> proto::Graph {
        self.proto.name = name.into();
        self.proto
    }

    fn constant(
        &mut self,
        wish: &str,
        shape: &[usize],
        data_type: i32,
        raw_data: Option<Vec<u8>>,
        string_data: Vec<Vec<u8>>,
    ) -> String {
        let name = self.fresh(wish);
        let dims = shape.iter().map(|&size| size as i64).collect();
        let tensor = proto::Tensor { dims, data_type, string_data, name: name.clone(), raw_data };
        self.proto.initializer.push(tensor);
        name
    }

    /// A unique name: `wish`, with underscores added if it is taken. ONNX uses the empty name for a
    /// value that is absent.
    fn fresh(&mut self, wish: &str) -> String {
        let mut name = wish.to_owned();
        while name.is_empty() || !self.names.insert(name.clone()) {
            name.push('_');
        }
        name
    }
}

fn value_info(name: &str, kind: Kind, doc: &str) -> proto::ValueInfo {
    let rows = proto::Dimension { dim_value: None, dim_param: Some("N".into()) };
    let columns =
        |count: usize| proto::Dimension { dim_value: Some(count as i64), dim_param: None };
    let (elem_type, dim) = match kind {
        Kind::Numbers(count) => (kind::FLOAT, vec![rows, columns(count)]),
        Kind::Integers(count) => (kind::INT64, vec![rows, columns(count)]),
        Kind::Strings(count) => (kind::STRING, vec![rows, columns(count)]),
        Kind::String => (kind::STRING, vec![rows]),
    };
    let tensor_type = proto::TensorType { elem_type, shape: Some(proto::Shape { dim }) };
    proto::ValueInfo {
        name: name.into(),
        r#type: Some(proto::Type { tensor_type: Some(tensor_type) }),
        doc_string: doc.into(),
    }
}
