//! Collects how far a device strays from PyTorch: the worst of each kind, and all that is too far.

use std::collections::BTreeMap;

use halfplane::{Output, Parameters};

use super::case::{Case, Sample, Tensors};
use crate::support::{Gap, wide};

/// The largest errors that pass, as multiples of a case's own deviation and [`LEAST`].
pub(crate) struct Tolerances {
    /// Of the first batch's gradients, over a tensor's largest element.
    pub(crate) gradients: f64,
    /// Of every step's loss, over that loss, or a thousandth of the first where it is less.
    pub(crate) losses: f64,
    /// Of the final weights, over a tensor's largest element.
    pub(crate) trained: f64,
    /// Of predictions: of a probability's logarithm, of a number over the largest.
    pub(crate) outputs: f64,
}

/// Eight units in float32's last place: PyTorch is now and then closer than that by chance.
const LEAST: f64 = 1e-6;

/// Sums in f64 of the very same numbers differ by their order alone.
const SAME_NUMBERS: f64 = 1e-12;

/// What was found on one device.
#[derive(Default)]
pub(crate) struct Report {
    worst: BTreeMap<&'static str, (f64, String)>,
    failures: Vec<String>,
}

impl Report {
    /// Initial weights: equal to the bit.
    pub(crate) fn initial(&mut self, case: &Case, found: &Parameters) {
        let exact = |f: f64, e: f64| if f == e { 0.0 } else { f64::INFINITY };
        for (place, values, sample) in paired(case, found, &case.initial) {
            let gap = Gap::largest(sample.of(values), sample.expected(), exact);
            self.note("initial weights", &sample.element(&place, &gap), &gap, 0.0);
            self.summary("initial weights", &place, sample, values, SAME_NUMBERS);
        }
    }

    /// Gradients of the first batch.
    pub(crate) fn gradients(&mut self, case: &Case, found: &Parameters, tolerances: &Tolerances) {
        let tolerance = tolerances.gradients * (case.deviation.gradients + LEAST);
        self.tensors("gradients", case, found, &case.gradients, tolerance);
    }

    /// Weights after the last step.
    pub(crate) fn trained(&mut self, case: &Case, found: &Parameters, tolerances: &Tolerances) {
        let tolerance = tolerances.trained * (case.deviation.trained + LEAST);
        self.tensors("final weights", case, found, &case.trained, tolerance);
    }

    /// The loss of every step.
    pub(crate) fn losses(&mut self, case: &Case, found: &[f32], tolerances: &Tolerances) {
        let place = case.name.clone();
        if found.len() != case.losses.len() {
            self.failures.push(format!("{place}: {} for {}", found.len(), case.losses.len()));
        }
        let expected = wide(&case.losses);
        let least = expected[0] / 1000.0;
        let gap = Gap::largest(wide(found), expected, |f, e| (f - e).abs() / e.abs().max(least));
        let tolerance = tolerances.losses * (case.deviation.losses + LEAST);
        self.note("losses", &format!("{place}[{}]", gap.index), &gap, tolerance);
    }

    /// Predictions for all rows.
    pub(crate) fn outputs(&mut self, case: &Case, found: &[f32], tolerances: &Tolerances) {
        let place = case.name.clone();
        let sample = &case.outputs;
        let largest = sample.largest();
        let error = |f: f64, e: f64| match case.network.output {
            Output::Identity => (f - e).abs() / largest,
            // z errs in proportion to its size, and so does ln p: e⁻⁴² keeps fewer digits than 1/2.
            Output::Sigmoid | Output::Softmax => (f.ln() - e.ln()).abs() / e.ln().abs().max(1.0),
        };
        let gap = Gap::largest(sample.of(found), sample.expected(), error);
        let tolerance = tolerances.outputs * (case.deviation.trained + LEAST);
        self.note("outputs", &sample.element(&place, &gap), &gap, tolerance);
        self.summary("outputs", &place, sample, found, tolerance);
    }

