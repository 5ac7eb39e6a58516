//! The different texts of a column, with their codes.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::FieldError;
use crate::data::tables::na::NaValues;
use crate::data::tables::table::{MISSING_CODE, UNKNOWN_CODE};

/// A column whose different texts have more bytes is not categorical.
const MAX_BYTES: usize = 1 << 24;

/// The different texts of a column. The code of a text is its index in `list`.
#[derive(Debug)]
pub(super) struct Dictionary {
    pub(super) list: Vec<String>,
    /// The first text that a closed dictionary does not contain.
    pub(super) unknown: Option<String>,
    codes: HashMap<Box<[u8]>, u32, RandomState>,
    bytes: usize,
    growth: Growth,
}

/// Whether new texts are added.
#[derive(Debug)]
enum Growth {
    /// Up to this many.
    Open(usize),
    /// None are added. Codes by the bits of a number, for texts that match by value.
    Closed(HashMap<u32, u32, RandomState>),
}

impl Dictionary {
    /// An empty dictionary that takes `max` texts beside those for missing values.
    pub(super) fn open(max: usize, na: &NaValues) -> Self {
        let missing = na.texts().map(|text| (text.into(), MISSING_CODE));
        Self {
            list: Vec::new(),
            unknown: None,
            codes: missing.collect(),
            bytes: 0,
            growth: Growth::Open(max),
        }
    }

    /// A dictionary of these texts that takes no others.
    pub(super) fn closed(list: &[String], na: &NaValues) -> Self {
        let mut own = Self::open(0, na);
        own.codes.extend((0..).zip(list).map(|(code, word)| (word.as_bytes().into(), code)));
        Self { list: list.to_vec(), growth: Growth::Closed(HashMap::default()), ..own }
    }

    /// As [`Self::closed`], but numbers also match by value: `1.0` is `1`.
    pub(super) fn closed_by_value(list: &[String], na: &NaValues) -> Self {
        let number = |word: &String| word.parse::<f32>().ok().map(value);
        let numbers = (0..).zip(list).filter_map(|(code, word)| Some((number(word)?, code)));
        Self { growth: Growth::Closed(numbers.collect()), ..Self::closed(list, na) }
    }

    /// The code of a text; `None` where it is new and the dictionary is full.
    #[inline]
    pub(super) fn code(&mut self, text: &[u8]) -> Result<Option<u32>, FieldError> {
        match self.codes.get(text) {
            Some(code) => Ok(Some(*code)),
            None => self.unseen(text),
        }
    }

    /// The code of a text that is not in the dictionary yet.
    fn unseen(&mut self, text: &[u8]) -> Result<Option<u32>, FieldError> {
        let text = std::str::from_utf8(text).map_err(|_| FieldError::NotUtf8)?;
        match &self.growth {
            Growth::Open(_) => Ok(self.insert(text)),
            Growth::Closed(numbers) => {
                let number = text.parse::<f32>().ok().map(value);
                let code = number.and_then(|number| numbers.get(&number)).copied();
                if code.is_none() && self.unknown.is_none() {
                    self.unknown = Some(text.to_owned());
                }
                Ok(Some(code.unwrap_or(UNKNOWN_CODE)))
            }
        }
    }

    /// Adds a text if it is new and returns its code; `None` where the dictionary is full or
    /// closed.
    pub(super) fn insert(&mut self, text: &str) -> Option<u32> {
        if let Some(code) = self.codes.get(text.as_bytes()) {
            return Some(*code);
        }
        let Growth::Open(max) = self.growth else { return None };
        self.bytes += text.len();
        if self.list.len() == max || self.bytes > MAX_BYTES {
            return None;
        }
        let code = self.list.len() as u32;
        self.list.push(text.to_owned());
        self.codes.insert(text.as_bytes().into(), code);
        Some(code)
    }
}

/// A number's bits; −0 has those of 0.
fn value(number: f32) -> u32 {
    (number + 0.0).to_bits()
}
