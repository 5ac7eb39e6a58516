//! A dashboard in the terminal: curves, pace, time to go, and for two columns of numbers the plane
//! as it bends.
//!
//! A thread of its own draws and listens to the keys, so that the training neither waits for the
//! terminal nor the terminal for a long step.

mod board;
mod pace;
mod view;

use std::io::IsTerminal as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use halfplane::{Dataset, Error, Event, Model, Parameters, Result, TrainOptions, Trainer};
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, KeyCode, KeyEventKind, KeyModifiers};
use ratatui::crossterm::{cursor, execute};
use ratatui::text::Line;

use super::history::History;
use super::own_unit;
use board::Board;
use pace::Pace;
use view::View;

/// The time between two pictures, if drawing them does not take long.
const FRAME: Duration = Duration::from_millis(80);

/// A process that a second Ctrl-C ends says 128 + SIGINT.
const INTERRUPTED: i32 = 130;

/// The dashboard of a training.
pub(super) struct Live {
    shared: Arc<Shared>,
    /// The model whose weights change.
    model: Model,
    painter: Option<JoinHandle<()>>,
}

/// What the training and the painter share.
struct Shared {
    begun: Instant,
    board: Mutex<Board>,
    /// The model whose plane is shown.
    model: Mutex<Arc<Model>>,
    /// Ctrl-C was pressed: what is on its way is saved, and the process says so.
    interrupt: Arc<AtomicBool>,
    /// q was pressed: the training is to end as if it had its length.
    quit: AtomicBool,
    /// Nothing is to be drawn any more.
    over: AtomicBool,
    /// A key was pressed after the end.
    pressed: AtomicBool,
}

/// Why there can be no dashboard, if there can be none.
pub(super) fn obstacle() -> Option<&'static str> {
    let dumb = std::env::var_os("TERM").is_some_and(|kind| kind == "dumb");
    match (std::io::stdout().is_terminal(), dumb) {
        (false, _) => Some("standard output is no terminal"),
        (true, true) => Some("this terminal can only print lines (TERM is dumb)"),
        (true, false) => None,
    }
}

impl Live {
    /// Takes the terminal over. It is given back when this is dropped, and by a panic.
    pub(super) fn begin(
        trainer: &mut Trainer,
        data: &Dataset,
        options: &TrainOptions,
        interrupt: Arc<AtomicBool>,
    ) -> Result<Self> {
        let model = trainer.model()?;
        let targets = own_unit(data.targets(), model.preprocessing.target);
        let view = View::of(&model, data.features(), &targets);
        let plan = trainer.plan();
        let per_epoch = plan.steps_per_epoch();
        let board = Board {
            network: format!(
                "{}, {} parameters, predicts {}",
                model.network,
                model.network.parameters(),
                model.target,
            ),
            device: trainer.device().to_owned(),
            history: History::new(per_epoch),
            steps_per_epoch: per_epoch,
            goal: options.length.steps(per_epoch),
            step: trainer.step(),
            pace: Pace::default(),
            plane: view.as_ref().map(|view| view.plane.names.clone()),
            ended: None,
            asked: false,
        };
        let shared = Arc::new(Shared {
            begun: Instant::now(),
            board: Mutex::new(board),
            model: Mutex::new(Arc::new(model.clone())),
            interrupt,
            quit: AtomicBool::new(false),
            over: AtomicBool::new(false),
            pressed: AtomicBool::new(false),
        });
        let terminal = ratatui::try_init().map_err(|source| {
            ratatui::restore();
            Error::File { verb: "write", path: "the terminal".into(), source }
        })?;
        silence_on_panic(&shared);
        let own = Arc::clone(&shared);
        let painter = std::thread::spawn(move || own.paint(terminal, view.as_ref()));
        Ok(Self { shared, model, painter: Some(painter) })
    }

    /// Shows what happened.
    pub(super) fn event(&self, event: &Event) {
        lock(&self.shared.board).event(event, self.shared.begun.elapsed());
    }

