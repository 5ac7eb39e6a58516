//! A dashboard in the terminal: loss curves, speed, time left, and for two numeric columns the
//! decision regions while they change.
//!
//! A separate thread draws and handles keys, so that training does not wait for the terminal, nor
//! the terminal for a long step.

mod dashboard;
mod throughput;
mod view;

use std::io::IsTerminal as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use halfplane::{Dataset, Event, Model, Parameters, Result, TrainOptions, Trainer};
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, KeyCode, KeyEventKind, KeyModifiers};
use ratatui::crossterm::{cursor, execute};
use ratatui::text::Line;

use super::history::History;
use dashboard::Dashboard;
use throughput::Throughput;
use view::View;

/// The interval between two frames, unless drawing takes long.
const FRAME: Duration = Duration::from_millis(80);

/// The exit code after a second Ctrl-C: 128 + SIGINT.
const INTERRUPTED: i32 = 130;

/// The dashboard of a training run.
pub(super) struct Live {
    shared: Arc<Shared>,
    /// The model, whose parameters are replaced in every frame.
    model: Model,
    renderer: Option<JoinHandle<()>>,
}

/// The state that the training and the drawing thread share.
struct Shared {
    started: Instant,
    board: Mutex<Dashboard>,
    /// The model whose decision regions are shown.
    model: Mutex<Arc<Model>>,
    /// Ctrl-C was pressed: training stops, and the process exits with the code of an interrupt.
    interrupt: Arc<AtomicBool>,
    /// q was pressed: training ends as if it had reached its length.
    quit: AtomicBool,
    /// The drawing thread must end.
    closed: AtomicBool,
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

impl Live {
    /// Takes over the terminal, which is restored on drop and on a panic. Nothing where no thread can
    /// be made that draws.
    pub(super) fn begin(
        trainer: &mut Trainer,
        data: &Dataset,
        options: &TrainOptions,
        history: Option<History>,
        interrupt: Arc<AtomicBool>,
    ) -> Result<Option<Self>> {
        let model = trainer.model()?;
        let targets = data.original_targets();
        let view = View::of(&model, data.features(), &targets);
        let plan = trainer.plan();
        let per_epoch = plan.steps_per_epoch();
        let board = Dashboard {
            network: format!(
                "{}, {} parameters, predicts {}",
                model.network,
                model.network.parameters(),
                super::target_names(&model.targets),
            ),
            device: trainer.device().to_owned(),
            history: history.unwrap_or_else(|| History::new(per_epoch)),
            steps_per_epoch: per_epoch,
            goal: options.length.steps(per_epoch),
            step: trainer.step(),
            throughput: Throughput::default(),
            plane: view.as_ref().map(|view| view.plane.names.clone()),
            ended: None,
            stop_requested: false,
        };
        let shared = Arc::new(Shared {
            started: Instant::now(),
            board: Mutex::new(board),
            model: Mutex::new(Arc::new(model.clone())),
            interrupt,
            quit: AtomicBool::new(false),
            closed: AtomicBool::new(false),
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
        let own = Self { shared, model, renderer };
        Ok(own.renderer.is_some().then_some(own))
    }

    /// Shows an event.
    pub(super) fn event(&self, event: &Event) {
        lock(&self.shared.board).event(event, self.shared.started.elapsed());
    }

    /// The interval of the weights that decision regions need, if they are shown.
    pub(super) fn shows_weights(&self) -> Option<Duration> {
        lock(&self.shared.board).plane.as_ref().map(|_| FRAME)
    }

    /// Shows the decision regions of these parameters.
    pub(super) fn weights(&self, parameters: &Parameters) {
        let model = Model { members: vec![parameters.clone()], ..self.model.clone() };
        *lock(&self.shared.model) = Arc::new(model);
    }

    /// Whether the user ends the training as if it had reached its length.
    pub(super) fn quit(&self) -> bool {
        self.shared.quit.load(Ordering::Relaxed)
    }

    /// Shows the last frame until a key is pressed, unless a key has ended the training.
    pub(super) fn wait_for_key(&self) {
        let alive = || self.renderer.as_ref().is_some_and(|renderer| !renderer.is_finished());
        while !self.shared.stop_requested()
            && !self.shared.key_pressed.load(Ordering::Relaxed)
            && alive()
        {
            std::thread::sleep(FRAME);
        }
    }
}

impl Drop for Live {
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

/// Gives the terminal back, where a dashboard has it.
pub(crate) fn restore_terminal() {
    if TAKEN.swap(false, Ordering::Relaxed) {
        let _ = execute!(std::io::stdout(), cursor::Show);
        ratatui::restore();
    }
}

impl Shared {
    /// Whether the user has ended the training.
    fn stop_requested(&self) -> bool {
        self.quit.load(Ordering::Relaxed) || self.interrupt.load(Ordering::Relaxed)
    }

    /// Draws and handles keys until the dashboard is closed.
    fn render(&self, mut terminal: DefaultTerminal, view: Option<&View>) {
        let mut plane = Vec::new();
        let mut shown = None;
        while !self.closed.load(Ordering::Relaxed) {
            let started = Instant::now();
            if let Some(view) = view {
                self.plane(&terminal, view, &mut shown, &mut plane);
            }
            {
                let board = lock(&self.board);
                let now = self.started.elapsed();
                // A closed terminal does not stop the training.
                let _ = terminal.draw(|frame| board.draw(frame, now, plane.clone()));
            }
            // Drawing takes at most a fifth of the time.
            self.handle_keys(FRAME.max(4 * started.elapsed()));
        }
    }

    /// Computes the decision regions again if the model or the size of the terminal has changed.
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
            // The last regions stay if the weights overflow.
            if let Ok(drawn) = view.lines(&model, size) {
                *lines = drawn;
            }
            *shown = Some((model, size));
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
        let mut board = lock(&self.board);
        if board.ended.is_some() {
            return self.key_pressed.store(true, Ordering::Relaxed);
        }
        let control = code == KeyCode::Char('c') && modifiers.contains(KeyModifiers::CONTROL);
        match (control, code) {
            (true, _) if self.interrupt.swap(true, Ordering::Relaxed) => {
                restore_terminal();
                halfplane::low_level::files::remove_unfinished();
                std::process::exit(INTERRUPTED);
            }
            (true, _) => board.stop_requested = true,
            (false, KeyCode::Char('q')) => {
                board.stop_requested = true;
                self.quit.store(true, Ordering::Relaxed);
            }
            _ => {}
        }
    }
}

/// Closes the dashboard before a panic prints its message.
fn close_on_panic(shared: &Arc<Shared>) {
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
