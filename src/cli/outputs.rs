//! Files that are going to be written: whether they can be, and that no input is written over.

use std::path::Path;

use halfplane::files::{check_writable, resolved};
use halfplane::{Error, Result};

/// Checks that outputs can be written, and that each is another file than the inputs and the
/// outputs before it. `-` is none: it would be a file of that name, which nobody means.
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
