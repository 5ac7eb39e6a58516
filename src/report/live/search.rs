//! The dashboard of a search for hyper-parameters.

use std::time::Duration;

use halfplane::metrics::Metric;
use halfplane::sweep::{Record, State, SweepEvent, best_first};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;
use ratatui::widgets::GraphType;

use super::throughput::clock;
use super::widgets::{
    Axes, Series, draw_chart, draw_lines, draw_progress, draw_regions, draw_status, draw_title,
    inside, keys, square,
};
use super::{Board, Stage, View};
use crate::report::search::{count, shown};

/// The state of a search.
pub(crate) struct SearchBoard {
    /// What is predicted from what, in one line, and how its rows were dealt out.
    table: [String; 2],
    metric: Metric,
    /// Trials at most, where there is a limit.
    limit: Option<u64>,
    records: Vec<Record>,
    /// The score of each trial that came to its end, \[trial, score\], and the best by then.
    scores: Vec<[f64; 2]>,
    best: Vec<[f64; 2]>,
    /// The scores of those that were stopped early, as they were then.
    stopped: Vec<[f64; 2]>,
    /// The networks of the present batch.
    batch: Batch,
    /// The names of both columns, if decision regions are shown, and what is said of each picture.
    plane: Option<[String; 2]>,
    wall: Vec<String>,
    /// What is done after the search.
    afterwards: Option<String>,
}

/// How far the present batch is.
#[derive(Default)]
struct Batch {
    done: usize,
    of: usize,
    trials: usize,
    rung: Option<usize>,
}

/// Parts of the terminal.
struct Areas {
    title: Rect,
    scores: Rect,
    curves: Rect,
    board: Rect,
    wall: Vec<Rect>,
    progress: Rect,
    status: Rect,
}

impl SearchBoard {
    /// What is known before the search.
    pub(crate) fn of(table: [String; 2], metric: Metric, view: Option<&View>) -> Self {
        Self {
            table,
            metric,
            limit: None,
            records: Vec::new(),
            scores: Vec::new(),
            best: Vec::new(),
            stopped: Vec::new(),
            batch: Batch::default(),
            plane: view.map(View::names),
            wall: Vec::new(),
            afterwards: None,
        }
    }

    /// Records what has happened.
    pub(crate) fn event(&mut self, event: &SweepEvent) {
        match event {
            SweepEvent::Begin { trials, .. } => {
                self.limit = Some(*trials).filter(|own| *own < u64::MAX);
            }
            SweepEvent::Fitted { done, of, trials, rung } => {
                self.batch = Batch { done: *done, of: *of, trials: *trials, rung: *rung };
            }
            SweepEvent::Trial(record) => self.take(record),
            _ => {}
        }
    }

    /// Takes a trial that has ended.
    pub(crate) fn take(&mut self, record: &Record) {
        let score = record.score().0;
        let trial = record.trial as f64 + 1.0;
        if record.state == State::Pruned && score.is_finite() {
            self.stopped.push([trial, score]);
        }
        if record.state == State::Complete && score.is_finite() {
            self.scores.push([trial, score]);
            let is_better =
                |[_, best]: &[f64; 2]| self.metric.gain(score) > self.metric.gain(*best);
            let best = match self.best.last() {
                Some(last) if !is_better(last) => last[1],
                _ => score,
            };
            self.best.push([trial, best]);
        }
        self.records.push(record.clone());
    }

    /// The trials whose regions are worth a look: the best, the one in the middle, the worst, each with what
    /// is said of it.
    pub(crate) fn worth_a_look(&self) -> Vec<(&'static str, Record)> {
        let ordered = best_first(&self.records, self.metric);
        let Some(last) = ordered.len().checked_sub(1) else { return Vec::new() };
        let mut all = vec![("best", 0), ("in the middle", last.div_ceil(2)), ("worst", last)];
        all.dedup_by_key(|(_, at)| *at);
        all.into_iter().map(|(which, at)| (which, ordered[at].clone())).collect()
    }

    /// Says what the pictures of the wall show.
    pub(crate) fn name_wall(&mut self, titles: Vec<String>) {
        self.wall = titles;
    }

    /// The search has ended, and something else is done.
    pub(crate) fn go_on_with(&mut self, what: &str) {
        self.afterwards = Some(what.to_owned());
    }

