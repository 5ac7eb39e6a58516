//! What a field's text looks like: numbers, formatted numbers, dates.

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

/// Whether most of these texts are numbers that are not class names: too many, or not integers.
pub(in crate::data) fn mostly_numbers(texts: &[String]) -> bool {
    let numbers: Vec<f64> = texts.iter().filter_map(|text| value(text)).collect();
    2 * numbers.len() > texts.len()
        && (numbers.len() > MAX_NUMERIC_CLASSES
            || numbers.iter().any(|number| number.fract() != 0.0))
}

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

/// Whether a text is a number with a currency sign, a per cent sign or thousands separators, such
/// as `$1,234.50`, `7.3%`, `1 234`.
pub(in crate::data) fn is_formatted_number(word: &str) -> bool {
    const SIGNS: [char; 5] = ['$', '€', '£', '¥', '%'];
    let bare = word.trim_matches(|mark: char| SIGNS.contains(&mark) || mark == ' ');
    let bare = bare.strip_prefix(['-', '+']).unwrap_or(bare).trim_start_matches(SIGNS);
    let (whole, fraction) = bare.split_once('.').unwrap_or((bare, "0"));
    let mut groups = whole.split([',', ' ', '\'', '\u{a0}', '\u{202f}']);
    let first = groups.next().unwrap_or_default();
    let grouped = whole.len() > first.len();
    digits(first)
        && (!grouped || first.len() <= 3)
        && groups.all(|group| group.len() == 3 && digits(group))
        && (digits(fraction) || fraction.is_empty())
        && (grouped || word.contains(SIGNS))
}

/// Whether a text is a date or a time: `2024-01-31`, `31.01.2024`, `1/31/24 14:05`, `14:05:30`,
/// `2024-01-31T14:05:30Z`, `31 Jan 2024`.
pub(in crate::data) fn is_date(word: &str) -> bool {
    let (date, time) = match word.split_once(['T', ' ']) {
        Some((date, time)) if is_day(date) => (date, Some(time)),
        _ => (word, None),
    };
    match time {
        Some(time) => is_time(time.trim()),
        None => is_day(date) || is_time(date) || is_day_in_words(date),
    }
}

/// Three numbers that can be year, month and day in some order.
fn is_day(text: &str) -> bool {
    let Some(mark) = text.chars().find(|mark| "-/.".contains(*mark)) else { return false };
    let parts: Vec<&str> = text.split(mark).collect();
    let [first, month_or_day, last] = parts[..] else { return false };
    let year = |text: &str| text.len() == 4 && number(text).is_some();
    let small =
        |text: &str| text.len() <= 2 && number(text).is_some_and(|part| (1..=31).contains(&part));
    let short_year = |text: &str| text.len() == 2 && number(text).is_some();
    small(month_or_day)
        && ((year(first) && small(last)) || (small(first) && (year(last) || short_year(last))))
}

/// Hours and minutes, optionally seconds, fractions of them, AM or PM, and a time zone.
fn is_time(text: &str) -> bool {
    let text = text.trim_end_matches('Z').trim_end();
    let text = text.strip_suffix("UTC").unwrap_or(text).trim_end();
    let text =
        ["AM", "PM", "am", "pm"].iter().find_map(|half| text.strip_suffix(half)).unwrap_or(text);
    let text = text.trim_end();
    // A zone such as +01:00 follows the time.
    let text = text.rfind(['+', '-']).map_or(text, |at| &text[..at]);
    let parts: Vec<&str> = text.split(':').collect();
    let below =
        |text: &str, most: u32| text.len() <= 2 && number(text).is_some_and(|part| part < most);
    match parts[..] {
        [hours, minutes] => below(hours, 25) && below(minutes, 60),
        [hours, minutes, seconds] => {
            let whole = seconds.split('.').next().unwrap_or_default();
            let rest = seconds[whole.len()..].trim_start_matches('.');
            below(hours, 25)
                && below(minutes, 60)
                && below(whole, 61)
                && rest.bytes().all(|byte| byte.is_ascii_digit())
        }
        _ => false,
    }
}

/// A month's name and a year, optionally a day, in any order.
fn is_day_in_words(text: &str) -> bool {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let parts: Vec<&str> =
        text.split([' ', '-', ',', '.']).filter(|part| !part.is_empty()).collect();
    let month = |part: &str| {
        let part = part.to_lowercase();
        part.len() >= 3 && MONTHS.iter().any(|month| part.starts_with(month))
    };
    let months = parts.iter().filter(|part| month(part)).count();
    let numbers = parts.iter().filter(|part| number(part).is_some()).count();
    let year = parts.iter().any(|part| part.len() == 4 && number(part).is_some());
    months == 1 && year && numbers + months == parts.len() && parts.len() <= 3
}

fn number(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
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

    #[test]
    fn numbers_for_people_are_known() {
        for word in
            ["$13.97", "-$5", "7.3%", "1,234,567", "1 234", "€ 12", "1'000.5", "12€", "941,715"]
        {
            assert!(is_formatted_number(word), "{word}");
        }
        for word in
            ["13.97", "-5", "", "$", "%", "1,23", "12,3456", "1234,567", "a%", "1e5", "1..2", "5,5"]
        {
            assert!(!is_formatted_number(word), "{word}");
        }
    }

    #[test]
    fn dates_are_known_and_other_words_are_none() {
        for date in [
            "2024-01-31",
            "2024/1/31",
            "31.01.2024",
            "1/31/24",
            "1/31/2024 14:05",
            "14:05",
            "14:05:30",
            "14:05:30.123",
            "2024-01-31T14:05:30Z",
            "2024-01-31 14:05:30+01:00",
            "31 Jan 2024",
            "Jan 31, 2024",
            "31-Jan-2024",
            "January 2024",
            "2:05 PM",
        ] {
            assert!(is_date(date), "{date}");
        }
        for word in [
            "",
            "a",
            "1.5",
            "10-20",
            "192.168.0.1",
            "1-2-3-4",
            "May",
            "555-1234",
            "3:1:4:1",
            "99:99",
            "B-12-7",
            "March",
            "Dec 12345678901",
            "2024-13-45x",
            "1.2.3",
        ] {
            assert!(!is_date(word), "{word}");
        }
        assert!(is_decimal_comma("3,5") && is_decimal_comma("-0,25"));
        assert!(!is_decimal_comma("3.5") && !is_decimal_comma("a,b") && !is_decimal_comma(",5"));
    }
}
