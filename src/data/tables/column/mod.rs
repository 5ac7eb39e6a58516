//! A column while it is read, field by field, until its type is known.
//!
//! Whether a column holds numbers or texts shows at its first text, which may come late. Until then
//! only the numbers are kept: printing a short number as float32 gives its text back, and the few
//! texts that this does not reproduce (`1.50`, `007`) are listed in `inexact`. When that list grows
//! long, the column is numeric for certain, and a text is a stray word, as a few words among numbers
//! are in any case: a missing value.
//!
//! Must not know: where the fields come from.

mod dates;
mod dictionary;
mod dressed;
mod error;
mod evidence;
mod finish;
mod moments;
mod parse;
mod same;
mod strays;
mod text;

use std::collections::HashMap;
use std::rc::Rc;

use super::cells::Cells;
use super::na::NaValues;
use super::table::{MISSING_CODE, TextField};
use crate::data::DateFormat;
pub(super) use crate::data::preprocess::same::shortest_decimal;
pub(super) use dates::is_date;
use dictionary::Dictionary;
use parse::{Parsed, parsed};
use same::boolean_name;
use strays::StrayWords;

use dressed::is_formatted_number;
pub(super) use dressed::is_number_of_any_kind;
pub(super) use error::FieldError;
pub(super) use evidence::{evidence, mostly_numbers};
pub use text::Decimal;
use text::is_decimal_comma;
pub(super) use text::{MAX_NUMERIC_CLASSES, value};

/// A column with more different texts is not categorical.
const MAX_DISTINCT_TEXTS: usize = 1 << 16;

/// A target with more different values has no classes.
pub(super) const MAX_CLASSES: usize = 4096;

/// A column with more numbers whose text float32 does not reproduce is numeric for certain.
const MAX_INEXACT: usize = 4096;

/// Texts that are kept of a column with too many different ones.
const EXAMPLES: usize = 1000;

/// How a column is to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ReadAs {
    /// Numbers or texts, decided by the fields.
    Infer,
    /// Numbers; some may be missing.
    Numbers,
    /// Numbers where a model had numbers; a word among them is missing.
    KnownNumbers,
    /// Numbers, none missing.
    CompleteNumbers,
    /// Texts, with a code for each different one.
    Text,
    /// Dates where a model had dates; any other word is missing.
    KnownDates(DateFormat),
    /// The texts of a model's categories; all others have one code.
    Known(Vec<String>),
    /// A target: numbers, texts, or both.
    Target,
    /// A target that must be numeric.
    TargetNumbers,
    /// A target of a model's classes.
    Classes(Vec<String>, OtherClasses),
    /// Not at all.
    Skip,
}

/// What becomes of a target that is none of a model's classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OtherClasses {
    /// An error.
    Refused,
    /// It has the code of an unknown text.
    Unknown,
}

/// What a file says that a column holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum StoredType {
    /// Nothing (a text file), or numbers.
    #[default]
    Inferred,
    /// Texts, also where they look like numbers: zip codes.
    Text,
    /// Categories, also where they are numbers: pandas' `Categorical`.
    Categories,
    /// Truth values.
    Boolean,
    /// Dates, or times of the day.
    Dates(DateFormat),
}

/// A column while it is read. It writes one cell of each row; a target writes two, the number and
/// the code of its text.
#[derive(Debug)]
pub(super) struct ColumnBuilder {
    name: String,
    read_as: ReadAs,
    na: Rc<NaValues>,
    /// The decimal separator of its numbers.
    pub(super) decimal: Decimal,
    /// The index of its first cell.
    cell: usize,
    /// Rows so far.
    rows: usize,
    state: State,
    /// Its different texts, if they are needed.
    texts: Option<Dictionary>,
    /// Rows whose number, printed as float32, differs from its text; with that text.
    inexact: Option<Vec<(usize, Box<str>)>>,
    /// Set where the column has too many different texts.
    too_many: Option<TooMany>,
    /// The first field that is not a number.
    first_text: Option<TextField>,
    /// The first field that is a number as people write them, such as `$1,234`.
    first_dressed: Option<TextField>,
    /// Words among numbers, or where a model had numbers or dates.
    strays: StrayWords,
    /// Rows of a target that are missing by a word: it may be the name of a class.
    na_words: usize,
    /// Some texts of a column of texts that are numbers in part.
    mixed: Vec<String>,
    /// The order that the user has named for dates whose texts decide none.
    pub(super) date_order: Option<DateFormat>,
    /// How its texts are read where it holds dates, and the moments so far.
    dates: Option<(DateFormat, Vec<i64>)>,
    stored: StoredType,
}

