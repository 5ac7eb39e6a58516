//! Dates and times of the day as text: which texts they are, which order a column writes its day and
//! month in, and the moment that a text tells.

use std::collections::HashSet;

use crate::data::DateFormat;
use crate::data::preprocess::dates::{DAY, civil, days};

/// A column holds dates if this share of its different texts are some: 9 of 10.
const MOST: (usize, usize) = (9, 10);

/// The number of different texts that show whether a closer look is worth while.
const SAMPLE: usize = 200;

/// The years of two digits below this are those of the century of 2000, as in POSIX and pandas.
const PIVOT: i64 = 69;

/// What the texts of a column are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// No dates.
    Other,
    /// Dates that are read so.
    Dates(DateFormat),
    /// Dates whose order no text decides, with one of them.
    Undecided(String),
}

/// Whether a text is a date or a time of the day, in whatever order.
pub(in crate::data) fn is_date(text: &str) -> bool {
    [DateFormat::Dmy, DateFormat::Mdy, DateFormat::Ymd, DateFormat::Clock].iter().any(|format| {
        (*format != DateFormat::Clock || text.contains(':')) && moment(text, *format).is_some()
    })
}

/// How the different texts of a column are read, if nearly all of them are dates or nearly all are times
/// of the day. `given` is the order that the user has named.
///
/// The order is the one under which the most texts are dates. Where day and month may stand for each
/// other in all of them, points between them mean the day first, as in the countries that write so, and
/// anything else is left to the user.
pub(super) fn format_of(texts: &[String], given: Option<DateFormat>) -> Found {
    use DateFormat::{Clock, Dmy, Mdy, Ymd};

    let most = |count: usize, of: usize| count > 0 && MOST.1 * count >= MOST.0 * of;
    let count = |texts: &[String], format: DateFormat| {
        texts.iter().filter(|text| moment(text, format).is_some()).count()
    };
    let some = &texts[..texts.len().min(SAMPLE)];
    if !most(some.iter().filter(|text| is_date(text) || is_clock(text)).count(), some.len()) {
        return Found::Other;
    }
    // `9.12` is a time where others are written with a colon.
    let colons = texts.iter().filter(|text| text.contains(':')).count();
    if 2 * colons > texts.len() && most(count(texts, Clock), texts.len()) {
        return Found::Dates(Clock);
    }
    let counts = [Ymd, Dmy, Mdy].map(|format| (format, count(texts, format)));
    let best = counts.iter().map(|(_, count)| *count).max().unwrap_or_default();
    if !most(best, texts.len()) {
        return Found::Other;
    }
    if let Some((format, _)) =
        counts.iter().find(|(format, own)| Some(*format) == given && most(*own, texts.len()))
    {
        return Found::Dates(*format);
    }
    let mut likely: Vec<DateFormat> =
        counts.iter().filter(|(_, count)| *count == best).map(|(format, _)| *format).collect();
    let [first, ..] = likely[..] else { return Found::Other };
    let differing = |a: DateFormat, b: DateFormat| {
        texts.iter().find(|text| moment(text, a) != moment(text, b)).cloned()
    };
    if likely.iter().all(|format| differing(first, *format).is_none()) {
        return Found::Dates(first);
    }
    // Which of two parts is a year of two digits: there are fewer years than days.
    if likely.contains(&Ymd) {
        likely.retain(|format| years_are_few(texts, *format));
    }
    match likely[..] {
        [only] => Found::Dates(only),
        [Dmy, Mdy] if texts.iter().all(|text| text.contains('.')) => Found::Dates(Dmy),
        [a, b, ..] => Found::Undecided(differing(a, b).unwrap_or_default()),
        [] => Found::Undecided(texts.first().cloned().unwrap_or_default()),
    }
}

/// Whether dates that are read so have fewer different years than days of the month.
fn years_are_few(texts: &[String], format: DateFormat) -> bool {
    let (mut years, mut days) = (HashSet::new(), HashSet::new());
    for (year, _, day) in
        texts.iter().filter_map(|text| Some(civil(moment(text, format)?.div_euclid(DAY))))
    {
        years.insert(year);
        days.insert(day);
    }
    years.len() < days.len()
}

