//! A column as it comes, field by field, and what it turns out to be.
//!
//! Whether a column holds numbers or words shows at its first word, which may come late. Until then
//! only the numbers are kept: float32 gives back the text of a short number, and the few texts that
//! it does not give back stand in a list of their own. Where that list grows long the column holds
//! numbers for certain, and a word is an error.
//!
//! Must not know: where the fields come from.

mod dictionary;
mod fault;
mod text;

use std::collections::HashMap;
use std::rc::Rc;

use super::cells::Cells;
use super::na::Na;
use super::table::{Label, MISSING, Place, RawColumn, Values, Words};
use dictionary::Dictionary;

pub(super) use fault::Fault;
pub use text::Decimal;
pub(super) use text::{FEW_NUMBERS, is_date, is_decimal_comma, is_dressed, mostly_numbers, value};

/// Past so many different words a column is no category.
const MOST_WORDS: usize = 1 << 16;

/// Past so many different values a target has no classes.
pub(super) const MOST_CLASSES: usize = 4096;

/// Past so many texts that float32 does not give back a column holds numbers for certain.
const MOST_ODD: usize = 4096;

/// Words that are kept to show what a column was like.
const EXAMPLES: usize = 8;

/// What is wanted of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Want {
    /// Numbers or words, as it turns out.
    Infer,
    /// Numbers; some may be missing.
    Numbers,
    /// Numbers, and none missing.
    Complete,
    /// Words.
    Words,
    /// Such words; others are told apart from them, but not from one another.
    Known(Vec<String>),
    /// A target: numbers, words, or both; none missing.
    Label,
    /// A target of such classes, and no others.
    Classes(Vec<String>),
    /// Nothing.
    Skip,
}

/// A column while it is read: it writes one cell of each row, and a target two.
#[derive(Debug)]
pub(super) struct Builder {
    name: String,
    want: Want,
    na: Rc<Na>,
    /// How its numbers are written.
    pub(super) decimal: Decimal,
    /// The first of its cells.
    cell: usize,
    /// Rows so far.
    rows: usize,
    state: State,
    /// The words, as far as they are wanted.
    words: Option<Dictionary>,
    /// Rows whose number does not give back its text, with that text.
    odd: Option<Vec<(usize, Box<str>)>>,
    /// Of a column that has too many words.
    many: Option<Many>,
    /// The first field that is no number.
    word: Option<Place>,
}

/// What a column has held so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Numbers,
    Words,
    /// Nothing that is kept.
    Nothing,
}

/// What is kept of too many words.
#[derive(Debug)]
struct Many {
    examples: Vec<String>,
    mostly_numbers: bool,
}

/// What a text is.
enum Parsed {
    Number(f32),
    Missing,
    Infinite,
    /// A number with a point, where numbers have commas.
    Pointed,
    Word,
}