/// What a column has held so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Numbers,
    Text,
    /// The cells are indices of moments.
    Dates,
    /// The cells are not used.
    Unused,
}

/// What is kept of a column with too many different texts.
#[derive(Debug)]
struct TooMany {
    examples: Vec<String>,
    mostly_numbers: bool,
}

impl ColumnBuilder {
    /// A column that writes its cells from `cell` on.
    pub(super) fn new(name: String, read_as: ReadAs, na: &Rc<NaValues>, cell: usize) -> Self {
        let texts = match &read_as {
            ReadAs::Text => Some(Dictionary::open(MAX_DISTINCT_TEXTS, na)),
            ReadAs::Target => Some(Dictionary::open(MAX_CLASSES, na)),
            ReadAs::Known(list) => Some(Dictionary::closed(list, na)),
            ReadAs::Classes(list, _) => Some(Dictionary::closed_by_value(list, na)),
            ReadAs::Infer
            | ReadAs::Numbers
            | ReadAs::KnownNumbers
            | ReadAs::KnownDates(_)
            | ReadAs::CompleteNumbers
            | ReadAs::TargetNumbers
            | ReadAs::Skip => None,
        };
        let state = match read_as {
            ReadAs::Infer
            | ReadAs::Numbers
            | ReadAs::KnownNumbers
            | ReadAs::CompleteNumbers
            | ReadAs::Target
            | ReadAs::TargetNumbers => State::Numbers,
            ReadAs::Text | ReadAs::Known(_) | ReadAs::Classes(..) => State::Text,
            ReadAs::KnownDates(_) => State::Dates,
            ReadAs::Skip => State::Unused,
        };
        let dates = match read_as {
            ReadAs::KnownDates(format) => Some((format, Vec::new())),
            _ => None,
        };
        Self {
            date_order: None,
            mixed: Vec::new(),
            na_words: 0,
            dates,
            inexact: (read_as == ReadAs::Infer).then(Vec::new),
            rows: 0,
            too_many: None,
            first_text: None,
            first_dressed: None,
            strays: StrayWords::default(),
            stored: StoredType::Inferred,
            na: Rc::clone(na),
            decimal: Decimal::Point,
            name,
            read_as,
            cell,
            state,
            texts,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Says what the file says that the column holds, before the first value.
    pub(super) fn store(&mut self, stored: StoredType) {
        self.stored = stored;
        if let StoredType::Dates(format) = stored {
            if self.read_as == ReadAs::Infer {
                self.inexact = None;
                self.state = State::Dates;
                self.dates = Some((format, Vec::new()));
            }
        } else if stored != StoredType::Inferred
            && matches!(self.read_as, ReadAs::Infer | ReadAs::Target)
        {
            self.inexact = None;
            self.state = State::Text;
            self.texts.get_or_insert_with(|| Dictionary::open(MAX_DISTINCT_TEXTS, &self.na));
        }
    }

    pub(super) fn read_as(&self) -> &ReadAs {
        &self.read_as
    }

    /// Appends a field by its text. `line` is its line in the file, called only where an error may
    /// name it later.
    #[inline]
    pub(super) fn push(
        &mut self,
        cells: &mut Cells,
        text: &[u8],
        line: impl Fn() -> Option<u64>,
    ) -> Result<(), FieldError> {
        self.push_field(cells, text.trim_ascii(), line)?;
        self.rows += 1;
        Ok(())
    }

    #[inline]
    fn push_field(
        &mut self,
        cells: &mut Cells,
        text: &[u8],
        line: impl Fn() -> Option<u64>,
    ) -> Result<(), FieldError> {
        match self.state {
            State::Numbers => match parsed(text, self.decimal, &self.na) {
                Parsed::Number(number) => self.push_parsed(cells, number, text),
                Parsed::Missing => self.push_missing(cells, text),
                Parsed::DecimalPoint => Err(FieldError::DecimalPoint(utf8(text)?)),
                Parsed::NotFinite | Parsed::Text if self.takes_strays() => {
                    self.push_stray(cells, text, line)
                }
                Parsed::NotFinite if self.read_as != ReadAs::Infer => {
                    Err(FieldError::NotFinite(utf8(text)?))
                }
                Parsed::NotFinite | Parsed::Text => {
                    self.switch_to_text(cells, TextField { line: line(), text: utf8(text)? })?;
                    match self.state {
                        State::Numbers => self.push_stray(cells, text, line),
                        _ => self.push_text(cells, text, line),
                    }
                }
            },
            State::Text => self.push_text(cells, text, line),
            State::Dates if self.na.contains(text) => self.push_missing(cells, text),
            State::Dates => self.push_date(cells, text, line),
            State::Unused => Ok(()),
        }
    }

    /// Whether a word among numbers is a missing value: where a model had numbers, and where there were
    /// too many numbers for names.
    fn takes_strays(&self) -> bool {
        match self.read_as {
            ReadAs::KnownNumbers => true,
            ReadAs::Infer => self.inexact.is_none(),
            _ => false,
        }
    }

    /// Appends a number of a binary file; `text` prints it.
    #[inline]
    pub(super) fn push_number(
        &mut self,
        cells: &mut Cells,
        number: f32,
        text: impl FnOnce() -> String,
    ) -> Result<(), FieldError> {
        match self.state {
            State::Unused => {}
            _ if number.is_nan() || self.na.contains_number(number) => {
                self.push_missing(cells, b"")?
            }
            State::Text => self.push_text(cells, text().as_bytes(), || None)?,
            State::Dates => self.push_stray(cells, text().as_bytes(), || None)?,
            State::Numbers
                if number.is_infinite()
                    && matches!(self.read_as, ReadAs::Infer | ReadAs::KnownNumbers) =>
            {
                self.push_stray(cells, text().as_bytes(), || None)?;
            }
            State::Numbers if number.is_infinite() => return Err(FieldError::NotFinite(text())),
            State::Numbers => {
                cells.set(self.rows, self.cell, number.to_bits());
                if self.texts.is_some() {
                    self.push_class_name(cells, text().as_bytes())?;
                }
            }
        }
        self.rows += 1;
        Ok(())
    }

    /// Appends a truth value.
    pub(super) fn push_boolean(
        &mut self,
        cells: &mut Cells,
        value: bool,
    ) -> Result<(), FieldError> {
        match self.state {
            State::Text => {
                self.push_text(cells, boolean_name(value).as_bytes(), || None)?;
                self.rows += 1;
                Ok(())
            }
            State::Numbers | State::Dates | State::Unused => {
                let number = u8::from(value);
                self.push_number(cells, number.into(), || number.to_string())
            }
        }
    }

    /// Appends a null value.
    pub(super) fn push_absent(&mut self, cells: &mut Cells) -> Result<(), FieldError> {
        if self.state != State::Unused {
            self.push_missing(cells, b"")?;
        }
        self.rows += 1;
        Ok(())
    }

    #[inline]
    fn push_parsed(
        &mut self,
        cells: &mut Cells,
        number: f32,
        text: &[u8],
    ) -> Result<(), FieldError> {
        if let Some(inexact) = &mut self.inexact
            && !text::is_plain(text)
        {
            if inexact.len() == MAX_INEXACT {
                self.inexact = None;
            } else {
                inexact.push((self.rows, String::from_utf8_lossy(text).into()));
            }
        }
        cells.set(self.rows, self.cell, number.to_bits());
        self.push_class_name(cells, text)
    }

    /// Appends the text of a number that may be the name of a class.
    #[inline]
    fn push_class_name(&mut self, cells: &mut Cells, text: &[u8]) -> Result<(), FieldError> {
        let Some(texts) = &mut self.texts else { return Ok(()) };
        match texts.code(text)? {
            Some(code) => cells.set(self.rows, self.cell + 1, code),
            None => self.texts = None,
        }
        Ok(())
    }

    /// Appends a missing value that was written as `text`.
    fn push_missing(&mut self, cells: &mut Cells, text: &[u8]) -> Result<(), FieldError> {
        match (&self.read_as, self.state) {
            (ReadAs::CompleteNumbers, _) => return Err(FieldError::Missing(utf8(text)?)),
            (ReadAs::Target, State::Numbers | State::Text) => {
                self.na_words += usize::from(!text.is_empty());
                cells.set(self.rows, self.cell, f32::NAN.to_bits());
                cells.set(self.rows, self.cell + 1, MISSING_CODE);
            }
            (_, State::Numbers) => cells.set(self.rows, self.cell, f32::NAN.to_bits()),
            (_, State::Text | State::Dates) => cells.set(self.rows, self.cell, MISSING_CODE),
            (_, State::Unused) => {}
        }
        Ok(())
    }

    /// Appends a word among numbers or dates: a missing value. A number that cannot be read as it stands
    /// is an error all the same where numbers are expected.
    fn push_stray(
        &mut self,
        cells: &mut Cells,
        text: &[u8],
        line: impl Fn() -> Option<u64>,
    ) -> Result<(), FieldError> {
        let text = utf8(text)?;
        if self.state == State::Numbers && (is_decimal_comma(&text) || is_formatted_number(&text)) {
            return Err(FieldError::among_numbers(text, FieldError::NotNumber));
        }
        self.strays.push(text, line);
        self.push_missing(cells, b"")
    }

    /// Makes a column of texts of one that held numbers until this field, unless it held too many of them
    /// for names: then it stays one of numbers.
    fn switch_to_text(&mut self, cells: &mut Cells, field: TextField) -> Result<(), FieldError> {
        match self.read_as {
            ReadAs::Infer => {
                let inexact = self.inexact.take().unwrap_or_default();
                self.texts = self.number_texts(cells, &inexact);
                if self.texts.is_none() {
                    return Ok(());
                }
            }
            ReadAs::Target if self.texts.is_none() => {
                return Err(FieldError::among_numbers(field.text, FieldError::TooManyClasses));
            }
            ReadAs::Target => {}
            _ => return Err(FieldError::among_numbers(field.text, FieldError::NotNumber)),
        }
        self.state = State::Text;
        self.first_text = Some(field);
        Ok(())
    }

    /// Replaces all numbers so far by the codes of their texts: those of `inexact` rows as they
    /// were written, the others as float32 prints them. `None`, and no cell has changed, where there are
    /// too many different ones.
    fn number_texts(&self, cells: &mut Cells, inexact: &[(usize, Box<str>)]) -> Option<Dictionary> {
        let mut texts = Dictionary::open(MAX_DISTINCT_TEXTS, &self.na);
        let mut inexact = inexact.iter().peekable();
        let mut known = HashMap::new();
        let mut codes = Vec::with_capacity(self.rows);
        for row in 0..self.rows {
            let bits = cells.get(row, self.cell);
            let number = f32::from_bits(bits);
            let code = if number.is_nan() {
                MISSING_CODE
            } else if let Some((_, text)) = inexact.next_if(|(at, _)| *at == row) {
                texts.insert(text)?
            } else if let Some(code) = known.get(&bits) {
                *code
            } else {
                let code = texts.insert(&number.to_string())?;
                known.insert(bits, code);
                code
            };
            codes.push(code);
        }
        codes.iter().enumerate().for_each(|(row, code)| cells.set(row, self.cell, *code));
        Some(texts)
    }

    fn push_text(
        &mut self,
        cells: &mut Cells,
        text: &[u8],
        line: impl Fn() -> Option<u64>,
    ) -> Result<(), FieldError> {
        let Some(texts) = &mut self.texts else { return Ok(()) };
        if text.is_empty() {
            return self.push_missing(cells, text);
        }
        let cell = self.cell + usize::from(self.read_as == ReadAs::Target);
        let known = texts.list.len();
        match texts.code(text)? {
            Some(MISSING_CODE) => self.push_missing(cells, text),
            Some(code) => {
                if let ReadAs::Classes(classes, OtherClasses::Refused) = &self.read_as
                    && let Some(text) = &texts.unknown
                {
                    let text = text.clone();
                    return Err(FieldError::UnknownClass(text, classes.clone()));
                }
                cells.set(self.rows, cell, code);
                if let Some(text) = texts.list.get(known)
                    && self.first_dressed.is_none()
                    && (is_decimal_comma(text) || is_formatted_number(text))
                {
                    self.first_dressed = Some(TextField { line: line(), text: text.clone() });
                }
                Ok(())
            }
            None => self.too_many(cells, text, line),
        }
    }

    /// Handles one different text more than are kept.
    fn too_many(
        &mut self,
        cells: &mut Cells,
        text: &[u8],
        line: impl Fn() -> Option<u64>,
    ) -> Result<(), FieldError> {
        if self.read_as == ReadAs::Infer && self.switch_to_dates(cells)? {
            return self.push_date(cells, text, line);
        }
        match self.read_as {
            ReadAs::Infer => {
                let list = self.texts.as_ref().map(|texts| &texts.list);
                let mostly_numbers = list.is_some_and(|list| mostly_numbers(list));
                if mostly_numbers
                    && self.stored == StoredType::Inferred
                    && self.first_dressed.is_none()
                {
                    self.switch_to_numbers(cells);
                    return self.push_field(cells, text, line);
                }
                let mut list = self.texts.take().map(|texts| texts.list).unwrap_or_default();
                list.truncate(EXAMPLES);
                self.too_many = Some(TooMany { examples: list, mostly_numbers });
                self.state = State::Unused;
                Ok(())
            }
            ReadAs::Target => {
                Err(FieldError::among_numbers(utf8(text)?, FieldError::TooManyClasses))
            }
            _ => Err(FieldError::TooManyCategories(MAX_DISTINCT_TEXTS)),
        }
    }
}

fn utf8(text: &[u8]) -> Result<String, FieldError> {
    std::str::from_utf8(text).map(str::to_owned).map_err(|_| FieldError::NotUtf8)
}

#[cfg(test)]
mod tests;
