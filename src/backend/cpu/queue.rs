//! Queues of tasks that are the same in every step.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The tasks of one thread in every step. Other threads take from it when their own queues are empty,
/// so that a slower thread does fewer; but as a rule a thread gets the same tasks again, whose data is
/// in its cache.
#[derive(Debug)]
pub(super) struct TaskQueue<T> {
    tasks: Vec<T>,
    taken: OwnLine,
}

/// A count of the tasks taken in all steps, so that nobody has to reset it. It has a cache line of its
/// own.
#[derive(Debug, Default)]
#[repr(align(64))]
struct OwnLine(AtomicUsize);

impl<T> TaskQueue<T> {
    pub(super) fn new(tasks: Vec<T>) -> Self {
        Self { tasks, taken: OwnLine::default() }
    }

    /// The tasks left in a step, each taken by the calling thread as the iterator reaches it. In every
    /// step from 0 on some thread must take the queue to its end, and all threads must wait for each
    /// other before the next step.
    pub(super) fn take(&self, step: usize) -> impl Iterator<Item = &T> {
        let count = self.tasks.len();
        let before = step.wrapping_mul(count);
        let next =
            move |taken: usize| (taken.wrapping_sub(before) < count).then(|| taken.wrapping_add(1));
        std::iter::from_fn(move || {
            let taken =
                self.taken.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).ok()?;
            Some(&self.tasks[taken.wrapping_sub(before)])
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Barrier, Mutex};

    use super::*;
    use crate::backend::cpu::part::Part;

    #[test]
    fn every_task_is_taken_once_a_step() {
        const STEPS: usize = 50;
        for (count, threads) in [(0, 2), (1, 1), (2, 5), (16, 3)] {
            let share = |number| Part { number, of: threads }.share(count, 1).collect();
            let queues: Vec<_> = (0..threads).map(|thread| TaskQueue::new(share(thread))).collect();
            let (barrier, taken) = (Barrier::new(threads), Mutex::new(Vec::new()));
            std::thread::scope(|scope| {
                for thread in 0..threads {
                    let (queues, barrier, taken) = (&queues, &barrier, &taken);
                    scope.spawn(move || {
                        for step in 0..STEPS {
                            let own_first = queues.iter().cycle().skip(thread).take(threads);
                            for number in own_first.flat_map(|queue| queue.take(step)) {
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
            assert!(taken.into_iter().eq(all), "{count} tasks, {threads} threads");
        }
    }
}