impl Builder {
    /// A column that writes its cells from `cell` on.
    pub(super) fn new(name: String, want: Want, na: &Rc<Na>, cell: usize) -> Self {
        let words = match &want {
            Want::Words => Some(Dictionary::open(MOST_WORDS, na)),
            Want::Label => Some(Dictionary::open(MOST_CLASSES, na)),
            Want::Known(list) => Some(Dictionary::closed(list, na)),
            Want::Classes(list) => Some(Dictionary::closed_by_value(list, na)),
            Want::Infer | Want::Numbers | Want::Complete | Want::Skip => None,
        };
        let state = match want {
            Want::Infer | Want::Numbers | Want::Complete | Want::Label => State::Numbers,
            Want::Words | Want::Known(_) | Want::Classes(_) => State::Words,
            Want::Skip => State::Nothing,
        };
        Self {
            odd: (want == Want::Infer).then(Vec::new),
            rows: 0,
            many: None,
            word: None,
            na: Rc::clone(na),
            decimal: Decimal::Point,
            name,
            want,
            cell,
            state,
            words,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    #[cfg(feature = "parquet")]
    pub(super) fn want(&self) -> &Want {
        &self.want
    }

    /// Appends a field by its text. `line` is asked for where the place may be told of later.
    #[inline]
    pub(super) fn push(
        &mut self,
        cells: &mut Cells,
        text: &[u8],
        line: impl Fn() -> Option<u64>,
    ) -> Result<(), Fault> {
        let text = text.trim_ascii();
        match self.state {
            State::Numbers => match parsed(text, self.decimal, &self.na) {
                Parsed::Number(number) => self.push_parsed(cells, number, text)?,
                Parsed::Missing => self.push_missing(cells, text)?,
                Parsed::Infinite => return Err(Fault::Infinite(shown(text)?)),
                Parsed::Pointed => return Err(Fault::DecimalPoint(shown(text)?)),
                Parsed::Word => {
                    self.first_word(cells, Place { line: line(), text: shown(text)? })?;
                    self.push_word(cells, text)?;
                }
            },
            State::Words => self.push_word(cells, text)?,
            State::Nothing => {}
        }
        self.rows += 1;
        Ok(())
    }

    /// Appends a number that a file holds as one; `text` is how it is written out.
    #[inline]
    pub(super) fn push_number(
        &mut self,
        cells: &mut Cells,
        number: f32,
        text: impl FnOnce() -> String,
    ) -> Result<(), Fault> {
        match self.state {
            State::Nothing => {}
            _ if number.is_nan() || self.na.has_number(number) => self.push_missing(cells, b"")?,
            State::Words => self.push_word(cells, text().as_bytes())?,
            State::Numbers if number.is_infinite() => return Err(Fault::Infinite(text())),
            State::Numbers => {
                cells.set(self.rows, self.cell, number.to_bits());
                if self.words.is_some() {
                    self.push_name(cells, text().as_bytes())?;
                }
            }
        }
        self.rows += 1;
        Ok(())
    }

    /// Appends a field that a file says is missing.
    #[cfg(feature = "parquet")]
    pub(super) fn push_absent(&mut self, cells: &mut Cells) -> Result<(), Fault> {
        if self.state != State::Nothing {
            self.push_missing(cells, b"")?;
        }
        self.rows += 1;
        Ok(())
    }

    /// What the column is. The error is that of a field long past.
    pub(super) fn finish(self) -> Result<RawColumn, (Place, Fault)> {
        let stray = match (&self.words, &self.many) {
            (Some(words), _) => mostly_numbers(&words.list),
            (None, Some(many)) => many.mostly_numbers,
            (None, None) => false,
        };
        if let (Want::Infer, true, Some(place)) = (&self.want, stray, &self.word) {
            return Err((place.clone(), Fault::among_numbers(place.text.clone(), Fault::Stray)));
        }
        let words = |own: Dictionary| Words { list: own.list, unknown: own.unknown };
        let values = match (self.want, self.state, self.words, self.many) {
            (Want::Label, state, own, _) => Values::Label(Label {
                numbers: (state == State::Numbers).then_some(self.cell),
                words: own.map(|own| (self.cell + 1, words(own))),
                word: self.word,
            }),
            (_, State::Numbers, ..) => Values::Numbers(self.cell),
            (_, State::Words, Some(own), _) => Values::Words(self.cell, words(own)),
            (_, _, _, Some(many)) => Values::Many(many.examples),
            _ => Values::Skipped,
        };
        Ok(RawColumn { name: self.name, values })
    }

    #[inline]
    fn push_parsed(&mut self, cells: &mut Cells, number: f32, text: &[u8]) -> Result<(), Fault> {
        if let Some(odd) = &mut self.odd
            && !text::is_plain(text)
        {
            if odd.len() == MOST_ODD {
                self.odd = None;
            } else {
                odd.push((self.rows, String::from_utf8_lossy(text).into()));
            }
        }
        cells.set(self.rows, self.cell, number.to_bits());
        self.push_name(cells, text)
    }

    /// The word of a number that may be a class's name.
    #[inline]
    fn push_name(&mut self, cells: &mut Cells, text: &[u8]) -> Result<(), Fault> {
        let Some(words) = &mut self.words else { return Ok(()) };
        match words.code(text)? {
            Some(code) => cells.set(self.rows, self.cell + 1, code),
            None => self.words = None,
        }
        Ok(())
    }

    /// A field that is missing and was written as `text`.
    fn push_missing(&mut self, cells: &mut Cells, text: &[u8]) -> Result<(), Fault> {
        match (&self.want, self.state) {
            (Want::Complete, _) => return Err(Fault::Missing(shown(text)?)),
            (Want::Label | Want::Classes(_), _) => return Err(Fault::NoTarget(shown(text)?)),
            (_, State::Numbers) => cells.set(self.rows, self.cell, f32::NAN.to_bits()),
            (_, State::Words) => cells.set(self.rows, self.cell, MISSING),
            (_, State::Nothing) => {}
        }
        Ok(())
    }

    /// A word in a column that had numbers only.
    fn first_word(&mut self, cells: &mut Cells, place: Place) -> Result<(), Fault> {
        match self.want {
            Want::Infer => {
                let late = || Fault::among_numbers(place.text.clone(), Fault::LateWord);
                let odd = self.odd.take().ok_or_else(late)?;
                self.words = Some(self.names(cells, &odd).ok_or_else(late)?);
            }
            Want::Label if self.words.is_none() => {
                return Err(Fault::among_numbers(place.text, Fault::ManyClasses));
            }
            Want::Label => {}
            _ => return Err(Fault::among_numbers(place.text, Fault::NotNumber)),
        }
        self.state = State::Words;
        self.word = Some(place);
        Ok(())
    }

    /// Turns numbers into words: those of `odd` rows into their text, the others as float32 prints
    /// them. Nothing where they are too many.
    fn names(&self, cells: &mut Cells, odd: &[(usize, Box<str>)]) -> Option<Dictionary> {
        let mut words = Dictionary::open(MOST_WORDS, &self.na);
        let mut odd = odd.iter().peekable();
        let mut known = HashMap::new();
        for row in 0..self.rows {
            let bits = cells.get(row, self.cell);
            let number = f32::from_bits(bits);
            let code = if number.is_nan() {
                MISSING
            } else if let Some((_, text)) = odd.next_if(|(at, _)| *at == row) {
                words.enter(text)?
            } else if let Some(code) = known.get(&bits) {
                *code
            } else {
                let code = words.enter(&number.to_string())?;
                known.insert(bits, code);
                code
            };
            cells.set(row, self.cell, code);
        }
        Some(words)
    }

    fn push_word(&mut self, cells: &mut Cells, text: &[u8]) -> Result<(), Fault> {
        let Some(words) = &mut self.words else { return Ok(()) };
        if text.is_empty() {
            return self.push_missing(cells, text);
        }
        let cell = self.cell + usize::from(self.want == Want::Label);
        match words.code(text)? {
            Some(MISSING) => self.push_missing(cells, text),
            Some(code) => {
                if let (Want::Classes(classes), Some(word)) = (&self.want, &words.unknown) {
                    let word = word.clone();
                    return Err(Fault::UnknownClass(word, classes.clone()));
                }
                cells.set(self.rows, cell, code);
                Ok(())
            }
            None => self.too_many(text),
        }
    }

    /// One word more than are kept.
    fn too_many(&mut self, text: &[u8]) -> Result<(), Fault> {
        match self.want {
            Want::Infer => {
                let mut list = self.words.take().map(|words| words.list).unwrap_or_default();
                let mostly_numbers = mostly_numbers(&list);
                list.truncate(EXAMPLES);
                self.many = Some(Many { examples: list, mostly_numbers });
                self.state = State::Nothing;
                Ok(())
            }
            Want::Label => Err(Fault::among_numbers(shown(text)?, Fault::ManyClasses)),
            _ => Err(Fault::ManyWords(MOST_WORDS)),
        }
    }
}

#[inline]
fn parsed(text: &[u8], decimal: Decimal, na: &Na) -> Parsed {
    match decimal {
        Decimal::Point => parsed_with_point(text, na),
        Decimal::Comma => parsed_with_comma(text, na),
    }
}

fn parsed_with_comma(text: &[u8], na: &Na) -> Parsed {
    let mut room = [0; text::LONGEST];
    match text::pointed(text, &mut room) {
        Some(pointed) => match parsed_with_point(pointed, na) {
            Parsed::Word if na.has(text) => Parsed::Missing,
            other => other,
        },
        None => match parsed_with_point(text, na) {
            Parsed::Number(_) | Parsed::Infinite if text.contains(&b'.') => Parsed::Pointed,
            other => other,
        },
    }
}

#[inline]
fn parsed_with_point(text: &[u8], na: &Na) -> Parsed {
    match fast_float2::parse::<f32, _>(text) {
        Ok(number) if number.is_finite() && !na.has_number(number) => Parsed::Number(number),
        Ok(number) if number.is_finite() => Parsed::Missing,
        Ok(_) | Err(_) if na.has(text) => Parsed::Missing,
        Ok(_) => Parsed::Infinite,
        Err(_) => Parsed::Word,
    }
}

/// A field's text, for people.
fn shown(text: &[u8]) -> Result<String, Fault> {
    std::str::from_utf8(text).map(str::to_owned).map_err(|_| Fault::NotUtf8)
}

#[cfg(test)]
mod tests;
