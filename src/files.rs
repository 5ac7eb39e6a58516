//! How files are written: beside their place, then renamed.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use crate::{Error, Result};

/// Writes a file beside its place and renames it: whoever reads sees the old one or the new one.
///
/// # Errors
/// [`Error::File`]
pub fn write_beside(path: &Path, bytes: &[u8]) -> Result<()> {
    let failed = |source| Error::write(path, source);
    let mut file = beside(path).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// Checks that [`write_beside`] can write there, before the work that makes the contents.
///
/// # Errors
/// [`Error::File`]
pub fn check_writable(path: &Path) -> Result<()> {
    if path.is_dir() {
        let source = std::io::Error::from(std::io::ErrorKind::IsADirectory);
        return Err(Error::write(path, source));
    }
    beside(path).map(drop).map_err(|source| Error::write(path, source))
}

/// A temporary file in the same folder, with the permissions that a new file would have.
fn beside(path: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".halfplane-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder).map_err(plain)
}

/// The system's own error, without the temporary file's name: nobody asked for that file.
fn plain(error: std::io::Error) -> std::io::Error {
    match error.get_ref().and_then(std::error::Error::source) {
        Some(inner) => std::io::Error::new(error.kind(), inner.to_string()),
        None => error,
    }
}
