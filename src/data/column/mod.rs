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

use std::rc::Rc;

use super::na::Na;
use super::segmented::Segmented;
use super::table::{Label, MISSING, Place, RawColumn, Values, Words};
use dictionary::Dictionary;

pub(super) use fault::Fault;
pub(super) use text::{is_date, is_decimal_comma};

/// Past so many different words a column is no category.
const MOST_WORDS: usize = 1 << 16;

/// Past so many different values a target has no classes.
pub(super) const MOST_CLASSES: usize = 4096;

/// Past so many texts that float32 does not give back a column holds numbers for certain.
const MOST_ODD: usize = 4096;

/// Past so many different numbers they are no names.
const FEW_NUMBERS: usize = 20;

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

/// A column while it is read.
#[derive(Debug)]
pub(super) struct Builder {
    name: String,
    want: Want,
    na: Rc<Na>,
    numbers: Option<Segmented<f32>>,
    /// Rows whose number does not give back its text, with that text.
    odd: Option<Vec<(usize, Box<str>)>>,
    words: Option<Dictionary>,
    /// Of a column that has too many words.
    many: Option<Many>,
    word: Option<Place>,
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
    Word,
}

impl Builder {
    pub(super) fn new(name: String, want: Want, na: &Rc<Na>) -> Self {
        let words = match &want {
            Want::Words => Some(Dictionary::open(MOST_WORDS)),
            Want::Label => Some(Dictionary::open(MOST_CLASSES)),
            Want::Known(list) | Want::Classes(list) => Some(Dictionary::closed(list)),
            Want::Infer | Want::Numbers | Want::Complete | Want::Skip => None,
        };
        let numeric = matches!(want, Want::Infer | Want::Numbers | Want::Complete | Want::Label);
        Self {
            numbers: numeric.then(Segmented::default),
            odd: (want == Want::Infer).then(Vec::new),
            words,
            many: None,
            word: None,
            na: Rc::clone(na),
            name,
            want,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn want(&self) -> &Want {
        &self.want
    }

    /// Appends a field by its text. `line` is asked for where the place may be told of later.
    #[inline]
    pub(super) fn push(
        &mut self,
        text: &[u8],
        line: impl Fn() -> Option<u64>,
    ) -> Result<(), Fault> {
        let text = text.trim_ascii();
        let Some(numbers) = &mut self.numbers else { return self.push_word(text) };
        match parsed(text, &self.na) {
            Parsed::Number(number) => {
                if let Some(odd) = &mut self.odd
                    && !text::is_plain(text)
                {
                    if odd.len() == MOST_ODD {
                        self.odd = None;
                    } else {
                        odd.push((numbers.len(), String::from_utf8_lossy(text).into()));
                    }
                }
                numbers.push(number);
                self.push_name(text)
            }
            Parsed::Missing => self.push_missing(text),
            Parsed::Infinite => Err(Fault::Infinite(shown(text)?)),
            Parsed::Word => {
                let place = Place { line: line(), text: shown(text)? };
                self.first_word(place)?;
                self.push_word(text)
            }
        }
    }

    /// Appends a number that a file holds as one; `text` is how it is written out.
    #[inline]
    pub(super) fn push_number(
        &mut self,
        number: f32,
        text: impl FnOnce() -> String,
    ) -> Result<(), Fault> {
        if number.is_nan() || self.na.has_number(number) {
            return self.push_missing(b"");
        }
        match &mut self.numbers {
            Some(_) if number.is_infinite() => Err(Fault::Infinite(text())),
            Some(numbers) => {
                numbers.push(number);
                match self.words {
                    Some(_) => self.push_name(text().as_bytes()),
                    None => Ok(()),
                }
            }
            None if self.words.is_some() => self.push_word(text().as_bytes()),
            None => Ok(()),
        }
    }

    /// Appends a missing field that was written as `text`.
    pub(super) fn push_missing(&mut self, text: &[u8]) -> Result<(), Fault> {
        match self.want {
            Want::Complete => return Err(Fault::Missing(shown(text)?)),
            Want::Label | Want::Classes(_) => return Err(Fault::NoTarget(shown(text)?)),
            _ => {}
        }
        if let Some(numbers) = &mut self.numbers {
            numbers.push(f32::NAN);
        } else if let Some(words) = &mut self.words {
            words.codes.push(MISSING);
        }
        Ok(())
    }

    /// What the column is. The error is that of a field long past.
    pub(super) fn finish(self) -> Result<RawColumn, (Place, Fault)> {
        let stray = match (&self.words, &self.many) {
            (Some(words), _) => text::mostly_numbers(&words.list, FEW_NUMBERS),
            (None, Some(many)) => many.mostly_numbers,
            (None, None) => false,
        };
        if let (Want::Infer, true, Some(place)) = (&self.want, stray, &self.word) {
            return Err((place.clone(), Fault::Stray(place.text.clone())));
        }
        let words = self.words.map(|words| Words {
            codes: words.codes,
            list: words.list,
            unknown: words.unknown,
        });
        let values = match (self.want, self.numbers, words, self.many) {
            (Want::Label, numbers, words, _) => {
                Values::Label(Label { numbers, words, word: self.word })
            }
            (_, Some(numbers), ..) => Values::Numbers(numbers),
            (_, None, Some(words), _) => Values::Words(words),
            (_, None, None, Some(many)) => Values::Many(many.examples),
            (_, None, None, None) => Values::Skipped,
        };
        Ok(RawColumn { name: self.name, values })
    }

    /// The word of a number that may be a class's name.
    #[inline]
    fn push_name(&mut self, text: &[u8]) -> Result<(), Fault> {
        if let Some(words) = &mut self.words
            && words.push(text)?.is_none()
        {
            self.words = None;
        }
        Ok(())
    }

    /// A word in a column that had numbers only.
    fn first_word(&mut self, place: Place) -> Result<(), Fault> {
        let numbers = self.numbers.take();
        match self.want {
            Want::Infer => {
                let late = || Fault::LateWord(place.text.clone());
                let odd = self.odd.take().ok_or_else(late)?;
                let numbers = numbers.unwrap_or_default();
                self.words =
                    Some(Dictionary::of_numbers(&numbers, &odd, MOST_WORDS).ok_or_else(late)?);
            }
            Want::Label if self.words.is_none() => return Err(Fault::ManyClasses(place.text)),
            Want::Label => {}
            _ => return Err(Fault::NotNumber(place.text)),
        }
        self.word = Some(place);
        Ok(())
    }

    fn push_word(&mut self, text: &[u8]) -> Result<(), Fault> {
        let Some(words) = &mut self.words else { return Ok(()) };
        if self.na.has(text) {
            return self.push_missing(text);
        }
        if words.push(text)?.is_some() {
            if let (Want::Classes(classes), Some(word)) = (&self.want, words.unknown.take()) {
                return Err(Fault::UnknownClass(word, classes.clone()));
            }
            return Ok(());
        }
        // There are too many different ones.
        match self.want {
            Want::Infer => {
                let mostly_numbers = text::mostly_numbers(&words.list, FEW_NUMBERS);
                let examples = words.list.drain(..).take(EXAMPLES).collect();
                self.many = Some(Many { examples, mostly_numbers });
                self.words = None;
                Ok(())
            }
            Want::Label => Err(Fault::ManyClasses(shown(text)?)),
            _ => Err(Fault::ManyWords(MOST_WORDS)),
        }
    }
}

#[inline]
fn parsed(text: &[u8], na: &Na) -> Parsed {
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
mod tests {
    use super::super::na::NA;
    use super::*;

    fn built(want: Want, texts: &[&str]) -> Result<Values, Fault> {
        let words: Vec<String> = NA.iter().map(ToString::to_string).collect();
        let mut builder = Builder::new("a".into(), want, &Rc::new(Na::new(&words)));
        for text in texts {
            builder.push(text.as_bytes(), || None)?;
        }
        builder.finish().map(|column| column.values).map_err(|(_, fault)| fault)
    }

    fn words(values: Values) -> Vec<String> {
        let Values::Words(words) = values else { panic!("no words: {values:?}") };
        let word = |code| match code {
            MISSING => "(missing)".to_owned(),
            super::super::table::UNKNOWN => "(unknown)".to_owned(),
            code => words.list[code as usize].clone(),
        };
        words.codes.iter().map(word).collect()
    }

    #[test]
    fn numbers_stay_numbers() {
        let found = built(Want::Infer, &["1", " 2.5 ", "NA", "", "-3e2"]);
        let Ok(Values::Numbers(numbers)) = found else { panic!("{found:?}") };
        let found: Vec<f32> = numbers.iter().collect();
        assert_eq!(found[..2], [1.0, 2.5]);
        assert!(found[2].is_nan() && found[3].is_nan());
        assert_eq!(found[4], -300.0);
    }

    #[test]
    fn a_late_word_brings_back_every_text_before_it() {
        let texts = ["1", "007", "-0", "1.50", "0.1", "16777217", "+2", "", "7", "a", "7", "x y"];
        let expected =
            ["1", "007", "-0", "1.50", "0.1", "16777217", "+2", "(missing)", "7", "a", "7", "x y"];
        // More words than numbers, so that none of them is stray.
        let more = ["b", "c", "d", "e", "f", "g", "h"];
        let found = built(Want::Infer, &[&texts[..], &more].concat());
        assert_eq!(words(found.expect("words")), [&expected[..], &more].concat());
    }

    #[test]
    fn a_word_among_many_numbers_is_stray() {
        let numbers: Vec<String> = (0..30).map(|number| format!("{number}.5")).collect();
        let mut texts: Vec<&str> = numbers.iter().map(String::as_str).collect();
        texts.insert(7, "hello");
        assert!(matches!(built(Want::Infer, &texts), Err(Fault::Stray(word)) if word == "hello"));
        // After more numbers than can be names it is one at once.
        let numbers: Vec<String> = (0..=MOST_ODD).map(|row| format!("0.{row}1234567")).collect();
        let mut texts: Vec<&str> = numbers.iter().map(String::as_str).collect();
        texts.push("hello");
        assert!(
            matches!(built(Want::Infer, &texts), Err(Fault::LateWord(word)) if word == "hello")
        );
    }

    #[test]
    fn words_past_all_measure_are_not_kept() {
        let texts: Vec<String> = (0..=MOST_WORDS).map(|row| format!("word {row}")).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let found = built(Want::Infer, &texts);
        assert!(matches!(found, Ok(Values::Many(examples)) if examples[0] == "word 0"));
        assert!(matches!(built(Want::Words, &texts), Err(Fault::ManyWords(_))));
    }

    #[test]
    fn known_words_are_told_from_others_and_numbers_by_their_value() {
        let known = |list: &[&str]| Want::Known(list.iter().map(ToString::to_string).collect());
        let found = built(known(&["a", "b"]), &["b", "c", "NA", "a"]);
        assert_eq!(words(found.expect("words")), ["b", "(unknown)", "(missing)", "a"]);
        let found = built(known(&["1", "2.0"]), &["1.0", "2", "3"]);
        assert_eq!(words(found.expect("words")), ["1", "2.0", "(unknown)"]);
        let classes = Want::Classes(vec!["yes".into()]);
        assert!(matches!(built(classes.clone(), &["no"]), Err(Fault::UnknownClass(..))));
        assert!(matches!(built(classes, &[""]), Err(Fault::NoTarget(_))));
    }

    #[test]
    fn what_must_be_numbers_says_what_is_none() {
        assert!(matches!(built(Want::Numbers, &["1", "x"]), Err(Fault::NotNumber(_))));
        assert!(matches!(built(Want::Numbers, &["1e39"]), Err(Fault::Infinite(_))));
        assert!(matches!(built(Want::Complete, &["NaN"]), Err(Fault::Missing(_))));
        assert!(matches!(built(Want::Infer, &["inf"]), Err(Fault::Infinite(_))));
        let mut builder = Builder::new("a".into(), Want::Infer, &Rc::default());
        assert!(matches!(builder.push(b"\xff", || None), Err(Fault::NotUtf8)));
    }

    #[test]
    fn numbers_may_stand_for_missing_ones() {
        let na = Rc::new(Na::new(&["-999".into()]));
        let mut builder = Builder::new("a".into(), Want::Infer, &na);
        for text in ["1", "-999.0", "2"] {
            builder.push(text.as_bytes(), || None).expect("numbers");
        }
        let Ok(RawColumn { values: Values::Numbers(numbers), .. }) = builder.finish() else {
            panic!("they are numbers");
        };
        assert!(numbers.iter().map(f32::is_nan).eq([false, true, false]));
    }
}
