//! Numbers as people write them: with units, with thousands set apart, with signs of their own.

use super::text::{is_decimal_comma, value};

/// Signs of money and shares that stand before or after a number.
const SIGNS: &[char] = &[
    '$', '€', '£', '¥', '₹', '₽', '₩', '₺', '₫', '₴', '₪', '฿', '¢', '₦', '₱', '₡', '₲', '₵', '₸',
    '%', '‰',
];

/// The codes of currencies that are written most.
const CODES: &[&str] = &[
    "USD", "EUR", "GBP", "JPY", "CNY", "CHF", "CAD", "AUD", "INR", "BRL", "SEK", "NOK", "DKK",
    "PLN", "CZK", "HUF", "RUB", "TRY", "ZAR", "MXN", "KRW", "US$", "kr", "Rs", "Fr", "zł", "Kč",
];

/// What else than `-` stands for a minus sign: the minus sign proper, dashes, their wide forms.
const MINUS: &[char] =
    &['\u{2212}', '\u{2013}', '\u{2012}', '\u{fe63}', '\u{ff0d}', '\u{2010}', '\u{2011}'];

/// A number that was written with another minus sign than `-`, or between blanks that are not ASCII
/// (no-break, thin and other spaces), as it is usually written; `None` where there is neither.
#[cold]
pub(super) fn plain_signs(text: &[u8]) -> Option<String> {
    if text.is_ascii() {
        return None;
    }
    let text = std::str::from_utf8(text).ok()?;
    let bare = text.trim();
    match bare.strip_prefix(MINUS) {
        Some(rest) => Some(format!("-{}", rest.trim_start())),
        None => (bare.len() < text.len()).then(|| bare.to_owned()),
    }
}

/// Whether a text is a number with more than digits, a sign and a decimal point: money (`$1,234.50`,
/// `12 EUR`), a share (`7.3%`), thousands set apart (`1 234`, `1.234,5`), a negative number of an
/// account (`(1.25)`, `1.5-`), a hexadecimal number (`0x1f`).
pub(in crate::data) fn is_formatted_number(word: &str) -> bool {
    let (mut bare, mut dressed) = (word.trim(), false);
    if let Some(digits) = bare.strip_prefix("0x").or_else(|| bare.strip_prefix("0X")) {
        return !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    }
    if let Some(inner) = bare.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        (bare, dressed) = (inner.trim(), true);
    }
    // Signs and units, in whatever order they stand around the digits.
    loop {
        let shorter = [
            bare.strip_prefix(SIGNS),
            bare.strip_suffix(SIGNS),
            CODES.iter().find_map(|code| bare.strip_prefix(code)),
            CODES.iter().find_map(|code| bare.strip_suffix(code)),
            bare.strip_suffix('-').or_else(|| bare.strip_suffix(MINUS)),
        ];
        let unsigned = bare.strip_prefix(['-', '+']).or_else(|| bare.strip_prefix(MINUS));
        bare = match (shorter.into_iter().flatten().next(), unsigned) {
            (Some(rest), _) => {
                dressed = true;
                rest.trim()
            }
            (None, Some(rest)) => rest.trim_start(),
            (None, None) => break,
        };
    }
    match grouped(bare) {
        Some(grouped) => grouped || dressed,
        None => false,
    }
}

/// Whether the thousands of an unsigned number are set apart; `None` where it is no number.
fn grouped(text: &str) -> Option<bool> {
    let mark = |c: char| matches!(c, ',' | '.' | '\'' | '’' | '_') || c.is_whitespace();
    let first_mark = text.find(mark);
    let Some(at) = first_mark else { return digits(text).then_some(false) };
    let separator = text[at..].chars().next()?;
    // The last mark may stand before the fraction.
    let last = text.rfind(mark)?;
    let last_mark = text[last..].chars().next()?;
    let fraction = &text[last + last_mark.len_utf8()..];
    let (whole, fraction) = match last_mark {
        '.' | ',' if last_mark != separator => (&text[..last], fraction),
        // `1.5` and `1,5` have no thousands; `1,234` is told by its three digits.
        '.' if last == at => (&text[..at], fraction),
        ',' if last == at && fraction.len() != 3 => (&text[..at], fraction),
        _ => (text, "0"),
    };
    if !(digits(fraction) || fraction.is_empty()) {
        return None;
    }
    let mut groups = whole.split(separator);
    let first = groups.next()?;
    let rest: Vec<&str> = groups.collect();
    if !digits(first) {
        return None;
    }
    let Some((last, between)) = rest.split_last() else { return Some(false) };
    // Between them are three digits, or two as in India: 12,34,567.
    let width = between.first().map_or(3, |group| group.len());
    let even = (width == 3 || width == 2 && separator == ',')
        && first.len() <= width
        && last.len() == 3
        && rest.iter().all(|group| digits(group))
        && between.iter().all(|group| group.len() == width);
    even.then_some(true)
}

