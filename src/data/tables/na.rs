//! Which fields stand for a missing value.

use std::collections::HashSet;

/// What people and programs write for a missing value, where nothing else is said.
pub const NA: &[&str] =
    &["NA", "N/A", "n/a", "NaN", "nan", "NAN", "-nan", "null", "NULL", "None", "<NA>", "#N/A", "?"];

/// The words that stand for a missing value. An empty field always does.
#[derive(Debug, Default)]
pub(super) struct Na {
    words: HashSet<Vec<u8>>,
    /// Those that are numbers, such as -999, count however they are written.
    numbers: Vec<f32>,
}

impl Na {
    pub(super) fn new(words: &[String]) -> Self {
        let numbers = words.iter().filter_map(|word| word.parse().ok());
        Self {
            words: words.iter().map(|word| word.as_bytes().to_vec()).collect(),
            numbers: numbers.filter(|number: &f32| number.is_finite()).collect(),
        }
    }

    /// Those that are not the empty one.
    pub(super) fn words(&self) -> impl Iterator<Item = &[u8]> {
        self.words.iter().map(Vec::as_slice)
    }

    /// Whether a field's text does.
    pub(super) fn has(&self, text: &[u8]) -> bool {
        text.is_empty() || self.words.contains(text)
    }

    /// Whether a finite number does.
    #[inline]
    pub(super) fn has_number(&self, number: f32) -> bool {
        self.numbers.contains(&number)
    }
}