    fn areas(&self, all: Rect) -> Areas {
        let [title, upper, lower, progress, status] = Layout::vertical([
            Constraint::Length(2),
            Constraint::Min(6),
            Constraint::Percentage(40),
            Constraint::Length(3),
            Constraint::Length(1),
        ])
        .areas(all);
        let halves = [Constraint::Percentage(50), Constraint::Percentage(50)];
        let [scores, curves] = Layout::horizontal(halves).areas(upper);
        let pictures = if self.plane.is_some() { self.wall.len() } else { 0 };
        let width = square(lower.height, lower.width / 4);
        let widths = std::iter::once(Constraint::Min(20))
            .chain(std::iter::repeat_n(Constraint::Length(width), pictures));
        let parts = Layout::horizontal(widths).split(lower);
        Areas {
            title,
            scores,
            curves,
            board: parts[0],
            wall: parts[1..].to_vec(),
            progress,
            status,
        }
    }

    fn draw_scores(&self, frame: &mut Frame<'_>, area: Rect) {
        let title = format!(" {} of the trials ", self.metric);
        let last = self.records.last().map_or(1.0, |own| own.trial as f64 + 1.0);
        let axes = Axes { title: &title, unit: "trial", last, logarithmic: false };
        let series = [
            Series { name: "stopped", hue: 9, kind: GraphType::Scatter, points: &self.stopped },
            Series { name: "to the end", hue: 1, kind: GraphType::Scatter, points: &self.scores },
            Series { name: "the best", hue: 0, kind: GraphType::Line, points: &self.best },
        ];
        draw_chart(frame, area, &axes, &series);
    }

    /// The learning curves of the best trial.
    fn draw_curves(&self, frame: &mut Frame<'_>, area: Rect) {
        let best = best_first(&self.records, self.metric);
        let curve = best.first().map(|own| (own.trial, own.curve.clone())).unwrap_or_default();
        let (trial, curve) = curve;
        let title = match best.is_empty() {
            true => " loss ".to_owned(),
            false => format!(" loss of trial {trial}, the best "),
        };
        let points = |losses: &[f32]| -> Vec<[f64; 2]> {
            let each = curve.epochs.iter().zip(losses);
            each.map(|(epoch, loss)| [*epoch as f64, f64::from(*loss)]).collect()
        };
        let [training, folds] = [points(&curve.train_loss), points(&curve.loss)];
        let last = curve.epochs.last().map_or(1.0, |last| *last as f64);
        let axes = Axes { title: &title, unit: "epoch", last, logarithmic: true };
        let series = [
            Series { name: "training", hue: 0, kind: GraphType::Line, points: &training },
            Series { name: "folds", hue: 1, kind: GraphType::Line, points: &folds },
        ];
        draw_chart(frame, area, &axes, &series);
    }

    /// A line for each of the best trials.
    fn lines(&self, room: usize) -> Vec<Line<'_>> {
        let best = best_first(&self.records, self.metric);
        let line = |(place, own): (usize, &&Record)| {
            let (mean, error) = own.score();
            let point: Vec<String> = own
                .parameters
                .iter()
                .map(|(name, value)| format!("{name} {}", shown(value)))
                .collect();
            Line::raw(format!(
                "{place:>2}  trial {:>4}  {mean:.4} ± {error:.4}  {}",
                own.trial,
                point.join("  "),
            ))
        };
        (1..).zip(&best).take(room).map(line).collect()
    }

    fn draw_batch(&self, frame: &mut Frame<'_>, area: Rect) {
        let known = self.records.len();
        let Batch { done, of, trials, rung } = self.batch;
        if let Some(what) = &self.afterwards {
            return draw_progress(frame, area, 1.0, format!("{known} trials; {what}"));
        }
        let rung = rung.map_or_else(|| "the end".to_owned(), |own| format!("rung {}", own + 1));
        let limit = self.limit.map_or(String::new(), |limit| format!(" of {limit}"));
        let share = match self.limit {
            Some(limit) => known as f64 / limit.max(1) as f64,
            None => done as f64 / of.max(1) as f64,
        };
        let label =
            format!("{known}{limit} trials; {done} of {of} networks of {trials} trials to {rung}");
        draw_progress(frame, area, share, label);
    }
}

