//! A chart: title, axes, grid, legend.

use super::scale::{Kind, Scale};
use super::svg::{Anchor, Picture, Svg, shortened};

/// The margins in pixels: top (for title and subtitle), right, bottom and left (for the axes).
const MARGINS: [f64; 4] = [68.0, 24.0, 54.0, 68.0];

/// An axis: its label, its range of values, and its kind.
pub(super) struct Axis {
    pub(super) label: String,
    pub(super) domain: [f64; 2],
    pub(super) kind: Kind,
    /// The names of 0, 1, 2, …, where its values are no numbers.
    pub(super) names: Vec<String>,
    /// The values that it is marked at, where they are not chosen by itself.
    pub(super) marks: Vec<f64>,
}

impl Axis {
    pub(super) fn linear(label: impl Into<String>, domain: [f64; 2]) -> Self {
        let (names, marks) = (Vec::new(), Vec::new());
        Self { label: label.into(), domain, kind: Kind::Linear, names, marks }
    }

    /// About `count` ticks, with their labels.
    pub(super) fn ticks(&self, scale: Scale, count: usize) -> Vec<(f64, String)> {
        if !self.names.is_empty() {
            let names = self.names.iter().enumerate();
            return names.map(|(index, name)| (index as f64, name.clone())).collect();
        }
        if !self.marks.is_empty() {
            return self.marks.iter().map(|mark| (*mark, mark.to_string())).collect();
        }
        scale.ticks(count)
    }
}

/// An entry of a legend: a label with its line style.
pub(super) struct LegendEntry {
    pub(super) colour: String,
    pub(super) label: String,
    pub(super) class: &'static str,
}

impl LegendEntry {
    pub(super) fn new(colour: &str, label: impl Into<String>) -> Self {
        Self { colour: colour.into(), label: label.into(), class: "curve" }
    }
}

/// An unfinished chart.
pub(super) struct Chart {
    pub(super) svg: Svg,
    pub(super) x: Scale,
    pub(super) y: Scale,
    title: String,
    size: [f64; 2],
}

impl Chart {
    /// A chart with a plot of this size in pixels; title, axes and grid are drawn.
    pub(super) fn new(plot: [f64; 2], [title, subtitle]: [&str; 2], x: Axis, y: Axis) -> Self {
        let [top, right, bottom, left] = MARGINS;
        let size = [left + plot[0] + right, top + plot[1] + bottom];
        let axes = [x, y];
        let [x, y] = &axes;
        let x = Scale { domain: x.domain, range: [left, left + plot[0]], kind: x.kind };
        let y = Scale { domain: y.domain, range: [top + plot[1], top], kind: y.kind };
        let mut chart = Self { svg: Svg::default(), x, y, title: title.into(), size };
        chart.svg.text("title", Anchor::Start, [24.0, 30.0], title);
        chart.svg.text("muted", Anchor::Start, [24.0, 50.0], subtitle);
        chart.axes(&axes);
        chart
    }

    fn axes(&mut self, [x_axis, y_axis]: &[Axis; 2]) {
        let (x, y) = (self.x, self.y);
        let [left, right] = x.range;
        let [bottom, top] = y.range;
        for (value, label) in x_axis.ticks(x, ((right - left) / 90.0) as usize) {
            let at = x.at(value);
            self.svg.line("grid", [at, top], [at, bottom]);
            self.svg.text("muted", Anchor::Middle, [at, bottom + 18.0], &label);
        }
        for (value, label) in y_axis.ticks(y, ((bottom - top) / 55.0) as usize) {
            let at = y.at(value);
            self.svg.line("grid", [left, at], [right, at]);
            self.svg.text("muted", Anchor::End, [left - 8.0, at + 4.0], &label);
        }
        self.svg.line("axis", [left, bottom], [right, bottom]);
        let middle = left.midpoint(right);
        self.svg.text("", Anchor::Middle, [middle, bottom + 40.0], &shortened(&x_axis.label, 60));
        let middle = [20.0, top.midpoint(bottom)];
        self.svg.rotated_text("", Anchor::Middle, middle, -90.0, &shortened(&y_axis.label, 50));
    }

    /// The position of a point, in pixels.
    pub(super) fn at(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        [self.x.at(x), self.y.at(y)]
    }

