//! Files: read as they are, written beside their place and then renamed. A page in a browser has none:
//! every call fails there.
//!
//! A file on its way to its place is locked by its writer, so that whoever finds one knows whether
//! its writer is still alive, even in another container.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::{Error, Result};

pub use super::lock::{FolderLock, Locked, lock};
pub use std::fs::{File, create_dir_all, read, read_dir, remove_file, rename};

/// What the names of files begin with that are not in their place yet.
const PREFIX: &str = ".halfplane-";

/// Writes a file beside its place and renames it: whoever reads sees the old one or the new one. A
/// link is followed, permissions are kept; a device or a pipe is written to as it is.
///
/// # Errors
/// [`Error::File`]
pub fn write_beside(path: &Path, bytes: &[u8]) -> Result<()> {
    let failed = |source| Error::write(path, source);
    if is_special(path) {
        let mut file = fs::OpenOptions::new().write(true).open(path).map_err(failed)?;
        return file.write_all(bytes).map_err(failed);
    }
    let place = resolved(path);
    let mut beside = Beside::of(&place).map_err(failed)?;
    beside.file.write_all(bytes).map_err(failed)?;
    if let Ok(old) = fs::metadata(&place) {
        beside.file.set_permissions(old.permissions()).map_err(failed)?;
    }
    beside.file.sync_all().map_err(failed)?;
    beside.put(&place).map_err(failed)?;
    sync_folder(&place).map_err(failed)
}

/// Removes from a folder the files that were on their way to their places when their writers died.
/// What cannot be removed stays: it is in nobody's way.
pub fn remove_abandoned(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if !entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX)) {
            continue;
        }
        let path = entry.path();
        // Its writer holds the lock as long as it lives.
        if let Ok(file) = File::open(&path)
            && file.metadata().is_ok_and(|metadata| metadata.is_file())
            && file.try_lock().is_ok()
        {
            let _ = fs::remove_file(&path);
        }
    }
}

/// Removes the files of this process that are not in their places yet, before it ends at once.
pub fn remove_unfinished() {
    for path in unfinished().drain(..) {
        let _ = fs::remove_file(path);
    }
}

/// The files of this process that are not in their places yet.
fn unfinished() -> std::sync::MutexGuard<'static, Vec<PathBuf>> {
    static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Checks that a file can be written there, before the work that makes its contents, and tidies its
/// folder of what dead writers have left.
///
/// # Errors
/// [`Error::File`]
pub fn check_writable(path: &Path) -> Result<()> {
    if path.is_dir() {
        let source = std::io::Error::from(ErrorKind::IsADirectory);
        return Err(Error::write(path, source));
    }
    if is_special(path) {
        return Ok(());
    }
    let place = resolved(path);
    remove_abandoned(folder_of(&place));
    Beside::of(&place).map(drop).map_err(|source| Error::write(path, source))
}

/// Where a path leads: links followed, as far as there is something to follow.
pub fn resolved(path: &Path) -> PathBuf {
    let whole = || fs::canonicalize(path).ok();
    let in_folder = || {
        let folder = fs::canonicalize(folder_of(path)).ok()?;
        Some(folder.join(path.file_name()?))
    };
    whole().or_else(in_folder).unwrap_or_else(|| path.to_path_buf())
}

/// The number of this process, where there are such.
fn process() -> u32 {
    if cfg!(target_arch = "wasm32") { 0 } else { std::process::id() }
}

/// Whether there is something that is neither a file nor a folder: a pipe, a terminal, a device.
pub fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

/// A file's name outlives a power failure once its folder is on the disk.
fn sync_folder(path: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    fs::File::open(folder_of(path))?.sync_all()?;
    let _ = path;
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// A file in the same folder as its place, gone when it is dropped before it is there.
struct Beside {
    path: PathBuf,
    file: fs::File,
}

impl Beside {
    fn of(place: &Path) -> std::io::Result<Self> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        loop {
            let number = MADE.fetch_add(1, Ordering::Relaxed);
            let name = format!("{PREFIX}{}-{number}", process());
            let path = folder_of(place).join(name);
            match fs::File::create_new(&path) {
                Ok(file) => {
                    unfinished().push(path.clone());
                    let own = Self { path, file };
                    // Where files cannot be locked, nobody takes it for abandoned, either. Where
                    // somebody did before it was locked, the next one is taken.
                    match own.file.try_lock() {
                        Err(fs::TryLockError::WouldBlock) => {}
                        Ok(()) | Err(fs::TryLockError::Error(_)) if own.path.exists() => {
                            return Ok(own);
                        }
                        _ => {}
                    }
                }
                // Another machine's process of that number, or one that was killed.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn put(mut self, place: &Path) -> std::io::Result<()> {
        fs::rename(&self.path, place)?;
        self.forget();
        Ok(())
    }

    /// Its name beside its place is not ours any more.
    fn forget(&mut self) {
        unfinished().retain(|path| *path != self.path);
        self.path.clear();
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        if !self.path.as_os_str().is_empty() {
            let _ = fs::remove_file(&self.path);
            self.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_does_not_come_to_its_place_leaves_nothing() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let left = || fs::read_dir(folder.path()).expect("it can be listed").count();
        let place = folder.path().join("place");
        let one = Beside::of(&place).expect("a file can be made");
        let other = Beside::of(&place).expect("another can be made beside it");
        assert!(one.path != other.path && left() == 2);
        one.put(&place).expect("it can be renamed");
        fs::remove_file(&place).expect("it is there");
        // Files do not take the place of folders.
        fs::create_dir(&place).expect("a folder can be made");
        assert!(other.put(&place).is_err());
        assert_eq!(left(), 1);
    }

    #[test]
    fn only_what_dead_writers_left_is_removed() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let place = folder.path().join("place");
        let alive = Beside::of(&place).expect("a file can be made");
        for name in [".halfplane-1-0", ".halfplane-99999999-3", ".halfplane-abc"] {
            fs::write(folder.path().join(name), "half").expect("it can be written");
        }
        fs::create_dir(folder.path().join(".halfplane-folder")).expect("a folder can be made");
        for name in [".half", "halfplane-1-0", "model.halfplane-2"] {
            fs::write(folder.path().join(name), "precious").expect("it can be written");
        }
        remove_abandoned(folder.path());
        let left = || fs::read_dir(folder.path()).expect("it can be listed").count();
        assert_eq!(left(), 5, "the living one, the folder and three files of others");
        assert!(alive.path.exists());
        drop(alive);
        assert_eq!(left(), 4);
    }

    #[test]
    fn a_writer_that_ends_at_once_takes_its_files_along() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let own: Vec<_> = (0..3)
            .map(|number| Beside::of(&folder.path().join(format!("{number}"))).expect("a file"))
            .collect();
        let listed = own.iter().all(|file| unfinished().contains(&file.path));
        assert!(listed, "each file on its way is known");
        drop(own);
        assert!(!unfinished().iter().any(|path| path.starts_with(folder.path())));
    }
}
