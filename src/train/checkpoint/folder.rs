//! A folder of checkpoints: named by their step, the two newest kept. Where several networks are trained
//! each by itself, each has a folder of its own in it.

use std::path::{Path, PathBuf};

use super::{Checkpoint, file};
use crate::error::is_full;
use crate::model::Integrity;
use crate::platform::files::{self as fs, FolderLock, Locked};
use crate::{Error, Result, Setting};

/// Checkpoints that stay: should the newest be lost, there is one before it.
const KEPT: usize = 2;

/// The newest checkpoint of a folder that can be read.
#[derive(Debug)]
pub struct Latest {
    /// Its file.
    pub path: PathBuf,
    /// What it holds.
    pub checkpoint: Checkpoint,
    /// Whether damage to it could be told.
    pub integrity: Integrity,
    /// What is wrong with newer ones, the newest first.
    pub unread: Vec<Error>,
    /// The newest file, which may be one of those: see [`Checkpoints::newest`].
    pub newest: PathBuf,
}

/// A folder of checkpoints of one training.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoints {
    folder: PathBuf,
}

impl Checkpoints {
    /// A folder for a new training; it is made with the first checkpoint.
    ///
    /// # Errors
    /// [`Error::Invalid`] where there are checkpoints in it already, [`Error::File`] where it
    /// cannot be read.
    pub fn new(folder: &Path) -> Result<Self> {
        let own = Self { folder: folder.to_path_buf() };
        if !own.files()?.is_empty() || !own.members()?.is_empty() {
            return Err(Error::invalid(
                format!("there are checkpoints of a training in {}", folder.display()),
                (
                    "go on with it (",
                    Setting::Resume.to(folder.display()),
                    "), or take another folder",
                ),
            ));
        }
        Ok(own)
    }

    /// The folder of a training that goes on.
    pub fn of(folder: &Path) -> Self {
        Self { folder: folder.to_path_buf() }
    }

    /// Those of one of several networks that are trained each by itself.
    pub fn of_member(&self, number: usize) -> Self {
        Self { folder: self.folder.join(format!("{MEMBER}{number}")) }
    }

