//! `mpiexec halfplane sweep`: processes that do one search together.

use halfplane::Result;
use halfplane::sweep::Ranks;

use crate::cli::Outcome;
use crate::cli::arguments::SweepArguments;

/// This process among those that search together.
pub(super) struct Together<'a> {
    pub(super) ranks: &'a mut dyn Ranks,
    /// Its threads unless it is told otherwise: its share of those that there are.
    pub(super) threads: usize,
}

/// Does something, together with the others if `mpiexec` has begun this process among them. Where one
/// fails, all are ended.
pub(super) fn run(
    arguments: &SweepArguments,
    search: impl FnOnce(&SweepArguments, Option<Together<'_>>) -> Result<Outcome>,
) -> Result<Outcome> {
    #[cfg(unix)]
    if let Some(mut mpi) = halfplane::low_level::platform::mpi::Mpi::join()? {
        return by_mpi::run(arguments, &mut mpi, search).and_then(|outcome| {
            mpi.leave()?;
            Ok(outcome)
        });
    }
    // Elsewhere MPI has no standard interface.
    search(arguments, None)
}

#[cfg(unix)]
mod by_mpi {
    use std::time::Duration;

    use halfplane::flags;
    use halfplane::low_level::platform::mpi::Mpi;
    use halfplane::low_level::platform::threads;
    use halfplane::sweep::Ranks;
    use halfplane::{Error, Result};

    use super::Together;
    use crate::cli::arguments::SweepArguments;
    use crate::cli::{Outcome, exit_code};
    use crate::report;

    pub(super) fn run(
        arguments: &SweepArguments,
        mpi: &mut Mpi,
        search: impl FnOnce(&SweepArguments, Option<Together<'_>>) -> Result<Outcome>,
    ) -> Result<Outcome> {
        let threads = (threads::available() / mpi.of_this_machine()).max(1);
        let done = check(arguments)
            .and_then(|()| search(arguments, Some(Together { ranks: mpi, threads })));
        done.or_else(|error| give_up(mpi, &error))
    }

    /// Says what has failed, and ends all processes. What fails on all of them is said by the first.
    fn give_up(mpi: &Mpi, error: &Error) -> ! {
        const TIME_OF_THE_FIRST: Duration = Duration::from_secs(3);
        // mpiexec drops what it has not passed on yet when all are ended.
        const TIME_TO_BE_HEARD: Duration = Duration::from_secs(1);
        if mpi.rank() > 0 {
            std::thread::sleep(TIME_OF_THE_FIRST);
        }
        report::error(&flags::error(error));
        std::thread::sleep(TIME_TO_BE_HEARD);
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

    impl Ranks for Mpi {
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
}
