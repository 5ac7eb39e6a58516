//! Threads that go through a loop of steps together: a barrier that spins, and tensors that they
//! share between barriers.
//!
//! A step of a small network takes a few microseconds, less than it takes to wake a thread; so the
//! threads stay awake for as long as a run lasts, and give the processor away only when they have
//! waited for a while.

use std::marker::PhantomData;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::kernels::{Control, floats, floats_mut};
use crate::plan::BufferId;

/// Turns of the waiting loop before the processor is given away: some tens of microseconds.
const SPINS: u32 = 1 << 12;

/// Where threads wait for each other.
pub(super) struct Barrier {
    threads: usize,
    arrived: AtomicUsize,
    round: AtomicUsize,
    stopped: AtomicBool,
}

/// What a barrier says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Go {
    /// All have arrived.
    On,
    /// The run is over.
    Home,
}

impl Barrier {
    /// A barrier for so many threads.
    pub(super) const fn new(threads: usize) -> Self {
        Self {
            threads,
            arrived: AtomicUsize::new(0),
            round: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
        }
    }

    /// Sends all home that wait or will wait.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
    }

    /// Waits until all have arrived: what each wrote before, each can read after.
    pub(super) fn wait(&self) -> Go {
        if self.threads > 1 {
            let round = self.round.load(Ordering::Acquire);
            if self.arrived.fetch_add(1, Ordering::AcqRel) + 1 == self.threads {
                self.arrived.store(0, Ordering::Relaxed);
                self.round.store(round.wrapping_add(1), Ordering::Release);
            } else {
                self.wait_for(round);
            }
        }
        match self.stopped.load(Ordering::Acquire) {
            true => Go::Home,
            false => Go::On,
        }
    }

    fn wait_for(&self, round: usize) {
        let mut spins = 0;
        while self.round.load(Ordering::Acquire) == round && !self.stopped.load(Ordering::Acquire) {
            if spins < SPINS {
                spins += 1;
                std::hint::spin_loop();
            } else {
                std::thread::yield_now();
            }
        }
    }
}

/// Sends the others home when its thread panics, so that nobody waits for ever.
pub(super) struct Guard<'a>(pub(super) &'a Barrier);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop();
        }
    }
}

/// One of the parts into which something is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) number: usize,
    pub(super) of: usize,
}

impl Part {
    /// What it has of `count` things, cut at multiples of `grain`.
    pub(super) fn share(self, count: usize, grain: usize) -> Range<usize> {
        let cut = |number: usize| match number {
            _ if number == self.of => count,
            _ => (count * number / self.of).next_multiple_of(grain).min(count),
        };
        cut(self.number)..cut(self.number + 1)
    }
}

/// What a thread of a team has to do in every step, and others when they have done their own: each
/// takes the next that is left, so whoever is slower does less; but as a rule a thread meets the same
/// things again, which are in its cache.
#[derive(Debug)]
pub(super) struct Pile<T> {
    things: Vec<T>,
    taken: Alone,
}

/// A count of what has been taken in all steps, so that nobody has to set it back. It has its own
/// line of the cache.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Alone(AtomicUsize);

impl<T> Pile<T> {
    pub(super) fn of(things: Vec<T>) -> Self {
        Self { things, taken: Alone::default() }
    }

    /// What is left in a step falls to the calling thread, thing by thing. Each pile must be taken to
    /// the end in every step, from 0 on, and all threads wait for each other before the next.
    pub(super) fn take(&self, step: usize) -> impl Iterator<Item = &T> {
        let count = self.things.len();
        let before = step.wrapping_mul(count);
        let next =
            move |taken: usize| (taken.wrapping_sub(before) < count).then(|| taken.wrapping_add(1));
        std::iter::from_fn(move || {
            let taken =
                self.taken.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).ok()?;
            Some(&self.things[taken.wrapping_sub(before)])
        })
    }
}

/// A range in pieces of so many, and the rest.
pub(super) fn pieces(range: Range<usize>, size: usize) -> impl Iterator<Item = Range<usize>> {
    let end = range.end;
    range.step_by(size.max(1)).map(move |first| first..(first + size).min(end))
}

/// The buffers of a dispatch, in the order of its slots.
pub(super) struct Bound<'a> {
    pub(super) tensors: &'a [Shared<'a, u32>],
    pub(super) ids: &'a [BufferId],
}

impl<'a> Bound<'a> {
    fn tensor(&self, slot: usize) -> &'a Shared<'a, u32> {
        &self.tensors[self.ids[slot].0]
    }

    /// Where training stands.
    ///
    /// # Safety
    /// As [`Shared::read`], of slot 0.
    pub(super) unsafe fn control(&self) -> Control {
        // SAFETY: the caller's promise.
        Control::from_words(unsafe { self.tensor(0).read(0..Control::WORDS) })
    }

