//! An interpreter of the exported operators, after the ONNX specification, for tests.

use std::collections::HashMap;

use super::proto::{self, kind};

/// A tensor with its shape.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tensor {
    pub(super) shape: Vec<usize>,
    pub(super) data: Data,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Data {
    Floats(Vec<f32>),
    Ints(Vec<i64>),
    Words(Vec<String>),
    Bools(Vec<bool>),
}

impl Tensor {
    pub(super) fn floats(shape: &[usize], values: &[f32]) -> Self {
        Self { shape: shape.to_vec(), data: Data::Floats(values.to_vec()) }
    }

    pub(super) fn ints(shape: &[usize], values: &[i64]) -> Self {
        Self { shape: shape.to_vec(), data: Data::Ints(values.to_vec()) }
    }

    pub(super) fn words(shape: &[usize], words: &[&str]) -> Self {
        let words = words.iter().map(ToString::to_string).collect();
        Self { shape: shape.to_vec(), data: Data::Words(words) }
    }

    pub(super) fn as_floats(&self) -> &[f32] {
        let Data::Floats(values) = &self.data else { panic!("no floats: {self:?}") };
        values
    }

    pub(super) fn as_words(&self) -> &[String] {
        let Data::Words(words) = &self.data else { panic!("no words: {self:?}") };
        words
    }

    fn as_ints(&self) -> &[i64] {
        let Data::Ints(values) = &self.data else { panic!("no integers: {self:?}") };
        values
    }

    fn as_bools(&self) -> &[bool] {
        let Data::Bools(values) = &self.data else { panic!("no bools: {self:?}") };
        values
    }

    fn of(tensor: &proto::Tensor) -> Self {
        let shape: Vec<usize> = tensor.dims.iter().map(|&size| size as usize).collect();
        let raw = tensor.raw_data.clone().unwrap_or_default();
        let data = match tensor.data_type {
            kind::FLOAT => {
                Data::Floats(raw.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect())
            }
            kind::INT64 => {
                Data::Ints(raw.as_chunks().0.iter().map(|b| i64::from_le_bytes(*b)).collect())
            }
            kind::STRING => {
                let text = |bytes: &Vec<u8>| String::from_utf8(bytes.clone()).expect("UTF-8");
                Data::Words(tensor.string_data.iter().map(text).collect())
            }
            other => panic!("{}: no data type {other}", tensor.name),
        };
        let tensor = Self { shape, data };
        assert_eq!(tensor.len(), tensor.shape.iter().product::<usize>());
        tensor
    }

    fn len(&self) -> usize {
        match &self.data {
            Data::Floats(values) => values.len(),
            Data::Ints(values) => values.len(),
            Data::Words(values) => values.len(),
            Data::Bools(values) => values.len(),
        }
    }

    /// The index of an element in this tensor when it is broadcast to \[rows, columns\].
    fn place(&self, row: usize, column: usize) -> usize {
        let [rows, columns] = self.matrix();
        (if rows == 1 { 0 } else { row }) * columns + if columns == 1 { 0 } else { column }
    }

    fn matrix(&self) -> [usize; 2] {
        match self.shape[..] {
            [columns] => [1, columns],
            [rows, columns] => [rows, columns],
            _ => panic!("no matrix: {:?}", self.shape),
        }
    }
}

/// Runs a graph; its outputs by name.
pub(super) fn run(graph: &proto::Graph, inputs: &[(&str, Tensor)]) -> HashMap<String, Tensor> {
    let mut values: HashMap<String, Tensor> =
        inputs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    for info in &graph.input {
        let value = values.get(&info.name).unwrap_or_else(|| panic!("no input {}", info.name));
        assert_eq!(element(value), tensor_type(info).elem_type, "input {}", info.name);
    }
    assert_eq!(values.len(), graph.input.len(), "an input that the graph has not got");
    for tensor in &graph.initializer {
        assert!(values.insert(tensor.name.clone(), Tensor::of(tensor)).is_none());
    }
    for node in &graph.node {
        let operands: Vec<&Tensor> = node.input.iter().map(|name| &values[name]).collect();
        let value = operate(node, &operands);
        assert!(values.insert(node.output[0].clone(), value).is_none(), "{}", node.name);
    }
    let output = |info: &proto::ValueInfo| {
        let value = values[&info.name].clone();
        let declared = tensor_type(info);
        assert_eq!(element(&value), declared.elem_type, "output {}", info.name);
        let sizes: Vec<Option<i64>> =
            declared.shape.iter().flat_map(|shape| &shape.dim).map(|dim| dim.dim_value).collect();
        assert_eq!(sizes.len(), value.shape.len(), "output {}", info.name);
        for (declared, size) in sizes.iter().zip(&value.shape) {
            assert!(declared.is_none_or(|declared| declared == *size as i64), "{}", info.name);
        }
        (info.name.clone(), value)
    };
    graph.output.iter().map(output).collect()
}

