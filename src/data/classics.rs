//! Built-in data sets.

use super::{Dataset, Preprocessing, TargetColumn, Targets};

impl Dataset {
    /// The four points of exclusive or, N = 4, I = 2: not linearly separable, so that a network
    /// needs a hidden layer.
    pub fn xor() -> Self {
        Self {
            inputs: 2,
            rows: 4,
            features: vec![0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0].into(),
            targets: Targets::Binary { values: vec![0.0, 1.0, 1.0, 0.0], columns: 1 }.into(),
            weights: None,
            preprocessing: Preprocessing::as_is(["x1", "x2"]),
            target_columns: vec![TargetColumn::new("y", vec!["0".into(), "1".into()])],
        }
    }
}
