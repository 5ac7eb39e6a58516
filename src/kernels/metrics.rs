//! The end of a step: the batch's mean loss and score into the history, the counter advanced.

use super::shader::{ADVANCE, CONTROL, SHARED_SUMS, piece};
use super::{Contract, Control, Cost, Module, Views, bindings, immediates};

/// Threads that sum; a power of two, and the most that every device allows.
pub(super) const WORKGROUP: u32 = 256;

/// The overrides of a workgroup of which all threads share a sum.
pub(super) const SHARED_BY_ALL: [(&str, f64); 2] =
    [("WORKGROUP", WORKGROUP as f64), ("LANES", WORKGROUP as f64)];

/// Ends a step over `rows` rows at most.
#[derive(Clone, Debug, PartialEq)]
pub struct Metrics {
    /// B, at most.
    pub rows: usize,
    /// Rows in the data set.
    pub count: usize,
    /// Entries of the history.
    pub capacity: usize,
    /// Parts of the batch of which the sums are there; none where it is each row's own numbers.
    pub parts: Option<usize>,
}

impl Metrics {
    /// Losses and scores to add up, of so many rows.
    fn terms(&self, rows: usize) -> usize {
        self.parts.unwrap_or(rows)
    }
}

immediates! { pub(crate) struct Immediates { count: u32, batch: u32, capacity: u32, parts: u32 } }

bindings! {
    Metrics {
        write control: Control [1],
        read row_metrics: [f32; 2] [B],
        write history: [f32; 2] [capacity],
    }
}

impl Contract for Metrics {
    type Immediates = Immediates;

    fn stem(&self) -> &'static str {
        "metrics"
    }

    fn modules(&self) -> Vec<Module> {
        vec![CONTROL, ADVANCE, SHARED_SUMS, piece!("metrics")]
    }

    fn overrides(&self) -> Vec<(&'static str, f64)> {
        SHARED_BY_ALL.to_vec()
    }

    fn immediates(&self) -> Immediates {
        Immediates {
            count: self.count as u32,
            batch: self.rows as u32,
            capacity: self.capacity as u32,
            parts: self.parts.unwrap_or(0) as u32,
        }
    }

    fn workgroups(&self) -> u64 {
        1
    }

    fn describe(&self) -> String {
        let parts = self.parts.map_or(String::new(), |parts| format!(" in {parts} parts"));
        format!("mean of [{},2]{parts} → history[{}]", self.rows, self.capacity)
    }

    fn cost(&self) -> Cost {
        let terms = self.terms(self.rows) as u64;
        Cost { flops: 2 * terms, bytes: 8 * terms + 8 }
    }

    fn twin(&self, bound: Bindings<Views<'_>>) {
        let Bindings { control, row_metrics, history } = bound;
        let control = &mut control[0];
        let rows = control.rows as usize;
        let terms = &row_metrics[..self.terms(rows)];
        let mean = tree(terms.iter().copied()).map(|sum| sum / rows as f32);
        history[control.slot as usize] = mean;
        control.advance(self.count, self.rows, self.capacity);
    }
}

/// The sum in the shaders' order: each of the threads its own rows, then the tree.
pub(super) fn tree(rows: impl Iterator<Item = [f32; 2]>) -> [f32; 2] {
    let mut sums = [[0f32; 2]; WORKGROUP as usize];
    for (index, row) in rows.enumerate() {
        let sum = &mut sums[index % WORKGROUP as usize];
        *sum = [sum[0] + row[0], sum[1] + row[1]];
    }
    let mut stride = sums.len() / 2;
    while stride > 0 {
        for local in 0..stride {
            let other = sums[local + stride];
            sums[local] = [sums[local][0] + other[0], sums[local][1] + other[1]];
        }
        stride /= 2;
    }
    sums[0]
}
