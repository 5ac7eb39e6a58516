//! `mpiexec halfplane sweep`: processes that do one search together.

use halfplane::low_level::platform::threads;
use halfplane::{Error, Result};

use crate::cli::Outcome;
use crate::cli::arguments::SweepArguments;

#[cfg(unix)]
pub(super) use halfplane::low_level::platform::mpi::Mpi;

/// There is no standard interface to MPI here.
#[cfg(not(unix))]
pub(super) enum Mpi {}

/// Does something, together with the others if `mpiexec` has begun this process among them. Where one
/// fails, all are ended.
pub(super) fn run(
    arguments: &SweepArguments,
    search: impl FnOnce(&SweepArguments, Option<&mut Mpi>) -> Result<Outcome>,
) -> Result<Outcome> {
    #[cfg(unix)]
    if let Some(mut mpi) = Mpi::join()? {
        return match check(arguments).and_then(|()| search(arguments, Some(&mut mpi))) {
            Ok(outcome) => mpi.leave().map(|()| outcome),
            Err(error) => give_up(&mpi, &error),
        };
    }
    search(arguments, None)
}

/// Says what has failed, and ends all processes. What fails on all of them is said by the first.
#[cfg(unix)]
fn give_up(mpi: &Mpi, error: &Error) -> ! {
    use std::time::Duration;

    use crate::cli::{exit_code, wording};
    use crate::report;

    const TIME_OF_THE_FIRST: Duration = Duration::from_secs(2);
    if mpi.rank() > 0 {
        std::thread::sleep(TIME_OF_THE_FIRST);
    }
    report::error(&wording::error(error));
    mpi.abort(exit_code(error))
}

/// Rejects what processes cannot do together.
fn check(arguments: &SweepArguments) -> Result<()> {
    let flags = [
        ("--block", arguments.block.is_some()),
        ("--merge", !arguments.merge.is_empty()),
        ("--outer", arguments.outer.is_some()),
    ];
    match flags.into_iter().find(|(_, given)| *given) {
        Some((flag, _)) => Err(Error::Invalid {
            problem: format!("{flag} is what one process does, and mpiexec has begun several"),
            remedy: "leave out one of them".into(),
        }),
        None => Ok(()),
    }
}

/// Threads of this process unless it is told otherwise: its share of those that there are.
pub(super) fn threads(mpi: Option<&Mpi>) -> Option<usize> {
    let here = mpi.map(processes_here)?;
    Some((threads::available() / here).max(1))
}

#[cfg(unix)]
fn processes_here(mpi: &Mpi) -> usize {
    mpi.of_this_machine()
}

#[cfg(not(unix))]
fn processes_here(mpi: &Mpi) -> usize {
    match *mpi {}
}

/// Whether this process prints and writes.
#[cfg(unix)]
pub(super) fn is_first(mpi: Option<&Mpi>) -> bool {
    mpi.is_none_or(|mpi| mpi.rank() == 0)
}

#[cfg(not(unix))]
pub(super) fn is_first(_: Option<&Mpi>) -> bool {
    true
}

#[cfg(unix)]
impl halfplane::sweep::Ranks for Mpi {
    fn rank(&self) -> usize {
        self.rank()
    }

    fn size(&self) -> usize {
        self.size()
    }

    fn exchange(&mut self, own: &[u8]) -> Result<Vec<Vec<u8>>> {
        self.exchange(own)
    }
}

#[cfg(not(unix))]
impl halfplane::sweep::Ranks for Mpi {
    fn rank(&self) -> usize {
        match *self {}
    }

    fn size(&self) -> usize {
        match *self {}
    }

    fn exchange(&mut self, _: &[u8]) -> Result<Vec<Vec<u8>>> {
        match *self {}
    }
}
