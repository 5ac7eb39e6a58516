//! Checks of output files before the work: that they can be written, and that they overwrite no input.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use halfplane::low_level::files::{check_writable, resolved};
use halfplane::{Error, Result};

/// Checks that outputs can be written, and that no two of inputs and outputs are the same file. `-` is
/// refused: it would be a file of that name.
pub(super) fn apart<'a>(
    outputs: &[(&'a str, &'a Path)],
    inputs: impl Iterator<Item = (&'a str, &'a Path)>,
) -> Result<()> {
    let mut taken: Vec<(&str, &Path)> = inputs.collect();
    for &(name, path) in outputs {
        if path == Path::new("-") {
            return Err(Error::Invalid {
                problem: format!("{name} - would be a file of that name"),
                remedy: "write ./- if it is meant; standard output is /dev/stdout".into(),
            });
        }
        let place = resolved(path);
        if let Some((other, _)) = taken.iter().find(|(_, taken)| resolved(taken) == place) {
            return Err(Error::Invalid {
                problem: format!("{other} and {name} are both {}", path.display()),
                remedy: "give them different names".into(),
            });
        }
        check_writable(path)?;
        taken.push((name, path));
    }
    Ok(())
}

/// Writes a file at its place or, where that is impossible, at the first of some others, so that what
/// took long to make is not lost. Returns where it is, if it is elsewhere, with the error that its own
/// place gave.
pub(super) fn save_somewhere(
    path: &Path,
    save: impl Fn(&Path) -> Result<()>,
) -> Result<Option<(PathBuf, Error)>> {
    let error = match save(path) {
        Err(error @ Error::File { .. }) => error,
        other => return other.map(|()| None),
    };
    let home = std::env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    let folders = [std::env::current_dir().ok(), home, Some(std::env::temp_dir())];
    for folder in folders.into_iter().flatten() {
        let place = free(&folder, path);
        if save(&place).is_ok() {
            return Ok(Some((place, error)));
        }
    }
    Err(error)
}

/// A path in a folder with the name of another one, or the first like it that nothing has.
fn free(folder: &Path, path: &Path) -> PathBuf {
    let part = |part: Option<&OsStr>, default: &str| {
        part.map_or_else(|| default.to_owned(), |part| part.to_string_lossy().into_owned())
    };
    let (stem, suffix) = (part(path.file_stem(), "model"), part(path.extension(), "safetensors"));
    let numbers = (1..).map(|number| format!("{stem}-{number}.{suffix}"));
    let names = std::iter::once(format!("{stem}.{suffix}")).chain(numbers);
    let mut paths = names.map(|name| folder.join(name));
    paths.find(|path| std::fs::symlink_metadata(path).is_err()).unwrap_or_default()
}
