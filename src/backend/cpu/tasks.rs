//! What a section has to do, split into tasks. Each thread has a queue of its own, of tasks whose data
//! it had in its cache in the last step, and takes from others when that is empty: a core that is
//! slower, or that other programs use, does fewer, and delays the others less.
//!
//! The result of a task does not depend on which thread runs it, nor on the number of tasks.

use std::cmp::Reverse;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::operations::{self, Parts, Split};
use super::packed::PackedWeights;
use super::part::Part;
use super::product::PANEL;
use super::queue::TaskQueue;
use super::schedule::{self, share_rows, split};
use super::team::Leader;
use crate::plan::Dispatch;

/// [`cost`] of a task, where there are more than threads: some microseconds, beside which taking it
/// from a queue is nothing.
const TASK_COST: u64 = 500_000;

/// Floating-point operations, and bytes moved, of a core in a nanosecond, about: measured on a Xeon with
/// AVX-512, where steps of 6 to 600 µs were within a half of what they say.
const FLOPS_PER_NANOSECOND: u64 = 64;
const BYTES_PER_NANOSECOND: u64 = 16;

/// From how much time on, that a section takes in the steps that follow, sleeping threads are woken for it.
const WAKING: Duration = Duration::from_micros(200);

/// [`cost`] below which another thread does not pay.
const LITTLE: u64 = 50_000;

/// Tasks for each thread out of one operation, at most: with more, products have so few rows that they
/// take longer.
const TASKS_PER_THREAD: usize = 4;

/// What is split into tasks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// Dispatches that go by the same rows: a task takes its rows through all of them.
    Rows(Vec<usize>),
    /// A dispatch that is split into other parts.
    Parts(usize),
    /// Packing the weights of a layer.
    Packing(usize),
}

/// What threads do between two waits for each other: a round of the team.
#[derive(Debug)]
pub(super) struct Section {
    /// Dispatches that the first thread runs, before it takes tasks.
    pub(super) whole: Vec<usize>,
    /// What is split, and into how many tasks.
    works: Vec<(Work, usize)>,
    /// A queue for each thread: of tasks, each a part of the work with that number. The largest come
    /// first, so that the last ones, for which some threads wait, are small.
    queues: Vec<TaskQueue<(usize, Part)>>,
    /// How long it takes one thread, about.
    alone: Duration,
    /// Threads that it has tasks for.
    threads: usize,
    /// How many times it has begun: what its queues go by.
    begun: AtomicUsize,
}

/// The sections of a phase for so many threads, and the weights that they keep in panels.
pub(super) fn sections(phase: &[Dispatch], threads: usize) -> (PackedWeights, Vec<Section>) {
    let mut numbers = schedule::sections(phase);
    let packed = schedule::packed_weights(phase, &numbers);
    numbers.resize(numbers.len().max(packed.sections()), Vec::new());
    let section = |(index, numbers): (usize, &Vec<usize>)| {
        Section::new(phase, numbers, (&packed, packed.due(index)), threads)
    };
    let sections = numbers.iter().enumerate().map(section).collect();
    (packed, sections)
}

