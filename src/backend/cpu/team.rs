//! Threads that do a job together, round after round.
//!
//! The caller leads: it opens a round, takes its tasks, and waits until nobody is still at one. Helpers
//! join an open round whenever they come to it and take tasks that are left. A round does not wait for
//! helpers that have no task in hand, so one that the system does not run, because other programs use
//! its core, costs nothing but its help.
//!
//! A helper that is held up within a task does keep the others waiting. It then rests for a while, longer
//! each time: beside busy programs the caller soon works alone, and tries again now and then. Whoever
//! waits spins for [`SPIN`] and then sleeps. What is computed does not depend on who helps.
//!
//! There is one team in a process, for a core has no use for two. A job that finds it taken, by another
//! thread's job, runs on its own thread. A forked process begins a team of its own.

use std::cell::UnsafeCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::Thread;
use std::time::Duration;

use crate::platform::Instant;

/// How long a thread spins before it sleeps: about what it takes to wake one.
const SPIN: Duration = Duration::from_micros(50);

/// Iterations of a spinning loop between two looks at the clock: about a microsecond.
const SPINS_A_LOOK: u32 = 32;

/// How much longer than expected a helper may take for a task before it is thought to be held up.
const LATE: Duration = Duration::from_micros(200);

/// How long a helper that was held up rests, at first and at most.
const REST: [Duration; 2] = [Duration::from_millis(4), Duration::from_millis(500)];

/// No round is open.
const CLOSED: u64 = 0;

/// A job in rounds.
pub(super) trait Job: Sync {
    /// Takes tasks of a round until none is left. The leader is thread 0. It may be called for a round
    /// that has ended, and then finds no task.
    fn take_part(&self, round: u64, thread: usize);
}

/// Leads a job with up to `threads` threads, this one included: `lead` opens its rounds.
pub(super) fn lead<R>(
    job: &dyn Job,
    threads: usize,
    lead: impl FnOnce(&mut Leader<'_, '_>) -> R,
) -> R {
    // A page in a browser has no threads.
    let several = threads > 1 && !cfg!(target_arch = "wasm32");
    let mut team = if several { free_team() } else { None };
    let begun = team.as_deref_mut().map(|team| Team::of_this_process(team).begin(job, threads));
    lead(&mut Leader { job, begun })
}

