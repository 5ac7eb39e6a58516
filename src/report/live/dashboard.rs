//! The contents and the layout of the dashboard.

use std::time::Duration;

use halfplane::{Event, Summary};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::{
    Axis, Block, BorderType, Chart, Dataset, Gauge, GraphType, Padding, Paragraph,
};

use super::throughput::{Throughput, clock};
use super::view::terminal;
use crate::report::history::History;
use crate::report::palette::{colour, rgb};
use crate::report::picture::short;

/// The state of a training run.
pub(super) struct Dashboard {
    /// The network, in one line.
    pub(super) network: String,
    /// The device.
    pub(super) device: String,
    pub(super) history: History,
    pub(super) steps_per_epoch: u64,
    /// The last step.
    pub(super) goal: u64,
    pub(super) step: u64,
    pub(super) throughput: Throughput,
    /// The names of both columns, if decision regions are shown.
    pub(super) plane: Option<[String; 2]>,
    /// The summary, after the end.
    pub(super) ended: Option<Summary>,
    /// Whether the user has requested a stop.
    pub(super) stop_requested: bool,
}

/// The areas of the terminal.
pub(super) struct Areas {
    title: Rect,
    curves: Rect,
    plane: Option<Rect>,
    progress: Rect,
    status: Rect,
}

impl Areas {
    /// Columns and lines of characters inside the frame of the decision regions.
    pub(super) fn plane(&self) -> Option<[usize; 2]> {
        let inside = frame_of("").inner(self.plane?);
        Some([inside.width.into(), inside.height.into()])
    }
}

impl Dashboard {
    /// Records an event, with the time since the start.
    pub(super) fn event(&mut self, event: &Event, now: Duration) {
        self.history.event(event);
        let done = match event {
            Event::Step { step, .. } => step + 1,
            Event::Epoch { epoch, .. } => (epoch + 1) * self.steps_per_epoch,
            Event::End(summary) => {
                self.ended = Some(summary.clone());
                return;
            }
            Event::Recovered { device, .. } => {
                self.device.clone_from(device);
                return;
            }
            _ => return,
        };
        self.step = self.step.max(done);
        self.throughput.step(now, self.step);
    }

    /// Divides the terminal.
    pub(super) fn areas(&self, all: Rect) -> Areas {
        let [title, middle, progress, status] = Layout::vertical([
            Constraint::Length(2),
            Constraint::Min(6),
            Constraint::Length(3),
            Constraint::Length(1),
        ])
        .areas(all);
        if self.plane.is_none() {
            return Areas { title, curves: middle, plane: None, progress, status };
        }
        // A character is about twice as high as wide.
        let width = (2 * middle.height).min(all.width / 2);
        let [curves, plane] =
            Layout::horizontal([Constraint::Min(20), Constraint::Length(width)]).areas(middle);
        Areas { title, curves, plane: Some(plane), progress, status }
    }

    /// Draws everything; `plane` holds the lines of the decision regions.
    pub(super) fn draw(&self, frame: &mut Frame<'_>, now: Duration, plane: Vec<Line<'static>>) {
        let areas = self.areas(frame.area());
        frame.render_widget(Paragraph::new(self.title()), areas.title);
        self.draw_curves(frame, areas.curves);
        if let (Some(area), Some([x, y])) = (areas.plane, &self.plane) {
            let title = format!(" {y} over {x} ");
            frame.render_widget(Paragraph::new(plane).block(frame_of(&title)), area);
        }
        self.draw_progress(frame, areas.progress);
        frame.render_widget(Paragraph::new(self.status(now)), areas.status);
    }

