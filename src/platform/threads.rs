//! Threads, where there are such: a page in a browser has one.

#[cfg(not(target_arch = "wasm32"))]
use std::ops::ControlFlow;
use std::sync::OnceLock;

use super::{MaybeSend, MaybeSync, environment};
use crate::{Error, Result};

/// The environment variable that says how many threads the CPU path takes.
const VARIABLE: &str = "HALFPLANE_THREADS";

/// Threads that the CPU path takes unless it is told otherwise: as many as `HALFPLANE_THREADS` says, or
/// as the system lets this process run at once (affinity and cgroup counted).
pub fn available() -> usize {
    static AVAILABLE: OnceLock<usize> = OnceLock::new();
    *AVAILABLE.get_or_init(|| match from_environment() {
        Ok(Some(threads)) => threads,
        _ => std::thread::available_parallelism().map_or(1, usize::from),
    })
}

/// The number in `HALFPLANE_THREADS`, if it is set.
///
/// # Errors
/// [`Error::Invalid`] where it is no whole number from 1 on.
pub fn from_environment() -> Result<Option<usize>> {
    let Some(value) = environment::variable(VARIABLE) else { return Ok(None) };
    match value.to_str().and_then(|value| value.trim().parse().ok()) {
        Some(threads) if threads > 0 => Ok(Some(threads)),
        _ => {
            let problem = format!("{VARIABLE} is {}", value.to_string_lossy());
            Err(Error::invalid(
                problem,
                "set it to a whole number of threads from 1 on, or unset it",
            ))
        }
    }
}

/// What a function makes of each item, in order: on all threads.
#[cfg(not(target_arch = "wasm32"))]
pub fn map<T: MaybeSend, U: MaybeSend>(
    items: impl IntoIterator<Item = T>,
    make: impl Fn(T) -> U + MaybeSend + MaybeSync,
) -> Vec<U> {
    use std::sync::{Mutex, PoisonError};

    let items: Vec<T> = items.into_iter().collect();
    let (threads, count) = (available().min(items.len()), items.len());
    let mut made: Vec<Option<U>> = std::iter::repeat_with(|| None).take(count).collect();
    let queue = Mutex::new(items.into_iter().zip(&mut made));
    let work = || {
        loop {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((item, place)) = next else { return };
            *place = Some(make(item));
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            // With fewer threads it takes longer, and that is all.
            if std::thread::Builder::new().spawn_scoped(scope, work).is_err() {
                break;
            }
        }
        work();
    });
    drop(queue);
    made.into_iter().flatten().collect()
}

/// What a function tells of each item, on so many threads, to `take` as it comes, which runs on the
/// calling thread. Where that breaks, no further item is begun, and nothing more is taken.
#[cfg(not(target_arch = "wasm32"))]
pub fn stream<T: MaybeSend, U: MaybeSend>(
    items: impl Iterator<Item = T> + MaybeSend,
    threads: usize,
    work: impl Fn(T, &(dyn Fn(U) + Sync)) + MaybeSend + MaybeSync,
    take: &mut dyn FnMut(U) -> ControlFlow<()>,
) {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Mutex, PoisonError, mpsc};

    let (sender, receiver) = mpsc::channel();
    let (queue, ended) = (Mutex::new(items), AtomicBool::new(false));
    let next = || match ended.load(Ordering::Relaxed) {
        true => None,
        false => queue.lock().unwrap_or_else(PoisonError::into_inner).next(),
    };
    std::thread::scope(|scope| {
        let mut working = 0;
        for _ in 0..threads {
            let sender = sender.clone();
            let (next, work) = (&next, &work);
            let work = move || {
                while let Some(item) = next() {
                    // The receiver is there until all senders are gone.
                    work(item, &|told| drop(sender.send(told)));
                }
            };
            // With fewer threads it takes longer, and that is all.
            match std::thread::Builder::new().spawn_scoped(scope, work) {
                Ok(_) => working += 1,
                Err(_) => break,
            }
        }
        // What others tell after a break is dropped.
        let mut take = |told| {
            if !ended.load(Ordering::Relaxed) && take(told).is_break() {
                ended.store(true, Ordering::Relaxed);
            }
        };
        if working == 0 {
            while let Some(item) = next() {
                work(item, &|told| drop(sender.send(told)));
                receiver.try_iter().for_each(&mut take);
            }
        }
        drop(sender);
        receiver.into_iter().for_each(take);
    });
}

/// What a function makes of each item, in order.
#[cfg(target_arch = "wasm32")]
pub fn map<T: MaybeSend, U: MaybeSend>(
    items: impl IntoIterator<Item = T>,
    make: impl Fn(T) -> U + MaybeSend + MaybeSync,
) -> Vec<U> {
    items.into_iter().map(make).collect()
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    #[test]
    fn items_keep_their_order() {
        for count in [0, 1, 2, 100] {
            let squares = super::map(0..count, |item| item * item);
            assert!(squares.into_iter().eq((0..count).map(|item| item * item)));
        }
    }

    #[test]
    fn a_stream_ends_at_its_end_or_at_a_break() {
        for threads in [0, 1, 3] {
            let mut sum = 0;
            super::stream(0..100, threads, |item, tell| tell(item), &mut |item| {
                sum += item;
                ControlFlow::Continue(())
            });
            assert_eq!(sum, 4950, "{threads} threads");
            let mut count = 0;
            super::stream(0.., threads, |item: u64, tell| tell(item), &mut |_| {
                count += 1;
                if count == 10 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            assert_eq!(count, 10, "{threads} threads");
        }
    }
}
