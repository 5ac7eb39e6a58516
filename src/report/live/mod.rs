//! Dashboards in the terminal, of one network (`run`), of those of folds (`members`) and of a search
//! (`search`): curves, progress, time, and for two numeric columns the decision regions while they change.
//!
//! A separate thread draws and handles keys, so that training does not wait for the terminal, nor
//! the terminal for a long step.

mod members;
mod run;
mod search;
mod throughput;
mod view;
mod widgets;

use std::io::IsTerminal as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use halfplane::data::{Preprocessing, TargetColumn};
use halfplane::{Dataset, Model, Network, Parameters, Result};
use ratatui::crossterm::event::{self, KeyCode, KeyEventKind, KeyModifiers};
use ratatui::crossterm::{cursor, execute};
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;
use ratatui::{DefaultTerminal, Frame};

pub(super) use members::MembersBoard;
pub(super) use run::RunBoard;
pub(super) use search::SearchBoard;
pub(super) use view::View;

/// The interval between two frames, unless drawing takes long.
pub(super) const FRAME: Duration = Duration::from_millis(80);

/// The exit code after a second Ctrl-C: 128 + SIGINT.
const INTERRUPTED: i32 = 130;

/// What a dashboard shows.
pub(super) trait Board: Send + 'static {
    /// Columns and lines of characters for the decision regions of each model that is shown, in a terminal of
    /// that size.
    fn regions(&self, all: Rect) -> Vec<[usize; 2]>;
    /// Draws everything, so long after the beginning; `regions` holds the lines of the decision regions of each
    /// model.
    fn draw(
        &self,
        frame: &mut Frame<'_>,
        now: Duration,
        stage: Stage,
        regions: &[Vec<Line<'static>>],
    );
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Running,
    /// The user wants it to stop.
    Stopping,
    /// All is done.
    Ended,
}

/// What a model is beside its weights.
#[derive(Clone)]
pub(super) struct Template {
    network: Network,
    preprocessing: Preprocessing,
    targets: Vec<TargetColumn>,
}

impl Template {
    /// That of the models of a network for these rows.
    pub(super) fn of(network: &Network, data: &Dataset) -> Self {
        Self {
            network: network.clone(),
            preprocessing: data.preprocessing().clone(),
            targets: data.target_columns().to_vec(),
        }
    }

    /// The mean of networks with these weights.
    pub(super) fn model(&self, members: Vec<Parameters>) -> Model {
        let Self { network, preprocessing, targets } = self.clone();
        Model { network, members, preprocessing, targets, provenance: None }
    }
}

/// A dashboard that has the terminal.
pub(super) struct Live<B> {
    shared: Arc<Shared<B>>,
    renderer: Option<JoinHandle<()>>,
}

/// A model with the size of its decision regions.
type Shown = (Arc<Model>, [usize; 2]);

/// The state that the training and the drawing thread share.
struct Shared<B> {
    started: Instant,
    board: Mutex<B>,
    /// The models whose decision regions are shown.
    models: Mutex<Vec<Arc<Model>>>,
    /// Ctrl-C was pressed: training stops, and the process exits with the code of an interrupt.
    interrupt: Arc<AtomicBool>,
    /// q was pressed: it ends as if it had come to its end.
    quit: AtomicBool,
    /// The drawing thread must end.
    closed: AtomicBool,
    /// All is done.
    ended: AtomicBool,
    /// A key was pressed after the end.
    key_pressed: AtomicBool,
}

/// Why a dashboard is impossible, if it is.
pub(super) fn obstacle() -> Option<&'static str> {
    let dumb = std::env::var_os("TERM").is_some_and(|kind| kind == "dumb");
    match (std::io::stdout().is_terminal(), dumb) {
        (false, _) => Some("standard output is not a terminal"),
        (true, true) => Some("this terminal can only print lines (TERM is dumb)"),
        (true, false) => None,
    }
}

impl<B: Board> Live<B> {
    /// Takes over the terminal, which is restored on drop and on a panic. Nothing where no thread can
    /// be made that draws.
    pub(super) fn begin(
        board: B,
        view: Option<View>,
        interrupt: Arc<AtomicBool>,
    ) -> Result<Option<Self>> {
        let shared = Arc::new(Shared {
            started: Instant::now(),
            board: Mutex::new(board),
            models: Mutex::new(Vec::new()),
            interrupt,
            quit: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            key_pressed: AtomicBool::new(false),
        });
        let terminal = ratatui::try_init().map_err(|source| {
            ratatui::restore();
            super::failed("write", "the terminal".as_ref(), source)
        })?;
        TAKEN.store(true, Ordering::Relaxed);
        close_on_panic(&shared);
        let own = Arc::clone(&shared);
        let render = move || own.render(terminal, view.as_ref());
        let renderer = std::thread::Builder::new().name("dashboard".into()).spawn(render).ok();
        // Dropped, it gives the terminal back.
        let own = Self { shared, renderer };
        Ok(own.renderer.is_some().then_some(own))
    }

    /// Changes what is shown; told is the time since the beginning.
    pub(super) fn update<T>(&self, change: impl FnOnce(&mut B, Duration) -> T) -> T {
        change(&mut lock(&self.shared.board), self.shared.started.elapsed())
    }

    /// Shows the decision regions of these models.
    pub(super) fn show(&self, models: Vec<Arc<Model>>) {
        *lock(&self.shared.models) = models;
    }

    /// Whether the user ends the training as if it had reached its length.
    pub(super) fn quit(&self) -> bool {
        self.shared.quit.load(Ordering::Relaxed)
    }

