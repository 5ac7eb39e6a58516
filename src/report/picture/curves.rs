//! Curves: losses, ROC, precision and recall, calibration.

use halfplane::metrics::{Calibration, Ranking};

use super::chart::{Axis, Chart, LegendEntry, short, thinned, thousands};
use super::scale::{Kind, padded_range};
use super::svg::{Picture, shortened};
use crate::report::history::History;
use crate::report::palette::colour;

/// The most points of a curve: more would not be visible.
const POINTS: usize = 500;

/// The size of a square plot in pixels.
const SQUARE: [f64; 2] = [340.0, 340.0];

/// The losses of batches, epochs and validation rows during training.
pub(super) fn loss(history: &History) -> Option<Picture> {
    let batches = history.steps();
    let [epochs, validation] = [history.training(), history.validation()];
    let shown = || batches.iter().chain(epochs).chain(validation);
    shown().next()?;
    let positive = shown().all(|[_, loss]| *loss > 0.0);
    let [low, high] = padded_range(shown().map(|[_, loss]| *loss));
    let wide = |[low, high]: [f64; 2]| positive && high > 10.0 * low.max(0.0);
    let least = shown().map(|[_, loss]| *loss).fold(f64::MAX, f64::min);
    let (kind, domain) = match wide([least, high]) {
        true => (Kind::Logarithmic, [0.8 * least, 1.1 * high]),
        false => (Kind::Linear, [if positive { low.max(0.0) } else { low }, high]),
    };
    let last = shown().map(|[at, _]| *at).fold(0.0, f64::max);
    let y = Axis { label: "loss".into(), domain, kind };
    let x = Axis::linear(history.unit(), [0.0, last.max(1.0)]);
    let subtitle = match epochs.last() {
        Some([_, loss]) if !history.full_batch() => format!("final training loss {}", short(*loss)),
        _ => {
            batches.last().map_or(String::new(), |[_, loss]| format!("final loss {}", short(*loss)))
        }
    };
    let mut chart = Chart::new([430.0, 340.0], ["Loss", &subtitle], x, y);
    let mut legend = Vec::new();
    let alone = epochs.is_empty() || history.full_batch();
    let class = if alone { "curve" } else { "curve faint" };
    if batches.len() > 1 {
        chart.curve(class, Some(colour(0)), &thinned(batches, 2 * POINTS));
        legend.push(LegendEntry { class, ..LegendEntry::new(colour(0), "batches") });
    }
    let curves = [("training", colour(0), epochs), ("validation", colour(1), validation)];
    for (name, hue, points) in curves {
        let redundant = alone && name == "training";
        if !points.is_empty() && !redundant {
            chart.curve("curve", Some(hue), &thinned(points, POINTS));
            legend.push(LegendEntry::new(hue, name));
        }
        if points.len() == 1 {
            chart.dot(points[0], 3.5, hue);
        }
    }
    if let Some([position, loss]) = history.best() {
        chart.curve("rule", None, &[[position, domain[0]], [position, domain[1]]]);
        chart.dot([position, loss], 4.5, colour(if validation.is_empty() { 0 } else { 1 }));
        legend.push(LegendEntry { class: "rule", ..LegendEntry::new("", "weights kept") });
    }
    if legend.len() > 1 {
        chart.legend(&legend);
    }
    Some(chart.finish("loss"))
}

/// A class against all others: its name, and the rows ranked by its probability.
pub(super) struct OneVsRest<'a> {
    pub(super) name: &'a str,
    pub(super) ranking: Ranking,
}

