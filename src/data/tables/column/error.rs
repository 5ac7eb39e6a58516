//! Errors in a single field.

use super::{MAX_CLASSES, is_decimal_comma, is_formatted_number};
use crate::data::tables::table::shortened;
use crate::{Remedy, Setting};

/// What is wrong with a field. The text is the field's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::data) enum FieldError {
    /// A missing number where none may be missing.
    Missing(String),
    /// A number that is not finite in float32.
    NotFinite(String),
    /// A text in a column that must be numeric.
    NotNumber(String),
    /// A text in a column of mostly numbers, one of too many.
    StrayText(String),
    /// A decimal comma in a file of decimal points.
    DecimalComma(String),
    /// A decimal point in a file of decimal commas.
    DecimalPoint(String),
    /// A number as people write them: with thousands separators, a currency or per cent sign, in
    /// parentheses.
    FormattedNumber(String),
    /// Numbers with a unit: an example, and the unit.
    Unit(String, String),
    /// A column of dates or times where none can be, with an example.
    Date(String),
    /// Dates of which day and month may stand for each other, with an example.
    DateOrder(String),
    /// Not UTF-8.
    NotUtf8,
    /// A target that is none of the model's classes, which follow.
    UnknownClass(String, Vec<String>),
    /// A text in a target with too many different values for classes.
    TooManyClasses(String),
    /// More different texts than the given limit.
    TooManyCategories(usize),
}

impl FieldError {
    /// The error for a text among numbers: a decimal comma, a formatted number, or else `other`.
    pub(super) fn among_numbers(word: String, other: fn(String) -> Self) -> Self {
        if is_decimal_comma(&word) {
            Self::DecimalComma(word)
        } else if is_formatted_number(&word) {
            Self::FormattedNumber(word)
        } else {
            other(word)
        }
    }

    /// The problem, which names the column, and the remedy.
    pub(in crate::data) fn describe(&self, column: &str) -> (String, Remedy) {
        let (problem, remedy): (String, Remedy) = match self {
            Self::Missing(text) if text.is_empty() => {
                ("the field is empty".to_owned(), "fill it in, or remove the row".into())
            }
            Self::Missing(text) => (
                format!("`{text}` means a missing value"),
                "fill it in, or remove the row".into(),
            ),
            Self::NotFinite(text) => (
                format!("`{text}` is not a finite number in float32"),
                "remove or replace it".into(),
            ),
            Self::NotNumber(text) => (
                format!("`{text}` is not a number"),
                "use numbers only, or leave the column out".into(),
            ),
            Self::DecimalComma(text) => {
                let thousands = match is_formatted_number(text) {
                    true => "; remove the comma if it separates thousands",
                    false => "",
                };
                (
                    format!("`{text}` has a comma for its decimal point"),
                    ("use a decimal point, or read the file with ", Setting::Decimal.to(","), thousands)
                        .into(),
                )
            }
            Self::DecimalPoint(text) => (
                format!("`{text}` has a decimal point, but the file is read with decimal commas"),
                ("leave out ", Setting::Decimal.to(","), " or remove the thousands separators").into(),
            ),
            Self::FormattedNumber(text) => (
                format!("`{text}` is a number with more than digits, a sign and a point"),
                (
                    "remove what sets thousands apart, and units; write -1.25 for (1.25) and 1.25-; \
                     or ",
                    Setting::Categorical.to(column),
                    ", if these are names",
                )
                    .into(),
            ),
            Self::Unit(text, unit) => (
                format!("`{text}` is a number with a unit, `{unit}`"),
                ("remove the unit; or ", Setting::Categorical.to(column), ", if these are names")
                    .into(),
            ),
            Self::StrayText(text) => (
                format!("`{text}` is not a number, as most of its values are"),
                Remedy::Sentence(vec![
                    "remove or replace it; or ".into(),
                    Setting::Na.to(text),
                    " where it means a missing value, or ".into(),
                    Setting::Categorical.to(column),
                    " where the numbers are names".into(),
                ]),
            ),
            Self::Date(example) => (
                format!("it holds dates or times, such as {example}"),
                (
                    "convert them to numbers first (year, month, day of the week, days since …), or ",
                    Setting::Drop.to(column),
                )
                    .into(),
            ),
            Self::DateOrder(example) => (
                format!("the order of day, month and year is not clear: `{example}` may be several dates"),
                Remedy::Sentence(vec![
                    "say it with ".into(),
                    Setting::DateOrder.to("dmy"),
                    ", mdy or ymd; or ".into(),
                    Setting::Drop.to(column),
                ]),
            ),
            Self::NotUtf8 => {
                ("it is not UTF-8 text".to_owned(), "save the file as UTF-8".into())
            }
            Self::UnknownClass(word, classes) => (
                format!("the model knows no class `{word}`"),
                format!("its classes are {}", shortened(classes.iter().map(String::as_str))).into(),
            ),
            Self::TooManyClasses(word) => (
                format!(
                    "`{word}` is not a number, and over {MAX_CLASSES} different values are too many \
                     for classes"
                ),
                ("choose another ", Setting::Target).into(),
            ),
            Self::TooManyCategories(most) => (
                format!("it has over {most} different texts"),
                ("these are too many for categories: ", Setting::Drop.to(column)).into(),
            ),
        };
        (format!("column `{column}`: {problem}"), remedy)
    }
}