    /// Prints the worst of each kind; panics with everything that was too far.
    pub(crate) fn conclude(&self, device: &str) {
        println!("{device}: the largest errors against PyTorch");
        for (kind, (error, place)) in &self.worst {
            println!("  {kind:16} {error:.1e}  {place}");
        }
        let list = self.failures.join("\n");
        assert!(self.failures.is_empty(), "{device} strays from PyTorch:\n{list}");
    }

    fn tensors(
        &mut self,
        kind: &'static str,
        case: &Case,
        found: &Parameters,
        expected: &Tensors,
        tolerance: f64,
    ) {
        for (place, values, sample) in paired(case, found, expected) {
            let largest = sample.largest();
            let error = |f: f64, e: f64| (f - e).abs() / largest;
            let gap = Gap::largest(sample.of(values), sample.expected(), error);
            self.note(kind, &sample.element(&place, &gap), &gap, tolerance);
            self.summary(kind, &place, sample, values, tolerance);
        }
    }

    /// Shape, sum and norm: what vouches for the elements that are not in the sample.
    fn summary(
        &mut self,
        kind: &'static str,
        place: &str,
        sample: &Sample,
        values: &[f32],
        tolerance: f64,
    ) {
        let size: usize = sample.shape.iter().product();
        if values.len() != size {
            self.failures.push(format!(
                "{place}: {} elements for {:?}",
                values.len(),
                sample.shape
            ));
        }
        let values = wide(values);
        let norm = values.iter().map(|v| v * v).sum::<f64>().sqrt();
        // The elements may cancel in the sum, so it is held against what they add up to at most.
        let most = sample.norm * (size as f64).sqrt();
        for (what, found, expected, scale) in [
            ("sum", values.iter().sum(), sample.sum, most),
            ("norm", norm, sample.norm, sample.norm),
        ] {
            let scale = scale.max(f64::MIN_POSITIVE);
            let gap = Gap::largest([found], [expected], |f, e| (f - e).abs() / scale);
            self.note(kind, &format!("{place} {what}"), &gap, tolerance);
        }
    }

    fn note(&mut self, kind: &'static str, place: &str, gap: &Gap, tolerance: f64) {
        let worst = self.worst.entry(kind).or_insert((0.0, String::from("-")));
        if gap.error > worst.0 {
            *worst = (gap.error, place.to_owned());
        }
        if gap.error > tolerance {
            let Gap { found, expected, error, .. } = gap;
            self.failures.push(format!(
                "{kind}: {place}: {found} for {expected}, off by {error:.1e}, {tolerance:.1e} pass"
            ));
        }
    }
}

impl Sample {
    /// Where in the tensor a gap in the sample is.
    fn element(&self, place: &str, gap: &Gap) -> String {
        format!("{place}[{}]", gap.index * self.stride)
    }

    /// The elements of a tensor that the sample has.
    fn of(&self, values: &[f32]) -> Vec<f64> {
        wide(values).into_iter().step_by(self.stride).collect()
    }

    fn expected(&self) -> Vec<f64> {
        wide(&self.values)
    }

    fn largest(&self) -> f64 {
        self.expected().iter().fold(f64::MIN_POSITIVE, |most, value| most.max(value.abs()))
    }
}

/// Each tensor with its place and PyTorch's sample of it.
fn paired<'a>(
    case: &Case,
    found: &'a Parameters,
    expected: &'a Tensors,
) -> Vec<(String, &'a [f32], &'a Sample)> {
    assert_eq!(expected.len(), 2 * found.blocks().count(), "{}: tensors", case.name);
    let mut list = Vec::new();
    for (block, own) in case.network.blocks().iter().zip(found.blocks()) {
        for ((name, shape), values) in block.tensors().into_iter().zip([&own.weight, &own.bias]) {
            let sample = &expected[&name];
            assert_eq!(sample.shape, shape, "{}: shape of {name}", case.name);
            list.push((format!("{} {name}", case.name), &values[..], sample));
        }
    }
    list
}
