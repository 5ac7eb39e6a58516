//! Words by number, each kept once.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::Fault;
use crate::data::tables::na::Na;
use crate::data::tables::table::{MISSING, UNKNOWN};

/// Past so many bytes of different words they are no categories.
const MOST_BYTES: usize = 1 << 24;

/// The words of a column.
#[derive(Debug)]
pub(super) struct Dictionary {
    pub(super) list: Vec<String>,
    /// The first word that a closed dictionary has not got.
    pub(super) unknown: Option<String>,
    places: HashMap<Box<[u8]>, u32, RandomState>,
    bytes: usize,
    entry: Entry,
}

/// Whether new words enter.
#[derive(Debug)]
enum Entry {
    /// Until there are so many.
    Open(usize),
    /// None. Some words that are numbers are found by their value, too.
    Closed(HashMap<u32, u32, RandomState>),
}

impl Dictionary {
    /// An empty one that takes so many words beside those for missing values.
    pub(super) fn open(most: usize, na: &Na) -> Self {
        let missing = na.words().map(|word| (word.into(), MISSING));
        Self {
            list: Vec::new(),
            unknown: None,
            places: missing.collect(),
            bytes: 0,
            entry: Entry::Open(most),
        }
    }

    /// One that knows such words and takes no others.
    pub(super) fn closed(list: &[String], na: &Na) -> Self {
        let mut own = Self::open(0, na);
        own.places.extend((0..).zip(list).map(|(code, word)| (word.as_bytes().into(), code)));
        Self { list: list.to_vec(), entry: Entry::Closed(HashMap::default()), ..own }
    }

    /// The same, but words that are numbers are found by their value, too: `1.0` is `1`.
    pub(super) fn closed_by_value(list: &[String], na: &Na) -> Self {
        let number = |word: &String| word.parse::<f32>().ok().map(value);
        let numbers = (0..).zip(list).filter_map(|(code, word)| Some((number(word)?, code)));
        Self { entry: Entry::Closed(numbers.collect()), ..Self::closed(list, na) }
    }

    /// The code of a word; nothing where it is one too many.
    #[inline]
    pub(super) fn code(&mut self, text: &[u8]) -> Result<Option<u32>, Fault> {
        match self.places.get(text) {
            Some(code) => Ok(Some(*code)),
            None => self.unseen(text),
        }
    }

    /// The code of a word that has no place yet.
    fn unseen(&mut self, text: &[u8]) -> Result<Option<u32>, Fault> {
        let text = std::str::from_utf8(text).map_err(|_| Fault::NotUtf8)?;
        match &self.entry {
            Entry::Open(_) => Ok(self.enter(text)),
            Entry::Closed(numbers) => {
                let number = text.parse::<f32>().ok().map(value);
                let code = number.and_then(|number| numbers.get(&number)).copied();
                if code.is_none() && self.unknown.is_none() {
                    self.unknown = Some(text.to_owned());
                }
                Ok(Some(code.unwrap_or(UNKNOWN)))
            }
        }
    }

    /// The code of a word, which enters where it is new; nothing where it is one too many.
    pub(super) fn enter(&mut self, text: &str) -> Option<u32> {
        if let Some(code) = self.places.get(text.as_bytes()) {
            return Some(*code);
        }
        let Entry::Open(most) = self.entry else { return None };
        self.bytes += text.len();
        if self.list.len() == most || self.bytes > MOST_BYTES {
            return None;
        }
        let code = self.list.len() as u32;
        self.list.push(text.to_owned());
        self.places.insert(text.as_bytes().into(), code);
        Some(code)
    }
}

/// A number's bits, those of 0 for −0.
fn value(number: f32) -> u32 {
    (number + 0.0).to_bits()
}
