//! Data and initial weights, by the formula of `../../formula.py`.

use serde::Deserialize;

const SEED: u32 = 777;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Workload {
    pub(crate) name: String,
    pub(crate) widths: Vec<usize>,
    pub(crate) activation: String,
    pub(crate) loss: String,
    pub(crate) optimizer: String,
    pub(crate) lr: f64,
    pub(crate) rows: usize,
    pub(crate) batch: usize,
    pub(crate) steps: usize,
}

/// Targets on the host.
pub(crate) enum Targets {
    Numbers(Vec<f32>),
    Labels(Vec<i32>),
    Classes(Vec<i32>),
}

/// A dense layer's W\[O,I\] and b\[O\].
pub(crate) struct Layer {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    pub(crate) weight: Vec<f32>,
    pub(crate) bias: Vec<f32>,
}

impl Layer {
    /// Wᵀ\[I,O\], the layout of burn.
    pub(crate) fn weight_transposed(&self) -> Vec<f32> {
        let column = |i: usize| self.weight[i..].iter().step_by(self.inputs).copied();
        (0..self.inputs).flat_map(column).collect()
    }
}

pub(crate) fn workloads() -> Vec<Workload> {
    serde_json::from_str(include_str!("../../workloads.json")).expect("workloads.json is right")
}

impl Workload {
    /// Features \[rows, inputs\] and targets.
    pub(crate) fn data(&self) -> (Vec<f32>, Targets) {
        let (inputs, outputs) = (self.widths[0], self.widths[self.widths.len() - 1]);
        if inputs == 2 {
            let x = vec![0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0];
            return (x, Targets::Labels(vec![0, 1, 1, 0]));
        }
        let x = signed(0, self.rows * inputs);
        let rows = x.chunks_exact(inputs);
        let targets = match self.loss.as_str() {
            "bce" => {
                let exact = |row: &[f32], column: usize| f64::from(row[column]);
                let yes = |row: &[f32]| exact(row, 0) * exact(row, 1) + exact(row, 2) > 0.0;
                Targets::Labels(rows.map(|row| i32::from(yes(row))).collect())
            }
            "cross-entropy" => Targets::Classes(rows.map(|row| largest(&row[..outputs])).collect()),
            _ => {
                let products =
                    |row: &[f32]| (0..outputs).map(|k| row[k] * row[k + 1]).collect::<Vec<_>>();
                Targets::Numbers(rows.flat_map(products).collect())
            }
        };
        (x, targets)
    }

    pub(crate) fn weights(&self) -> Vec<Layer> {
        let layer = |(index, pair): (usize, &[usize])| {
            let bound = (1.0 / (pair[0] as f64).sqrt()) as f32;
            let stream = 2 * index as u32;
            let draw = |stream, count| signed(stream, count).iter().map(|v| v * bound).collect();
            Layer {
                inputs: pair[0],
                outputs: pair[1],
                weight: draw(stream + 1, pair[0] * pair[1]),
                bias: draw(stream + 2, pair[1]),
            }
        };
        self.widths.windows(2).enumerate().map(layer).collect()
    }
}

fn largest(values: &[f32]) -> i32 {
    let mut best = 0;
    for (index, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = index;
        }
    }
    best as i32
}

fn signed(stream: u32, count: usize) -> Vec<f32> {
    let start = mix(SEED.wrapping_add(stream));
    (0..count as u32)
        .map(|index| (mix(index.wrapping_add(start)) >> 8) as f32 / (1 << 23) as f32 - 1.0)
        .collect()
}

fn mix(word: u32) -> u32 {
    let mut h = word;
    h = (h ^ (h >> 16)).wrapping_mul(0x7FEB_352D);
    h = (h ^ (h >> 15)).wrapping_mul(0x846C_A68B);
    h ^ (h >> 16)
}
