//! Words among numbers: when a column is one of numbers all the same, and its words are missing values.

use super::dressed::is_formatted_number;
use super::parse::{Parsed, parsed};
use super::text::{is_decimal_comma, value};
use super::{ColumnBuilder, FieldError, State};
use crate::data::tables::cells::Cells;
use crate::data::tables::table::{MISSING_CODE, Strays, TextField};

/// A column is one of numbers if at most one of so many of its values is a word; marks such as `.` and
/// `*` are no words.
const MOST_WORDS: usize = 10;

/// A column of numbers has at most so many different words: a model lists them.
const MAX_WORDS: usize = 100;

/// A column of numbers and words has at most so many different values where they are categories, each in
/// so many rows on average.
const MAX_MIXED: usize = 50;
const ROWS_OF_EACH: usize = 5;

/// The words among the numbers or dates of a column so far.
#[derive(Debug, Default)]
pub(super) struct StrayWords {
    rows: usize,
    /// Those rows of which the text is no mark.
    rows_of_words: usize,
    first: Option<TextField>,
    /// The different ones, one more than [`MAX_WORDS`] at most.
    words: Vec<String>,
}

impl StrayWords {
    pub(super) fn push(&mut self, text: String, line: impl Fn() -> Option<u64>) {
        self.rows += 1;
        self.rows_of_words += usize::from(!is_mark(&text));
        if self.words.len() <= MAX_WORDS && !self.words.contains(&text) {
            self.first.get_or_insert_with(|| TextField { line: line(), text: text.clone() });
            self.words.push(text);
        }
    }

    pub(super) fn take(self) -> Option<Strays> {
        (self.rows > 0).then_some(Strays { rows: self.rows, words: self.words })
    }
}

impl ColumnBuilder {
    /// Makes a column of numbers of one of texts: those that are none are stray words.
    pub(super) fn switch_to_numbers(&mut self, cells: &mut Cells) {
        let list = self.texts.take().map(|texts| texts.list).unwrap_or_default();
        let numbers: Vec<Option<f32>> = list.iter().map(|text| self.number(text)).collect();
        let first = self.first_text.take().unwrap_or_default();
        for row in 0..self.rows {
            // What is missing has no code of the list.
            let code = cells.get(row, self.cell) as usize;
            let number = match numbers.get(code) {
                Some(Some(number)) => *number,
                Some(None) => {
                    let line = (list[code] == first.text).then_some(first.line).flatten();
                    self.strays.push(list[code].clone(), || line);
                    f32::NAN
                }
                None => f32::NAN,
            };
            cells.set(row, self.cell, number.to_bits());
        }
        self.state = State::Numbers;
    }

    /// The number that a text of the column is.
    fn number(&self, text: &str) -> Option<f32> {
        match parsed(text.as_bytes(), self.decimal, &self.na) {
            Parsed::Number(number) => Some(number),
            _ => None,
        }
    }

    /// Whether the words of a column of texts that are mostly numbers are few enough to be strays.
    pub(super) fn words_are_few(&self, cells: &Cells) -> bool {
        let Some(texts) = &self.texts else { return false };
        let is_word = |text: &String| self.number(text).is_none() && !is_mark(text);
        let is_word: Vec<bool> = texts.list.iter().map(is_word).collect();
        let codes = cells.column(self.cell, self.rows);
        let words = codes.filter(|code| is_word.get(*code as usize) == Some(&true)).count();
        are_few(words, self.filled(cells))
    }

    /// Takes a column of texts that are numbers in part for one of categories, if they are few.
    pub(super) fn switch_to_mixed(&mut self, cells: &Cells) -> bool {
        let Some(texts) = &self.texts else { return false };
        let few =
            texts.list.len() <= MAX_MIXED && ROWS_OF_EACH * texts.list.len() <= self.filled(cells);
        if few {
            let (numbers, words): (Vec<_>, Vec<_>) =
                texts.list.iter().partition(|text| self.number(text).is_some());
            let mut examples: Vec<&String> = numbers.into_iter().take(1).collect();
            examples.extend(words.into_iter().take(2 - examples.len()));
            self.mixed = examples.into_iter().cloned().collect();
        }
        few
    }

    /// The number of values that are not missing of a column of texts.
    fn filled(&self, cells: &Cells) -> usize {
        cells.column(self.cell, self.rows).filter(|code| *code != MISSING_CODE).count()
    }

    /// Refuses more words among the numbers of a column than strays are.
    pub(super) fn check_strays(&self, cells: &Cells) -> Result<(), (TextField, FieldError)> {
        let StrayWords { rows, rows_of_words, words, first } = &self.strays;
        let Some(field) = first else { return Ok(()) };
        let numbers = cells.column(self.cell, self.rows).map(f32::from_bits);
        let filled = rows + numbers.filter(|number| !number.is_nan()).count();
        if words.len() > MAX_WORDS || !are_few(*rows_of_words, filled) {
            return Err((field.clone(), fault(&field.text)));
        }
        Ok(())
    }
}

/// Whether words in so many rows are strays among the values of a column.
fn are_few(words: usize, filled: usize) -> bool {
    MOST_WORDS * words <= filled
}

/// Whether a text has neither letters nor digits, as `.`, `*` and `--` that stand for missing values.
fn is_mark(text: &str) -> bool {
    !text.chars().any(char::is_alphanumeric)
}

/// The fault of a word among numbers.
pub(super) fn fault(word: &str) -> FieldError {
    match value(word) {
        Some(_) if !is_decimal_comma(word) && !is_formatted_number(word) => {
            FieldError::NotFinite(word.to_owned())
        }
        _ => FieldError::among_numbers(word.to_owned(), FieldError::StrayText),
    }
}
