//! Writes events as JSON lines.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use halfplane::{Error, Event, Result};

use super::ResumePoint;

/// The file is flushed at least this often, so that it can be followed.
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

    /// Opens the file of a resumed run to append to it. Lines after the checkpoint, which will be
    /// written again, and an incomplete last line are removed.
    pub(super) fn resume(path: &Path, point: ResumePoint) -> Result<Self> {
        let old = match std::fs::read_to_string(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            other => {
                other.map_err(|source| Error::File { verb: "read", path: path.into(), source })?
            }
        };
        let kept: String =
            old.lines().filter(|line| stays(line, point)).map(|line| format!("{line}\n")).collect();
        // Replaced atomically, so that a crash here loses nothing.
        halfplane::low_level::files::write_beside(path, kept.as_bytes())?;
        let file =
            File::options().append(true).open(path).map_err(|source| failure(path, source))?;
        Ok(Self::of(path, file))
    }

    fn of(path: &Path, file: File) -> Self {
        let file = BufWriter::new(file);
        Self { path: path.into(), file, flushed: Instant::now(), failed: None }
    }

    /// Appends a line. An error is reported at the end, so that it does not stop the training.
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

/// Whether a line belongs to the steps before the checkpoint.
fn stays(line: &str, point: ResumePoint) -> bool {
    let Ok(line) = serde_json::from_str::<serde_json::Value>(line) else { return false };
    let below = |field: &str, bound: u64| line[field].as_u64().is_some_and(|own| own < bound);
    match line["event"].as_str() {
        Some("step") => below("step", point.steps),
        Some("epoch" | "reduced") => below("epoch", point.epochs),
        Some("checkpoint" | "recovered") => below("step", point.steps + 1),
        _ => false,
    }
}

fn failure(path: &Path, source: std::io::Error) -> Error {
    Error::File { verb: "write", path: path.into(), source }
}