/// The ROC curve of each class: true against false positive rate.
pub(super) fn roc(classes: &[OneVsRest<'_>]) -> Option<Picture> {
    let curves: Vec<_> = classes
        .iter()
        .filter_map(|class| Some((class.name, class.ranking.roc()?, class.ranking.roc_auc()?)))
        .collect();
    if curves.is_empty() {
        return None;
    }
    let areas = curves.iter().map(|(_, _, area)| area).sum::<f64>() / curves.len() as f64;
    let subtitle = match curves.len() {
        1 => format!("area under the curve {areas:.4}"),
        _ => format!("one class against the others; mean area {areas:.4}"),
    };
    let mut chart = Chart::new(
        SQUARE,
        ["Receiver operating characteristic", &subtitle],
        Axis::linear("false positive rate", [0.0, 1.0]),
        Axis::linear("true positive rate", [0.0, 1.0]),
    );
    chart.curve("rule", None, &[[0.0, 0.0], [1.0, 1.0]]);
    let mut legend = Vec::new();
    for (number, (name, curve, area)) in curves.iter().enumerate() {
        let hue = if curves.len() == 1 { colour(0) } else { colour(number) };
        chart.curve("curve", Some(hue), &thinned(curve, POINTS));
        legend.push(LegendEntry::new(hue, with_area(name, *area)));
    }
    if curves.len() > 1 {
        chart.legend(&legend);
    }
    Some(chart.finish("roc"))
}

/// A legend label: the name of a class, cut if it is long, with its area.
fn with_area(name: &str, area: f64) -> String {
    format!("{}  {area:.3}", shortened(name, 24))
}

/// The precision-recall curve of each class.
pub(super) fn precision_recall(classes: &[OneVsRest<'_>]) -> Option<Picture> {
    let curves: Vec<_> = classes
        .iter()
        .filter_map(|class| {
            let mut curve = class.ranking.precision_recall()?;
            // The curve starts at recall 0 with the precision of the highest threshold.
            curve.insert(0, [0.0, curve.first()?[1]]);
            Some((class.name, curve, class.ranking.average_precision()?))
        })
        .collect();
    if curves.is_empty() {
        return None;
    }
    let areas = curves.iter().map(|(_, _, area)| area).sum::<f64>() / curves.len() as f64;
    let subtitle = match curves.len() {
        1 => format!("average precision {areas:.4}"),
        _ => format!("one class against the others; mean average precision {areas:.4}"),
    };
    let mut chart = Chart::new(
        SQUARE,
        ["Precision and recall", &subtitle],
        Axis::linear("recall", [0.0, 1.0]),
        Axis::linear("precision", [0.0, 1.0]),
    );
    let mut legend = Vec::new();
    for (number, (name, curve, area)) in curves.iter().enumerate() {
        let hue = colour(number);
        chart.curve("curve", Some(hue), &thinned(curve, POINTS));
        legend.push(LegendEntry::new(hue, with_area(name, *area)));
    }
    if curves.len() > 1 {
        chart.legend(&legend);
    }
    Some(chart.finish("precision-recall"))
}

/// The reliability curve: observed frequency against predicted probability. The area of a dot shows
/// the number of its rows.
pub(super) fn calibration(calibration: &Calibration, of: &str) -> Picture {
    let subtitle = format!("expected calibration error {:.4}", calibration.expected_error);
    let mut chart = Chart::new(
        SQUARE,
        ["Calibration", &subtitle],
        Axis::linear(format!("predicted probability of {of}"), [0.0, 1.0]),
        Axis::linear("observed frequency", [0.0, 1.0]),
    );
    chart.curve("rule", None, &[[0.0, 0.0], [1.0, 1.0]]);
    let points: Vec<[f64; 2]> =
        calibration.bins.iter().map(|bin| [bin.predicted, bin.observed]).collect();
    chart.curve("curve", Some(colour(0)), &points);
    let most = calibration.bins.iter().map(|bin| bin.weight).fold(0.0, f64::max);
    for bin in &calibration.bins {
        let radius = 3.0 + 9.0 * (bin.weight / most).sqrt();
        let tooltip = format!(
            "{} rows: predicted {:.3}, observed {:.3}",
            thousands(bin.weight.round() as usize),
            bin.predicted,
            bin.observed,
        );
        let [x, y] = chart.at([bin.predicted, bin.observed]);
        let place = format!("cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius:.1}\"");
        let style = format!("class=\"point\" fill=\"{}\" fill-opacity=\".85\"", colour(0));
        chart.svg.with_tooltip("circle", &format!("{place} {style}"), &tooltip);
    }
    chart.finish("calibration")
}
