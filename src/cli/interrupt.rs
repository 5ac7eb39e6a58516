//! Ctrl-C and signals that ask the process to end: a training finishes its step and is saved.
//!
//! | signal | while a training runs | otherwise |
//! |---|---|---|
//! | SIGINT (Ctrl-C) | saves and ends; the second ends at once | ends |
//! | SIGTERM, SIGHUP | saves and ends, however often it comes | ends |
//! | SIGXFSZ | nothing: the write that went too far is an error | the same |
//!
//! The exit code is 128 + the signal's number.

use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Arc, LazyLock};

use halfplane::low_level::files::remove_unfinished;

/// The number of Ctrl-C's signal.
const SIGINT: i32 = 2;

/// What was asked for first: a signal's number, or 0.
static ASKED: AtomicI32 = AtomicI32::new(0);

/// Whether a training looks at the flag.
static IN_TRAINING: AtomicBool = AtomicBool::new(false);

static FLAG: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// A flag that becomes true when the training is to end. From now on it is somebody's to look at.
pub(super) fn flag() -> Arc<AtomicBool> {
    IN_TRAINING.store(true, Ordering::Relaxed);
    Arc::clone(&FLAG)
}

/// The exit code of the interrupted process: 128 + the signal's number. A dashboard takes Ctrl-C as a
/// key, without a signal.
pub(super) fn code() -> u8 {
    match ASKED.load(Ordering::Relaxed) {
        0 => exit_code(SIGINT),
        signal => exit_code(signal),
    }
}

fn exit_code(signal: i32) -> u8 {
    u8::try_from(128 + signal).unwrap_or(u8::MAX)
}

/// Something asks the process to end.
fn asked(signal: i32) {
    let _ = ASKED.compare_exchange(0, signal, Ordering::Relaxed, Ordering::Relaxed);
    if IN_TRAINING.load(Ordering::Relaxed) {
        let is_first = !FLAG.swap(true, Ordering::Relaxed);
        if is_first {
            crate::report::note("stopping after this step; Ctrl-C again stops at once");
        }
        // Those who close a terminal or stop a service may ask twice in a moment, and would kill
        // if they did not want to wait.
        if is_first || signal != SIGINT {
            return;
        }
    }
    crate::report::restore_terminal();
    remove_unfinished();
    end_at_once(exit_code(signal));
}

#[cfg(unix)]
mod system {
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;

    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
    use signal_hook::iterator::Signals;

    /// Catches signals from now on. Where that is impossible, they end the process as they do by
    /// default.
    pub(crate) fn catch() {
        // Caught, even by nobody, it lets the write fail instead of ending the process.
        let _ = signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)));
        // `nohup` has it ignored, and so it stays.
        let hangup = (!is_ignored(SIGHUP)).then_some(SIGHUP);
        let Ok(mut signals) = Signals::new([SIGINT, SIGTERM].into_iter().chain(hangup)) else {
            return;
        };
        let handle = signals.handle();
        let wait = move || signals.forever().for_each(super::asked);
        if std::thread::Builder::new().name("signals".into()).spawn(wait).is_err() {
            // No thread can be had: the first signal is noted without one, the second ends.
            handle.close();
            for signal in [SIGINT, SIGTERM].into_iter().chain(hangup) {
                let code = i32::from(super::exit_code(signal));
                let flag = Arc::clone(&super::FLAG);
                let _ = signal_hook::flag::register_conditional_shutdown(
                    signal,
                    code,
                    Arc::clone(&flag),
                );
                let _ = signal_hook::flag::register(signal, flag);
            }
        }
    }

    fn is_ignored(signal: i32) -> bool {
        let mut now = std::mem::MaybeUninit::<libc::sigaction>::uninit();
        // SAFETY: without a new action the call only writes the present one to where it is told, a
        // place of the right size; it is read only where the call says that it has.
        unsafe {
            libc::sigaction(signal, std::ptr::null(), now.as_mut_ptr()) == 0
                && now.assume_init().sa_sigaction == libc::SIG_IGN
        }
    }

    /// Ends the process without running what other threads may still need.
    pub(super) fn end_at_once(code: u8) -> ! {
        signal_hook::low_level::exit(code.into())
    }
}

#[cfg(not(unix))]
mod system {
    /// Catches Ctrl-C, and that the console closes. Where that is impossible, they end the process
    /// as they do by default.
    pub(crate) fn catch() {
        let _ = ctrlc::set_handler(|| super::asked(super::SIGINT));
    }

    /// Ends the process.
    pub(super) fn end_at_once(code: u8) -> ! {
        std::process::exit(code.into())
    }
}

pub(super) use system::catch;
use system::end_at_once;
