//! Decision regions of a network with two inputs, with the lines where the units of its first layer
//! are zero.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use halfplane::{Output, Targets};

use super::chart::{Axis, Chart, LegendEntry, thinned, thousands};
use super::contour::contours;
use super::scale::padded_range;
use super::svg::{Anchor, Picture};
use crate::report::palette::{colour, sequential};
use crate::report::plane::{Cell, Plane};

/// The size of the plot in pixels, a multiple of the number of cells.
const PLOT: [f64; 2] = [480.0, 420.0];

/// The number of cells in each direction.
pub(super) const CELLS: [usize; 2] = [160, 140];

/// The number of opacity steps per colour; few steps keep the file small.
const SHADES: f64 = 12.0;

/// The most rows that are drawn: more would hide the regions.
const DOTS: usize = 1500;

/// Up to this many neurons, each line has a tick towards its positive side.
const TICKED: usize = 24;

/// The contents of the picture.
pub(super) struct Regions<'a> {
    /// The name of the picture, of which a page has one.
    pub(super) name: &'static str,
    /// Which network it is, where there are several.
    pub(super) network: Option<&'a str>,
    pub(super) plane: &'a Plane,
    pub(super) cells: &'a [Cell],
    pub(super) output: Output,
    pub(super) classes: &'a [String],
    pub(super) target: &'a str,
    pub(super) targets: &'a Targets,
    /// The rows, in the columns' units.
    pub(super) points: &'a [[f64; 2]],
    /// Weights and bias of each neuron of the first layer, in the columns' units; or why there are none.
    pub(super) neurons: Result<&'a [[f64; 3]], &'static str>,
}

