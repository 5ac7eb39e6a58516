//! Events as JSON lines.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use halfplane::{Error, Event, Result};

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
        let file = BufWriter::new(file);
        Ok(Self { path: path.into(), file, flushed: Instant::now(), failed: None })
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

fn failure(path: &Path, source: std::io::Error) -> Error {
    Error::File { verb: "write", path: path.into(), source }
}
