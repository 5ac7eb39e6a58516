//! Scores against scikit-learn's. `tests/metrics/make.py` made the file.

use halfplane::Targets;
use halfplane::metrics::Scores;
use serde::Deserialize;
use serde_json::{Value, json};

/// Both sum in float64; what is left is the file's twelve digits.
const TOLERANCE: f64 = 1e-9;

#[derive(Deserialize)]
struct Case {
    #[serde(rename = "case")]
    name: String,
    truth: Vec<f32>,
    predictions: Vec<f32>,
    columns: usize,
    weights: Option<Vec<f32>>,
    scores: Value,
}

impl Case {
    /// What kind of targets these are follows from the scores that there are.
    fn targets(&self) -> Targets {
        let values = self.truth.clone();
        match (self.scores.get("r2").is_some(), self.columns) {
            (true, columns) => Targets::Numbers { values, columns },
            (false, columns) if columns == self.columns_of_truth() => {
                Targets::Binary { values, columns }
            }
            (false, count) => {
                Targets::Classes { values: values.iter().map(|&v| v as u32).collect(), count }
            }
        }
    }

    /// Several numbers or labels of a row are several columns, its class is one.
    fn columns_of_truth(&self) -> usize {
        let several = ["r2", "per_label"].iter().any(|own| self.scores.get(own).is_some());
        if several { self.columns } else { 1 }
    }
}

#[test]
fn scores_are_scikit_learns() {
    let cases: Vec<Case> =
        serde_json::from_str(include_str!("../metrics/golden.json")).expect("the file is JSON");
    assert_eq!(cases.len(), 12, "six tables, each without and with weights");
    for case in &cases {
        let scores = Scores::of(&case.targets(), &case.predictions, case.weights.as_deref())
            .unwrap_or_else(|error| panic!("{}: {error}", case.name));
        let mut ours = serde_json::to_value(scores).expect("scores are JSON");
        let rows = ours.as_object_mut().and_then(|all| all.remove("rows"));
        let expected = case.truth.len() / case.columns_of_truth();
        assert_eq!(rows, Some(json!(expected)), "{}", case.name);
        list_bins(&mut ours);
        let labels = ours.get_mut("per_label").and_then(Value::as_array_mut);
        labels.into_iter().flatten().for_each(list_bins);
        equal(&ours, &case.scores, &case.name);
    }
}

/// Writes the bins of a calibration as the file has them: [predicted, observed, weight].
fn list_bins(scores: &mut Value) {
    if let Some(bins) = scores.pointer_mut("/calibration/bins").and_then(Value::as_array_mut) {
        for bin in bins {
            *bin = json!([bin["predicted"], bin["observed"], bin["weight"]]);
        }
    }
}

/// Compares two trees of numbers: neither may have what the other lacks.
fn equal(ours: &Value, theirs: &Value, place: &str) {
    match (ours, theirs) {
        (Value::Object(a), Value::Object(b)) => {
            assert_eq!(a.len(), b.len(), "{place}: {a:?} against {b:?}");
            for (key, value) in b {
                equal(a.get(key).unwrap_or(&Value::Null), value, &format!("{place}, {key}"));
            }
        }
        (Value::Array(a), Value::Array(b)) => {
            assert_eq!(a.len(), b.len(), "{place}: {a:?} against {b:?}");
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                equal(a, b, &format!("{place}, {index}"));
            }
        }
        (Value::Number(a), Value::Number(b)) => {
            let [a, b] = [a, b].map(|number| number.as_f64().expect("a finite number"));
            assert!((a - b).abs() <= TOLERANCE * b.abs().max(1.0), "{place}: {a}, not {b}");
        }
        _ => assert_eq!(ours, theirs, "{place}"),
    }
}