fn tensor_type(info: &proto::ValueInfo) -> &proto::TensorType {
    info.r#type.as_ref().and_then(|kind| kind.tensor_type.as_ref()).expect("a tensor")
}

fn element(tensor: &Tensor) -> i32 {
    match tensor.data {
        Data::Floats(_) => kind::FLOAT,
        Data::Ints(_) => kind::INT64,
        Data::Words(_) => kind::STRING,
        Data::Bools(_) => kind::BOOL,
    }
}

fn operate(node: &proto::Node, inputs: &[&Tensor]) -> Tensor {
    let int = |name: &str| {
        let attribute = node.attribute.iter().find(|attribute| attribute.name == name);
        attribute.and_then(|attribute| attribute.i).expect("the attribute is there")
    };
    let alpha = || node.attribute[0].f.expect("alpha is a number");
    let first = inputs[0];
    let map = |f: &dyn Fn(f32) -> f32| {
        let values: Vec<f32> = first.as_floats().iter().map(|&x| f(x)).collect();
        Tensor::floats(&first.shape, &values)
    };
    let sigmoid = |x: f32| 1.0 / (1.0 + (-x).exp());
    match node.op_type.as_str() {
        "Identity" => first.clone(),
        "Gemm" => gemm(first, inputs[1], inputs[2], int("transB")),
        "Sigmoid" => map(&sigmoid),
        "Tanh" => map(&f32::tanh),
        "Relu" => map(&|x| x.max(0.0)),
        "LeakyRelu" => map(&|x| if x < 0.0 { alpha() * x } else { x }),
        "Elu" => map(&|x| if x < 0.0 { alpha() * x.exp_m1() } else { x }),
        "Softplus" => map(&|x| x.max(0.0) + (-x.abs()).exp().ln_1p()),
        "Gelu" => map(&|x| crate::kernels::Function::Of(crate::Activation::Gelu).value(x)),
        "Add" | "Sub" | "Mul" | "Div" | "Mod" if element(first) == kind::INT64 => {
            integers(inputs, node.op_type.as_str())
        }
        "Add" => numbers(inputs, |[a, b]| a + b),
        "Mean" => mean(inputs),
        "Sub" => numbers(inputs, |[a, b]| a - b),
        "Mul" => numbers(inputs, |[a, b]| a * b),
        "Max" => numbers(inputs, |[a, b]| a.max(b)),
        "Min" => numbers(inputs, |[a, b]| a.min(b)),
        "Div" => numbers(inputs, |[a, b]| a / b),
        "LayerNormalization" => {
            assert_eq!(int("axis"), -1);
            let epsilon = node.attribute.iter().find_map(|own| own.f).expect("epsilon is a number");
            layer_norm(first, inputs[1], inputs[2], epsilon)
        }
        "Softmax" => softmax(first),
        "IsNaN" => bools(first, first.as_floats().iter().map(|x| x.is_nan()).collect()),
        "Equal" => equal(inputs),
        "RegexFullMatch" => {
            let pattern = node.attribute[0].s.clone().expect("the pattern is a string");
            let pattern = String::from_utf8(pattern).expect("UTF-8");
            let pattern = regex::Regex::new(&format!("^(?:{pattern})$")).expect("a pattern");
            bools(first, first.as_words().iter().map(|word| pattern.is_match(word)).collect())
        }
        "Or" => {
            let (a, b) = (first.as_bools(), inputs[1].as_bools());
            bools(first, a.iter().zip(b).map(|(a, b)| *a || *b).collect())
        }
        "Where" => choose(inputs),
        "Cast" => {
            assert_eq!(int("to"), i64::from(kind::FLOAT));
            let values: Vec<f32> = match &first.data {
                Data::Ints(values) => values.iter().map(|&value| value as f32).collect(),
                _ => first.as_bools().iter().map(|&b| f32::from(u8::from(b))).collect(),
            };
            Tensor::floats(&first.shape, &values)
        }
        "Concat" => concat(inputs),
        "Gather" => gather(first, inputs[1], int("axis")),
        "ReduceSum" => {
            assert_eq!((inputs[1].as_ints(), int("keepdims")), (&[1][..], 1));
            let [rows, columns] = first.matrix();
            let sums: Vec<f32> =
                first.as_floats().chunks(columns).map(|row| row.iter().sum()).collect();
            Tensor::floats(&[rows, 1], &sums)
        }
        "ArgMax" => {
            assert_eq!((int("axis"), int("keepdims")), (1, 0));
            let [rows, columns] = first.matrix();
            let best = |row: &[f32]| {
                (0..columns).rev().max_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap_or(0) as i64
            };
            let data = Data::Ints(first.as_floats().chunks(columns).map(best).collect());
            Tensor { shape: vec![rows], data }
        }
        other => panic!("no operator {other}"),
    }
}

