//! Decision regions in the terminal, with two pixels per character: regions, lines of neurons,
//! rows.

use halfplane::{Dataset, Model, Output, Result, Targets};
use ratatui::style::{Color, Style};
use ratatui::text::{Line, Span};

use crate::report::palette::{colour, rgb, sequential};
use crate::report::picture::thinned;
use crate::report::plane::{Cell, Plane, cells, has_regions};

/// The most rows that are drawn: more would hide the regions.
const ROWS: usize = 400;

/// The most lines of neurons that are drawn.
const LINES: usize = 64;

const PAPER: [u8; 3] = [21, 24, 30];
const INK: [u8; 3] = [243, 244, 246];

/// Red, green and blue.
type Pixel = [u8; 3];

/// The parts of the picture that do not depend on the weights.
pub(crate) struct View {
    plane: Plane,
    output: Output,
    rows: Vec<([f64; 2], Mark)>,
    numbers: [f64; 2],
}

/// A row's class or number.
#[derive(Clone, Copy)]
enum Mark {
    Class(usize),
    Number(f64),
}

impl View {
    /// A view of a data set's rows with their targets, in the target's unit; `None` unless it has two
    /// numeric inputs.
    pub(crate) fn of(data: &Dataset, output: Output) -> Option<Self> {
        let (features, targets) = (data.features(), &data.original_targets());
        if !has_regions(targets) {
            return None;
        }
        let plane = Plane::of(data.preprocessing(), features, [1, 1])?;
        let mark = |row: usize| match targets {
            Targets::Binary { values, .. } => Mark::Class(values[row] as usize),
            Targets::Classes { values, .. } => Mark::Class(values[row] as usize),
            Targets::Numbers { values, .. } => Mark::Number(f64::from(values[row])),
        };
        let points = plane.points(features);
        let rows: Vec<_> = points.iter().enumerate().map(|(row, at)| (*at, mark(row))).collect();
        let numbers = rows.iter().fold([f64::MAX, f64::MIN], |[low, high], (_, mark)| match mark {
            Mark::Number(number) => [low.min(*number), high.max(*number)],
            Mark::Class(_) => [0.0, 1.0],
        });
        Some(Self { plane, output, rows: thinned(&rows, ROWS), numbers })
    }

    /// The names of both columns.
    pub(super) fn names(&self) -> [String; 2] {
        self.plane.names.clone()
    }

    /// The decision regions of a model, in this many columns and lines of characters.
    ///
    /// # Errors
    /// Those of a prediction.
    pub(super) fn lines(
        &self,
        model: &Model,
        [columns, lines]: [usize; 2],
    ) -> Result<Vec<Line<'static>>> {
        let size = [columns, 2 * lines];
        if columns == 0 || lines == 0 {
            return Ok(Vec::new());
        }
        let plane = self.plane.clone().with_cells(size);
        let network = &model.network;
        let predictions = model.predict(&plane.inputs())?;
        let found = cells(&predictions, network.output, network.outputs);
        let mut pixels: Vec<Pixel> = found.iter().map(|cell| self.shade(cell)).collect();
        let neurons = plane.neurons(model).unwrap_or_default();
        for neuron in neurons.into_iter().take(LINES) {
            if let Some(ends) = plane.line(neuron) {
                trace(&mut pixels, columns, ends.map(|end| position(&plane, end)));
            }
        }
        for (at, mark) in &self.rows {
            let [x, y] = position(&plane, *at).map(|axis| axis.max(0.0) as usize);
            if let Some(pixel) = pixels.get_mut(y.min(2 * lines - 1) * columns + x.min(columns - 1))
            {
                *pixel = self.colour_of(*mark);
            }
        }
        Ok(pixels.chunks(2 * columns).map(|pair| line(pair, columns)).collect())
    }

    fn shade(&self, cell: &Cell) -> Pixel {
        match self.output {
            Output::Identity => self.colour_of(Mark::Number(f64::from(cell.value))),
            _ => {
                let share = 0.12 + 0.45 * f64::from(cell.confidence);
                mixed(PAPER, rgb(colour(cell.class)), share)
            }
        }
    }

    fn colour_of(&self, mark: Mark) -> Pixel {
        match mark {
            Mark::Class(class) => mixed(rgb(colour(class)), INK, 0.15),
            Mark::Number(number) => {
                let [low, high] = self.numbers;
                rgb(&sequential((number - low) / (high - low).max(f64::MIN_POSITIVE)))
            }
        }
    }
}

