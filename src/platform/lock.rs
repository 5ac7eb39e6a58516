//! A lock that one process holds on a folder: gone when the process ends, however it ends.

use std::fs::{self, File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use crate::error::is_full;

/// A lock that is held.
#[derive(Debug)]
pub struct FolderLock {
    /// Nothing where the file system has no locks or no room: then nobody is kept out.
    held: Option<(PathBuf, File)>,
}

/// Why a lock is not held.
#[derive(Debug)]
pub enum Locked {
    /// Another one has it: its process, where that is known.
    Taken(Option<u32>),
    /// The file of the lock cannot be made.
    Failed(std::io::Error),
}

/// Locks by a file, which is made where it is missing and removed when the lock is given back.
///
/// # Errors
/// [`Locked`]
pub fn lock(path: &Path) -> Result<FolderLock, Locked> {
    loop {
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = match options.open(path) {
            Ok(file) => file,
            // A full disk keeps nobody out, either.
            Err(error) if is_full(&error) => return Ok(FolderLock { held: None }),
            Err(error) => return Err(Locked::Failed(error)),
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let _ = file.read_to_string(&mut text);
                return Err(Locked::Taken(text.trim().parse().ok()));
            }
            Err(TryLockError::Error(_)) => return Ok(FolderLock { held: None }),
        }
        // Its last holder may have removed it after it was opened here.
        if is_at(&file, path) {
            // The number only helps whoever is kept out: a full disk does not matter.
            let _ = file.set_len(0).and_then(|()| file.rewind());
            let _ = file.write_all(std::process::id().to_string().as_bytes());
            return Ok(FolderLock { held: Some((path.to_path_buf(), file)) });
        }
    }
}

impl FolderLock {
    /// Whether it is held, and its file still there: the folder may have been removed, and another
    /// one made in its place.
    pub fn is_in_place(&self) -> bool {
        self.held.as_ref().is_some_and(|(path, file)| is_at(file, path))
    }
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        // Removed while it is held, so that who waits for this very file finds out.
        if let Some((path, file)) = &self.held
            && cfg!(unix)
            && is_at(file, path)
        {
            let _ = fs::remove_file(path);
        }
    }
}

/// Whether an open file is the one of that name.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    match (file.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(named)) => (open.dev(), open.ino()) == (named.dev(), named.ino()),
        _ => false,
    }
}

/// Whether an open file is the one of that name: elsewhere it is never removed.
#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_has_it_at_a_time() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = folder.path().join("lock");
        for _ in 0..3 {
            let first = lock(&path).expect("nobody has it");
            assert!(first.is_in_place());
            match lock(&path) {
                Err(Locked::Taken(holder)) if cfg!(unix) => {
                    assert_eq!(holder, Some(std::process::id()));
                }
                other => assert!(matches!(other, Err(Locked::Taken(_))), "{other:?}"),
            }
        }
        // As a killed holder leaves it.
        fs::write(&path, "4711").expect("it can be written");
        drop(lock(&path).expect("nobody has it"));
    }

    #[test]
    #[cfg(unix)]
    fn a_lock_whose_folder_is_gone_says_so() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = folder.path().join("lock");
        let held = lock(&path).expect("nobody has it");
        fs::remove_file(&path).expect("it is there");
        assert!(!held.is_in_place());
        let next = lock(&path).expect("the new file is nobody's");
        drop(held);
        assert!(next.is_in_place(), "the old holder leaves the new one's file alone");
    }
}
