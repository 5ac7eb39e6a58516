//! What can be wrong with a field.

use super::{MOST_CLASSES, is_decimal_comma, is_dressed};
use crate::data::tables::table::shortened;

/// What is wrong with a field, without its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::data) enum Fault {
    /// A number is missing where none may be.
    Missing(String),
    /// A target is missing.
    NoTarget(String),
    /// A number that float32 cannot hold, or that is none.
    Infinite(String),
    /// A word where a number must be.
    NotNumber(String),
    /// A word after many numbers.
    LateWord(String),
    /// A word among numbers.
    Stray(String),
    /// A number with a comma for its point.
    DecimalComma(String),
    /// A number with a point, where numbers have commas.
    DecimalPoint(String),
    /// A number that is dressed up for people.
    Dressed(String),
    /// Dates or times, such as this one.
    Date(String),
    /// Bytes that are no text.
    NotUtf8,
    /// A target that is none of the classes.
    UnknownClass(String, Vec<String>),
    /// A word of a target that has too many to be classes, in which numbers stand, too.
    ManyClasses(String),
    /// More different words than a category can have.
    ManyWords(usize),
}

impl Fault {
    /// What a word among numbers is: one with a comma, or else `other`.
    pub(super) fn among_numbers(word: String, other: fn(String) -> Self) -> Self {
        if is_decimal_comma(&word) { Self::DecimalComma(word) } else { other(word) }
    }

    /// What is wrong with a field of a column, and what to do about it.
    pub(in crate::data) fn told(&self, column: &str) -> (String, String) {
        let (problem, remedy) = match self {
            Self::Missing(text) if text.is_empty() => {
                ("the field is empty".to_owned(), "fill it in, or remove the row".to_owned())
            }
            Self::Missing(text) => (
                format!("`{text}` stands for a missing value"),
                "fill it in, or remove the row".to_owned(),
            ),
            Self::NoTarget(text) if text.is_empty() => {
                ("the target is empty".to_owned(), "fill it in, or remove the row".to_owned())
            }
            Self::NoTarget(text) => (
                format!("the target is `{text}`, which stands for a missing value"),
                "fill it in, or remove the row; if it is a class, say by --na what is missing"
                    .to_owned(),
            ),
            Self::Infinite(text) => (
                format!("`{text}` is not a finite number in float32"),
                "remove or replace it".to_owned(),
            ),
            Self::NotNumber(text) => (
                format!("`{text}` is not a number"),
                "use numbers only, or remove the column".to_owned(),
            ),
            Self::DecimalComma(text) => {
                let thousands = match is_dressed(text) {
                    true => "; or take it out, if it sets thousands apart",
                    false => "",
                };
                (
                    format!("`{text}` has a comma for its decimal point"),
                    format!("write a point, or say --decimal , for a text file{thousands}"),
                )
            }
            Self::DecimalPoint(text) => (
                format!("`{text}` has a point, but numbers have commas here"),
                "leave out --decimal , or take out what sets thousands apart".to_owned(),
            ),
            Self::Dressed(text) => (
                format!("`{text}` is a number with more than digits, a sign and a point"),
                "take out what separates thousands, and units".to_owned(),
            ),
            Self::LateWord(text) | Self::Stray(text) => (
                format!("`{text}` is not a number, as most of its values are"),
                format!(
                    "remove or replace it; or --na '{text}' where it means a missing value, \
                     or --categorical {column} where the numbers are names"
                ),
            ),
            Self::Date(example) => (
                format!("it holds dates or times, such as {example}"),
                format!(
                    "make numbers of them first (year, month, day of the week, days since \u{2026}), or \
                     --drop {column}"
                ),
            ),
            Self::NotUtf8 => {
                ("it is not UTF-8 text".to_owned(), "save the file as UTF-8".to_owned())
            }
            Self::UnknownClass(word, classes) => (
                format!("the model knows no class `{word}`"),
                format!("its classes are {}", shortened(classes.iter().map(String::as_str))),
            ),
            Self::ManyClasses(word) => (
                format!(
                    "`{word}` is not a number, and with over {MOST_CLASSES} different values it is \
                     no class either"
                ),
                "choose another --target".to_owned(),
            ),
            Self::ManyWords(most) => (
                format!("it has over {most} different words"),
                format!("they are no categories: --drop {column}"),
            ),
        };
        (format!("column `{column}`: {problem}"), remedy)
    }
}