    /// The networks that have checkpoints of their own in this folder, in order.
    ///
    /// # Errors
    /// [`Error::File`]
    pub fn members(&self) -> Result<Vec<usize>> {
        let is_name = |name: &str| name.starts_with(MEMBER);
        let number = |path: PathBuf| path.file_name()?.to_str()?.strip_prefix(MEMBER)?.parse().ok();
        let mut found = Vec::new();
        for number in self.list(is_name)?.into_iter().filter_map(number) {
            if !self.of_member(number).files()?.is_empty() {
                found.push(number);
            }
        }
        found.sort_unstable();
        Ok(found)
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The newest checkpoint that can be read, with its file.
    ///
    /// # Errors
    /// [`Error::Invalid`] where there is none, otherwise what is wrong with the newest.
    pub fn latest(&self) -> Result<(PathBuf, Checkpoint)> {
        self.latest_checked().map(|latest| (latest.path, latest.checkpoint))
    }

    /// The newest checkpoint that can be read, and what is wrong with newer ones.
    ///
    /// # Errors
    /// As [`Checkpoints::latest`].
    pub fn latest_checked(&self) -> Result<Latest> {
        let files = self.files()?;
        let newest = files.last().cloned().unwrap_or_default();
        let mut unread = Vec::new();
        for path in files.into_iter().rev() {
            match file::load(&path) {
                Ok((checkpoint, integrity)) => {
                    return Ok(Latest { path, checkpoint, integrity, unread, newest });
                }
                Err(error) => unread.push(error),
            }
        }
        let first = unread.into_iter().next();
        Err(first.unwrap_or_else(|| {
            Error::invalid(
                format!("there is no checkpoint in {}", self.folder.display()),
                ("give the folder that ", Setting::Checkpoints, " named"),
            )
        }))
    }

    /// The newest file, whether it can be read or not: it tells whether the training has gone on
    /// meanwhile.
    ///
    /// # Errors
    /// [`Error::File`]
    pub fn newest(&self) -> Result<Option<PathBuf>> {
        Ok(self.files()?.pop())
    }

    /// Writes a checkpoint, and removes all but the two newest; where there is no room for three, all
    /// but the newest before. Returns its file.
    ///
    /// Those of later steps are of a training that went on before this one did: as
    /// [`Checkpoints::latest`] could not read them, they are set aside under the same name with
    /// `.unread` behind it.
    ///
    /// # Errors
    /// [`Error::File`]
    pub fn write(&self, checkpoint: &Checkpoint) -> Result<PathBuf> {
        fs::create_dir_all(&self.folder).map_err(|source| Error::write(&self.folder, source))?;
        let path = self.folder.join(format!("{PREFIX}{:010}{SUFFIX}", checkpoint.step()));
        self.set_aside_after(&path)?;
        match checkpoint.save(&path) {
            Err(Error::File { source, .. }) if is_full(&source) && self.make_room()? => {
                checkpoint.save(&path)?;
            }
            other => other?,
        }
        // It is written: what was not removed takes room, and no more.
        let _ = self.keep_newest(KEPT);
        Ok(path)
    }

    /// Renames the checkpoints of later steps, which count for no newest any more.
    fn set_aside_after(&self, path: &Path) -> Result<()> {
        for later in self.files()?.into_iter().filter(|other| **other > *path) {
            let mut aside = later.clone().into_os_string();
            aside.push(UNREAD);
            fs::rename(&later, Path::new(&aside)).map_err(|source| Error::write(&later, source))?;
        }
        Ok(())
    }

    /// Removes all but the newest one, if that one is sound; whether there were others.
    fn make_room(&self) -> Result<bool> {
        let is_sound = |path: &PathBuf| Checkpoint::load(path).is_ok();
        Ok(self.files()?.last().is_some_and(is_sound) && self.keep_newest(1)?)
    }

    /// Removes all but the newest ones; whether there were others. What cannot be removed stays.
    fn keep_newest(&self, count: usize) -> Result<bool> {
        let files = self.files()?;
        let old = &files[..files.len().saturating_sub(count)];
        for path in old {
            let _ = fs::remove_file(path);
        }
        Ok(!old.is_empty())
    }

    /// Locks the folder for a training, and removes what killed ones have left half-written. It is
    /// made where it is missing.
    ///
    /// # Errors
    /// [`Error::Invalid`] where another training has it, [`Error::File`]
    pub fn lock(&self) -> Result<FolderLock> {
        fs::create_dir_all(&self.folder).map_err(|source| Error::write(&self.folder, source))?;
        let lock = fs::lock(&self.folder.join(LOCK)).map_err(|failure| match failure {
            Locked::Failed(source) => Error::write(&self.folder, source),
            Locked::Taken(holder) => Error::invalid(
                format!(
                    "another training{} writes its checkpoints into {}",
                    holder.map(|id| format!(" (process {id})")).unwrap_or_default(),
                    self.folder.display(),
                ),
                ("wait until it has ended, or give ", Setting::Checkpoints, " another folder"),
            ),
        })?;
        fs::remove_abandoned(&self.folder);
        Ok(lock)
    }

    /// The checkpoints, oldest first.
    fn files(&self) -> Result<Vec<PathBuf>> {
        self.list(|name| {
            let step = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(SUFFIX));
            step.is_some_and(|step| step.len() == 10 && step.bytes().all(|b| b.is_ascii_digit()))
        })
    }

    /// The files and folders whose names are such, in order.
    fn list(&self, such: impl Fn(&str) -> bool) -> Result<Vec<PathBuf>> {
        let failed = |source| Error::read(&self.folder, source);
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other.map_err(failed)?,
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry.map_err(failed)?;
            if entry.file_name().to_str().is_some_and(&such) {
                found.push(entry.path());
            }
        }
        found.sort();
        Ok(found)
    }
}

/// The file that a training locks as long as it writes into the folder.
const LOCK: &str = ".lock";
const PREFIX: &str = "step-";
/// What the folder of one of several networks begins with.
const MEMBER: &str = "member-";
const SUFFIX: &str = ".safetensors";

/// What stands behind the names of checkpoints that were set aside.
const UNREAD: &str = ".unread";
