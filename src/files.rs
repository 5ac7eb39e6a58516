//! How files are written: beside their place, then renamed.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::{Error, Result};

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
    let mut file = beside(&place).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    if let Ok(old) = fs::metadata(&place) {
        file.as_file().set_permissions(old.permissions()).map_err(failed)?;
    }
    file.as_file().sync_all().map_err(failed)?;
    file.persist(&place).map_err(|error| failed(error.error))?;
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
        let source = std::io::Error::from(std::io::ErrorKind::IsADirectory);
        return Err(Error::write(path, source));
    }
    if is_special(path) {
        return Ok(());
    }
    beside(&resolved(path)).map(drop).map_err(|source| Error::write(path, source))
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

/// A temporary file in the same folder, with the permissions that a new file would have.
fn beside(path: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder_of(path)).map_err(|error| plain(&error))
}

/// The system's own words, without the temporary file's name: nobody asked for that file.
fn plain(error: &std::io::Error) -> std::io::Error {
    let text = error.to_string();
    let own = text.split(" at path ").next().unwrap_or_default();
    std::io::Error::new(error.kind(), own.to_owned())
}
