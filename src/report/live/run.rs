//! The dashboard of one network.

use std::time::Duration;

use halfplane::{Dataset, Event, Summary, TrainOptions, Trainer};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;
use ratatui::widgets::GraphType;

use super::throughput::{Throughput, clock};
use super::widgets::{
    Axes, Series, described, draw_chart, draw_progress, draw_regions, draw_status, draw_title,
    inside, keys, square,
};
use super::{Board, Stage, View};
use crate::report::history::History;
use crate::report::picture::short;

/// The state of a training run.
pub(crate) struct RunBoard {
    /// The network, in one line.
    network: String,
    /// The device.
    device: String,
    history: History,
    steps_per_epoch: u64,
    /// The last step.
    goal: u64,
    step: u64,
    throughput: Throughput,
    /// The names of both columns, if decision regions are shown.
    plane: Option<[String; 2]>,
    /// The summary, after the end.
    ended: Option<Summary>,
}

/// The areas of the terminal.
struct Areas {
    title: Rect,
    curves: Rect,
    plane: Option<Rect>,
    progress: Rect,
    status: Rect,
}

impl RunBoard {
    /// What is known before the training.
    pub(crate) fn of(
        trainer: &Trainer,
        data: &Dataset,
        options: &TrainOptions,
        history: Option<History>,
        view: Option<&View>,
    ) -> Self {
        let plan = trainer.plan();
        let per_epoch = plan.steps_per_epoch();
        Self {
            network: described(plan.network(), data),
            device: trainer.device().to_owned(),
            history: history.unwrap_or_else(|| History::new(per_epoch)),
            steps_per_epoch: per_epoch,
            goal: options.length.steps(per_epoch),
            step: trainer.step(),
            throughput: Throughput::default(),
            plane: view.map(View::names),
            ended: None,
        }
    }

    /// Records an event, with the time since the start.
    pub(crate) fn event(&mut self, event: &Event, now: Duration) {
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
    fn areas(&self, all: Rect) -> Areas {
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
        let width = square(middle.height, all.width / 2);
        let [curves, plane] =
            Layout::horizontal([Constraint::Min(20), Constraint::Length(width)]).areas(middle);
        Areas { title, curves, plane: Some(plane), progress, status }
    }

    fn draw_curves(&self, frame: &mut Frame<'_>, area: Rect) {
        let history = &self.history;
        // An epoch of one step has the same loss as its step.
        let training = if history.full_batch() { &[] } else { history.training() };
        let series = [
            ("batches", 8, GraphType::Scatter, history.steps()),
            ("training", 0, GraphType::Line, training),
            ("validation", 1, GraphType::Line, history.validation()),
        ];
        let series = series.map(|(name, hue, kind, points)| Series { name, hue, kind, points });
        let last = self.goal as f64 / history.steps_per_unit();
        let axes = Axes { title: " loss ", unit: history.unit(), last, logarithmic: true };
        draw_chart(frame, area, &axes, &series);
    }

    fn draw_share(&self, frame: &mut Frame<'_>, area: Rect) {
        let epochs = self.goal.div_ceil(self.steps_per_epoch);
        let epoch = (self.step / self.steps_per_epoch).min(epochs);
        let label = match self.history.full_batch() {
            true => format!("step {} of {}", self.step, self.goal),
            false => format!("epoch {epoch} of {epochs}, step {} of {}", self.step, self.goal),
        };
        draw_progress(frame, area, self.step as f64 / self.goal.max(1) as f64, label);
    }

    /// Losses, speed, time left, and the keys.
    fn status(&self, now: Duration, stage: Stage) -> Vec<String> {
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
            Some(summary) => parts.push(format!("{:.0} steps/s", summary.steps_per_second)),
            None => {
                parts.extend(self.throughput.rate().map(|rate| format!("{rate:.0} steps/s")));
                let left = self.goal.saturating_sub(self.step);
                parts.extend(
                    self.throughput.time_left(left).map(|time| format!("{} left", clock(time))),
                );
                parts.push(format!("{} elapsed", clock(now)));
            }
        }
        parts.push(keys(stage));
        parts
    }
}

impl Board for RunBoard {
    fn regions(&self, all: Rect) -> Vec<[usize; 2]> {
        self.areas(all).plane.map(inside).into_iter().collect()
    }

    fn draw(
        &self,
        frame: &mut Frame<'_>,
        now: Duration,
        stage: Stage,
        regions: &[Vec<Line<'static>>],
    ) {
        let areas = self.areas(frame.area());
        draw_title(frame, areas.title, &self.network, &self.device);
        self.draw_curves(frame, areas.curves);
        if let (Some(area), Some([x, y])) = (areas.plane, &self.plane) {
            draw_regions(frame, area, &format!(" {y} over {x} "), regions.first());
        }
        self.draw_share(frame, areas.progress);
        draw_status(frame, areas.status, &self.status(now, stage));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::live::tests::drawn as drawn_at;

    fn board(steps_per_epoch: u64) -> RunBoard {
        RunBoard {
            network: "2-4-1, 17 parameters".into(),
            device: "cpu".into(),
            history: History::new(steps_per_epoch),
            steps_per_epoch,
            goal: 1000,
            step: 0,
            throughput: Throughput::default(),
            plane: Some(["u".into(), "v".into()]),
            ended: None,
        }
    }

    /// The terminal's characters, line by line.
    fn drawn(board: &RunBoard, size: [u16; 2]) -> String {
        drawn_at(board, size, 20, Stage::Running)
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
        assert!(drawn_at(&board, [100, 30], 20, Stage::Stopping).contains("Ctrl-C again"));
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
