//! Predictions as bytes that a page can colour: class and confidence of each point, or a number.

use halfplane::data::TargetEncoding;
use halfplane::{Dataset, Network, Output, Targets};

/// How predictions for some data become bytes.
pub(crate) struct Regions {
    target: TargetEncoding,
    /// The least and the largest target, of numbers.
    pub(crate) range: [f32; 2],
}

impl Regions {
    pub(crate) fn of(data: &Dataset) -> Self {
        let range = targets(data)
            .into_iter()
            .fold([f32::MAX, f32::MIN], |[low, high], own| [low.min(own), high.max(own)]);
        Self { target: data.preprocessing().target.clone(), range }
    }

    /// Two bytes for each point, from the network's answers \[O · points\]: the class and how sure of it
    /// it is (0 to 254), or 255 and where a number stands between the least and the largest target.
    pub(crate) fn bytes(&self, network: &Network, answers: &[f32], points: usize) -> Vec<u8> {
        let byte = |share: f32| (254.0 * share.clamp(0.0, 1.0)) as u8;
        match (network.output, network.outputs) {
            (Output::Identity, _) => {
                let [low, high] = self.range;
                let mut first = answers[..points].to_vec();
                self.target.restore(&mut first);
                let share = |value: &f32| (value - low) / (high - low).max(f32::MIN_POSITIVE);
                first.iter().flat_map(|value| [255, byte(share(value))]).collect()
            }
            (Output::Sigmoid, _) => {
                let of = |p: &f32| [u8::from(*p > 0.5), byte((2.0 * p - 1.0).abs())];
                answers[..points].iter().flat_map(of).collect()
            }
            (Output::Softmax, classes) => {
                let of = |point: usize| {
                    let own = |class: usize| answers[class * points + point];
                    let best = (0..classes).max_by(|a, b| own(*a).total_cmp(&own(*b))).unwrap_or(0);
                    let guess = 1.0 / classes as f32;
                    [best.min(254) as u8, byte((own(best) - guess) / (1.0 - guess))]
                };
                (0..points).flat_map(of).collect()
            }
        }
    }
}

/// The class or number of each row, in the table's units; of several numbers the first, of several
/// labels 0.
pub(crate) fn targets(data: &Dataset) -> Vec<f32> {
    let original = data.original_targets();
    if let Some(classes) = original.classes() {
        return classes.map(|class| class as f32).collect();
    }
    match &original {
        Targets::Numbers { values, columns } => values.iter().step_by(*columns).copied().collect(),
        _ => vec![0.0; data.rows()],
    }
}