    /// Words of a slot's buffer.
    ///
    /// # Safety
    /// As [`Shared::read`].
    pub(super) unsafe fn words(&self, slot: usize, range: Range<usize>) -> &'a [u32] {
        // SAFETY: the caller's promise.
        unsafe { self.tensor(slot).read(range) }
    }

    /// Words of a slot's buffer, to be written.
    ///
    /// # Safety
    /// As [`Shared::write`].
    pub(super) unsafe fn words_mut(&self, slot: usize, range: Range<usize>) -> &'a mut [u32] {
        // SAFETY: the caller's promise.
        unsafe { self.tensor(slot).write(range) }
    }

    /// Numbers of a slot's buffer.
    ///
    /// # Safety
    /// As [`Shared::read`].
    pub(super) unsafe fn read(&self, slot: usize, range: Range<usize>) -> &'a [f32] {
        // SAFETY: the caller's promise.
        floats(unsafe { self.words(slot, range) })
    }

    /// Numbers of a slot's buffer, to be written.
    ///
    /// # Safety
    /// As [`Shared::write`].
    pub(super) unsafe fn write(&self, slot: usize, range: Range<usize>) -> &'a mut [f32] {
        // SAFETY: the caller's promise.
        floats_mut(unsafe { self.words_mut(slot, range) })
    }

    /// All of a slot's buffer, to be written.
    ///
    /// # Safety
    /// As [`Shared::write`].
    pub(super) unsafe fn all(&self, slot: usize) -> &'a mut [u32] {
        // SAFETY: the caller's promise.
        unsafe { self.words_mut(slot, 0..self.tensor(slot).len) }
    }
}

/// A tensor that threads share, each range of it written by one at a time.
pub(super) struct Shared<'a, T> {
    start: *mut T,
    len: usize,
    tensor: PhantomData<&'a mut [T]>,
}

// SAFETY: it stands for a `&mut [T]`, which is Send and Sync where T is; that ranges are not
// written while others use them is the promise of whoever calls the unsafe methods.
unsafe impl<T: Send> Send for Shared<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync> Sync for Shared<'_, T> {}

impl<'a, T> Shared<'a, T> {
    /// Shares a tensor for as long as it is borrowed.
    pub(super) const fn new(tensor: &'a mut [T]) -> Self {
        Self { start: tensor.as_mut_ptr(), len: tensor.len(), tensor: PhantomData }
    }

    /// A range to be read.
    ///
    /// # Safety
    /// No thread may write to the range while the slice is used.
    pub(super) unsafe fn read(&self, range: Range<usize>) -> &[T] {
        assert!(range.start <= range.end && range.end <= self.len, "a range outside its tensor");
        // SAFETY: the range lies inside the tensor, which is borrowed for 'a, and by the caller's
        // promise nobody writes to it meanwhile.
        unsafe { std::slice::from_raw_parts(self.start.add(range.start), range.len()) }
    }

    /// A range to be written.
    ///
    /// # Safety
    /// No other slice of the range may be used while this one is.
    #[expect(clippy::mut_from_ref, reason = "that is what sharing between threads is")]
    pub(super) unsafe fn write(&self, range: Range<usize>) -> &mut [T] {
        assert!(range.start <= range.end && range.end <= self.len, "a range outside its tensor");
        // SAFETY: the range lies inside the tensor, which is borrowed mutably for 'a, and by the
        // caller's promise this is the only slice of it.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(range.start), range.len()) }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn every_thing_is_taken_once_a_step() {
        const STEPS: usize = 50;
        for (count, threads) in [(0, 2), (1, 1), (2, 5), (16, 3)] {
            let share = |number| Part { number, of: threads }.share(count, 1).collect();
            let piles: Vec<_> = (0..threads).map(|thread| Pile::of(share(thread))).collect();
            let (barrier, taken) = (Barrier::new(threads), Mutex::new(Vec::new()));
            std::thread::scope(|scope| {
                for thread in 0..threads {
                    let (piles, barrier, taken) = (&piles, &barrier, &taken);
                    scope.spawn(move || {
                        for step in 0..STEPS {
                            let own_first = piles.iter().cycle().skip(thread).take(threads);
                            for number in own_first.flat_map(|pile| pile.take(step)) {
                                taken.lock().expect("nobody panics").push((step, *number));
                            }
                            barrier.wait();
                        }
                    });
                }
            });
            let mut taken = taken.into_inner().expect("nobody panicked");
            taken.sort_unstable();
            let all = (0..STEPS).flat_map(|step| (0..count).map(move |number| (step, number)));
            assert!(taken.into_iter().eq(all), "{count} things, {threads} threads");
        }
    }
}
