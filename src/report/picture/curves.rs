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
    let (kind, domain) = loss_axis(shown().map(|[_, loss]| *loss));
    let last = shown().map(|[at, _]| *at).fold(0.0, f64::max);
    let y = Axis { kind, ..Axis::linear("loss", domain) };
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

/// The losses of several networks, of epochs and on the rows set apart from each.
pub(super) fn losses(histories: &[History]) -> Option<Picture> {
    let [training, validation] = [History::training, History::validation]
        .map(|of| histories.iter().map(of).collect::<Vec<&[[f64; 2]]>>());
    let shown = || training.iter().chain(&validation).copied().flatten();
    shown().next()?;
    let (kind, domain) = loss_axis(shown().map(|[_, loss]| *loss));
    let last = shown().map(|[at, _]| *at).fold(0.0, f64::max);
    let y = Axis { kind, ..Axis::linear("loss", domain) };
    let x = Axis::linear(histories[0].unit(), [0.0, last.max(1.0)]);
    let kept = histories.iter().any(|own| own.best().is_some());
    let dots = if kept { "; a dot is where its weights were kept" } else { "" };
    let subtitle = format!("of {} networks{dots}", histories.len());
    let mut chart = Chart::new([430.0, 340.0], ["Loss", &subtitle], x, y);
    let mut legend = Vec::new();
    let kinds = [("on their training rows", 0, training), ("on rows set apart", 1, validation)];
    for (name, hue, curves) in kinds {
        curves.iter().for_each(|points| {
            chart.curve("curve faint", Some(colour(hue)), &thinned(points, POINTS));
        });
        if curves.iter().any(|points| !points.is_empty()) {
            legend
                .push(LegendEntry { class: "curve faint", ..LegendEntry::new(colour(hue), name) });
        }
    }
    let best = histories.iter().filter_map(History::best);
    best.for_each(|point| chart.dot(point, 4.0, colour(1)));
    chart.legend(&legend);
    Some(chart.finish("loss"))
}

/// Kind and range of an axis of losses: logarithmic where they are far apart.
pub(super) fn loss_axis(losses: impl Iterator<Item = f64> + Clone) -> (Kind, [f64; 2]) {
    let positive = losses.clone().all(|loss| loss > 0.0);
    let [low, high] = padded_range(losses.clone());
    let wide = |[low, high]: [f64; 2]| positive && high > 10.0 * low.max(0.0);
    let least = losses.fold(f64::MAX, f64::min);
    match wide([least, high]) {
        true => (Kind::Logarithmic, [0.8 * least, 1.1 * high]),
        false => (Kind::Linear, [if positive { low.max(0.0) } else { low }, high]),
    }
}

/// A class against all others, or one of several labels: its name, and the rows ranked by its probability.
pub(super) struct OneVsRest<'a> {
    pub(super) name: &'a str,
    pub(super) ranking: Ranking,
}

/// What curves of several classes are of.
#[derive(Clone, Copy)]
pub(super) enum CurvesOf {
    Classes,
    /// So many labels, of which some may have no curve.
    Labels(usize),
}

/// The ROC curve of each class: true against false positive rate.
pub(super) fn roc(classes: &[OneVsRest<'_>], of: CurvesOf) -> Option<Picture> {
    let curve = |own: &OneVsRest<'_>| Some((own.ranking.roc()?, own.ranking.roc_auc()?));
    ClassPlot {
        name: "roc",
        title: "Receiver operating characteristic",
        axes: ["false positive rate", "true positive rate"],
        area: ["area under the curve", "mean area"],
        guess: Some([[0.0, 0.0], [1.0, 1.0]]),
    }
    .picture(classes, of, curve)
}

/// The precision-recall curve of each class.
pub(super) fn precision_recall(classes: &[OneVsRest<'_>], of: CurvesOf) -> Option<Picture> {
    let curve = |own: &OneVsRest<'_>| {
        let mut points = own.ranking.precision_recall()?;
        // The curve starts at recall 0 with the precision of the highest threshold.
        points.insert(0, [0.0, points.first()?[1]]);
        Some((points, own.ranking.average_precision()?))
    };
    ClassPlot {
        name: "precision-recall",
        title: "Precision and recall",
        axes: ["recall", "precision"],
        area: ["average precision", "mean average precision"],
        guess: None,
    }
    .picture(classes, of, curve)
}

/// A plot with one curve per class.
struct ClassPlot {
    name: &'static str,
    title: &'static str,
    /// The labels of the axes.
    axes: [&'static str; 2],
    /// What the area under the curve is called, and its mean over several classes.
    area: [&'static str; 2],
    /// The curve of guessing, where it does not depend on the data.
    guess: Option<[[f64; 2]; 2]>,
}

impl ClassPlot {
    /// Draws the curves, each with its area; `None` if no class has one.
    fn picture(
        &self,
        classes: &[OneVsRest<'_>],
        of: CurvesOf,
        curve: impl Fn(&OneVsRest<'_>) -> Option<(Vec<[f64; 2]>, f64)>,
    ) -> Option<Picture> {
        let curves: Vec<_> =
            classes.iter().filter_map(|class| Some((class.name, curve(class)?))).collect();
        if curves.is_empty() {
            return None;
        }
        let mean = curves.iter().map(|(_, (_, area))| area).sum::<f64>() / curves.len() as f64;
        let subtitle = match curves.len() {
            1 => format!("{} {mean:.4}", self.area[0]),
            count => match of {
                CurvesOf::Classes => {
                    format!("one class against the others; {} {mean:.4}", self.area[1])
                }
                CurvesOf::Labels(all) if count < all => {
                    format!("{count} of {all} labels; {} {mean:.4}", self.area[1])
                }
                CurvesOf::Labels(_) => format!("each label; {} {mean:.4}", self.area[1]),
            },
        };
        let [x, y] = self.axes.map(|label| Axis::linear(label, [0.0, 1.0]));
        let mut chart = Chart::new(SQUARE, [self.title, &subtitle], x, y);
        if let Some(guess) = &self.guess {
            chart.curve("rule", None, guess);
        }
        let mut legend = Vec::new();
        for (number, (name, (points, area))) in curves.iter().enumerate() {
            chart.curve("curve", Some(colour(number)), &thinned(points, POINTS));
            let label = format!("{}  {area:.3}", shortened(name, 24));
            legend.push(LegendEntry::new(colour(number), label));
        }
        if curves.len() > 1 {
            chart.legend(&legend);
        }
        Some(chart.finish(self.name))
    }
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
        chart.told_dot([bin.predicted, bin.observed], radius, colour(0), &tooltip);
    }
    chart.finish("calibration")
}
