//! Pictures of a regression: predictions and residuals against each other and the truth.

use super::chart::{Axis, Chart, thinned, thousands};
use super::scale::{Kind, Scale, padded_range};
use super::svg::{Anchor, Picture};
use crate::report::palette::colour;

/// The most dots that are drawn: more would hide each other.
const DOTS: usize = 2000;

/// The number of bars of the histogram.
const BARS: usize = 31;

/// Predictions and true values \[N\] of one target column, in its unit.
pub(super) struct Predictions<'a> {
    pub(super) truth: &'a [f32],
    pub(super) predictions: &'a [f32],
    pub(super) target: &'a str,
}

impl Predictions<'_> {
    fn pairs(&self) -> Vec<[f64; 2]> {
        let pairs = self.truth.iter().zip(self.predictions);
        pairs.map(|(truth, prediction)| [f64::from(*truth), f64::from(*prediction)]).collect()
    }

    fn row_count(&self, dots: usize) -> String {
        let rows = self.truth.len();
        match dots < rows {
            true => format!("{} of {} rows", thousands(dots), thousands(rows)),
            false => format!("{} rows", thousands(rows)),
        }
    }

    /// Predictions against true values.
    pub(super) fn predicted(&self) -> Picture {
        let pairs = self.pairs();
        let domain = padded_range(pairs.iter().flatten().copied());
        let dots = thinned(&pairs, DOTS);
        let mut chart = Chart::new(
            [380.0, 340.0],
            ["Predictions", &self.row_count(dots.len())],
            Axis::linear(format!("true {}", self.target), domain),
            Axis::linear(format!("predicted {}", self.target), domain),
        );
        chart.curve("rule", None, &[[domain[0]; 2], [domain[1]; 2]]);
        draw(&mut chart, &dots);
        chart.finish("predictions")
    }

    /// Residuals against predictions, with a histogram of the residuals.
    pub(super) fn residuals(&self) -> Picture {
        let residuals: Vec<[f64; 2]> = self
            .pairs()
            .iter()
            .map(|[truth, prediction]| [*prediction, truth - prediction])
            .collect();
        let x = padded_range(residuals.iter().map(|[prediction, _]| *prediction));
        let y = padded_range(residuals.iter().map(|[_, residual]| *residual).chain([0.0]));
        let dots = thinned(&residuals, DOTS);
        let mut chart = Chart::new(
            [430.0, 340.0],
            ["Residuals", &self.row_count(dots.len())],
            Axis::linear(format!("predicted {}", self.target), x),
            Axis::linear("true − predicted", y),
        );
        chart.curve("rule", None, &[[x[0], 0.0], [x[1], 0.0]]);
        draw(&mut chart, &dots);
        histogram(&mut chart, residuals.iter().map(|[_, residual]| *residual), y);
        chart.finish("residuals")
    }
}

fn draw(chart: &mut Chart, dots: &[[f64; 2]]) {
    let radius = if dots.len() > 400 { 2.5 } else { 3.5 };
    for dot in dots {
        chart.dot(*dot, radius, colour(0));
    }
}

/// A histogram at the right of the plot, along its y axis.
fn histogram(chart: &mut Chart, values: impl Iterator<Item = f64>, [low, high]: [f64; 2]) {
    const WIDTH: f64 = 90.0;
    let mut counts = [0usize; BARS];
    for value in values {
        let bar = ((value - low) / (high - low) * BARS as f64) as usize;
        counts[bar.min(BARS - 1)] += 1;
    }
    let most = counts.iter().max().copied().unwrap_or(1).max(1);
    let left = chart.widen(WIDTH + 12.0);
    let length = Scale { domain: [0.0, most as f64], range: [0.0, WIDTH], kind: Kind::Linear };
    let height = (high - low) / BARS as f64;
    for (index, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let [upper, lower] = [1, 0].map(|end| chart.y.at(low + height * (index + end) as f64));
        let size = [length.at(count as f64), lower - upper - 1.0];
        let style = format!("fill=\"{}\" fill-opacity=\".55\" rx=\"1.5\"", colour(0));
        chart.svg.rect([left, upper], size, &style);
    }
    let bottom = chart.y.range[0] + 18.0;
    chart.svg.text(
        "muted",
        Anchor::Start,
        [left, bottom],
        &format!("up to {} rows", thousands(most)),
    );
}
