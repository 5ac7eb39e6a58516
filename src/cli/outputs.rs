//! Checks of output files before the work: that they can be written, and that they overwrite no input.

use std::path::Path;

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
