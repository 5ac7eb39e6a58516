//! Joins what several processes have found of one search.

use std::path::{Path, PathBuf};

use super::journal::read;
use super::{Block, Header, Record};
use crate::{Error, Result};

/// The trials of the journals of all blocks of a search, in order: as one process would have found
/// them, up to trial `limit`.
///
/// # Errors
/// [`Error::Invalid`] names the journal that is of another search, that is no block or of another
/// division into blocks, the block that is missing or there twice, and the one that has not come to its end;
/// as [`read`].
pub(super) fn join(journals: &[PathBuf], header: &Header, limit: u64) -> Result<Vec<Record>> {
    let mut blocks: Vec<(Block, &Path)> = Vec::with_capacity(journals.len());
    let mut all = Vec::new();
    for path in journals {
        let (then, records) = read(path)?;
        let block = check(path, &then, header, &blocks)?;
        let mut trials = block.trials().take_while(|trial| *trial < limit);
        for record in records.into_iter().filter(|own| own.trial < limit) {
            if trials.next() != Some(record.trial) {
                return Err(foreign(path, record.trial, block));
            }
            all.push(record);
        }
        if let Some(missing) = trials.next() {
            return Err(Error::invalid(
                format!(
                    "block {block} in {} has not come to its end: trial {missing} is missing",
                    path.display()
                ),
                "resume it, and then join the blocks",
            ));
        }
        blocks.push((block, path));
    }
    if let Some((first, _)) = blocks.first() {
        let is_there = |number: &u64| blocks.iter().any(|(own, _)| own.number() == *number);
        let missing = (1..=first.of()).find(|number| !is_there(number));
        if let Some(missing) = missing {
            return Err(Error::invalid(
                format!("block {missing}/{} is not among the journals", first.of()),
                "name the folders of all blocks",
            ));
        }
    }
    all.sort_by_key(|own| own.trial);
    Ok(all)
}

/// The block of a journal, which must be of this search, and none that there is already.
fn check(path: &Path, then: &Header, now: &Header, known: &[(Block, &Path)]) -> Result<Block> {
    let refuse = |problem: String, remedy: &str| {
        Err(Error::invalid(format!("{} {problem}", path.display()), remedy))
    };
    let Some(block) = then.block else {
        return refuse("is the journal of a whole search".to_owned(), "name folders of blocks");
    };
    let whole = Header { block: None, ..then.clone() };
    if let Some(difference) = now.difference(&whole) {
        return refuse(
            format!("is the journal of another search: {difference}"),
            "join blocks of one search",
        );
    }
    if let Some((other, place)) = known.first().filter(|(own, _)| own.of() != block.of()) {
        return refuse(
            format!("is block {block}, and {} is block {other}", place.display()),
            "join the blocks of one division",
        );
    }
    if let Some((_, place)) = known.iter().find(|(own, _)| *own == block) {
        return refuse(
            format!("is block {block}, and so is {}", place.display()),
            "name each block once",
        );
    }
    Ok(block)
}

fn foreign(path: &Path, trial: u64, block: Block) -> Error {
    Error::invalid(
        format!("{} has trial {trial}, which is none of block {block}", path.display()),
        "it is damaged: train this block anew in another folder",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::{Curve, Dimension, Journal, Point, Space, State, Value};

    fn header(seed: u64, block: Option<Block>) -> Header {
        let space = Space::new().with("lr", Dimension::log(1e-4, 0.1)).expect("it is sound");
        Header { block, ..Header::new(&space, "data", "folds", seed, "sobol") }
    }

    fn record(trial: u64) -> Record {
        Record {
            trial,
            parameters: Point::new([("lr", Value::Float(0.01))]),
            state: State::Complete,
            scores: vec![0.5, 0.75],
            epochs: 1,
            trained: 1,
            size: 9,
            training: None,
            curve: Curve::default(),
            rungs: Vec::new(),
            same_as: None,
            more: 0,
            seconds: 0.5,
        }
    }

    /// Writes journals, of which each is told its seed, its block and its trials.
    fn joined(journals: &[(u64, &str, &[u64])], limit: u64) -> Result<Vec<u64>> {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let mut paths = Vec::new();
        for (number, (seed, block, trials)) in journals.iter().enumerate() {
            let path = folder.path().join(number.to_string()).join("journal.jsonl");
            let block = (!block.is_empty()).then(|| block.parse().expect("it is a block"));
            let mut journal = Journal::create(&path, &header(*seed, block))?;
            journal.append(&trials.iter().map(|trial| record(*trial)).collect::<Vec<_>>())?;
            paths.push(path);
        }
        let records = join(&paths, &header(5, None), limit)?;
        Ok(records.iter().map(|own| own.trial).collect())
    }

    #[test]
    fn blocks_come_in_any_order_and_may_be_empty() {
        let found = joined(&[(5, "2/3", &[1, 4]), (5, "3/3", &[2]), (5, "1/3", &[0, 3])], 5);
        assert_eq!(found.expect("they are whole"), [0, 1, 2, 3, 4]);
        let found = joined(&[(5, "1/3", &[0]), (5, "2/3", &[]), (5, "3/3", &[])], 1);
        assert_eq!(found.expect("they are whole"), [0]);
        assert_eq!(joined(&[(5, "1/1", &[0, 1])], 2).expect("it is whole"), [0, 1]);
        // Those beyond the limit are left out.
        assert_eq!(joined(&[(5, "1/1", &[0, 1, 2])], 2).expect("it is whole"), [0, 1]);
    }

    #[test]
    fn what_does_not_belong_together_is_refused() {
        let half: (u64, &str, &[u64]) = (5, "1/2", &[0, 2]);
        for (other, told) in [
            ((5, "2/2", &[1][..]), "2/2 in"),
            ((5, "2/2", &[1][..]), "trial 3 is missing"),
            ((6, "2/2", &[1, 3][..]), "another search: the seed: 6 then, 5 now"),
            ((5, "1/2", &[0, 2][..]), "and so is"),
            ((5, "2/3", &[1][..]), "is block 2/3, and"),
            ((5, "", &[0, 1, 2, 3][..]), "a whole search"),
            ((5, "2/2", &[1, 2][..]), "trial 2, which is none of block 2/2"),
        ] {
            let error = joined(&[half, other], 4).expect_err(told).to_string();
            assert!(error.contains(told), "{error}");
        }
        let error = joined(&[half], 4).expect_err("one is missing").to_string();
        assert!(error.contains("block 2/2 is not among"), "{error}");
    }
}