    fn title(&self) -> Vec<Line<'_>> {
        vec![Line::from(vec![
            Span::styled(" halfplane  ", Style::new().add_modifier(Modifier::BOLD)),
            Span::raw(self.network.as_str()),
            Span::styled(format!("  on {}", self.device), muted()),
        ])]
    }

    fn draw_curves(&self, frame: &mut Frame<'_>, area: Rect) {
        let history = &self.history;
        let every = [history.steps(), history.training(), history.validation()];
        let positive = every.iter().copied().flatten().all(|[_, loss]| *loss > 0.0);
        let scaled = |loss: f64| if positive { loss.log10() } else { loss };
        let [batches, training, validation] = every.map(|points| {
            points.iter().map(|[at, loss]| (*at, scaled(*loss))).collect::<Vec<(f64, f64)>>()
        });
        let all = || batches.iter().chain(&training).chain(&validation);
        let [low, high] = all()
            .fold([f64::MAX, f64::MIN], |[low, high], (_, loss)| [low.min(*loss), high.max(*loss)]);
        if low > high {
            return frame.render_widget(frame_of(" loss "), area);
        }
        let padding = (0.05 * (high - low)).max(1e-6);
        let [low, high] = [low - padding, high + padding];
        let last = self.goal as f64 / history.steps_per_unit();
        let unscaled = |value: f64| short(if positive { 10f64.powf(value) } else { value });
        let label = |text: String| Span::styled(text, muted());
        // An epoch of one step has the same loss as its step.
        let training = if history.full_batch() { Vec::new() } else { training };
        let curves = [
            ("batches", 8, GraphType::Scatter, &batches),
            ("training", 0, GraphType::Line, &training),
            ("validation", 1, GraphType::Line, &validation),
        ];
        let sets = curves
            .iter()
            .filter(|(_, _, _, points)| !points.is_empty())
            .map(|(name, hue, kind, points)| {
                Dataset::default()
                    .name(*name)
                    .marker(Marker::Braille)
                    .graph_type(*kind)
                    .style(Style::new().fg(terminal(rgb(colour(*hue)))))
                    .data(points)
            })
            .collect();
        let x = Axis::default()
            .title(label(history.unit().to_owned()))
            .style(muted())
            .bounds([0.0, last])
            .labels([0.0, last / 2.0, last].map(|value| label(format!("{value:.0}"))));
        let y = Axis::default()
            .style(muted())
            .bounds([low, high])
            .labels([low, low.midpoint(high), high].map(|value| label(unscaled(value))));
        frame.render_widget(Chart::new(sets).block(frame_of(" loss ")).x_axis(x).y_axis(y), area);
    }

    fn draw_progress(&self, frame: &mut Frame<'_>, area: Rect) {
        let share = (self.step as f64 / self.goal.max(1) as f64).clamp(0.0, 1.0);
        let epochs = self.goal.div_ceil(self.steps_per_epoch);
        let epoch = (self.step / self.steps_per_epoch).min(epochs);
        let label = match self.history.full_batch() {
            true => format!("step {} of {}", self.step, self.goal),
            false => format!("epoch {epoch} of {epochs}, step {} of {}", self.step, self.goal),
        };
        let gauge = Gauge::default()
            .block(frame_of(""))
            .gauge_style(Style::new().fg(terminal(rgb(colour(0)))))
            .ratio(share)
            .label(label);
        frame.render_widget(gauge, area);
    }

    /// Losses, speed, time left, and the keys.
    fn status(&self, now: Duration) -> Line<'_> {
        let mut parts = Vec::new();
        let last = |points: &[[f64; 2]]| points.last().map(|[_, loss]| short(*loss));
        let history = &self.history;
        let losses = match history.full_batch() {
            true => [("loss", last(history.steps())), ("validation", last(history.validation()))],
            false => {
                [("loss", last(history.training())), ("validation", last(history.validation()))]
            }
        };
        for (name, loss) in losses {
            parts.extend(loss.map(|loss| format!("{name} {loss}")));
        }
        match &self.ended {
            Some(summary) => {
                parts.push(format!("{:.0} steps/s", summary.steps_per_second));
                parts.push("done: press any key".to_owned());
            }
            None => {
                parts.extend(self.throughput.rate().map(|rate| format!("{rate:.0} steps/s")));
                let left = self.goal.saturating_sub(self.step);
                parts.extend(
                    self.throughput.time_left(left).map(|time| format!("{} left", clock(time))),
                );
                parts.push(format!("{} elapsed", clock(now)));
                parts.push(match self.stop_requested {
                    true => "stopping; Ctrl-C again stops at once".to_owned(),
                    false => "q to stop".to_owned(),
                });
            }
        }
        Line::styled(format!(" {}", parts.join("  ·  ")), muted())
    }
}

fn frame_of(title: &str) -> Block<'_> {
    Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(muted())
        .padding(Padding::ZERO)
        .title(title)
}

fn muted() -> Style {
    Style::new().add_modifier(Modifier::DIM)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    fn board(steps_per_epoch: u64) -> Dashboard {
        Dashboard {
            network: "2-4-1, 17 parameters".into(),
            device: "cpu".into(),
            history: History::new(steps_per_epoch),
            steps_per_epoch,
            goal: 1000,
            step: 0,
            throughput: Throughput::default(),
            plane: Some(["u".into(), "v".into()]),
            ended: None,
            stop_requested: false,
        }
    }

    /// The terminal's characters, line by line.
    fn drawn(board: &Dashboard, size: [u16; 2]) -> String {
        let mut terminal =
            Terminal::new(TestBackend::new(size[0], size[1])).expect("there is a backend");
        let now = Duration::from_secs(20);
        terminal.draw(|frame| board.draw(frame, now, Vec::new())).expect("it can be drawn");
        terminal.backend().to_string()
    }

    #[test]
    fn shows_losses_speed_and_time() {
        let mut board = board(10);
        for step in 0..500 {
            let now = Duration::from_millis(step * 40);
            board.event(&Event::Step { step, loss: 1.0 / (step + 1) as f32 }, now);
        }
        let text = drawn(&board, [100, 30]);
        for part in [
            "2-4-1, 17 parameters",
            "on cpu",
            "v over u",
            "epoch 50 of 100, step 500 of 1000",
            "25 steps/s",
            "0:20 left",
            "0:20 elapsed",
            "q to stop",
            "batches",
        ] {
            assert!(text.contains(part), "no `{part}` in\n{text}");
        }
        board.stop_requested = true;
        assert!(drawn(&board, [100, 30]).contains("Ctrl-C again"));
    }

    #[test]
    fn whatever_the_loss_and_the_size_it_can_be_drawn() {
        for losses in [&[][..], &[0.5], &[0.5, 0.5], &[0.0, 0.5], &[1e-30, 1e30]] {
            let mut board = board(1);
            for (step, loss) in losses.iter().enumerate() {
                let step = step as u64;
                board.event(&Event::Step { step, loss: *loss }, Duration::ZERO);
                let train_loss = f64::from(*loss);
                board.event(
                    &Event::Epoch { epoch: step, train_loss, validation: None },
                    Duration::ZERO,
                );
            }
            for size in [[1, 1], [3, 2], [20, 5], [40, 12], [300, 90]] {
                drawn(&board, size);
            }
        }
    }
}
