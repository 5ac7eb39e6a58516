//! Files: read as they are, written beside their place and then renamed. A page in a browser has none:
//! every call fails there.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::{Error, Result};

pub use std::fs::{File, create_dir_all, read, read_dir, remove_file};

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

/// Whether a file of that name was on its way to its place when its writer was killed.
pub fn is_half_written(name: &str) -> bool {
    name.starts_with(PREFIX)
}

/// Checks that a file can be written there, before the work that makes its contents.
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
    Beside::of(&resolved(path)).map(drop).map_err(|source| Error::write(path, source))
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

/// Whether there is something that is neither a file nor a folder.
fn is_special(path: &Path) -> bool {
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
                Ok(file) => return Ok(Self { path, file }),
                // Another machine's process of that number, or one that was killed.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn put(mut self, place: &Path) -> std::io::Result<()> {
        fs::rename(&self.path, place)?;
        // Its old name is not ours any more.
        self.path.clear();
        Ok(())
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
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
        assert!(is_half_written(&one.path.file_name().expect("a name").to_string_lossy()));
        one.put(&place).expect("it can be renamed");
        fs::remove_file(&place).expect("it is there");
        // Files do not take the place of folders.
        fs::create_dir(&place).expect("a folder can be made");
        assert!(other.put(&place).is_err());
        assert_eq!(left(), 1);
    }
}
