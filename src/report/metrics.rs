//! Events as JSON lines.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use halfplane::{Error, Event, Result};

use super::Done;

/// The file is brought up to date at least this often, so that it can be followed.
const FLUSH: Duration = Duration::from_millis(100);

/// A metrics file.
pub(super) struct Metrics {
    path: PathBuf,
    file: BufWriter<File>,
    flushed: Instant,
    failed: Option<std::io::Error>,
}

impl Metrics {
    pub(super) fn create(path: &Path) -> Result<Self> {
        let file = File::create(path).map_err(|source| failure(path, source))?;
        Ok(Self::of(path, file))
    }

    /// Goes on with the file of a training that goes on: of what it says, what will be said again is
    /// left out, and what was half-written when the training was killed.
    pub(super) fn go_on(path: &Path, done: Done) -> Result<Self> {
        let old = match std::fs::read_to_string(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            other => {
                other.map_err(|source| Error::File { verb: "read", path: path.into(), source })?
            }
        };
        let kept: String =
            old.lines().filter(|line| stays(line, done)).map(|line| format!("{line}\n")).collect();
        // Whole or not at all: a second kill costs nothing.
        halfplane::files::write_beside(path, kept.as_bytes())?;
        let file =
            File::options().append(true).open(path).map_err(|source| failure(path, source))?;
        Ok(Self::of(path, file))
    }

    fn of(path: &Path, file: File) -> Self {
        let file = BufWriter::new(file);
        Self { path: path.into(), file, flushed: Instant::now(), failed: None }
    }

    /// Appends a line. A failure is kept for the end: it is no reason to lose the training.
    pub(super) fn event(&mut self, event: &Event) {
        if self.failed.is_none()
            && let Err(error) = self.write(event)
        {
            self.failed = Some(error);
        }
    }

    fn write(&mut self, event: &Event) -> std::io::Result<()> {
        serde_json::to_writer(&mut self.file, event)?;
        self.file.write_all(b"\n")?;
        if self.flushed.elapsed() >= FLUSH {
            self.file.flush()?;
            self.flushed = Instant::now();
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<()> {
        let written = match self.failed.take() {
            Some(error) => Err(error),
            None => self.file.flush(),
        };
        written.map_err(|source| failure(&self.path, source))
    }
}

/// Whether a line tells of what is done.
fn stays(line: &str, done: Done) -> bool {
    let Ok(line) = serde_json::from_str::<serde_json::Value>(line) else { return false };
    let below = |field: &str, bound: u64| line[field].as_u64().is_some_and(|own| own < bound);
    match line["event"].as_str() {
        Some("step") => below("step", done.steps),
        Some("epoch" | "reduced") => below("epoch", done.epochs),
        Some("checkpoint" | "recovered") => below("step", done.steps + 1),
        _ => false,
    }
}

fn failure(path: &Path, source: std::io::Error) -> Error {
    Error::File { verb: "write", path: path.into(), source }
}