/// x · Wᵀ + b, added up in f64.
fn gemm(x: &Tensor, weight: &Tensor, bias: &Tensor, transposed: i64) -> Tensor {
    assert_eq!(transposed, 1);
    let ([rows, inputs], [outputs, columns]) = (x.matrix(), weight.matrix());
    assert_eq!(inputs, columns, "x[N,I] · W[O,I]ᵀ");
    let mut z = Vec::new();
    for row in x.as_floats().chunks(inputs) {
        for (weights, bias) in weight.as_floats().chunks(inputs).zip(bias.as_floats()) {
            let products = row.iter().zip(weights).map(|(x, w)| f64::from(*x) * f64::from(*w));
            z.push((products.sum::<f64>() + f64::from(*bias)) as f32);
        }
    }
    Tensor::floats(&[rows, outputs], &z)
}

/// (x − mean) / √(variance + ε) of each row, scaled and shifted, in f64.
fn layer_norm(x: &Tensor, scale: &Tensor, shift: &Tensor, epsilon: f32) -> Tensor {
    let [_, columns] = x.matrix();
    assert_eq!((&scale.shape[..], &shift.shape[..]), (&[columns][..], &[columns][..]));
    let mean_of = |row: &[f64]| row.iter().sum::<f64>() / columns as f64;
    let mut y = Vec::new();
    for row in x.as_floats().chunks(columns) {
        let row: Vec<f64> = row.iter().map(|x| f64::from(*x)).collect();
        let mean = mean_of(&row);
        let squares: Vec<f64> = row.iter().map(|x| (x - mean).powi(2)).collect();
        let sigma = (mean_of(&squares) + f64::from(epsilon)).sqrt();
        let affine = scale.as_floats().iter().zip(shift.as_floats());
        let one = |(x, (scale, shift)): (&f64, (&f32, &f32))| {
            ((x - mean) / sigma * f64::from(*scale) + f64::from(*shift)) as f32
        };
        y.extend(row.iter().zip(affine).map(one));
    }
    Tensor::floats(&x.shape, &y)
}

fn softmax(z: &Tensor) -> Tensor {
    let [_, columns] = z.matrix();
    let mut values = Vec::new();
    for row in z.as_floats().chunks(columns) {
        let most = row.iter().copied().fold(f32::MIN, f32::max);
        let powers: Vec<f32> = row.iter().map(|z| (z - most).exp()).collect();
        let sum: f32 = powers.iter().sum();
        values.extend(powers.iter().map(|power| power / sum));
    }
    Tensor::floats(&z.shape, &values)
}

/// The mean of values of one shape.
fn mean(inputs: &[&Tensor]) -> Tensor {
    let sum = |at: usize| inputs.iter().map(|input| input.as_floats()[at]).sum::<f32>();
    let count = inputs.len() as f32;
    let values: Vec<f32> = (0..inputs[0].as_floats().len()).map(|at| sum(at) / count).collect();
    Tensor::floats(&inputs[0].shape, &values)
}

/// The common shape of values that are broadcast to each other.
fn common(inputs: &[&Tensor]) -> [usize; 2] {
    inputs.iter().map(|input| input.matrix()).fold([1, 1], |[r, c], [rows, columns]| {
        assert!((r == rows || r == 1 || rows == 1) && (c == columns || c == 1 || columns == 1));
        [r.max(rows), c.max(columns)]
    })
}

fn places([rows, columns]: [usize; 2]) -> impl Iterator<Item = (usize, usize)> {
    (0..rows).flat_map(move |row| (0..columns).map(move |column| (row, column)))
}

