//! What the different texts of a column look like, all together: dates, numbers as people write them,
//! numbers with a unit. As categories, or as classes, they would be useless.

use super::FieldError;
use super::dates::is_date;
use super::dressed::{common_unit, is_formatted_number, is_number_of_any_kind};
use super::text::{MAX_NUMERIC_CLASSES, is_decimal_comma, value};

/// The number of different texts that are looked at.
const CHECKED_TEXTS: usize = 1000;

/// The fault of texts that are all dates, all numbers of which some cannot be read as they stand, or
/// all numbers with one unit.
pub(in crate::data) fn evidence(texts: &[String]) -> Option<FieldError> {
    let some = &texts[..texts.len().min(CHECKED_TEXTS)];
    let example = some.first()?;
    if some.iter().all(|text| is_date(text)) {
        return Some(FieldError::Date(format!("`{example}`")));
    }
    if let Some(unit) = common_unit(some) {
        return Some(FieldError::Unit(example.clone(), unit.to_owned()));
    }
    if !some.iter().all(|text| is_number_of_any_kind(text)) {
        return None;
    }
    // `1,234` may be 1234 or 1.234: the other texts decide.
    let dressed = some.iter().find(|text| is_formatted_number(text) && !is_decimal_comma(text));
    let comma = || some.iter().find(|text| is_decimal_comma(text));
    match dressed {
        Some(text) => Some(FieldError::FormattedNumber(text.clone())),
        None => comma().map(|text| FieldError::DecimalComma(text.clone())),
    }
}

/// Whether most of these texts are numbers that are not class names: too many, or not whole.
pub(in crate::data) fn mostly_numbers(texts: &[String]) -> bool {
    let numbers = texts.iter().filter(|text| is_number_of_any_kind(text)).count();
    let fractional = |text: &String| match value(text) {
        Some(number) => number.fract() != 0.0,
        None => is_formatted_number(text),
    };
    2 * numbers > texts.len() && (numbers > MAX_NUMERIC_CLASSES || texts.iter().any(fractional))
}
