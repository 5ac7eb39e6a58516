//! The dashboard of several networks that are trained each by itself, as for the folds of a table.

use std::sync::Arc;
use std::time::Duration;

use halfplane::train::{Best, Ended};
use halfplane::{Event, Parameters};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::GraphType;

use super::throughput::clock;
use super::view::terminal;
use super::widgets::{
    Axes, Series, described, draw_chart, draw_lines, draw_progress, draw_regions, draw_status,
    draw_title, inside, keys, square,
};
use super::{Board, Stage, View};
use crate::report::history::History;
use crate::report::members::MembersView;
use crate::report::palette::{colour, rgb};
use crate::report::picture::short;

/// The state of a training of several networks.
pub(crate) struct MembersBoard {
    /// The network, in one line.
    network: String,
    /// How the rows were dealt out.
    dealt_out: String,
    members: Vec<Member>,
    /// The last epoch of the longest.
    epochs: u64,
    /// The names of both columns, if decision regions are shown.
    plane: Option<[String; 2]>,
}

/// One of the networks.
struct Member {
    history: History,
    epochs: u64,
    best: Option<Best>,
    ended: Option<Ended>,
    /// Its latest weights, if decision regions are shown.
    weights: Option<Arc<Parameters>>,
}

impl MembersBoard {
    /// Before the training; `histories` are the losses of each network so far, where it goes on.
    pub(crate) fn of(own: &MembersView<'_>, histories: Vec<History>, view: Option<&View>) -> Self {
        let MembersView { network, data, dealt_out, epochs, .. } = own;
        let member = |history: History| {
            let last = history.training().last().map_or(0.0, |[position, _]| *position);
            Member { history, epochs: last as u64, best: None, ended: None, weights: None }
        };
        Self {
            network: described(network, data),
            dealt_out: (*dealt_out).to_owned(),
            members: histories.into_iter().map(member).collect(),
            epochs: *epochs,
            plane: view.map(View::names),
        }
    }

    /// Records what has happened to a network.
    pub(crate) fn event(&mut self, member: usize, event: &Event) {
        let own = &mut self.members[member];
        own.history.event(event);
        match event {
            Event::Epoch { epoch, validation, .. } => {
                own.epochs = epoch + 1;
                let loss = validation.map(|found| found.loss).filter(|loss| loss.is_finite());
                if let Some(loss) =
                    loss.filter(|loss| own.best.is_none_or(|best| *loss < best.loss))
                {
                    own.best = Some(Best { epoch: *epoch, loss });
                }
            }
            Event::Weights { parameters, .. } => own.weights = Some(Arc::clone(parameters)),
            Event::End(summary) => own.ended = Some(summary.ended),
            _ => {}
        }
    }

    /// The latest weights of the networks that have begun.
    pub(crate) fn weights(&self) -> Vec<Parameters> {
        self.members.iter().filter_map(|own| own.weights.as_deref().cloned()).collect()
    }

    /// Divides the terminal: title, curves, regions, networks, progress, status.
    fn areas(&self, all: Rect) -> (Rect, Rect, Option<Rect>, [Rect; 3]) {
        let lines = (self.members.len() as u16).saturating_add(2).min(all.height / 3);
        let [title, middle, list, progress, status] = Layout::vertical([
            Constraint::Length(2),
            Constraint::Min(6),
            Constraint::Length(lines),
            Constraint::Length(3),
            Constraint::Length(1),
        ])
        .areas(all);
        let rest = [list, progress, status];
        if self.plane.is_none() {
            return (title, middle, None, rest);
        }
        let width = square(middle.height, all.width / 2);
        let [curves, plane] =
            Layout::horizontal([Constraint::Min(20), Constraint::Length(width)]).areas(middle);
        (title, curves, Some(plane), rest)
    }

    fn draw_curves(&self, frame: &mut Frame<'_>, area: Rect) {
        let series = self.members.iter().enumerate().map(|(number, own)| Series {
            name: "",
            hue: number,
            kind: GraphType::Line,
            points: own.history.validation(),
        });
        let Some(first) = self.members.first() else { return };
        let history = &first.history;
        let last = self.members.iter().filter_map(|own| own.history.validation().last());
        let last = last.fold(1.0, |last, [position, _]| f64::max(last, *position));
        let axes =
            Axes { title: " loss on the folds ", unit: history.unit(), last, logarithmic: true };
        draw_chart(frame, area, &axes, &series.collect::<Vec<_>>());
    }

