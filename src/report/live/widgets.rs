//! What all dashboards are made of.

use halfplane::{Dataset as Data, Network};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::{
    Axis, Block, BorderType, Chart, Dataset, Gauge, GraphType, Padding, Paragraph,
};

use super::Stage;
use super::view::terminal;
use crate::report::palette::{colour, rgb};
use crate::report::picture::short;
use crate::report::target_names;

/// A curve, or points of a chart.
pub(super) struct Series<'a> {
    /// What the legend calls it; nothing where it has no place there.
    pub(super) name: &'a str,
    /// The number of its colour.
    pub(super) hue: usize,
    pub(super) kind: GraphType,
    /// \[position, value\]
    pub(super) points: &'a [[f64; 2]],
}

/// The axes of a chart.
pub(super) struct Axes<'a> {
    pub(super) title: &'a str,
    /// The unit of positions, and the last of them.
    pub(super) unit: &'a str,
    pub(super) last: f64,
    /// Whether values that are all positive are drawn by their logarithms.
    pub(super) logarithmic: bool,
}

/// Draws curves over their positions from 0 on.
pub(super) fn draw_chart(frame: &mut Frame<'_>, area: Rect, axes: &Axes<'_>, all: &[Series<'_>]) {
    let values = || all.iter().flat_map(|own| own.points).map(|[_, value]| *value);
    let positive = axes.logarithmic && values().all(|value| value > 0.0);
    let scaled = |value: f64| if positive { value.log10() } else { value };
    let points = |own: &Series<'_>| -> Vec<(f64, f64)> {
        own.points.iter().map(|[at, value]| (*at, scaled(*value))).collect()
    };
    let drawn: Vec<Vec<(f64, f64)>> = all.iter().map(points).collect();
    let finite = values().map(scaled).filter(|value| value.is_finite());
    let [low, high] =
        finite.fold([f64::MAX, f64::MIN], |[low, high], value| [low.min(value), high.max(value)]);
    if low > high {
        return frame.render_widget(frame_of(axes.title), area);
    }
    let padding = (0.05 * (high - low)).max(1e-6);
    let [low, high] = [low - padding, high + padding];
    let unscaled = |value: f64| short(if positive { 10f64.powf(value) } else { value });
    let label = |text: String| Span::styled(text, muted());
    let sets = all.iter().zip(&drawn).filter(|(_, points)| !points.is_empty());
    let sets = sets.map(|(own, points)| {
        let set = Dataset::default()
            .marker(Marker::Braille)
            .graph_type(own.kind)
            .style(Style::new().fg(terminal(rgb(colour(own.hue)))))
            .data(points);
        if own.name.is_empty() { set } else { set.name(own.name) }
    });
    let last = axes.last;
    let x = Axis::default()
        .title(label(axes.unit.to_owned()))
        .style(muted())
        .bounds([0.0, last])
        .labels([0.0, last / 2.0, last].map(|value| label(format!("{value:.0}"))));
    let y = Axis::default()
        .style(muted())
        .bounds([low, high])
        .labels([low, low.midpoint(high), high].map(|value| label(unscaled(value))));
    let chart = Chart::new(sets.collect()).block(frame_of(axes.title)).x_axis(x).y_axis(y);
    frame.render_widget(chart, area);
}

/// Draws how much of all is done.
pub(super) fn draw_progress(frame: &mut Frame<'_>, area: Rect, share: f64, label: String) {
    let gauge = Gauge::default()
        .block(frame_of(""))
        .gauge_style(Style::new().fg(terminal(rgb(colour(0)))))
        .ratio(share.clamp(0.0, 1.0))
        .label(label);
    frame.render_widget(gauge, area);
}

/// Draws lines of text in a frame, as many as there is room for.
pub(super) fn draw_lines(frame: &mut Frame<'_>, area: Rect, title: &str, lines: Vec<Line<'_>>) {
    frame.render_widget(Paragraph::new(lines).block(frame_of(title)), area);
}

/// Draws decision regions, where they are known.
pub(super) fn draw_regions(
    frame: &mut Frame<'_>,
    area: Rect,
    title: &str,
    regions: Option<&Vec<Line<'static>>>,
) {
    draw_lines(frame, area, title, regions.cloned().unwrap_or_default());
}

/// Draws what is trained where, beside the program's name.
pub(super) fn draw_title(frame: &mut Frame<'_>, area: Rect, what: &str, place: &str) {
    let line = Line::from(vec![
        Span::styled(" halfplane  ", Style::new().add_modifier(Modifier::BOLD)),
        Span::raw(what),
        Span::styled(format!("  on {place}"), muted()),
    ]);
    frame.render_widget(Paragraph::new(line), area);
}

/// Draws words in one line.
pub(super) fn draw_status(frame: &mut Frame<'_>, area: Rect, words: &[String]) {
    let line = Line::styled(format!(" {}", words.join("  ·  ")), muted());
    frame.render_widget(Paragraph::new(line), area);
}

/// A network and what it predicts, in one line.
pub(super) fn described(network: &Network, data: &Data) -> String {
    let (parameters, targets) = (network.parameters(), target_names(data.target_columns()));
    format!("{network}, {parameters} parameters, predicts {targets}")
}

/// How to stop, or how to go on.
pub(super) fn keys(stage: Stage) -> String {
    let words = match stage {
        Stage::Ended => "done: press any key",
        Stage::Stopping => "stopping; Ctrl-C again stops at once",
        Stage::Running => "q to stop",
    };
    words.to_owned()
}

pub(super) fn frame_of(title: &str) -> Block<'_> {
    Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(muted())
        .padding(Padding::ZERO)
        .title(title)
}

pub(super) fn muted() -> Style {
    Style::new().add_modifier(Modifier::DIM)
}

/// The width of a picture that is as wide as it is high: a character is about twice as high as wide.
pub(super) fn square(height: u16, most: u16) -> u16 {
    height.saturating_mul(2).min(most)
}

/// Columns and lines of characters inside a frame.
pub(super) fn inside(area: Rect) -> [usize; 2] {
    let inside = frame_of("").inner(area);
    [inside.width.into(), inside.height.into()]
}
