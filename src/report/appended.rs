//! Files that grow while a training goes on.
//!
//! What cannot be written (the disk is full) waits and is tried again: nothing is lost as long as it
//! fits into memory.

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use halfplane::Result;
use halfplane::low_level::files::{is_special, write_beside};

use super::failed;

/// So much is written at once, even if it is not time yet.
const BLOCK: usize = 1 << 16;

/// So much waits at most, where it cannot be written.
const MOST: usize = 1 << 26;

/// A file that is appended to.
pub(super) struct Appended {
    path: PathBuf,
    file: File,
    /// What is to be written yet.
    waiting: Vec<u8>,
    /// How often it is written, so that others can follow the file.
    every: Duration,
    tried: Instant,
    /// Why the last attempt to write failed, if it did.
    failed: Option<std::io::Error>,
    /// Whether that has been told.
    told: bool,
    /// Whether too much was waiting and was given up.
    lost: bool,
}

impl Appended {
    /// Makes an empty file in the place of whatever is there.
    pub(super) fn create(path: &Path, every: Duration) -> Result<Self> {
        let file = File::create(path).map_err(|source| failed("write", path, source))?;
        Ok(Self::of(path, file, every))
    }

    /// Makes a file that is not there yet.
    pub(super) fn create_new(path: &Path, every: Duration) -> std::io::Result<Self> {
        Ok(Self::of(path, File::create_new(path)?, every))
    }

    /// Goes on with a file, of whose contents a function chooses what stays. It is made where it is
    /// missing; a pipe or a terminal is written to as it is.
    pub(super) fn resume(
        path: &Path,
        every: Duration,
        kept: impl FnOnce(&[u8]) -> Vec<u8>,
    ) -> Result<Self> {
        if is_special(path) {
            return Self::create(path, every);
        }
        let old = match std::fs::read(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            other => other.map_err(|source| failed("read", path, source))?,
        };
        let kept = kept(&old);
        if kept.len() < old.len() {
            // Replaced at once, so that a crash here loses nothing.
            write_beside(path, &kept)?;
        }
        let file = File::options().append(true).create(true).open(path);
        Ok(Self::of(path, file.map_err(|source| failed("write", path, source))?, every))
    }

    fn of(path: &Path, file: File, every: Duration) -> Self {
        Self {
            path: path.into(),
            file,
            waiting: Vec::new(),
            every,
            tried: Instant::now(),
            failed: None,
            told: false,
            lost: false,
        }
    }

    /// Appends some bytes, sooner or later.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        if self.lost {
            return;
        }
        self.waiting.extend_from_slice(bytes);
        // A disk that was full is asked again from time to time only.
        let is_block = self.waiting.len() >= BLOCK && self.failed.is_none();
        if is_block || self.tried.elapsed() >= self.every {
            self.write();
        }
    }

    /// Writes all that waits, and brings it to the disk.
    pub(super) fn sync(&mut self) {
        self.write();
        if self.failed.is_none() && !is_special(&self.path) {
            self.failed = self.file.sync_data().err();
        }
    }

    /// Why it cannot be written, when that is new.
    pub(super) fn new_problem(&mut self) -> Option<String> {
        match &self.failed {
            None => {
                self.told = false;
                None
            }
            Some(_) if std::mem::replace(&mut self.told, true) => None,
            Some(error) => Some(format!("cannot write {}: {error}", self.path.display())),
        }
    }

    /// Writes the rest; an error where that fails for good.
    pub(super) fn finish(mut self) -> Result<()> {
        self.write();
        match self.failed.take() {
            Some(error) => Err(failed("write", &self.path, error)),
            None => Ok(()),
        }
    }

    fn write(&mut self) {
        if self.lost {
            return;
        }
        self.tried = Instant::now();
        let mut done = 0;
        self.failed = loop {
            match self.file.write(&self.waiting[done..]) {
                _ if done == self.waiting.len() => break None,
                Ok(0) => break Some(ErrorKind::WriteZero.into()),
                Ok(count) => done += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => break Some(error),
            }
        };
        self.waiting.drain(..done);
        if self.waiting.len() > MOST {
            self.lost = true;
            self.waiting = Vec::new();
        }
    }
}

impl Drop for Appended {
    /// After an error of the training, too.
    fn drop(&mut self) {
        self.write();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stays_is_chosen_when_it_goes_on() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = folder.path().join("file");
        let read = || std::fs::read_to_string(&path).expect("it is there");
        let always = Duration::ZERO;
        for (kept, expected) in [("", "abc"), ("ab", "ababc"), ("ababc", "ababcabc")] {
            let mut own = Appended::resume(&path, always, |_| kept.into()).expect("it opens");
            own.push(b"abc");
            own.finish().expect("it can be written");
            assert_eq!(read(), expected);
        }
        let mut own = Appended::create(&path, Duration::MAX).expect("it opens");
        own.push(b"waits");
        assert_eq!(read(), "");
        own.sync();
        assert_eq!(read(), "waits");
        own.push(b" again");
        drop(own);
        assert_eq!(read(), "waits again");
    }

    /// The device that is always full.
    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_is_told_once_and_tried_again() {
        let mut own = Appended::create(Path::new("/dev/full"), Duration::ZERO).expect("it opens");
        assert_eq!(own.new_problem(), None);
        own.push(b"one");
        let problem = own.new_problem().expect("there is one");
        assert!(problem.contains("cannot write /dev/full"), "{problem}");
        own.push(b" two");
        assert_eq!(own.new_problem(), None);
        assert_eq!(own.waiting, b"one two");
        // As if there were room again.
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = folder.path().join("file");
        own.file = File::create(&path).expect("it can be made");
        own.push(b" three");
        assert_eq!(own.new_problem(), None);
        assert_eq!(std::fs::read(&path).expect("it is there"), b"one two three");
        own.file = File::create("/dev/full").expect("it opens");
        own.push(b"four");
        assert!(own.new_problem().is_some(), "it is told again");
        assert!(own.finish().is_err());
    }
}