fn numbers(inputs: &[&Tensor], f: impl Fn([f32; 2]) -> f32) -> Tensor {
    let shape = common(inputs);
    let at = |operand: &Tensor, row, column| operand.as_floats()[operand.place(row, column)];
    let values: Vec<f32> =
        places(shape).map(|(r, c)| f([at(inputs[0], r, c), at(inputs[1], r, c)])).collect();
    Tensor::floats(&shape, &values)
}

/// `Div` rounds to zero, and `Mod` has the divisor's sign.
fn integers(inputs: &[&Tensor], operator: &str) -> Tensor {
    let shape = common(inputs);
    let at = |operand: &Tensor, row, column| operand.as_ints()[operand.place(row, column)];
    let value = |(row, column)| {
        let [a, b] = [0, 1].map(|operand| at(inputs[operand], row, column));
        match operator {
            "Add" => a + b,
            "Sub" => a - b,
            "Mul" => a * b,
            "Div" => a / b,
            _ => a.rem_euclid(b),
        }
    };
    Tensor { shape: shape.to_vec(), data: Data::Ints(places(shape).map(value).collect()) }
}

fn bools(like: &Tensor, values: Vec<bool>) -> Tensor {
    Tensor { shape: like.shape.clone(), data: Data::Bools(values) }
}

fn equal(inputs: &[&Tensor]) -> Tensor {
    let shape = common(inputs);
    let same = |(row, column)| {
        let [a, b] =
            [0, 1].map(|operand| (&inputs[operand].data, inputs[operand].place(row, column)));
        match (a, b) {
            ((Data::Words(a), i), (Data::Words(b), j)) => a[i] == b[j],
            ((Data::Floats(a), i), (Data::Floats(b), j)) => a[i] == b[j],
            ((Data::Ints(a), i), (Data::Ints(b), j)) => a[i] == b[j],
            (a, b) => panic!("{a:?} and {b:?} cannot be compared"),
        }
    };
    Tensor { shape: shape.to_vec(), data: Data::Bools(places(shape).map(same).collect()) }
}

fn choose(inputs: &[&Tensor]) -> Tensor {
    let shape = common(inputs);
    if element(inputs[1]) == kind::INT64 {
        let chosen = |(row, column)| {
            let yes = inputs[0].as_bools()[inputs[0].place(row, column)];
            let chosen = inputs[if yes { 1 } else { 2 }];
            chosen.as_ints()[chosen.place(row, column)]
        };
        let data = Data::Ints(places(shape).map(chosen).collect());
        return Tensor { shape: shape.to_vec(), data };
    }
    let values: Vec<f32> = places(shape)
        .map(|(row, column)| {
            let yes = inputs[0].as_bools()[inputs[0].place(row, column)];
            let chosen = inputs[if yes { 1 } else { 2 }];
            chosen.as_floats()[chosen.place(row, column)]
        })
        .collect();
    Tensor::floats(&shape, &values)
}

fn concat(inputs: &[&Tensor]) -> Tensor {
    let rows = inputs[0].matrix()[0];
    let columns = inputs.iter().map(|input| input.matrix()[1]).sum();
    let data = match &inputs[0].data {
        Data::Bools(_) => Data::Bools(rows_of(rows, inputs, Tensor::as_bools)),
        _ => Data::Floats(rows_of(rows, inputs, Tensor::as_floats)),
    };
    Tensor { shape: vec![rows, columns], data }
}

/// The rows of all inputs, side by side.
fn rows_of<T: Copy>(rows: usize, inputs: &[&Tensor], values: fn(&Tensor) -> &[T]) -> Vec<T> {
    let mut all = Vec::new();
    for row in 0..rows {
        for input in inputs {
            let [own, columns] = input.matrix();
            assert_eq!(own, rows, "all parts have as many rows");
            all.extend_from_slice(&values(input)[row * columns..][..columns]);
        }
    }
    all
}

fn gather(from: &Tensor, places: &Tensor, axis: i64) -> Tensor {
    let picked = places.as_ints().iter().map(|&place| place as usize);
    match axis {
        0 => {
            let words = picked.map(|place| from.as_words()[place].clone()).collect();
            Tensor { shape: places.shape.clone(), data: Data::Words(words) }
        }
        1 => {
            let [rows, columns] = from.matrix();
            let picked: Vec<usize> = picked.collect();
            let row_of = |row: &[f32]| picked.iter().map(|&place| row[place]).collect::<Vec<f32>>();
            let values: Vec<f32> = from.as_floats().chunks(columns).flat_map(row_of).collect();
            Tensor::floats(&[rows, picked.len()], &values)
        }
        _ => panic!("no axis {axis}"),
    }
}