    /// The top left corner of the plot, and its size, in pixels.
    pub(super) fn plot(&self) -> [[f64; 2]; 2] {
        let ([left, right], [bottom, top]) = (self.x.range, self.y.range);
        [[left, top], [right - left, bottom - top]]
    }

    /// Draws a curve through points.
    pub(super) fn curve(&mut self, class: &str, colour: Option<&str>, values: &[[f64; 2]]) {
        let points: Vec<[f64; 2]> = values.iter().map(|value| self.at(*value)).collect();
        self.svg.polyline(class, colour, &points);
    }

    /// Draws a dot.
    pub(super) fn dot(&mut self, value: [f64; 2], radius: f64, colour: &str) {
        let style = format!("class=\"point\" fill=\"{colour}\" fill-opacity=\".85\"");
        self.svg.circle(self.at(value), radius, &style);
    }

    /// Draws a dot with a tooltip.
    pub(super) fn told_dot(&mut self, value: [f64; 2], radius: f64, colour: &str, tooltip: &str) {
        let [x, y] = self.at(value);
        let place = format!("cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius:.1}\"");
        let style = format!("class=\"point\" fill=\"{colour}\" fill-opacity=\".85\"");
        self.svg.with_tooltip("circle", &format!("{place} {style}"), tooltip);
    }

    /// Adds a legend at the right, which widens the chart.
    pub(super) fn legend(&mut self, entries: &[LegendEntry]) {
        let [[_, top], _] = self.plot();
        let left = self.size[0] + 4.0;
        let letters = entries.iter().map(|entry| entry.label.chars().count().min(32)).max();
        self.size[0] += 50.0 + 6.6 * letters.unwrap_or(0) as f64;
        for (index, LegendEntry { colour, label, class }) in entries.iter().enumerate() {
            let y = top + 10.0 + 22.0 * index as f64;
            let stroke = if colour.is_empty() { None } else { Some(colour.as_str()) };
            self.svg.polyline(class, stroke, &[[left, y], [left + 20.0, y]]);
            let label = shortened(label, 32);
            self.svg.text("", Anchor::Start, [left + 28.0, y + 4.0], &label);
        }
        let needed = top + 20.0 + 22.0 * entries.len() as f64;
        self.size[1] = self.size[1].max(needed);
    }

    /// Adds space at the right; returns its left edge.
    pub(super) fn widen(&mut self, width: f64) -> f64 {
        self.size[0] += width;
        self.size[0] - width
    }

    pub(super) fn finish(self, name: &'static str) -> Picture {
        self.svg.finish(name, &self.title, self.size)
    }
}

/// At most `most` + 1 of the points, evenly spaced, with the first and the last.
pub(crate) fn thinned<T: Copy>(points: &[T], most: usize) -> Vec<T> {
    let stride = points.len().div_ceil(most.max(2)).max(1);
    let mut kept: Vec<T> = points.iter().copied().step_by(stride).collect();
    if !(points.len().wrapping_sub(1)).is_multiple_of(stride)
        && let Some(last) = points.last()
    {
        kept.push(*last);
    }
    kept
}

/// A count with thousands separators: 60,000.
pub(crate) fn thousands(count: usize) -> String {
    let digits = count.to_string();
    let first = digits.len() % 3;
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && index % 3 == first {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number with about four significant digits.
pub(crate) fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".into(),
        size if size >= 1000.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.2}"),
        size if size >= 0.01 => format!("{value:.4}"),
        _ => format!("{value:.2e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_both_ends() {
        let points: Vec<usize> = (0..1001).collect();
        for most in [2, 7, 100, 5000] {
            let kept = thinned(&points, most);
            assert_eq!((kept.first(), kept.last()), (Some(&0), Some(&1000)), "{most}");
            assert!(kept.len() <= most + 1, "{most}: {}", kept.len());
        }
        assert!(thinned::<usize>(&[], 5).is_empty());
    }

    #[test]
    fn thousands_are_apart() {
        assert_eq!(
            [1, 999, 1000, 60_000, 1_234_567].map(thousands),
            ["1", "999", "1,000", "60,000", "1,234,567"]
        );
    }
}
