//! Processes that do one search together.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Ended;
use crate::{Error, Result};

/// The processes of a search that several do together, as MPI has them: each knows its number, and they
/// tell each other what they found.
///
/// All do the same search: the same points come from the same results. Each trains a share of every batch,
/// and all learn what came of the others'.
pub trait Ranks {
    /// The number of this process, from 0.
    fn rank(&self) -> usize;

    /// How many processes there are.
    fn size(&self) -> usize;

    /// What each process says, in the order of their numbers. All call it, and wait for each other.
    ///
    /// # Errors
    /// Where one cannot be reached any more.
    fn exchange(&mut self, own: &[u8]) -> Result<Vec<Vec<u8>>>;
}

/// What a process says of its share.
#[derive(Serialize, Deserialize)]
enum Said<T> {
    Done(T),
    Ended(Ended),
    /// The problem, and what to do about it.
    Failed(String, String),
}

/// What all have to say of their shares; or what has ended one of them, and so all.
///
/// # Errors
/// What has failed here, or else on the first process where something has.
pub(super) fn shared<T: Serialize + DeserializeOwned>(
    ranks: &mut dyn Ranks,
    own: Result<Result<T, Ended>>,
) -> Result<Result<Vec<T>, Ended>> {
    let (said, failure) = match own {
        Ok(Ok(done)) => (Said::Done(done), None),
        Ok(Err(ended)) => (Said::Ended(ended), None),
        Err(error) => {
            let remedy = error.remedy().map_or_else(String::new, |own| own.to_string());
            (Said::Failed(error.problem(), remedy), Some(error))
        }
    };
    let unreadable = |error: serde_json::Error| {
        Error::invalid(
            format!("what processes tell each other cannot be understood: {error}"),
            "begin the same version of halfplane everywhere",
        )
    };
    let bytes = serde_json::to_vec(&said).map_err(unreadable)?;
    let all = ranks.exchange(&bytes)?;
    if let Some(error) = failure {
        return Err(error);
    }
    let mut done = Vec::with_capacity(all.len());
    let mut ended = None;
    for (rank, bytes) in all.iter().enumerate() {
        match serde_json::from_slice(bytes).map_err(unreadable)? {
            Said::Done(own) => done.push(own),
            Said::Ended(own) => ended = ended.or(Some(own)),
            Said::Failed(problem, remedy) => {
                return Err(Error::invalid(format!("process {rank}: {problem}"), remedy));
            }
        }
    }
    Ok(ended.map_or(Ok(done), Err))
}

/// Shares work out: of each process the numbers of its tasks, given what each task costs. The most costly
/// first, each to the process that has the least by then.
pub(super) fn shares(costs: &[u64], processes: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..costs.len()).collect();
    order.sort_by_key(|&task| std::cmp::Reverse(costs[task]));
    let mut shares = vec![(0u64, Vec::new()); processes];
    for task in order {
        if let Some(least) = shares.iter_mut().min_by_key(|own| own.0) {
            least.0 = least.0.saturating_add(costs[task].max(1));
            least.1.push(task);
        }
    }
    shares.into_iter().map(|own| own.1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_task_is_one_processs() {
        let costs = [5, 1, 1, 9, 0, 3, 3];
        for processes in 1..9 {
            let shares = shares(&costs, processes);
            assert_eq!(shares.len(), processes);
            let mut all: Vec<usize> = shares.concat();
            all.sort_unstable();
            assert_eq!(all, [0, 1, 2, 3, 4, 5, 6]);
        }
        let cost = |own: &Vec<usize>| own.iter().map(|task| costs[*task]).sum::<u64>();
        assert!(shares(&costs, 2).iter().all(|own| cost(own) <= 12));
        assert!(shares(&[], 3).iter().all(Vec::is_empty));
    }

    /// A process and another that has said something.
    struct Two(Vec<u8>);

    impl Ranks for Two {
        fn rank(&self) -> usize {
            0
        }

        fn size(&self) -> usize {
            2
        }

        fn exchange(&mut self, own: &[u8]) -> Result<Vec<Vec<u8>>> {
            Ok(vec![own.to_vec(), self.0.clone()])
        }
    }

    #[test]
    fn what_ends_one_ends_all() {
        let with = |other: &Said<u32>, own| {
            shared(&mut Two(serde_json::to_vec(other).expect("plain data")), own)
        };
        assert!(matches!(with(&Said::Done(2), Ok(Ok(1))), Ok(Ok(all)) if all == [1, 2]));
        let ended = with(&Said::Ended(Ended::Time), Ok(Ok(1)));
        assert!(matches!(ended, Ok(Err(Ended::Time))));
        assert!(matches!(with(&Said::Done(2), Ok(Err(Ended::Interrupted))), Ok(Err(_))));
        let failed = with(&Said::Failed("no memory".into(), "buy some".into()), Ok(Ok(1)));
        let error = failed.expect_err("it has failed there").to_string();
        assert!(error.contains("process 1: no memory") && error.contains("buy"), "{error}");
        let here = with(&Said::Done(2), Err(Error::invalid("here", "there")));
        assert!(here.expect_err("it has failed here").to_string().contains("here"));
        assert!(shared::<u32>(&mut Two(b"?".to_vec()), Ok(Ok(1))).is_err());
    }
}