/// The position of a point in pixels.
fn position(plane: &Plane, [x, y]: [f64; 2]) -> [f64; 2] {
    let [columns, rows] = plane.cells.map(|count| count as f64);
    let [view_x, view_y] = plane.view;
    let share = |value: f64, [low, high]: [f64; 2]| (value - low) / (high - low);
    [share(x, view_x) * columns, (1.0 - share(y, view_y)) * rows]
}

/// Lightens the pixels along a line.
fn trace(pixels: &mut [Pixel], columns: usize, [from, to]: [[f64; 2]; 2]) {
    let rows = pixels.len() / columns;
    let length = (to[0] - from[0]).abs().max((to[1] - from[1]).abs()).ceil().max(1.0);
    let mut last = None;
    for step in 0..=length as usize {
        let share = step as f64 / length;
        let [x, y] = [0, 1].map(|axis| from[axis] + share * (to[axis] - from[axis]));
        let position = (x as usize).min(columns - 1) + (y as usize).min(rows - 1) * columns;
        if last != Some(position) {
            pixels[position] = mixed(pixels[position], INK, 0.4);
        }
        last = Some(position);
    }
}

fn mixed(from: Pixel, to: Pixel, share: f64) -> Pixel {
    [0, 1, 2].map(|channel| {
        let (from, to) = (f64::from(from[channel]), f64::from(to[channel]));
        (from + share * (to - from)).round() as u8
    })
}

/// A line of characters from two lines of pixels.
fn line(pair: &[Pixel], columns: usize) -> Line<'static> {
    let (upper, lower) = pair.split_at(columns);
    let character = |(upper, lower): (&Pixel, &Pixel)| {
        Span::styled("▀", Style::new().fg(terminal(*upper)).bg(terminal(*lower)))
    };
    upper.iter().zip(lower).map(character).collect()
}

/// A terminal colour: 24 bits where the terminal supports them, or the nearest of 216.
pub(super) fn terminal([r, g, b]: Pixel) -> Color {
    let all =
        std::env::var("COLORTERM").is_ok_and(|value| value == "truecolor" || value == "24bit");
    if all {
        return Color::Rgb(r, g, b);
    }
    let [r, g, b] = [r, g, b].map(|channel| (u16::from(channel) * 5 + 127) / 255);
    Color::Indexed((16 + 36 * r + 6 * g + b) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use halfplane::Network;
    use halfplane::spec::{LayerParameters, Parameters};

    /// A network whose only neuron says yes where x1 > 0.5.
    fn model() -> Model {
        let data = Dataset::xor();
        let layer = LayerParameters { weight: vec![1000.0, 0.0], bias: vec![-500.0] };
        Model {
            network: Network::new(2, &[], 1),
            members: vec![Parameters { layers: vec![layer], ..Parameters::default() }],
            preprocessing: data.preprocessing().clone(),
            targets: data.target_columns().to_vec(),
            provenance: None,
        }
    }

    #[test]
    fn regions_change_at_the_line_of_the_neuron() {
        let (data, model) = (Dataset::xor(), model());
        let view = View::of(&data, model.network.output).expect("two numbers");
        let lines = view.lines(&model, [40, 10]).expect("it can be drawn");
        assert_eq!(lines.len(), 10);
        let of = |column: usize| lines[4].spans[column].style.fg;
        assert_eq!(lines[4].spans.len(), 40);
        assert_eq!(of(2), of(15), "one region left of the line");
        assert_eq!(of(25), of(37), "one region right of it");
        assert_ne!(of(2), of(37), "two regions");
        // It falls between two characters.
        let line = [of(19), of(20)];
        assert!(line.iter().any(|own| *own != of(15) && *own != of(25)), "the line itself");
        for size in [[0, 5], [5, 0], [1, 1]] {
            assert!(view.lines(&model, size).is_ok(), "{size:?}");
        }
    }
}