/// The text after a number, where that is a unit: `kg` of `12.5 kg`.
fn unit(word: &str) -> Option<&str> {
    let end = word.rfind(|c: char| c.is_ascii_digit())? + 1;
    let (number, unit) = word.split_at(end);
    let is_unit = |unit: &str| {
        !unit.is_empty()
            && unit.chars().count() <= 8
            && unit.chars().all(|c| c.is_alphabetic() || "°/²³µ".contains(c))
    };
    let unit = unit.trim();
    (is_unit(unit) && (value(number).is_some() || is_formatted_number(number))).then_some(unit)
}

/// Numbers with one unit after all of them: the unit. A few whole numbers may well be names, such as
/// `1st` or `40s`.
pub(in crate::data) fn common_unit(words: &[String]) -> Option<&str> {
    let first = unit(words.first()?)?;
    let number = |word: &str| word.trim_end_matches(|c: char| !c.is_ascii_digit()).to_owned();
    let many = words.len() > super::MAX_NUMERIC_CLASSES
        || words.iter().any(|word| number(word).contains(['.', ',']));
    (many && words.iter().all(|word| unit(word) == Some(first))).then_some(first)
}

/// Whether a text is a number in any of the ways that people write one.
pub(in crate::data) fn is_number_of_any_kind(word: &str) -> bool {
    value(word).is_some() || is_decimal_comma(word) || is_formatted_number(word)
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_for_people_are_known() {
        for word in [
            "$13.97",
            "-$5",
            "7.3%",
            "1,234,567",
            "1 234",
            "€ 12",
            "1'000.5",
            "12€",
            "941,715",
            "1.234,5",
            "1.234.567",
            "-1.234,50",
            "1\u{a0}234",
            "1\u{202f}234,5",
            "1\u{2009}234.5",
            "(1.25)",
            "($1,250)",
            "1.5-",
            "12-",
            "0x1F",
            "USD 12",
            "12 EUR",
            "12.5 kr",
            "12,34,567",
            "\u{2212}5 %",
            "− $3",
            "1 234 567",
            "₹500",
            "5‰",
        ] {
            assert!(is_formatted_number(word), "{word}");
        }
        for word in [
            "13.97",
            "-5",
            "",
            "$",
            "%",
            "1,23",
            "12,3456",
            "1234,567",
            "a%",
            "1e5",
            "1..2",
            "5,5",
            "1.234",
            "1.2.3",
            "192.168.0.1",
            "()",
            "(a)",
            "-",
            "--",
            "0x",
            "0xg",
            "12 34",
            "1,2,3",
            "kr",
            "EUR",
            "1-2",
            "555-1234",
            "2024-01-31",
            "1234.567,8",
        ] {
            assert!(!is_formatted_number(word), "{word}");
        }
    }

    #[test]
    fn other_minus_signs_and_spaces_are_read() {
        for (text, plain) in [
            ("\u{2212}5", "-5"),
            ("\u{2013}1.5", "-1.5"),
            ("\u{ff0d} 2", "-2"),
            ("\u{a0}7", "7"),
            ("3.5\u{202f}", "3.5"),
            ("\u{2009}\u{2212}8\u{a0}", "-8"),
        ] {
            assert_eq!(plain_signs(text.as_bytes()).as_deref(), Some(plain), "{text}");
        }
        for text in ["5", "-5", "é", "a\u{2212}", ""] {
            assert_eq!(plain_signs(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_unit_is_one_that_all_numbers_have() {
        let words = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(common_unit(&words(&["1.5 kg", "2 kg", "12,5 kg"])), Some("kg"));
        assert_eq!(common_unit(&words(&["1.5°C", "-2°C"])), Some("°C"));
        let many: Vec<String> = (0..30).map(|number| format!("{number} min")).collect();
        assert_eq!(common_unit(&many), Some("min"));
        for own in
            [&["1st", "2nd", "3rd"][..], &["20s", "30s"], &["1.5 kg", "2 lb"], &["a", "b"], &[]]
        {
            assert_eq!(common_unit(&words(own)), None, "{own:?}");
        }
    }
}