/// The moment that a text tells, in seconds since the beginning of 1970, or since midnight; parts of a
/// second are left out. `None` where it is no date of this format.
pub(in crate::data) fn moment(text: &str, format: DateFormat) -> Option<i64> {
    let mut rest = Rest(text.trim().as_bytes());
    if format == DateFormat::Clock {
        let time = rest.clock(b":.")?;
        rest.take(b" ");
        let _ = rest.word("Z") || rest.word("UTC");
        return rest.is_end().then_some(time);
    }
    let date = rest.date(format)? * DAY;
    if rest.is_end() {
        return Some(date);
    }
    let apart = rest.take(b"Tt") || (rest.take(b","), rest.spaces()).1 > 0;
    if !apart {
        return None;
    }
    let time = rest.clock(b":")?;
    let zone = rest.zone()?;
    rest.is_end().then_some(date + time - zone)
}

/// Whether a text is a time of the day.
fn is_clock(text: &str) -> bool {
    moment(text, DateFormat::Clock).is_some()
}

/// A moment as the text that pandas writes, for columns whose dates are to be words.
pub(in crate::data) fn text_of(moment: i64, format: DateFormat) -> String {
    let (days, seconds) = (moment.div_euclid(DAY), moment.rem_euclid(DAY));
    let (year, month, day) = civil(days);
    let time = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (format, seconds) {
        (DateFormat::Clock, _) => time,
        (_, 0) => format!("{year:04}-{month:02}-{day:02}"),
        _ => format!("{year:04}-{month:02}-{day:02} {time}"),
    }
}

