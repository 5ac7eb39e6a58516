//! From a field's text to a number, with a decimal point or a decimal comma.

use super::dressed::plain_signs;
use super::text::{self, Decimal};
use crate::data::tables::na::NaValues;

/// A field's text after parsing.
pub(super) enum Parsed {
    Number(f32),
    Missing,
    /// A number that is not finite in float32.
    NotFinite,
    /// A number with a decimal point in a file of decimal commas.
    DecimalPoint,
    Text,
}

#[inline]
pub(super) fn parsed(text: &[u8], decimal: Decimal, na: &NaValues) -> Parsed {
    let own = |text: &[u8]| match decimal {
        Decimal::Point => parsed_with_point(text, na),
        Decimal::Comma => parsed_with_comma(text, na),
    };
    match own(text) {
        Parsed::Text => plain_signs(text).map_or(Parsed::Text, |plain| own(plain.as_bytes())),
        other => other,
    }
}

fn parsed_with_comma(text: &[u8], na: &NaValues) -> Parsed {
    let mut buffer = [0; text::MAX_COMMA_NUMBER];
    match text::with_decimal_point(text, &mut buffer) {
        Some(pointed) => match parsed_with_point(pointed, na) {
            Parsed::Text if na.contains(text) => Parsed::Missing,
            other => other,
        },
        None => match parsed_with_point(text, na) {
            Parsed::Number(_) | Parsed::NotFinite if text.contains(&b'.') => Parsed::DecimalPoint,
            other => other,
        },
    }
}

#[inline]
fn parsed_with_point(text: &[u8], na: &NaValues) -> Parsed {
    match fast_float2::parse::<f32, _>(text) {
        Ok(number) if number.is_finite() && !na.contains_number(number) => Parsed::Number(number),
        Ok(number) if number.is_finite() => Parsed::Missing,
        Ok(_) | Err(_) if na.contains(text) => Parsed::Missing,
        Ok(_) => Parsed::NotFinite,
        Err(_) => Parsed::Text,
    }
}
