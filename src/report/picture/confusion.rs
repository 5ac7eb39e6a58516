//! The confusion matrix, as a table of shaded cells.

use halfplane::metrics::Confusion;

use super::chart::thousands;
use super::svg::{Anchor, Picture, Svg, shortened};
use crate::report::palette::colour;

/// With more classes, the cells have no room for numbers.
const READABLE: usize = 20;

/// With more classes, those with the most rows are drawn: the cells of all could not be told apart.
const MOST: usize = 100;

/// The most characters of a class name: longer ones are cut.
const LETTERS: usize = 16;

/// The picture: a row for each true class; the shade of a cell is its share of that row. `of` names the
/// target, where there are several.
pub(super) fn confusion(matrix: &Confusion, classes: &[String], of: Option<&str>) -> Picture {
    let drawn = drawn(matrix);
    let count = drawn.len();
    let cell = if count <= READABLE {
        (420.0 / count as f64).clamp(44.0, 96.0)
    } else {
        840.0 / count as f64
    };
    let names = drawn.iter().map(|class| &classes[*class]);
    let letters = names.clone().map(|name| name.chars().count().min(LETTERS)).max().unwrap_or(1);
    let name_width = 7.0 * letters as f64;
    let [left, top] = [60.0 + name_width, 78.0];
    let side = cell * count as f64;
    // Names that are wider than their column are rotated.
    let rotated = name_width > cell - 6.0;
    let below = if rotated { name_width + 50.0 } else { 60.0 };
    let mut svg = Svg::default();
    let of = of.map_or_else(String::new, |name| format!(" of {}", shortened(name, LETTERS)));
    svg.text("title", Anchor::Start, [24.0, 30.0], &format!("Confusion matrix{of}"));
    let subtitle =
        format!("accuracy {:.4}, balanced {:.4}", matrix.accuracy(), matrix.balanced_accuracy(),);
    svg.text("muted", Anchor::Start, [24.0, 50.0], &subtitle);
    if count < matrix.classes() {
        let cut = format!("the {count} of {} classes with the most rows", matrix.classes());
        svg.text("muted", Anchor::Start, [24.0, 68.0], &cut);
    }
    for (row, truth) in drawn.iter().enumerate() {
        let support = matrix.support(*truth);
        for (column, prediction) in drawn.iter().enumerate() {
            let number = matrix.count(*truth, *prediction);
            let share = if support > 0.0 { number / support } else { 0.0 };
            let is_right = truth == prediction;
            let own = Cell { number, share, is_right, has_text: count <= READABLE };
            let place = [left + cell * column as f64, top + cell * row as f64];
            own.draw(&mut svg, place, cell);
        }
    }
    for (class, name) in names.enumerate() {
        let middle = cell * (class as f64 + 0.5);
        let name = shortened(name, LETTERS);
        if count <= READABLE || class % count.div_ceil(READABLE) == 0 {
            svg.text("", Anchor::End, [left - 8.0, top + middle + 4.0], &name);
            let foot = [left + middle, top + side + 16.0];
            match rotated {
                true => {
                    svg.rotated_text("", Anchor::End, [foot[0] + 4.0, foot[1] - 6.0], -90.0, &name)
                }
                false => svg.text("", Anchor::Middle, foot, &name),
            }
        }
    }
    let middle = side / 2.0;
    svg.rotated_text("muted", Anchor::Middle, [20.0, top + middle], -90.0, "true");
    svg.text("muted", Anchor::Middle, [left + middle, top + side + below - 18.0], "predicted");
    svg.finish(
        "confusion",
        "Confusion matrix",
        [(left + side + 24.0).max(300.0), top + side + below],
    )
}

/// The classes that are drawn, in their own order.
fn drawn(matrix: &Confusion) -> Vec<usize> {
    let mut classes: Vec<usize> = (0..matrix.classes()).collect();
    if classes.len() > MOST {
        let support: Vec<f64> = classes.iter().map(|class| matrix.support(*class)).collect();
        classes.sort_by(|a, b| support[*b].total_cmp(&support[*a]));
        classes.truncate(MOST);
        classes.sort_unstable();
    }
    classes
}

/// The rows of one class that are predicted as another, or as that class.
struct Cell {
    number: f64,
    /// Of all rows of the class.
    share: f64,
    is_right: bool,
    has_text: bool,
}

impl Cell {
    fn draw(&self, svg: &mut Svg, [x, y]: [f64; 2], cell: f64) {
        let Self { number, share, is_right, has_text } = *self;
        // Correct predictions are blue, wrong ones red; even a small share is visible.
        let hue = colour(if is_right { 0 } else { 2 });
        let opacity = if number > 0.0 { 0.08 + 0.84 * share } else { 0.0 };
        let gap = (cell / 24.0).min(2.0);
        let side = [cell - gap; 2];
        svg.rect([x, y], side, "rx=\"3\" class=\"muted\" fill-opacity=\".07\"");
        svg.rect([x, y], side, &format!("rx=\"3\" fill=\"{hue}\" fill-opacity=\"{opacity:.3}\""));
        if !has_text || number == 0.0 {
            return;
        }
        let class = if opacity > 0.6 { "on-colour strong" } else { "strong" };
        let [middle, height] = [x + side[0] / 2.0, y + side[1] / 2.0];
        svg.text(class, Anchor::Middle, [middle, height], &weight(number));
        let class = if opacity > 0.6 { "on-colour" } else { "muted" };
        let percent = format!("{:.0} %", 100.0 * share);
        svg.text(class, Anchor::Middle, [middle, height + 16.0], &percent);
    }
}

/// A count, or a sum of weights with one decimal.
fn weight(number: f64) -> String {
    if number.fract() == 0.0 { thousands(number as usize) } else { format!("{number:.1}") }
}