impl Regions<'_> {
    pub(super) fn picture(&self) -> Picture {
        let view = self.plane.view;
        let neurons = self.neurons.unwrap_or_default();
        let lines: Vec<_> =
            neurons.iter().map(|neuron| (neuron, self.plane.line(*neuron))).collect();
        let seen = lines.iter().filter(|(_, line)| line.is_some()).count();
        let dots = thinned(&(0..self.points.len()).collect::<Vec<_>>(), DOTS);
        let neurons = match (self.neurons, seen, neurons.len()) {
            (Err(why), ..) => format!("no lines of neurons: {why}"),
            (_, seen, 1) => format!("the line of {seen} neuron"),
            (_, seen, all) if seen == all => {
                format!("the lines of all {all} neurons of the first layer")
            }
            (_, seen, all) => {
                format!("the lines of {seen} of {all} neurons (the others pass outside)")
            }
        };
        let rows = match dots.len() < self.points.len() {
            true => format!("{} of {} rows", thousands(dots.len()), thousands(self.points.len())),
            false => format!("{} rows", thousands(dots.len())),
        };
        let title = match (self.network, self.output) {
            (Some(network), _) => network,
            (None, Output::Identity) => "Predictions over the plane",
            (None, _) => "Decision regions",
        };
        let mut chart = Chart::new(
            PLOT,
            [title, &format!("{neurons}; {rows}")],
            Axis::linear(self.plane.names[0].as_str(), view[0]),
            Axis::linear(self.plane.names[1].as_str(), view[1]),
        );
        let [corner, size] = chart.plot();
        chart.svg.clip(&format!("{}-plot", self.name), corner, size);
        self.fill_cells(&mut chart);
        self.boundaries(&mut chart);
        for (neuron, line) in lines {
            if let Some(line) = line {
                self.neuron(&mut chart, *neuron, line);
            }
        }
        let numbers = self.numbers();
        let radius = if dots.len() < 50 { 6.0 } else { 3.5 };
        for row in dots {
            chart.dot(self.points[row], radius, &self.hue(row, numbers));
        }
        chart.svg.unclip();
        self.legend(&mut chart, numbers);
        chart.finish(self.name)
    }

    /// The range of a regression's values and predictions, with padding.
    fn numbers(&self) -> [f64; 2] {
        match self.targets {
            Targets::Numbers { values, .. } => {
                let regions = self.cells.iter().map(|cell| f64::from(cell.value));
                padded_range(values.iter().map(|value| f64::from(*value)).chain(regions))
            }
            _ => [0.0, 1.0],
        }
    }

    /// A row's colour.
    fn hue(&self, row: usize, [low, high]: [f64; 2]) -> String {
        match self.targets {
            Targets::Binary { values, .. } => colour(values[row] as usize).into(),
            Targets::Classes { values, .. } => colour(values[row] as usize).into(),
            Targets::Numbers { values, .. } => {
                sequential((f64::from(values[row]) - low) / (high - low))
            }
        }
    }

    /// Fills the cells; all cells of one colour are one path.
    fn fill_cells(&self, chart: &mut Chart) {
        let [corner, size] = chart.plot();
        let [columns, rows] = self.plane.cells;
        let [width, height] = [size[0] / columns as f64, size[1] / rows as f64];
        let [low, high] = self.numbers();
        let mut paths: BTreeMap<(String, u32), String> = BTreeMap::new();
        for (row, cells) in self.cells.chunks(columns).enumerate() {
            let shade = |cell: &Cell| match self.output {
                Output::Identity => {
                    let share = (f64::from(cell.value) - low) / (high - low);
                    (sequential((share * 4.0 * SHADES).round() / (4.0 * SHADES)), 85)
                }
                _ => {
                    let confidence = (f64::from(cell.confidence) * SHADES).round() / SHADES;
                    (colour(cell.class).to_owned(), (6.0 + 50.0 * confidence).round() as u32)
                }
            };
            let mut start = 0;
            while start < columns {
                let own = shade(&cells[start]);
                let run = cells[start..].iter().take_while(|cell| shade(cell) == own).count();
                let [x, y] = [start as f64 * width, row as f64 * height];
                let length = run as f64 * width;
                // Writing to a String cannot fail.
                let _ = write!(
                    paths.entry(own).or_default(),
                    "M{} {}h{length}v{height}h-{length}z",
                    corner[0] + x,
                    corner[1] + y,
                );
                start += run;
            }
        }
        for ((hue, opacity), path) in paths {
            let style =
                format!("fill=\"{hue}\" fill-opacity=\"{:.2}\"", f64::from(opacity) / 100.0);
            let style = format!("{style} shape-rendering=\"crispEdges\"");
            chart.svg.element("path", &format!("{style} d=\"{path}\""));
        }
    }

    /// Draws the boundaries between classes.
    fn boundaries(&self, chart: &mut Chart) {
        if self.output == Output::Identity {
            return;
        }
        let [corner, size] = chart.plot();
        let [columns, rows] = self.plane.cells;
        let [width, height] = [size[0] / columns as f64, size[1] / rows as f64];
        // Values belong to the centres of cells.
        let place =
            |[x, y]: [f64; 2]| [corner[0] + (x + 0.5) * width, corner[1] + (y + 0.5) * height];
        let count = self.cells.first().map_or(0, |cell| cell.margins.len());
        // Two classes share one boundary.
        let classes = if count == 2 { 1..2 } else { 0..count };
        let mut path = String::new();
        for class in classes {
            let margins: Vec<f64> =
                self.cells.iter().map(|cell| f64::from(cell.margins[class])).collect();
            for [from, to] in contours(&margins, columns) {
                let ([x1, y1], [x2, y2]) = (place(from), place(to));
                let _ = write!(path, "M{x1:.1} {y1:.1}L{x2:.1} {y2:.1}");
            }
        }
        chart.svg.element("path", &format!("class=\"boundary\" d=\"{path}\""));
    }

    /// Draws a neuron's line, with a tick towards the side where it is positive.
    fn neuron(&self, chart: &mut Chart, [u, v, b]: [f64; 3], ends: [[f64; 2]; 2]) {
        let count = self.neurons.unwrap_or_default().len() as f64;
        let opacity = (4.0 / count.sqrt()).clamp(0.25, 0.8);
        let [from, to] = ends.map(|end| chart.at(end));
        let [name_x, name_y] = &self.plane.names;
        let tooltip = format!("{u:.4} · {name_x} + {v:.4} · {name_y} + {b:.4} = 0");
        let place = format!(
            "x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"",
            from[0], from[1], to[0], to[1],
        );
        let style =
            format!("class=\"neuron\" stroke-width=\"1.25\" stroke-opacity=\"{opacity:.2}\"");
        chart.svg.with_tooltip("line", &format!("{style} {place}"), &tooltip);
        if self.neurons.unwrap_or_default().len() > TICKED {
            return;
        }
        let middle = [from[0].midpoint(to[0]), from[1].midpoint(to[1])];
        // The gradient of u·x + v·y in pixels, whose y axis points down.
        let [[left, top], [width, height]] = chart.plot();
        let [view_x, view_y] = self.plane.view;
        let slope = [u * (view_x[1] - view_x[0]) / width, -v * (view_y[1] - view_y[0]) / height];
        // The tick is perpendicular to the line in pixels, on the side of the gradient.
        let along = [to[0] - from[0], to[1] - from[1]];
        let square = [-along[1], along[0]];
        let toward = square[0] * slope[0] + square[1] * slope[1];
        let length = square[0].hypot(square[1]).max(1e-9) * toward.signum();
        let inside = middle[0] >= left && middle[1] >= top;
        if inside {
            let tip =
                [middle[0] + 10.0 * square[0] / length, middle[1] + 10.0 * square[1] / length];
            let place = format!(
                "x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"",
                middle[0], middle[1], tip[0], tip[1],
            );
            let style =
                format!("class=\"neuron\" stroke-width=\"2.5\" stroke-opacity=\"{opacity:.2}\"");
            chart.svg.element("line", &format!("{style} {place}"));
        }
    }

    /// Draws the legend: the classes, or the colour scale of numbers.
    fn legend(&self, chart: &mut Chart, [low, high]: [f64; 2]) {
        if self.output != Output::Identity {
            let entries: Vec<LegendEntry> = self
                .classes
                .iter()
                .take(18)
                .enumerate()
                .map(|(class, name)| LegendEntry {
                    class: "curve thick",
                    ..LegendEntry::new(colour(class), name)
                })
                .collect();
            return chart.legend(&entries);
        }
        let [[_, top], [_, height]] = chart.plot();
        let left = chart.widen(96.0);
        const STEPS: usize = 48;
        for step in 0..STEPS {
            let share = step as f64 / (STEPS - 1) as f64;
            let y = top + height * (1.0 - (step + 1) as f64 / STEPS as f64);
            let style = format!("fill=\"{}\" fill-opacity=\".85\"", sequential(share));
            chart.svg.rect([left, y], [14.0, height / STEPS as f64 + 0.3], &style);
        }
        let scale = super::scale::Scale {
            domain: [low, high],
            range: [top + height, top],
            kind: super::scale::Kind::Linear,
        };
        for (value, label) in scale.ticks(6) {
            chart.svg.text("muted", Anchor::Start, [left + 20.0, scale.at(value) + 4.0], &label);
        }
        chart.svg.text(
            "",
            Anchor::Start,
            [left, top - 10.0],
            &super::svg::shortened(self.target, 12),
        );
    }
}