impl Section {
    /// Of these dispatches of a phase, and of packing these layers.
    pub(super) fn new(
        phase: &[Dispatch],
        numbers: &[usize],
        (packed, due): (&PackedWeights, impl Iterator<Item = usize>),
        threads: usize,
    ) -> Self {
        let mut whole = Vec::new();
        let mut works: Vec<Work> = due.map(Work::Packing).collect();
        for &number in numbers {
            match split(&phase[number]) {
                Split::Whole => whole.push(number),
                Split::Parts => works.push(Work::Parts(number)),
                Split::Rows => {
                    let same = works.iter_mut().find_map(|work| match work {
                        Work::Rows(rows) if share_rows(&phase[rows[0]], &phase[number]) => {
                            Some(rows)
                        }
                        _ => None,
                    });
                    match same {
                        Some(rows) => rows.push(number),
                        None => works.push(Work::Rows(vec![number])),
                    }
                }
            }
        }
        let with_tasks = |work: Work| {
            let cost = cost(&work, phase, packed);
            let tasks = tasks(&work, cost, (phase, packed), threads);
            (work, tasks, cost / tasks as u64)
        };
        let mut works: Vec<_> = works.into_iter().map(with_tasks).collect();
        let alone = time(numbers.iter().map(|&number| &phase[number]));
        let busy = works.iter().map(|(_, tasks, _)| *tasks).max().unwrap_or(1).min(threads).max(1);
        works.sort_by_key(|(_, _, cost)| Reverse(*cost));
        let works: Vec<_> = works.into_iter().map(|(work, tasks, _)| (work, tasks)).collect();
        let own = |thread| {
            let share = Part { number: thread, of: threads };
            let tasks = works.iter().enumerate().flat_map(|(work, &(_, of))| {
                share.share(of, 1).map(move |number| (work, Part { number, of }))
            });
            TaskQueue::new(tasks.collect())
        };
        let queues = (0..threads).map(own).collect();
        Self { whole, works, queues, alone, threads: busy, begun: AtomicUsize::new(0) }
    }

    /// Begins it, once all its tasks of last time are done. Only the leader does, and then takes its tasks.
    pub(super) fn begin(&self) {
        self.begun.fetch_add(1, Ordering::Release);
    }

    /// The tasks that a thread gets, first those of its own queue; none, once all are taken.
    pub(super) fn taken(&self, thread: usize) -> impl Iterator<Item = (&Work, Part)> {
        let step = self.begun.load(Ordering::Acquire).wrapping_sub(1);
        let queues = self.queues[thread..].iter().chain(&self.queues[..thread]);
        let tasks = queues.flat_map(move |queue| queue.take(step));
        tasks.map(|&(work, part)| (&self.works[work].0, part))
    }

    /// Runs it as a round of the team, which so many steps from now on have.
    pub(super) fn run(&self, leader: &mut Leader<'_, '_>, round: u64, steps: u64) {
        self.begin();
        if self.threads == 1 {
            return leader.alone(round);
        }
        let steps = u32::try_from(steps).unwrap_or(u32::MAX);
        leader.round(round, self.alone.saturating_mul(steps) > WAKING, self.alone);
    }

    /// Whether there is nothing to do.
    pub(super) const fn is_empty(&self) -> bool {
        self.whole.is_empty() && self.works.is_empty()
    }
}

/// Floating-point operations, or bytes that are moved, where these are more.
fn cost(work: &Work, phase: &[Dispatch], packed: &PackedWeights) -> u64 {
    let of = |number: &usize| {
        let cost = phase[*number].operation.kernel().cost();
        cost.flops.max(cost.bytes)
    };
    match work {
        Work::Rows(numbers) => numbers.iter().map(of).sum(),
        Work::Parts(number) => of(number),
        Work::Packing(layer) => 4 * packed.layer(*layer).parameters() as u64,
    }
}

/// How long dispatches take one thread, about.
pub(super) fn time<'a>(dispatches: impl IntoIterator<Item = &'a Dispatch>) -> Duration {
    let nanoseconds = dispatches.into_iter().map(|dispatch| {
        let cost = dispatch.operation.kernel().cost();
        cost.flops / FLOPS_PER_NANOSECOND + cost.bytes / BYTES_PER_NANOSECOND
    });
    Duration::from_nanos(nanoseconds.sum())
}

