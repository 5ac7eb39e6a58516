//! Parallel coordinates: an axis for each hyper-parameter and one for the score, a line for each trial.

use halfplane::sweep::Space;

use super::dimension::Place;
use super::scores::{Scores, tooltip};
use crate::report::palette::sequential;
use crate::report::picture::chart::{Axis, thousands};
use crate::report::picture::scale::Scale;
use crate::report::picture::svg::{Anchor, Picture, Svg, shortened};

/// The most lines: more would hide each other.
const LINES: usize = 300;

/// Between two axes, in pixels.
const GAP: f64 = 130.0;

/// Top and bottom of the axes, in pixels.
const ENDS: [f64; 2] = [110.0, 390.0];

pub(super) fn picture(space: &Space, scores: &Scores<'_>) -> Option<Picture> {
    if scores.complete.is_empty() {
        return None;
    }
    let places: Vec<(&str, Place)> =
        space.iter().map(|(name, own)| (name, Place::of(own, scores, name))).collect();
    let left = 84.0;
    let x = |index: usize| left + GAP * index as f64;
    let width = x(places.len()) + 84.0;
    let mut svg = Svg::default();
    svg.text("title", Anchor::Start, [24.0, 30.0], "All hyper-parameters");
    let shown = scores.complete.len().min(LINES);
    let whose = match shown < scores.complete.len() {
        true => format!("the best {} of {} trials", shown, thousands(scores.complete.len())),
        false => format!("{shown} trials"),
    };
    let subtitle = format!("a line for each of {whose}, the brighter the better{}", scores.edge());
    svg.text("muted", Anchor::Start, [24.0, 50.0], &shortened(&subtitle, (width / 6.6) as usize));
    let vertical =
        |axis: &Axis| Scale { domain: axis.domain, range: [ENDS[1], ENDS[0]], kind: axis.kind };
    let axes: Vec<Axis> = places.iter().map(|(name, place)| place.axis(name)).collect();
    let score = scores.axis();
    // The best last, on top of the others.
    for (number, own) in scores.complete.iter().take(LINES).enumerate().rev() {
        let values = places.iter().map(|(name, place)| place.at(own.parameters.get(name)?));
        let Some(values) = values.collect::<Option<Vec<f64>>>() else { continue };
        let mean = own.score().0;
        let mut points: Vec<[f64; 2]> = values
            .iter()
            .zip(&axes)
            .enumerate()
            .map(|(index, (value, axis))| [x(index), vertical(axis).at(*value)])
            .collect();
        points.push([x(places.len()), vertical(&score).at(scores.clamped(mean))]);
        let points: Vec<String> = points.iter().map(|[x, y]| format!("{x:.1},{y:.1}")).collect();
        let hue = sequential(0.1 + 0.85 * scores.rank(number));
        let class = if number == 0 { "curve" } else { "curve faint" };
        let attributes =
            format!("class=\"{class}\" stroke=\"{hue}\" points=\"{}\"", points.join(" "));
        svg.with_tooltip("polyline", &attributes, &tooltip(own));
    }
    for (index, axis) in axes.iter().chain([&score]).enumerate() {
        let at = x(index);
        svg.line("axis", [at, ENDS[0]], [at, ENDS[1]]);
        let (anchor, side) =
            if index == axes.len() { (Anchor::Start, 8.0) } else { (Anchor::End, -8.0) };
        for (value, label) in axis.ticks(vertical(axis), 6) {
            let y = vertical(axis).at(value);
            svg.line("axis", [at - 3.0, y], [at + 3.0, y]);
            svg.text("muted halo", anchor, [at + side, y + 4.0], &label);
        }
        let label = if index == axes.len() { scores.metric.name() } else { places[index].0 };
        svg.text("strong", Anchor::Middle, [at, ENDS[0] - 16.0], &shortened(label, 18));
    }
    Some(svg.finish("parallel", "All hyper-parameters", [width, ENDS[1] + 30.0]))
}
