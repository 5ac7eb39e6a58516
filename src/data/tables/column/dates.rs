//! What a date or a time looks like as text.

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
    use super::*;

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
    }
}