    /// All is done: shows the last frame until a key is pressed, unless a key has ended it.
    pub(super) fn wait_for_key(&self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        let alive = || self.renderer.as_ref().is_some_and(|renderer| !renderer.is_finished());
        while !self.shared.stop_requested()
            && !self.shared.key_pressed.load(Ordering::Relaxed)
            && alive()
        {
            std::thread::sleep(FRAME);
        }
    }
}

impl<B> Drop for Live<B> {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::Relaxed);
        if let Some(renderer) = self.renderer.take() {
            // A panic of the thread has been printed.
            let _ = renderer.join();
        }
        restore_terminal();
    }
}

/// Whether a dashboard has the terminal.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Lines that wait until a dashboard gives the terminal back.
static WAITING: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Keeps a line for standard error as long as a dashboard has the terminal; gives it back where none has.
pub(super) fn keep(line: String) -> Option<String> {
    if !TAKEN.load(Ordering::Relaxed) {
        return Some(line);
    }
    lock(&WAITING).push(line);
    None
}

/// Gives the terminal back, where a dashboard has it, and prints what has waited for that.
pub(crate) fn restore_terminal() {
    if TAKEN.swap(false, Ordering::Relaxed) {
        let _ = execute!(std::io::stdout(), cursor::Show);
        ratatui::restore();
        let waiting = std::mem::take(&mut *lock(&WAITING));
        waiting.iter().for_each(|line| super::say(line));
    }
}

impl<B: Board> Shared<B> {
    /// Whether the user has ended the training.
    fn stop_requested(&self) -> bool {
        self.quit.load(Ordering::Relaxed) || self.interrupt.load(Ordering::Relaxed)
    }

    fn stage(&self) -> Stage {
        match (self.ended.load(Ordering::Relaxed), self.stop_requested()) {
            (true, _) => Stage::Ended,
            (false, true) => Stage::Stopping,
            (false, false) => Stage::Running,
        }
    }

    /// Draws and handles keys until the dashboard is closed.
    fn render(&self, mut terminal: DefaultTerminal, view: Option<&View>) {
        let mut shown: Vec<Shown> = Vec::new();
        let mut regions = Vec::new();
        while !self.closed.load(Ordering::Relaxed) {
            let started = Instant::now();
            if let Some(view) = view {
                self.draw_regions(&terminal, view, &mut shown, &mut regions);
            }
            {
                let board = lock(&self.board);
                let now = self.started.elapsed();
                // A closed terminal does not stop the training.
                let _ = terminal.draw(|frame| board.draw(frame, now, self.stage(), &regions));
            }
            // Drawing takes at most a fifth of the time.
            self.handle_keys(FRAME.max(4 * started.elapsed()));
        }
    }

    /// Draws the decision regions again whose models or sizes have changed.
    fn draw_regions(
        &self,
        terminal: &DefaultTerminal,
        view: &View,
        shown: &mut Vec<Shown>,
        regions: &mut Vec<Vec<Line<'static>>>,
    ) {
        let Ok(size) = terminal.size() else { return };
        let sizes = lock(&self.board).regions(Rect::from((Position::ORIGIN, size)));
        let models = lock(&self.models).clone();
        let count = models.len().min(sizes.len());
        shown.truncate(count);
        regions.resize(count, Vec::new());
        for (at, (model, size)) in models.into_iter().zip(sizes).enumerate() {
            let is_same = |(old, then): &Shown| Arc::ptr_eq(old, &model) && *then == size;
            if shown.get(at).is_some_and(is_same) {
                continue;
            }
            // The last regions stay if the weights overflow.
            if let Ok(drawn) = view.lines(&model, size) {
                regions[at] = drawn;
            }
            match shown.get_mut(at) {
                Some(own) => *own = (model, size),
                None => shown.push((model, size)),
            }
        }
    }

    /// Handles keys for this long.
    fn handle_keys(&self, time: Duration) {
        let until = Instant::now() + time;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match event::poll(left) {
                Ok(true) => {}
                Ok(false) => return,
                Err(_) => return std::thread::sleep(left),
            }
            if let Ok(event::Event::Key(key)) = event::read()
                && key.kind == KeyEventKind::Press
            {
                self.pressed(key.code, key.modifiers);
            }
        }
    }

    fn pressed(&self, code: KeyCode, modifiers: KeyModifiers) {
        if self.stage() == Stage::Ended {
            return self.key_pressed.store(true, Ordering::Relaxed);
        }
        let control = code == KeyCode::Char('c') && modifiers.contains(KeyModifiers::CONTROL);
        match (control, code) {
            (true, _) if self.interrupt.swap(true, Ordering::Relaxed) => {
                restore_terminal();
                halfplane::low_level::files::remove_unfinished();
                std::process::exit(INTERRUPTED);
            }
            (false, KeyCode::Char('q')) => self.quit.store(true, Ordering::Relaxed),
            _ => {}
        }
    }
}

/// Closes the dashboard before a panic prints its message.
fn close_on_panic<B: Send + 'static>(shared: &Arc<Shared<B>>) {
    let own = Arc::downgrade(shared);
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if let Some(shared) = own.upgrade() {
            shared.closed.store(true, Ordering::Relaxed);
        }
        tell(panic);
    }));
}

/// Locks a mutex, even if a thread has panicked while it held the lock.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the tests of boards share.
#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    /// The terminal's characters, line by line.
    pub(super) fn drawn(
        board: &impl Board,
        [width, height]: [u16; 2],
        seconds: u64,
        stage: Stage,
    ) -> String {
        let mut terminal =
            Terminal::new(TestBackend::new(width, height)).expect("there is a backend");
        let now = Duration::from_secs(seconds);
        terminal.draw(|frame| board.draw(frame, now, stage, &[])).expect("it can be drawn");
        terminal.backend().to_string()
    }
}
