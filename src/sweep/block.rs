//! A block: the part of a search's trials that one of several processes does.

use std::fmt::{Display, Formatter};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Every `of`-th trial of a search, so that trials that take long are spread over all blocks.
///
/// ```
/// use halfplane::sweep::Block;
///
/// # fn main() -> halfplane::Result<()> {
/// let block: Block = "2/3".parse()?;
/// assert_eq!(block.trials().take(3).collect::<Vec<_>>(), [1, 4, 7]);
/// assert_eq!(Block::default().to_string(), "1/1");
/// assert!("4/3".parse::<Block>().is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Block {
    number: u64,
    of: u64,
}

impl Block {
    /// Block `number`, from 1 on, of so many.
    ///
    /// # Errors
    /// [`Error::Invalid`] where there is none of that number.
    pub fn new(number: u64, of: u64) -> Result<Self> {
        if number == 0 || number > of {
            return Err(Error::invalid(
                format!("there is no block {number} of {of}"),
                "write 3/16 for the third of sixteen",
            ));
        }
        Ok(Self { number, of })
    }

    /// Which one it is, from 1 on.
    pub fn number(self) -> u64 {
        self.number
    }

    /// How many blocks there are.
    pub fn of(self) -> u64 {
        self.of
    }

    /// The numbers of its trials, in order, without an end.
    pub fn trials(self) -> impl Iterator<Item = u64> {
        std::iter::successors(Some(self.number - 1), move |trial| trial.checked_add(self.of))
    }

    /// How many of its trials are below a number.
    pub fn count(self, limit: u64) -> u64 {
        limit.saturating_sub(self.number - 1).div_ceil(self.of)
    }
}

/// All trials.
impl Default for Block {
    fn default() -> Self {
        Self { number: 1, of: 1 }
    }
}

impl Display for Block {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl FromStr for Block {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let parts = text
            .split_once('/')
            .and_then(|(number, of)| Some((number.trim().parse().ok()?, of.trim().parse().ok()?)));
        match parts {
            Some((number, of)) => Self::new(number, of),
            None => Err(Error::invalid(
                format!("`{text}` is no block"),
                "write 3/16 for the third of sixteen",
            )),
        }
    }
}

impl From<Block> for String {
    fn from(own: Block) -> Self {
        own.to_string()
    }
}

impl TryFrom<String> for Block {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_share_out_all_trials() {
        for (of, limit) in [(1, 5), (3, 10), (4, 4), (7, 3), (5, 0)] {
            let mut all = Vec::new();
            for number in 1..=of {
                let block = Block::new(number, of).expect("there is one");
                let own: Vec<u64> = block.trials().take_while(|trial| *trial < limit).collect();
                assert_eq!(own.len() as u64, block.count(limit), "{block} of {limit}");
                all.extend(own);
            }
            all.sort_unstable();
            assert_eq!(all, (0..limit).collect::<Vec<_>>());
        }
        let last = Block::new(u64::MAX, u64::MAX).expect("there is one");
        assert_eq!(last.trials().collect::<Vec<_>>(), [u64::MAX - 1]);
    }

    #[test]
    fn what_is_no_block_is_refused() {
        for text in ["", "3", "0/4", "5/4", "1/0", "a/b", "-1/4", "1/2/3"] {
            let error = text.parse::<Block>().expect_err(text).to_string();
            assert!(error.contains("block"), "{error}");
        }
    }
}
