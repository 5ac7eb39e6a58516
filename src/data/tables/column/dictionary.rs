//! The different texts of a column, with their codes.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::FieldError;
use crate::data::preprocess::same::{flag, shortest_decimal};
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
    /// Numbers that mean a missing value, however a text writes them.
    missing: Vec<String>,
    growth: Growth,
}

/// Which texts mean the same as one of a list.
#[derive(Debug)]
enum Equals {
    /// The codes of the list's truth values.
    Flags([Option<u32>; 2]),
    /// Decimal numbers, by how they are written without needless zeros.
    Decimals(HashMap<Box<str>, u32, RandomState>),
    /// Numbers, by the bits of their value.
    Numbers(HashMap<u32, u32, RandomState>),
}

impl Equals {
    /// Truth values equal one another however they are written, and so do decimal numbers.
    fn of_categories(list: &[String]) -> Self {
        Self::flags(list).unwrap_or_else(|| {
            let decimals = (0..)
                .zip(list)
                .filter_map(|(code, text)| Some((shortest_decimal(text)?.into(), code)));
            Self::Decimals(unambiguous(decimals))
        })
    }

    /// Truth values equal one another, and so do numbers.
    fn of_classes(list: &[String]) -> Self {
        Self::flags(list).unwrap_or_else(|| {
            let number = |text: &String| text.parse::<f32>().ok().map(value);
            let numbers = (0..).zip(list);
            Self::Numbers(unambiguous(
                numbers.filter_map(|(code, text)| Some((number(text)?, code))),
            ))
        })
    }

    fn flags(list: &[String]) -> Option<Self> {
        let mut codes = [None; 2];
        for (code, text) in (0..).zip(list) {
            let own = &mut codes[usize::from(flag(text)?)];
            if own.replace(code).is_some() {
                return None;
            }
        }
        Some(Self::Flags(codes))
    }

    fn code(&self, text: &str) -> Option<u32> {
        match self {
            Self::Flags(codes) => codes[usize::from(flag(text)?)],
            Self::Decimals(codes) => codes.get(shortest_decimal(text)?).copied(),
            Self::Numbers(codes) => codes.get(&value(text.parse().ok()?)).copied(),
        }
    }
}

/// The codes of keys that only one text of a list has.
fn unambiguous<K: Eq + std::hash::Hash>(
    keys: impl Iterator<Item = (K, u32)>,
) -> HashMap<K, u32, RandomState> {
    let mut codes: HashMap<K, Option<u32>, RandomState> = HashMap::default();
    for (key, code) in keys {
        codes.entry(key).and_modify(|own| *own = None).or_insert(Some(code));
    }
    codes.into_iter().filter_map(|(key, code)| Some((key, code?))).collect()
}

/// Whether new texts are added.
#[derive(Debug)]
enum Growth {
    /// Up to this many.
    Open(usize),
    /// None are added; a text that is none of them may still mean the same as one.
    Closed(Equals),
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
            missing: na.decimals(),
            growth: Growth::Open(max),
        }
    }

    /// A dictionary of these texts that takes no others.
    pub(super) fn closed(list: &[String], na: &NaValues) -> Self {
        let mut own = Self::open(0, na);
        own.codes.extend((0..).zip(list).map(|(code, word)| (word.as_bytes().into(), code)));
        let growth = Growth::Closed(Equals::of_categories(list));
        Self { list: list.to_vec(), growth, ..own }
    }

    /// As [`Self::closed`], but all numbers match by value: `1e2` is `100`.
    pub(super) fn closed_by_value(list: &[String], na: &NaValues) -> Self {
        Self { growth: Growth::Closed(Equals::of_classes(list)), ..Self::closed(list, na) }
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
        let missing = |text| self.missing.iter().any(|own| own == text);
        if !self.missing.is_empty() && shortest_decimal(text).is_some_and(missing) {
            return Ok(Some(MISSING_CODE));
        }
        match &self.growth {
            Growth::Open(_) => Ok(self.insert(text)),
            Growth::Closed(equals) => {
                let code = equals.code(text);
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
