//! Validation curves: scores against the size of the network, on new rows and on those it was trained
//! on. Where they part, it overfits.

use halfplane::sweep::Record;

use super::dimension::layers;
use super::scores::Scores;
use crate::report::palette::colour;
use crate::report::picture::chart::{Axis, Chart, LegendEntry};
use crate::report::picture::scale::{Kind, padded_range};
use crate::report::picture::svg::Picture;

/// The most sizes: of more, the best of neighbours are taken.
const SIZES: usize = 10;

/// The size of a trial's network, where its shape was searched.
type Size<'a> = &'a dyn Fn(&&Record) -> Option<f64>;

/// Scores against units and against layers, where both were searched.
pub(super) fn pictures(scores: &Scores<'_>) -> Vec<Picture> {
    let shape = |own: &&Record| layers(own.parameters.get("hidden")?);
    let units = |own: &&Record| shape(own).map(|own| own.iter().sum::<f64>().max(1.0));
    let depth = |own: &&Record| shape(own).map(|own| own.len() as f64);
    let kinds: [(&str, Kind, Size<'_>); 2] = [
        ("units in all hidden layers", Kind::Logarithmic, &units),
        ("hidden layers", Kind::Linear, &depth),
    ];
    kinds.into_iter().filter_map(|(label, kind, of)| picture(scores, label, kind, of)).collect()
}

fn picture(scores: &Scores<'_>, label: &str, kind: Kind, of: Size<'_>) -> Option<Picture> {
    let mut sized: Vec<(f64, &Record)> =
        scores.complete.iter().filter_map(|own| Some((of(own)?, *own))).collect();
    // Stable: of equal sizes the best comes first.
    sized.sort_by(|a, b| a.0.total_cmp(&b.0));
    let best = best_of_each(&sized, scores);
    if best.len() < 2 {
        return None;
    }
    let values = |kind: &dyn Fn(&Record) -> Option<f64>| -> Vec<[f64; 2]> {
        best.iter().filter_map(|(size, own)| Some([*size, kind(own)?])).collect()
    };
    let last = |losses: &[f32]| losses.last().map(|own| f64::from(*own));
    let (what, new, old) = match scores.metric.gain(1.0) > 0.0
        && best.iter().all(|(_, own)| own.training.is_some())
    {
        true => {
            (scores.metric.name(), values(&|own| Some(own.score().0)), values(&|own| own.training))
        }
        // Of other metrics, the loss is what both have.
        false => (
            "loss at the last epoch",
            values(&|own| last(&own.curve.loss)),
            values(&|own| last(&own.curve.train_loss)),
        ),
    };
    let range = padded_range(new.iter().chain(&old).map(|own| own[1]));
    let sizes = [best[0].0, best[best.len() - 1].0];
    let domain = match kind {
        Kind::Linear => [sizes[0] - 0.25, sizes[1] + 0.25],
        Kind::Logarithmic => [sizes[0] / 1.1, sizes[1] * 1.1],
    };
    let is_score = what == scores.metric.name();
    let title = format!("{} against {label}", if is_score { "Score" } else { "Loss" });
    let subtitle = "the best trial of each size: where the lines part, it overfits";
    let mut x = Axis { kind, ..Axis::linear(label, domain) };
    if kind == Kind::Linear {
        // There is no half a layer.
        x.marks = (sizes[0] as u32..=sizes[1] as u32).map(f64::from).collect();
    }
    let mut chart = Chart::new([340.0, 260.0], [&title, subtitle], x, Axis::linear(what, range));
    for (hue, points) in [(0, &old), (1, &new)] {
        chart.curve("curve", Some(colour(hue)), points);
        points.iter().for_each(|point| chart.dot(*point, 4.0, colour(hue)));
    }
    if is_score {
        for (size, own) in &best {
            let (mean, error) = own.score();
            let ends =
                [mean - error, mean + error].map(|end| [*size, end.clamp(range[0], range[1])]);
            chart.curve("curve faint", Some(colour(1)), &ends);
        }
    }
    chart.legend(&[
        LegendEntry::new(colour(0), "on rows it was trained on"),
        LegendEntry::new(colour(1), "on the folds, new to it"),
    ]);
    Some(chart.finish("capacity"))
}

/// The best trial of each size, or of each of a few ranges of sizes: `sized` ascends by size, and of equal
/// ones the best comes first.
fn best_of_each<'a>(sized: &[(f64, &'a Record)], scores: &Scores<'_>) -> Vec<(f64, &'a Record)> {
    let mut best: Vec<(f64, &Record)> = Vec::new();
    for own in sized {
        if best.last().is_none_or(|last| last.0 < own.0) {
            best.push(*own);
        }
    }
    let per_range = best.len().div_ceil(SIZES).max(1);
    let gain = |own: &(f64, &Record)| scores.metric.gain(own.1.score().0);
    best.chunks(per_range)
        .filter_map(|range| range.iter().copied().max_by(|a, b| gain(a).total_cmp(&gain(b))))
        .collect()
}

#[cfg(test)]
mod tests {
    use halfplane::metrics::Metric;
    use halfplane::sweep::State;

    use super::super::scores::tests::record;
    use super::*;

    #[test]
    fn the_best_of_each_size_is_drawn() {
        let all: Vec<Record> = (0..60)
            .map(|trial| {
                let hidden = format!("{},4", 4 + trial % 30);
                record(trial, State::Complete, 0.5 + 0.005 * trial as f64, &hidden)
            })
            .collect();
        let scores = Scores::of(&all, Metric::Accuracy);
        let mut sized: Vec<(f64, &Record)> =
            scores.complete.iter().map(|own| (8.0 + (own.trial % 30) as f64, *own)).collect();
        sized.sort_by(|a, b| a.0.total_cmp(&b.0));
        let best = best_of_each(&sized, &scores);
        assert_eq!(best.len(), 10);
        assert!(best.iter().all(|(_, own)| own.trial >= 30 && own.trial % 3 == 2));
        assert!(best.is_sorted_by(|a, b| a.0 < b.0));
        // All have two layers: there is nothing to compare.
        assert_eq!(pictures(&scores).len(), 1);
        assert!(pictures(&Scores::of(&all[..1], Metric::Accuracy)).is_empty());
    }
}