    /// How often the plane is to bend, where there is one.
    pub(super) fn shows_weights(&self) -> Option<Duration> {
        lock(&self.shared.board).plane.as_ref().map(|_| FRAME)
    }

    /// Shows the plane of these weights.
    pub(super) fn weights(&self, parameters: &Parameters) {
        let model = Model { parameters: parameters.clone(), ..self.model.clone() };
        *lock(&self.shared.model) = Arc::new(model);
    }

    /// Whether the user wants the training to end as if it had its length.
    pub(super) fn quit(&self) -> bool {
        self.shared.quit.load(Ordering::Relaxed)
    }

    /// Leaves the last picture until a key is pressed, unless a key has ended the training.
    pub(super) fn linger(&self) {
        let alive = || self.painter.as_ref().is_some_and(|painter| !painter.is_finished());
        while !self.shared.asked() && !self.shared.pressed.load(Ordering::Relaxed) && alive() {
            std::thread::sleep(FRAME);
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Relaxed);
        if let Some(painter) = self.painter.take() {
            // A painter that has panicked has said so.
            let _ = painter.join();
        }
        ratatui::restore();
    }
}

impl Shared {
    /// Whether the user has ended the training.
    fn asked(&self) -> bool {
        self.quit.load(Ordering::Relaxed) || self.interrupt.load(Ordering::Relaxed)
    }

    /// Draws and listens until it is over.
    fn paint(&self, mut terminal: DefaultTerminal, view: Option<&View>) {
        let mut plane = Vec::new();
        let mut shown = None;
        while !self.over.load(Ordering::Relaxed) {
            let started = Instant::now();
            if let Some(view) = view {
                self.plane(&terminal, view, &mut shown, &mut plane);
            }
            {
                let board = lock(&self.board);
                let now = self.begun.elapsed();
                // A terminal that is gone draws nothing; the training goes on.
                let _ = terminal.draw(|frame| board.draw(frame, now, plane.clone()));
            }
            // At most a fifth of the time is drawn.
            self.listen(FRAME.max(4 * started.elapsed()));
        }
    }

    /// Draws the plane anew where the model is another one, or the terminal has another size.
    fn plane(
        &self,
        terminal: &DefaultTerminal,
        view: &View,
        shown: &mut Option<(Arc<Model>, [usize; 2])>,
        lines: &mut Vec<Line<'static>>,
    ) {
        let Ok(size) = terminal.size() else { return };
        let areas = lock(&self.board).areas(size.into());
        let Some(size) = areas.plane() else { return };
        let model = Arc::clone(&lock(&self.model));
        let same = |(old, at): &(Arc<Model>, [usize; 2])| Arc::ptr_eq(old, &model) && *at == size;
        if !shown.as_ref().is_some_and(same) {
            // Weights that overflow have no plane; the last one stays.
            if let Ok(drawn) = view.lines(&model, size) {
                *lines = drawn;
            }
            *shown = Some((model, size));
        }
    }

    /// Waits for keys.
    fn listen(&self, time: Duration) {
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
        let mut board = lock(&self.board);
        if board.ended.is_some() {
            return self.pressed.store(true, Ordering::Relaxed);
        }
        let control = code == KeyCode::Char('c') && modifiers.contains(KeyModifiers::CONTROL);
        match (control, code) {
            (true, _) if self.interrupt.swap(true, Ordering::Relaxed) => {
                let _ = execute!(std::io::stdout(), cursor::Show);
                ratatui::restore();
                std::process::exit(INTERRUPTED);
            }
            (true, _) => board.asked = true,
            (false, KeyCode::Char('q')) => {
                board.asked = true;
                self.quit.store(true, Ordering::Relaxed);
            }
            _ => {}
        }
    }
}

/// Lets the painter stop before a panic says what it has to say on the terminal given back.
fn silence_on_panic(shared: &Arc<Shared>) {
    let own = Arc::downgrade(shared);
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if let Some(shared) = own.upgrade() {
            shared.over.store(true, Ordering::Relaxed);
        }
        tell(panic);
    }));
}

/// What a thread that has panicked held is still good to be looked at.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
