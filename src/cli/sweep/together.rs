//! `mpiexec halfplane sweep`: processes that do one search together.

use std::io::Read;

use halfplane::data::Source;
use halfplane::sweep::Ranks;
use halfplane::{Error, Result};

use crate::cli::Outcome;
use crate::cli::arguments::SweepArguments;

/// This process among those that search together.
pub(super) struct Together<'a> {
    pub(super) ranks: &'a mut dyn Ranks,
    /// Its threads unless it is told otherwise: its share of those that there are.
    pub(super) threads: usize,
}

/// Bytes that are passed on at once: MPI counts them in 31 bits.
const PART: usize = 1 << 26;

impl Together<'_> {
    /// The bytes of a file or of the standard input, which the first process reads and passes on to the others:
    /// they need not see it.
    pub(super) fn bring(&mut self, source: Source) -> Result<Source> {
        let bytes = match &source {
            Source::Arrays(file, arrays) => {
                let file = self.bring((**file).clone())?;
                return Ok(Source::Arrays(file.into(), arrays.clone()));
            }
            Source::File(_) | Source::StandardInput if self.ranks.rank() > 0 => Vec::new(),
            Source::File(path) => std::fs::read(path).map_err(|error| unread(&source, error))?,
            Source::StandardInput => {
                let mut bytes = Vec::new();
                let read = std::io::stdin().read_to_end(&mut bytes);
                read.map_err(|error| unread(&source, error))?;
                bytes
            }
            Source::Memory(_) | Source::Frame(_) => return Ok(source),
        };
        let brought = self.pass_on(&bytes)?;
        // Where the file is seen, errors name it.
        let is_seen = matches!(source, Source::File(_)) && self.ranks.rank() == 0;
        Ok(if is_seen { source } else { Source::Memory(brought) })
    }

    /// What the first process has, on each of them.
    fn pass_on(&mut self, bytes: &[u8]) -> Result<Vec<u8>> {
        let mut whole = Vec::new();
        let mut parts = bytes.chunks(PART);
        loop {
            let part = self.ranks.exchange(parts.next().unwrap_or_default())?.swap_remove(0);
            if part.is_empty() {
                return Ok(whole);
            }
            whole.extend(part);
        }
    }
}

fn unread(source: &Source, error: std::io::Error) -> Error {
    Error::File { verb: "read", path: source.path().to_owned(), source: error }
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