/// The number of tasks: as many as are worth it, at least one for each thread unless the cost is too
/// little, and none that are empty.
fn tasks(
    work: &Work,
    cost: u64,
    (phase, packed): (&[Dispatch], &PackedWeights),
    threads: usize,
) -> usize {
    let parts = |number: &usize| operations::of(&phase[*number].operation).parts(threads);
    let [best, most] = match work {
        Work::Rows(numbers) => numbers
            .iter()
            .map(|number| parts(number).best_and_most())
            .fold([usize::MAX; 2], |[best, most], parts| [best.min(parts[0]), most.min(parts[1])]),
        Work::Parts(number) => match parts(number) {
            Parts::Fixed(parts) => return parts,
            flexible => flexible.best_and_most(),
        },
        Work::Packing(layer) => [packed.layer(*layer).outputs.div_ceil(PANEL); 2],
    };
    let worth = |each| usize::try_from(cost / each).unwrap_or(usize::MAX);
    let least = (1 + worth(LITTLE)).min(threads);
    match threads {
        1 => 1,
        _ => worth(TASK_COST).min(best).clamp(least, TASKS_PER_THREAD * threads).min(most).max(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Activation;
    use crate::backend::cpu::schedule::tests::step;
    use crate::spec::{Network, Strategy};

    fn sections(hidden: &[usize], strategy: Strategy, threads: usize) -> Vec<Section> {
        let phase =
            step(&Network::new(64, hidden, 1).with_activation(Activation::Sigmoid), strategy);
        super::sections(&phase, threads).1
    }

    #[test]
    fn rows_go_through_a_layered_step_together() {
        let sections = sections(&[128, 64], Strategy::Layered, 2);
        let [rows, weights, after] = &sections[..] else { panic!("{sections:?}") };
        let [(Work::Rows(numbers), 8)] = &rows.works[..] else { panic!("{rows:?}") };
        assert_eq!(numbers.len(), 2 + 3 + 1 + 2, "gathers, layers, loss, layers back");
        assert!(
            weights.works.iter().all(|(work, tasks)| matches!(work, Work::Parts(_)) && *tasks > 1)
        );
        assert_eq!(weights.works.len(), 3);
        assert!(after.works.iter().all(|(work, _)| matches!(work, Work::Packing(_))));
        assert_eq!((after.works.len(), after.whole.len()), (2, 1), "packing, metrics");
    }

    #[test]
    fn one_thread_takes_things_whole() {
        let sections = sections(&[128, 64], Strategy::Layered, 1);
        assert!(sections.iter().flat_map(|section| &section.works).all(|(_, tasks)| *tasks == 1));
    }

    #[test]
    fn there_are_tasks_for_all_threads_but_few_small_ones() {
        for (hidden, threads, expected) in [
            // Eight tasks of 64 rows; 16 rows at best; 8 rows where there are as many threads.
            (&[128, 64][..], 2, 8),
            (&[128, 64], 16, 32),
            (&[128, 64], 64, 64),
            // Weights that don't stay in the cache are not read again for fewer than 256 rows.
            (&[1024, 1024], 2, 2),
            // Not worth more.
            (&[16], 2, 2),
        ] {
            let sections = sections(hidden, Strategy::Layered, threads);
            let [(Work::Rows(_), tasks)] = sections[0].works[..] else { panic!("{sections:?}") };
            assert_eq!(tasks, expected, "{hidden:?}, {threads} threads");
        }
    }

    #[test]
    fn each_strand_is_a_task() {
        let sections = sections(&[128, 64], Strategy::Fused, 4);
        assert!(matches!(sections[0].works[..], [(Work::Parts(_), 2)]), "{sections:?}");
    }

    #[test]
    fn a_thread_has_the_same_part_of_everything_and_then_what_others_left() {
        let sections = sections(&[128, 64], Strategy::Layered, 2);
        let section = &sections[1];
        section.begin();
        let left = section.taken(0).next().expect("there are tasks");
        let mut taken: Vec<(&Work, Part)> = section.taken(1).collect();
        let own = |(_, part): &(&Work, Part)| 2 * part.number >= part.of;
        let count = taken.len().div_ceil(2);
        assert!(taken[..count].iter().all(own) && !taken[count..].iter().any(own), "{taken:?}");
        taken.push(left);
        for (work, of) in &section.works {
            let mut numbers: Vec<_> = taken.iter().filter(|task| task.0 == work).collect();
            numbers.sort_by_key(|(_, part)| part.number);
            assert!(numbers.iter().map(|(_, part)| part.number).eq(0..*of), "{work:?}");
        }
    }
}