impl Board for SearchBoard {
    fn regions(&self, all: Rect) -> Vec<[usize; 2]> {
        self.areas(all).wall.into_iter().map(inside).collect()
    }

    fn draw(
        &self,
        frame: &mut Frame<'_>,
        now: Duration,
        stage: Stage,
        regions: &[Vec<Line<'static>>],
    ) {
        let areas = self.areas(frame.area());
        let [what, dealt_out] = &self.table;
        draw_title(frame, areas.title, what, dealt_out);
        self.draw_scores(frame, areas.scores);
        self.draw_curves(frame, areas.curves);
        draw_lines(frame, areas.board, " the best ", self.lines(inside(areas.board)[1]));
        for (at, (area, title)) in areas.wall.into_iter().zip(&self.wall).enumerate() {
            draw_regions(frame, area, &format!(" {title} "), regions.get(at));
        }
        self.draw_batch(frame, areas.progress);
        let states = [(State::Pruned, "stopped early"), (State::Diverged, "diverged")];
        let mut words: Vec<String> = states
            .into_iter()
            .map(|(state, name)| (count(&self.records, state), name))
            .filter(|(count, _)| *count > 0)
            .map(|(count, name)| format!("{count} {name}"))
            .collect();
        words.push(format!("{} elapsed", clock(now)));
        words.push(keys(stage));
        draw_status(frame, areas.status, &words);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::live::tests::drawn as drawn_at;
    use halfplane::sweep::{Curve, Point, Value};

    fn record(trial: u64, score: f64) -> Record {
        Record {
            trial,
            parameters: Point::new([("lr", Value::Float(0.01))]),
            state: State::Complete,
            scores: vec![score - 0.01, score + 0.01],
            epochs: 2,
            trained: 3,
            size: 9,
            training: None,
            curve: Curve {
                epochs: vec![1, 2, 3],
                train_loss: vec![0.9, 0.5, 0.25],
                loss: vec![0.9, 0.6, 0.7],
            },
            rungs: Vec::new(),
            same_as: None,
            more: 0,
            seconds: 1.0,
        }
    }

    fn board() -> SearchBoard {
        let table = ["y predicted from 120 rows of t.csv".into(), "5 folds".into()];
        SearchBoard::of(table, Metric::Accuracy, None)
    }

    fn drawn(board: &SearchBoard, size: [u16; 2]) -> String {
        drawn_at(board, size, 75, Stage::Running)
    }

    #[test]
    fn shows_the_best_and_how_they_learned() {
        let mut board = board();
        board.event(&SweepEvent::Begin { sampler: "tpe", trials: 50, known: 0, pruned: true });
        for (trial, score) in [0.5, 0.9, 0.7, 0.8].into_iter().enumerate() {
            board.event(&SweepEvent::Trial(&record(trial as u64, score)));
        }
        board.event(&SweepEvent::Fitted { done: 3, of: 15, trials: 3, rung: Some(0) });
        assert!(board.best.iter().map(|[_, best]| *best).eq([0.5, 0.9, 0.9, 0.9]));
        let text = drawn(&board, [120, 30]);
        for part in [
            "y predicted from 120 rows of t.csv",
            "on 5 folds",
            "accuracy of the trials",
            "loss of trial 1, the best",
            "1  trial    1  0.9000 ± 0.0100  lr 0.0100",
            "4 of 50 trials; 3 of 15 networks of 3 trials to rung 1",
            "1:15 elapsed",
        ] {
            assert!(text.contains(part), "no `{part}` in\n{text}");
        }
        let wall: Vec<(&str, u64)> =
            board.worth_a_look().into_iter().map(|(which, own)| (which, own.trial)).collect();
        assert_eq!(wall, [("best", 1), ("in the middle", 2), ("worst", 0)]);
    }

    #[test]
    fn it_can_always_be_drawn() {
        let mut board = board();
        for trial in 0..3 {
            for size in [[1, 1], [3, 2], [20, 5], [40, 12], [300, 90]] {
                drawn(&board, size);
            }
            assert_eq!(board.worth_a_look().len(), trial);
            board.event(&SweepEvent::Trial(&record(trial as u64, 0.5)));
        }
    }
}