/// The team, unless another thread leads it.
fn free_team() -> Option<MutexGuard<'static, Option<Team>>> {
    match TEAM.try_lock() {
        Ok(team) => Some(team),
        // A task has panicked; `Begun` has left the team in order.
        Err(TryLockError::Poisoned(team)) => Some(team.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

/// Opens the rounds of a job.
pub(super) struct Leader<'t, 'j> {
    job: &'j dyn Job,
    begun: Option<Begun<'t>>,
}

impl Leader<'_, '_> {
    /// Runs a round. Helpers that sleep are woken if that is `worth` it. `expected` is how long a helper
    /// may take for a task: one that takes longer is thought to be held up.
    ///
    /// # Panics
    /// Where a task has panicked.
    pub(super) fn round(&mut self, round: u64, worth: bool, expected: Duration) {
        match self.begun.as_mut().and_then(Begun::with_help) {
            Some(begun) => {
                begun.open(round, worth);
                self.job.take_part(round, 0);
                begun.wait(expected);
            }
            None => self.alone(round),
        }
    }

    /// Runs a round without help.
    pub(super) fn alone(&mut self, round: u64) {
        self.job.take_part(round, 0);
    }
}

/// The team, once there was a job for several threads.
static TEAM: Mutex<Option<Team>> = Mutex::new(None);

/// The helpers, as the leader sees them.
struct Team {
    /// The process that started them: a forked one has none of them.
    process: u32,
    shared: Arc<Shared>,
    helpers: Vec<Helper>,
    /// The number of the next round. Numbers are never used twice, so that a helper cannot mistake one
    /// round for another.
    next: u64,
}

/// A helper, as the leader sees it.
struct Helper {
    slot: Arc<Slot>,
    thread: Thread,
    /// When its rest ends, where it rests.
    rests_until: Option<Instant>,
    /// When it was last held up, and how long it rested.
    last: Option<(Instant, Duration)>,
}

/// What the leader shares with all helpers.
struct Shared {
    /// The open round.
    open: Line<AtomicU64>,
    /// The job, while one is led.
    job: UnsafeCell<Option<Led>>,
    /// Whether the leader sleeps, and what wakes it.
    leader_sleeps: AtomicBool,
    awake: (Mutex<()>, Condvar),
}

// SAFETY: `job` is written only by the leader, while no round is open and no helper is pinned; a helper
// reads it only while pinned in an open round (see `help`).
unsafe impl Send for Shared {}
// SAFETY: as above; `dyn Job` is `Sync`.
unsafe impl Sync for Shared {}

/// The job that is led.
#[derive(Clone, Copy)]
struct Led {
    job: *const dyn Job,
    /// The number of its round 0.
    first: u64,
    /// Threads that may take part.
    threads: usize,
}

/// What the leader shares with one helper.
#[derive(Default)]
struct Slot {
    /// The round that the helper is pinned in, or [`CLOSED`]: until it is unpinned, the job stays.
    pinned: Line<AtomicU64>,
    asleep: Line<AtomicBool>,
    rests: AtomicBool,
    panicked: AtomicBool,
}

/// Something with a cache line of its own.
#[derive(Default)]
#[repr(align(128))]
struct Line<T>(T);

impl Team {
    /// The team, or a new one in a process that has none: the threads of the process that it was
    /// forked from are not there.
    fn of_this_process(team: &mut Option<Self>) -> &mut Self {
        let process = std::process::id();
        if team.as_ref().is_some_and(|team| team.process != process) {
            *team = None;
        }
        let new = || Self { process, shared: Shared::new(), helpers: Vec::new(), next: 1 };
        team.get_or_insert_with(new)
    }

    /// Begins a job.
    fn begin(&mut self, job: &dyn Job, threads: usize) -> Begun<'_> {
        self.grow_to(threads - 1);
        // SAFETY: only the lifetime changes. The pointer is followed by pinned helpers only, and `Begun`
        // ends, by its `drop` at the latest, when none is pinned; the job outlives it.
        let job = unsafe { std::mem::transmute::<*const dyn Job, *const (dyn Job + 'static)>(job) };
        let first = self.next;
        // SAFETY: no round is open and no helper is pinned, as the last job's `Begun` has seen to.
        unsafe { *self.shared.job.get() = Some(Led { job, first, threads }) };
        let helpers = threads.min(self.helpers.len() + 1) - 1;
        Begun { helpers, first, team: self, rested: true }
    }

    /// Starts helpers, as many as the system grants.
    fn grow_to(&mut self, helpers: usize) {
        while self.helpers.len() < helpers {
            let (slot, number) = (Arc::new(Slot::default()), self.helpers.len() + 1);
            let (own, all) = (Arc::clone(&slot), Arc::clone(&self.shared));
            let started = std::thread::Builder::new()
                .name(format!("halfplane-{number}"))
                .spawn(move || help(&all, &own, number));
            let Ok(handle) = started else { return };
            let thread = handle.thread().clone();
            self.helpers.push(Helper { slot, thread, rests_until: None, last: None });
        }
    }
}

impl Shared {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            open: Line(AtomicU64::new(CLOSED)),
            job: UnsafeCell::new(None),
            leader_sleeps: AtomicBool::new(false),
            awake: Default::default(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, ()> {
        self.awake.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A job that has begun. Its end waits until no helper is pinned.
struct Begun<'t> {
    team: &'t mut Team,
    /// Helpers that may take part.
    helpers: usize,
    first: u64,
    /// Whether some may be at rest.
    rested: bool,
}

impl Begun<'_> {
    /// This, where any helper may take part now.
    fn with_help(&mut self) -> Option<&mut Self> {
        if !self.rested {
            return (self.helpers > 0).then_some(self);
        }
        let now = Instant::now();
        let helpers = &mut self.team.helpers[..self.helpers];
        for helper in helpers.iter_mut() {
            if helper.rests_until.is_some_and(|until| until <= now) {
                helper.rests_until = None;
                helper.slot.rests.store(false, Ordering::Release);
            }
        }
        self.rested = helpers.iter().any(|helper| helper.rests_until.is_some());
        helpers.iter().any(|helper| helper.rests_until.is_none()).then_some(self)
    }

    fn open(&mut self, round: u64, worth: bool) {
        let number = self.first + round;
        self.team.next = number + 1;
        // In one order with a helper's `asleep`: either it sees the round, or it is seen asleep here.
        self.team.shared.open.0.store(number, Ordering::SeqCst);
        if worth {
            for helper in &self.team.helpers[..self.helpers] {
                if helper.rests_until.is_none() {
                    helper.wake();
                }
            }
        }
    }

    /// Waits until no helper is at a task. The leader has found none left.
    fn wait(&mut self, expected: Duration) {
        let Team { helpers, shared, .. } = &mut *self.team;
        for helper in &mut helpers[..self.helpers] {
            if helper.slot.pinned.0.load(Ordering::Acquire) != CLOSED {
                let waited = wait_for(&helper.slot, shared);
                if waited > LATE.saturating_add(expected) {
                    helper.rest();
                    self.rested = true;
                }
            }
            assert!(!helper.slot.panicked.load(Ordering::Relaxed), "a helping thread has panicked");
        }
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        // In one order with a helper's pin: either it sees that the round is over, or it is seen here.
        let Team { helpers, shared, .. } = &*self.team;
        shared.open.0.store(CLOSED, Ordering::SeqCst);
        for helper in helpers {
            if helper.slot.pinned.0.load(Ordering::SeqCst) != CLOSED {
                wait_for(&helper.slot, shared);
            }
            helper.slot.panicked.store(false, Ordering::Relaxed);
        }
    }
}

impl Helper {
    fn wake(&self) {
        if self.slot.asleep.0.load(Ordering::SeqCst)
            && self.slot.asleep.0.swap(false, Ordering::SeqCst)
        {
            self.thread.unpark();
        }
    }

    /// Lets it rest for it was held up: twice as long as last time, if that is not long ago.
    fn rest(&mut self) {
        let (now, [shortest, longest]) = (Instant::now(), REST);
        let rest = match self.last {
            Some((at, rest)) if now.duration_since(at) < 4 * rest => (2 * rest).min(longest),
            _ => shortest,
        };
        self.last = Some((now, rest));
        self.rests_until = Some(now + rest);
        self.slot.rests.store(true, Ordering::Release);
    }
}

/// Waits until a helper is no longer pinned, and tells how long that took.
fn wait_for(slot: &Slot, shared: &Shared) -> Duration {
    let began = Instant::now();
    let pinned = || slot.pinned.0.load(Ordering::SeqCst) != CLOSED;
    if !spin_while(began, pinned) {
        shared.leader_sleeps.store(true, Ordering::SeqCst);
        let mut awake = shared.lock();
        while pinned() {
            awake = shared.awake.1.wait(awake).unwrap_or_else(PoisonError::into_inner);
        }
        shared.leader_sleeps.store(false, Ordering::Relaxed);
    }
    began.elapsed()
}

/// Spins while something is so, for a while; tells whether it ended.
fn spin_while(began: Instant, mut so: impl FnMut() -> bool) -> bool {
    loop {
        for _ in 0..SPINS_A_LOOK {
            if !so() {
                return true;
            }
            std::hint::spin_loop();
        }
        if began.elapsed() > SPIN {
            return !so();
        }
    }
}

/// What a helper does.
fn help(shared: &Shared, slot: &Slot, thread: usize) {
    let mut seen = CLOSED;
    loop {
        seen = next_round(shared, slot, seen);
        slot.pinned.0.store(seen, Ordering::SeqCst);
        if shared.open.0.load(Ordering::SeqCst) == seen {
            // SAFETY: the round was open after this helper was pinned. The leader replaces a job, or
            // lets it end, only after it has closed the last round and then seen this helper unpinned;
            // all of these are sequentially consistent. So the job is there, and stays until then.
            let led = unsafe { *shared.job.get() };
            if let Some(Led { job, first, .. }) = led.filter(|led| thread < led.threads) {
                // SAFETY: as above.
                let job = unsafe { &*job };
                if catch_unwind(AssertUnwindSafe(|| job.take_part(seen - first, thread))).is_err() {
                    slot.panicked.store(true, Ordering::Relaxed);
                }
            }
        }
        slot.pinned.0.store(CLOSED, Ordering::SeqCst);
        if shared.leader_sleeps.load(Ordering::SeqCst) {
            // Locked, so that the leader is not between its look and its sleep.
            drop(shared.lock());
            shared.awake.1.notify_one();
        }
    }
}

/// Waits for another round than the one that was seen last.
fn next_round(shared: &Shared, slot: &Slot, seen: u64) -> u64 {
    let next = || {
        let open = shared.open.0.load(Ordering::SeqCst);
        (open != CLOSED && open != seen && !slot.rests.load(Ordering::Acquire)).then_some(open)
    };
    loop {
        if spin_while(Instant::now(), || next().is_none())
            && let Some(open) = next()
        {
            return open;
        }
        slot.asleep.0.store(true, Ordering::SeqCst);
        while slot.asleep.0.load(Ordering::SeqCst) {
            if let Some(open) = next() {
                slot.asleep.0.store(false, Ordering::SeqCst);
                return open;
            }
            std::thread::park();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    /// So many tasks a round.
    struct Counted {
        tasks: usize,
        taken: Vec<AtomicUsize>,
        done: Vec<AtomicUsize>,
    }

    impl Counted {
        fn new(tasks: usize, rounds: usize) -> Self {
            let zeros = || (0..rounds).map(|_| AtomicUsize::new(0)).collect();
            Self { tasks, taken: zeros(), done: zeros() }
        }
    }

    impl Job for Counted {
        fn take_part(&self, round: u64, _: usize) {
            let round = round as usize;
            while self.taken[round].fetch_add(1, Ordering::Relaxed) < self.tasks {
                if round > 0 {
                    assert_eq!(self.done[round - 1].load(Ordering::Relaxed), self.tasks);
                }
                self.done[round].fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    #[test]
    fn a_round_begins_when_the_one_before_it_is_done() {
        for threads in [1, 2, 5] {
            for tasks in [1, 2, 40] {
                let job = Counted::new(tasks, 200);
                lead(&job, threads, |leader| {
                    for round in 0..200 {
                        leader.round(round, round % 3 == 0, Duration::ZERO);
                    }
                });
                assert!(job.done.iter().all(|done| done.load(Ordering::Relaxed) == tasks));
            }
        }
    }

    #[test]
    fn jobs_of_several_threads_do_not_wait_for_each_other() {
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let job = Counted::new(7, 20);
                        lead(&job, 3, |leader| {
                            (0..20).for_each(|round| leader.round(round, true, Duration::MAX));
                        });
                        assert!(job.done.iter().all(|done| done.load(Ordering::Relaxed) == 7));
                    }
                });
            }
        });
    }

    #[test]
    fn a_panic_reaches_the_caller_and_leaves_the_team_in_order() {
        struct Panics;
        impl Job for Panics {
            fn take_part(&self, round: u64, thread: usize) {
                assert!(round < 1000 || thread == 1, "as the test wants");
                // The leader goes on until a helper has come.
                assert!(thread != 1, "as the test wants");
            }
        }
        let led = catch_unwind(|| {
            lead(&Panics, 2, |leader| {
                (0..1001).for_each(|round| leader.round(round, true, Duration::MAX));
            });
        });
        assert!(led.is_err());
        let job = Counted::new(3, 5);
        lead(&job, 2, |leader| (0..5).for_each(|round| leader.round(round, true, Duration::MAX)));
        assert!(job.done.iter().all(|done| done.load(Ordering::Relaxed) == 3));
    }
}
