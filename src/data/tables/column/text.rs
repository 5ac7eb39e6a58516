//! What a field's text looks like: numbers with a decimal point or a decimal comma.

/// Whether parsing a text as float32 and printing it gives the same text. True of at most six
/// digits (seven in an integer) without exponent, plus sign or needless zeros: float32 holds any
/// six decimal digits, and prints the shortest text that parses to the same number.
#[inline]
pub(super) fn is_plain(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    if digits.is_empty() || digits.len() > 7 {
        return false;
    }
    let mut point = None;
    let mut nonzero = false;
    for (at, byte) in digits.iter().enumerate() {
        match byte {
            b'0' => {}
            b'1'..=b'9' => nonzero = true,
            b'.' if point.is_none() => point = Some(at),
            _ => return false,
        }
    }
    let whole = point.unwrap_or(digits.len());
    let leading = digits[0] == b'0' && whole > 1;
    let trailing = point.is_some() && matches!(digits[digits.len() - 1], b'0' | b'.');
    let negative_zero = digits.len() < text.len() && !nonzero;
    whole > 0 && !leading && !trailing && !negative_zero
}

/// More different numbers than this are not class names.
pub(in crate::data) const MAX_NUMERIC_CLASSES: usize = 20;

/// The number that a text means, with a decimal point or a decimal comma.
pub(in crate::data) fn value(word: &str) -> Option<f64> {
    let with_comma = || word.replacen(',', ".", 1).parse().ok();
    word.parse().ok().or_else(|| is_decimal_comma(word).then(with_comma).flatten())
}

/// The decimal separator of the numbers in a text file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Decimal {
    /// 3.5
    #[default]
    Point,
    /// 3,5; then 3.5 is an error.
    Comma,
}

/// The most bytes of a number with a decimal comma.
pub(super) const MAX_COMMA_NUMBER: usize = 48;

/// The text with its only comma replaced by a point; `None` where it has another number of commas,
/// a point, or too many bytes.
pub(super) fn with_decimal_point<'a>(
    text: &[u8],
    buffer: &'a mut [u8; MAX_COMMA_NUMBER],
) -> Option<&'a [u8]> {
    let own = buffer.get_mut(..text.len())?;
    own.copy_from_slice(text);
    let mut commas = own.iter_mut().filter(|byte| **byte == b',');
    *commas.next()? = b'.';
    let once = commas.next().is_none() && !text.contains(&b'.');
    once.then_some(own)
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a text is a number with a decimal comma, such as `3,5`.
pub(in crate::data) fn is_decimal_comma(word: &str) -> bool {
    let word = word.strip_prefix(['-', '+']).unwrap_or(word);
    word.split_once(',').is_some_and(|(whole, fraction)| digits(whole) && digits(fraction))
}

#[cfg(test)]
mod tests {
    use rand::rngs::Xoshiro256PlusPlus;
    use rand::{RngExt as _, SeedableRng as _};

    use super::*;

    #[test]
    fn plain_texts_are_those_that_float32_prints() {
        for text in ["0", "1", "12", "3.5", "0.001", "-7.25", "9999999", "123.456", "1234567"] {
            assert!(is_plain(text.as_bytes()), "{text}");
        }
        for text in [
            "", "-", ".", "-0", "0.0", "1.0", "1.50", "007", "00.5", "+1", ".5", "5.", "1e5",
            "12345678", "1.2.3", "1,5",
        ] {
            assert!(!is_plain(text.as_bytes()), "{text}");
        }
        // Every plain text is given back.
        let mut generator = Xoshiro256PlusPlus::seed_from_u64(1);
        for _ in 0..200_000 {
            let whole = generator.random_range(0..1_000_000);
            let decimals = generator.random_range(0..6usize);
            let digits = format!("{whole:06}");
            let (left, right) = digits.split_at(6 - decimals);
            let text = if decimals == 0 { left.to_owned() } else { format!("{left}.{right}") };
            if is_plain(text.as_bytes()) {
                let number: f32 = text.parse().expect("it is one");
                assert_eq!(number.to_string(), text);
            }
        }
    }
}