/// What is left of a text.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn is_end(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes one of these bytes.
    fn take(&mut self, bytes: &[u8]) -> bool {
        let taken = self.0.first().is_some_and(|byte| bytes.contains(byte));
        self.0 = &self.0[usize::from(taken)..];
        taken
    }

    /// Takes blanks, and returns their number.
    fn spaces(&mut self) -> usize {
        let count = self.0.iter().take_while(|byte| **byte == b' ').count();
        self.0 = &self.0[count..];
        count
    }

    /// Takes a word, in whatever case.
    fn word(&mut self, word: &str) -> bool {
        let taken =
            self.0.get(..word.len()).is_some_and(|own| own.eq_ignore_ascii_case(word.as_bytes()));
        if taken {
            self.0 = &self.0[word.len()..];
        }
        taken
    }

    /// Takes up to `most` digits: the number, and how many there were.
    fn number(&mut self, most: usize) -> Option<(i64, usize)> {
        let count = self.0.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.0.split_at(count);
        self.0 = rest;
        let number = digits.iter().fold(0, |all, digit| 10 * all + i64::from(digit - b'0'));
        (count > 0).then_some((number, count))
    }

    /// Takes a number of two digits below a limit.
    fn two(&mut self, limit: i64) -> Option<i64> {
        self.number(2).filter(|(own, digits)| *digits == 2 && *own < limit).map(|(own, _)| own)
    }

    /// Takes the name of a month: three letters of it or more.
    fn month(&mut self) -> Option<i64> {
        const MONTHS: [&str; 12] = [
            "january",
            "february",
            "march",
            "april",
            "may",
            "june",
            "july",
            "august",
            "september",
            "october",
            "november",
            "december",
        ];
        let letters = self.0.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let (name, rest) = self.0.split_at(letters);
        let is = |month: &str| {
            letters > 2
                && month.get(..letters).is_some_and(|own| own.as_bytes().eq_ignore_ascii_case(name))
        };
        let month = MONTHS.iter().position(|month| is(month))? as i64 + 1;
        self.0 = rest;
        self.take(b".");
        Some(month)
    }

    /// Takes what stands between parts of a date with a named month.
    fn between(&mut self) -> bool {
        let before = self.0.len();
        self.take(b",-/");
        self.spaces();
        self.0.len() < before
    }

    /// Takes a date, and returns its days since 1970-01-01.
    fn date(&mut self, format: DateFormat) -> Option<i64> {
        if let Some(month) = self.month() {
            // `Jan 31, 2024`, and `January 2024`, whose day is the first.
            let apart = self.between();
            let (first, digits) = self.number(4)?;
            if digits == 4 && apart {
                return date(first, month, 1);
            }
            let apart = apart && digits <= 2 && self.between();
            let (year, digits) = self.number(4)?;
            return (apart && digits == 4).then(|| date(year, month, first))?;
        }
        let (a, first) = self.number(4)?;
        let mark = self.0.first().copied().filter(|mark| b"-/.".contains(mark));
        let before = self.0;
        if self.between()
            && let Some(month) = self.month()
        {
            // `31 Jan 2024`, `31-Jan-24`.
            let apart = self.between();
            let (year, digits) = self.number(4)?;
            let day = (apart && first <= 2).then_some(a)?;
            return date(full_year(year, digits)?, month, day);
        }
        self.0 = before;
        let separator = [mark?];
        self.take(&separator);
        let (b, second) = self.number(4)?;
        if !self.take(&separator) {
            return None;
        }
        let (c, third) = self.number(4)?;
        let small = |digits: usize| digits <= 2;
        match format {
            _ if first == 4 && small(second) && small(third) => date(a, b, c),
            DateFormat::Dmy if small(first) && small(second) => date(full_year(c, third)?, b, a),
            DateFormat::Mdy if small(first) && small(second) => date(full_year(c, third)?, a, b),
            DateFormat::Ymd if first == 2 && small(second) && small(third) => {
                date(full_year(a, first)?, b, c)
            }
            _ => None,
        }
    }

    /// Takes a time of the day, and returns its seconds since midnight. `marks` may stand between hours
    /// and minutes.
    fn clock(&mut self, marks: &[u8]) -> Option<i64> {
        let (hour, _) = self.number(2).filter(|(hour, _)| *hour < 24)?;
        let mark = *self.0.first()?;
        if !self.take(marks) {
            return None;
        }
        let minute = self.two(60)?;
        let mut second = 0;
        if mark == b':' && self.take(b":") {
            second = self.two(60)?;
            if self.take(b".,") {
                self.number(9)?;
            }
        }
        let before = self.0;
        self.spaces();
        let hour = match (self.word("AM"), self.word("PM")) {
            (false, false) => {
                self.0 = before;
                hour
            }
            _ if !(1..=12).contains(&hour) => return None,
            (_, afternoon) => hour % 12 + if afternoon { 12 } else { 0 },
        };
        Some(hour * 3600 + minute * 60 + second)
    }

    /// Takes a time zone, if there is one, and returns by how many seconds it is ahead of UTC.
    fn zone(&mut self) -> Option<i64> {
        self.spaces();
        if self.is_end() || self.word("Z") || self.word("UTC") || self.word("GMT") {
            return Some(0);
        }
        let sign = match (self.take(b"+"), self.take(b"-")) {
            (false, false) => return None,
            (ahead, _) => {
                if ahead {
                    1
                } else {
                    -1
                }
            }
        };
        let hours = self.two(24)?;
        let colon = self.take(b":");
        let minutes = if colon || !self.is_end() { self.two(60)? } else { 0 };
        Some(sign * (hours * 3600 + minutes * 60))
    }
}

/// The year of a number with so many digits.
fn full_year(year: i64, digits: usize) -> Option<i64> {
    match digits {
        4 => Some(year),
        2 if year < PIVOT => Some(2000 + year),
        2 => Some(1900 + year),
        _ => None,
    }
}

/// The days from 1970-01-01 to a date, if there is such a date.
fn date(year: i64, month: i64, day: i64) -> Option<i64> {
    if year == 0 || !(1..=12).contains(&month) {
        return None;
    }
    let number = days(year, month, day);
    (civil(number) == (year, month, day)).then_some(number)
}

