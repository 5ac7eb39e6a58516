//! Ctrl-C: the first lets the step end and the run be saved, the second ends the process at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use halfplane::{Error, Result};

/// The exit code of a process that Ctrl-C has ended: 128 + SIGINT.
pub(crate) const INTERRUPTED: u8 = 130;

/// A flag that becomes true with the first Ctrl-C.
pub(super) fn flag() -> Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    let own = Arc::clone(&flag);
    let handler = move || {
        if own.swap(true, Ordering::Relaxed) {
            std::process::exit(INTERRUPTED.into());
        }
        crate::report::note("stopping after this step; Ctrl-C again stops at once");
    };
    ctrlc::set_handler(handler).map_err(|error| Error::Invalid {
        problem: format!("Ctrl-C cannot be caught ({error})"),
        remedy: "run the training in a process of its own".into(),
    })?;
    Ok(flag)
}