    /// A line for each network: those that are trained now before the others, where not all have room.
    fn lines(&self, room: usize) -> Vec<Line<'_>> {
        let mut order: Vec<usize> = (0..self.members.len()).collect();
        if order.len() > room {
            order.sort_by_key(|&one| {
                let own = &self.members[one];
                (own.ended.is_some() || own.epochs == 0, own.ended.is_none())
            });
        }
        order.into_iter().take(room).map(|one| self.line(one)).collect()
    }

    fn line(&self, number: usize) -> Line<'_> {
        let own = &self.members[number];
        let loss = |points: &[[f64; 2]]| {
            points.last().map_or_else(|| "–".to_owned(), |[_, loss]| short(*loss))
        };
        let state = match own.ended {
            None if own.epochs == 0 => "waits",
            None => "",
            Some(Ended::Patience) => "stopped early",
            Some(Ended::Diverged) => "diverged",
            Some(Ended::Interrupted | Ended::Observer) => "interrupted",
            Some(Ended::Length) => "has its length",
        };
        let best = own
            .best
            .map(|best| format!("  best {:>8} after {:>4}", short(best.loss), best.epoch + 1));
        let text = format!(
            "network {number:>2}  epoch {:>4}/{}  training {:>8}  on its fold {:>8}{}  {state}",
            own.epochs,
            self.epochs,
            loss(own.history.training()),
            loss(own.history.validation()),
            best.unwrap_or_default(),
        );
        let mark = Span::styled("■ ", Style::new().fg(terminal(rgb(colour(number)))));
        Line::from(vec![mark, Span::raw(text)])
    }
}

impl Board for MembersBoard {
    fn regions(&self, all: Rect) -> Vec<[usize; 2]> {
        self.areas(all).2.map(inside).into_iter().collect()
    }

    fn draw(
        &self,
        frame: &mut Frame<'_>,
        now: Duration,
        stage: Stage,
        regions: &[Vec<Line<'static>>],
    ) {
        let (title, curves, plane, [list, progress, status]) = self.areas(frame.area());
        draw_title(frame, title, &self.network, &self.dealt_out);
        self.draw_curves(frame, curves);
        if let (Some(area), Some([x, y])) = (plane, &self.plane) {
            draw_regions(frame, area, &format!(" the mean: {y} over {x} "), regions.first());
        }
        draw_lines(frame, list, " networks ", self.lines(inside(list)[1]));
        let count = self.members.len();
        let ended = self.members.iter().filter(|own| own.ended.is_some()).count();
        // How long one that stops early takes nobody knows.
        let share = ended as f64 / count.max(1) as f64;
        draw_progress(frame, progress, share, format!("{ended} of {count} networks have ended"));
        let words = [format!("{} elapsed", clock(now)), keys(stage)];
        draw_status(frame, status, &words);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::live::tests::drawn as drawn_at;
    use halfplane::train::Evaluation;
    use halfplane::{Dataset, Network};

    fn board(members: usize) -> MembersBoard {
        let (network, data) = (Network::new(2, &[2], 1), Dataset::xor());
        let histories = vec![History::new(3); members];
        let view = MembersView {
            network: &network,
            data: &data,
            dealt_out: "5 stratified folds",
            epochs: 200,
            interrupt: Arc::default(),
        };
        MembersBoard::of(&view, histories, None)
    }

    fn drawn(board: &MembersBoard, size: [u16; 2]) -> String {
        drawn_at(board, size, 75, Stage::Running)
    }

    fn epoch(epoch: u64, loss: f64) -> Event {
        let validation = Some(Evaluation { loss, accuracy: None, r2: None, columns: 1 });
        Event::Epoch { epoch, train_loss: loss / 2.0, validation }
    }

    #[test]
    fn each_network_has_a_line() {
        let mut board = board(3);
        for (number, loss) in [0.5, 0.25, 0.3].into_iter().enumerate() {
            board.event(1, &epoch(number as u64, loss));
        }
        let text = drawn(&board, [120, 30]);
        for part in [
            "2-2-1, 9 parameters",
            "on 5 stratified folds",
            "network  0  epoch    0/200",
            "waits",
            "network  1  epoch    3/200  training   0.1500  on its fold   0.3000  best   0.2500 after    2",
            "0 of 3 networks have ended",
            "1:15 elapsed",
            "q to stop",
        ] {
            assert!(text.contains(part), "no `{part}` in\n{text}");
        }
        assert!(drawn_at(&board, [120, 30], 75, Stage::Ended).contains("press any key"));
    }

    /// Those that are trained are shown where not all have room; and it can always be drawn.
    #[test]
    fn many_networks_in_little_room() {
        let mut board = board(40);
        board.event(33, &epoch(0, 0.5));
        assert!(drawn(&board, [120, 24]).contains("network 33"));
        for size in [[1, 1], [3, 2], [20, 5], [300, 90]] {
            drawn(&board, size);
        }
    }
}