#[cfg(test)]
mod tests {
    use DateFormat::{Clock, Dmy, Mdy, Ymd};

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
            "31-JAN-24",
            "January 2024",
            "2:05 PM",
            "1/31/2024, 2:05:30 pm",
            "Sept. 3, 2021",
            "2024-01-31 00:00:00.000000",
            "2024-01-31 14:05:30 UTC",
            "2024-01-31T14:05:30-0330",
            "2024-02-29",
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
            "2023-02-29",
            "31.04.2024",
            "2:1",
            "16:9",
            "0000-00-00",
            "2024-01-31x",
            "24:00",
            "13:00 PM",
            "9.12",
            "1-2/2024",
            "2024-01-31T",
            "Maybe 3, 2024",
            "1/1/1",
            "2010-11",
            "-1-1-2024",
        ] {
            assert!(!is_date(word), "{word}");
        }
    }

    #[test]
    fn moments_are_those_that_the_texts_tell() {
        // pandas.Timestamp(text).timestamp()
        for (text, format, expected) in [
            ("1970-01-01", Ymd, 0),
            ("2024-01-31", Dmy, 1_706_659_200),
            ("31.01.2024", Dmy, 1_706_659_200),
            ("1/31/2024", Mdy, 1_706_659_200),
            ("24-01-31", Ymd, 1_706_659_200),
            ("31-Jan-24", Ymd, 1_706_659_200),
            ("Jan 31, 2024", Mdy, 1_706_659_200),
            ("1/31/69", Mdy, -28_944_000),
            ("2024-01-31 14:05:30", Ymd, 1_706_709_930),
            ("2024-01-31 2:05:30 PM", Ymd, 1_706_709_930),
            ("2024-01-31T14:05:30.987Z", Ymd, 1_706_709_930),
            ("2024-01-31T15:05:30+01:00", Ymd, 1_706_709_930),
            ("2024-01-31T10:35:30-0330", Ymd, 1_706_709_930),
            ("1969-12-31 23:59:59.5", Ymd, -1),
            ("12:00 AM", Clock, 0),
            ("12:30 pm", Clock, 45_000),
            ("9.12", Clock, 33_120),
            ("23:59:59", Clock, 86_399),
        ] {
            assert_eq!(moment(text, format), Some(expected), "{text}");
        }
        for (text, format) in
            [("31.01.2024", Mdy), ("1/31/2024", Dmy), ("14:05", Ymd), ("2024-01-31", Clock)]
        {
            assert_eq!(moment(text, format), None, "{text}");
        }
        for text in ["2024-01-31", "1969-12-31 23:59:59", "0987-01-02 00:00:01"] {
            let own = moment(text, Ymd).expect("a date");
            assert_eq!(text_of(own, Ymd), text);
        }
        assert_eq!(text_of(33_120, Clock), "09:12:00");
    }

    #[test]
    fn the_texts_of_a_column_decide_the_order() {
        let of = |texts: &[&str], given| {
            format_of(&texts.iter().map(ToString::to_string).collect::<Vec<_>>(), given)
        };
        for (texts, format) in [
            (&["2024-01-02", "2024-03-04"][..], Ymd),
            (&["01/02/2024", "13/02/2024"], Dmy),
            (&["01/02/2024", "02/13/2024"], Mdy),
            (&["1.2.2024", "3.4.2024"], Dmy),
            (&["24-01-31", "24-02-28", "23-05-07"], Ymd),
            (&["17-01-22", "18-02-22", "19-05-23", "25-05-23"], Dmy),
            (&["2 Mar 2024", "March 3, 2024"], Ymd),
            (&["9:05", "10:15", "9.12"], Clock),
            (&["01/01/2024", "02/02/2024"], Dmy),
        ] {
            assert_eq!(of(texts, None), Found::Dates(format), "{texts:?}");
        }
        for texts in [&["01/02/2024", "03/04/2024"][..], &["1-2-99", "5-4-98"]] {
            assert_eq!(of(texts, None), Found::Undecided(texts[0].into()), "{texts:?}");
            assert_eq!(of(texts, Some(Mdy)), Found::Dates(Mdy));
            assert_eq!(of(texts, Some(Dmy)), Found::Dates(Dmy));
        }
        // An order that does not fit is not forced on a column.
        assert_eq!(of(&["13/02/2024", "14/02/2024"], Some(Mdy)), Found::Dates(Dmy));
        for texts in [
            &["a", "b"][..],
            &["9.12", "9.13", "1:10"],
            &["2024-01-31", "x", "y"],
            &[],
            &["2:1", "3:0"],
        ] {
            assert_eq!(of(texts, None), Found::Other, "{texts:?}");
        }
        let mut many: Vec<String> = (1..=28).map(|day| format!("2024-02-{day:02}")).collect();
        many.push("unknown".into());
        assert_eq!(format_of(&many, None), Found::Dates(Ymd));
    }
}
