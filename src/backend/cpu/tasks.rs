//! What a section has to do, cut into tasks. Each thread has its own, in whose memory it was in the
//! last step, and takes others' when it has done them: a core that is slower, or that others use, does
//! fewer, and holds up the rest less.
//!
//! What a task makes does not depend on who makes it, nor on how many there are.

use std::cmp::Reverse;

use super::product::PANEL;
use super::schedule::{self, Split};
use super::team::{Part, Pile};
use super::weights::Panelled;
use super::{rows, units};
use crate::kernels::Operation;
use crate::plan::Dispatch;

/// [`cost`] of a task, where there are more than threads: some microseconds, beside which taking it is
/// nothing.
const WORTH_A_TASK: u64 = 500_000;

/// [`cost`] that is not worth another thread.
const LITTLE: u64 = 50_000;

/// Tasks into which a thread's share of something is cut, at most. Measured on two threads: eight
/// make products of so few rows that they take longer.
const EACH: usize = 4;

/// What is cut into tasks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// Dispatches that go row by row: a task takes its rows through all of them.
    Rows(Vec<usize>),
    /// A dispatch that has parts of another kind.
    Parts(usize),
    /// A layer's weights into panels.
    Panels(usize),
}

/// What is done between two barriers.
#[derive(Debug)]
pub(super) struct Section {
    /// Dispatches that the first thread runs, before it takes tasks.
    pub(super) whole: Vec<usize>,
    /// Each with the number of its tasks.
    works: Vec<(Work, usize)>,
    /// A thread each: of tasks, named by their work. The largest come first: then what is left at the
    /// end is small.
    piles: Vec<Pile<(usize, Part)>>,
}

/// The sections of a phase for so many threads, and the layers whose weights they keep in panels.
pub(super) fn sections(phase: &[Dispatch], threads: usize) -> (Panelled, Vec<Section>) {
    let mut numbers = schedule::sections(phase);
    let panelled = Panelled::of(phase, &numbers);
    numbers.resize(numbers.len().max(panelled.sections()), Vec::new());
    let section = |(index, numbers): (usize, &Vec<usize>)| {
        Section::of(phase, numbers, (&panelled, panelled.due(index)), threads)
    };
    let sections = numbers.iter().enumerate().map(section).collect();
    (panelled, sections)
}

impl Section {
    /// Of these dispatches of a phase, and of layers whose panels are due.
    pub(super) fn of(
        phase: &[Dispatch],
        numbers: &[usize],
        (panelled, due): (&Panelled, impl Iterator<Item = usize>),
        threads: usize,
    ) -> Self {
        let mut whole = Vec::new();
        let mut works: Vec<Work> = due.map(Work::Panels).collect();
        for &number in numbers {
            match Split::of(&phase[number]) {
                Split::Whole => whole.push(number),
                Split::Parts => works.push(Work::Parts(number)),
                Split::Rows(control) => {
                    let same = works.iter_mut().find_map(|work| match work {
                        Work::Rows(rows) if Split::of(&phase[rows[0]]) == Split::Rows(control) => {
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
        let cut = |work: Work| {
            let cost = cost(&work, phase, panelled);
            let tasks = tasks(&work, cost, (phase, panelled), threads);
            (work, tasks, cost / tasks as u64)
        };
        let mut works: Vec<_> = works.into_iter().map(cut).collect();
        works.sort_by_key(|(_, _, cost)| Reverse(*cost));
        let works: Vec<_> = works.into_iter().map(|(work, tasks, _)| (work, tasks)).collect();
        let own = |thread| {
            let share = Part { number: thread, of: threads };
            let tasks = works.iter().enumerate().flat_map(|(work, &(_, of))| {
                share.share(of, 1).map(move |number| (work, Part { number, of }))
            });
            Pile::of(tasks.collect())
        };
        let piles = (0..threads).map(own).collect();
        Self { whole, works, piles }
    }

    /// The tasks that fall to a thread in a step: first its own.
    pub(super) fn taken(&self, thread: usize, step: usize) -> impl Iterator<Item = (&Work, Part)> {
        let piles = self.piles[thread..].iter().chain(&self.piles[..thread]);
        let tasks = piles.flat_map(move |pile| pile.take(step));
        tasks.map(|&(work, part)| (&self.works[work].0, part))
    }

    /// Whether there is nothing to do.
    pub(super) const fn is_empty(&self) -> bool {
        self.whole.is_empty() && self.works.is_empty()
    }
}

/// What it costs: floating-point operations, or bytes that are moved, where these are more.
fn cost(work: &Work, phase: &[Dispatch], panelled: &Panelled) -> u64 {
    let of = |number: &usize| {
        let cost = phase[*number].operation.kernel().cost();
        cost.flops.max(cost.bytes)
    };
    match work {
        Work::Rows(numbers) => numbers.iter().map(of).sum(),
        Work::Parts(number) => of(number),
        Work::Panels(layer) => 4 * panelled.layer(*layer).parameters() as u64,
    }
}

/// Into how many tasks it is cut: those that are worth it, at least one for each thread if that is
/// not little, and none that are empty.
fn tasks(
    work: &Work,
    cost: u64,
    (phase, panelled): (&[Dispatch], &Panelled),
    threads: usize,
) -> usize {
    let [best, most] = match work {
        Work::Rows(numbers) => {
            let parts = numbers.iter().map(|&number| rows::parts(&phase[number].operation));
            parts.fold([usize::MAX; 2], |[best, most], parts| {
                [best.min(parts[0]), most.min(parts[1])]
            })
        }
        Work::Parts(number) => match &phase[*number].operation {
            // The plan has cut it already.
            Operation::FusedGradient(fused) => return fused.strands,
            Operation::DenseForward(kernel) => units::forward_parts(kernel),
            Operation::DenseBackwardWeight(kernel) => units::parts(kernel, threads),
            Operation::SquareSum(sum) => [sum.parts(); 2],
            _ => [usize::MAX; 2],
        },
        Work::Panels(layer) => [panelled.layer(*layer).outputs.div_ceil(PANEL); 2],
    };
    let worth = |each| usize::try_from(cost / each).unwrap_or(usize::MAX);
    let least = (1 + worth(LITTLE)).min(threads);
    match threads {
        1 => 1,
        _ => worth(WORTH_A_TASK).min(best).clamp(least, EACH * threads).min(most).max(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::cpu::schedule::tests::step;
    use crate::spec::{Network, Strategy};

    fn sections(hidden: &[usize], strategy: Strategy, threads: usize) -> Vec<Section> {
        let phase = step(&Network::new(64, hidden, 1), strategy, threads);
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
        assert!(after.works.iter().all(|(work, _)| matches!(work, Work::Panels(_))));
        assert_eq!((after.works.len(), after.whole.len()), (2, 1), "panels, metrics");
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
        assert!(matches!(sections[0].works[..], [(Work::Parts(_), 4)]), "{sections:?}");
    }

    #[test]
    fn a_thread_has_the_same_part_of_everything_and_then_what_others_left() {
        let sections = sections(&[128, 64], Strategy::Layered, 2);
        let section = &sections[1];
        let left = section.taken(0, 0).next().expect("there are tasks");
        let mut taken: Vec<(&Work, Part)> = section.taken(1, 0).collect();
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
