//! Dates and times of the day as numbers: the parts of a moment that are inputs of a network.
//!
//! A moment is the number of seconds since the beginning of 1970; a time of the day by itself counts from
//! midnight. Files that tell a time zone are read in UTC, all others as they stand.

use serde::{Deserialize, Serialize};

use crate::spec::named;

/// The seconds of a day.
#[cfg(any(feature = "tables", test))]
pub(in crate::data) const DAY: i64 = 86_400;

/// How the texts of a column of dates are read. A text that begins with a year of four digits, and one
/// that names its month, is read alike by all but the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DateFormat {
    /// Year, month, day: `2024-01-31`, `24-01-31`.
    Ymd,
    /// Day, month, year: `31.01.2024`, `31/1/24`.
    Dmy,
    /// Month, day, year: `1/31/2024`.
    Mdy,
    /// No date, but a time of the day: `14:05`, `2:05:30 PM`.
    Clock,
}

named!(DateFormat, "order of dates", {
    Ymd => "ymd",
    Dmy => "dmy",
    Mdy => "mdy",
    Clock => "clock",
});

/// A number that tells something of a date or of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DatePart {
    /// Whole days since 1970-01-01.
    Days,
    /// The year.
    Year,
    /// The month, from 1.
    Month,
    /// The day of the week, from 0 for Monday to 6.
    Weekday,
    /// The hour of the day, from 0 to 23.
    Hour,
    /// Minutes since midnight, with the seconds as their fraction.
    Minute,
}

named!(DatePart, "part of a date", {
    Days => "days",
    Year => "year",
    Month => "month",
    Weekday => "weekday",
    Hour => "hour",
    Minute => "minute",
});

/// A part of a date as an input: standardised, (x − mean) / scale in float32.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DateInput {
    /// The part.
    pub part: DatePart,
    /// Its mean over the training rows.
    pub mean: f32,
    /// Its standard deviation over the training rows.
    pub scale: f32,
}

#[cfg(any(feature = "tables", test))]
impl DatePart {
    /// The number that it is of a moment. All but minutes are whole, and exact in float32 for 45,000
    /// years around 1970.
    pub(crate) fn of(self, moment: i64) -> f32 {
        let (days, seconds) = (moment.div_euclid(DAY), moment.rem_euclid(DAY));
        match self {
            Self::Days => days as f32,
            Self::Year => civil(days).0 as f32,
            Self::Month => civil(days).1 as f32,
            // 1970 began on a Thursday.
            Self::Weekday => (days + 3).rem_euclid(7) as f32,
            Self::Hour => (seconds / 3600) as f32,
            Self::Minute => seconds as f32 / 60.0,
        }
    }
}

/// The days from 1970-01-01 to a date of the Gregorian calendar.
///
/// Years are counted from March, so that the day of a leap year comes last, and in eras of 400 years,
/// which all have the same number of days: `days_from_civil` of Howard Hinnant's "chrono-Compatible
/// Low-Level Date Algorithms".
#[cfg(feature = "tables")]
pub(in crate::data) fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month < 3);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The year, month and day of a number of days since 1970-01-01: `civil_from_days` of the same.
#[cfg(any(feature = "tables", test))]
pub(in crate::data) fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    (year + era * 400 + month / 10, month + 3 - month / 10 * 12, day)
}

#[cfg(all(test, feature = "tables"))]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_are_each_others_inverse() {
        let (mut year, mut month, mut day) = (1895, 12, 31);
        let mut weekday = None;
        for number in days(year, month, day)..days(2105, 1, 1) {
            assert_eq!(civil(number), (year, month, day));
            assert_eq!(days(year, month, day), number);
            let own = DatePart::Weekday.of(number * DAY + 7);
            assert!(weekday.is_none_or(|before: f32| (before + 1.0) % 7.0 == own));
            weekday = Some(own);
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let last = match month {
                2 => 28 + i64::from(leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            (year, month, day) = match (month, day) {
                (12, 31) => (year + 1, 1, 1),
                (_, day) if day == last => (year, month + 1, 1),
                _ => (year, month, day + 1),
            };
        }
    }

    #[test]
    fn the_parts_of_a_moment_are_those_of_pandas() {
        // pandas.Timestamp("2024-02-29 23:05:30"), and one before 1970.
        let parts = |moment| DatePart::ALL.iter().map(|part| part.of(moment)).collect::<Vec<_>>();
        let moment = days(2024, 2, 29) * DAY + 23 * 3600 + 5 * 60 + 30;
        assert_eq!(moment, 1_709_247_930);
        assert_eq!(parts(moment), [19782.0, 2024.0, 2.0, 3.0, 23.0, 1385.5]);
        assert_eq!(parts(-1), [-1.0, 1969.0, 12.0, 2.0, 23.0, 1439.0 + 59.0 / 60.0]);
        // The smallest and the largest number of a file are dates, too.
        assert!(parts(i64::MIN).iter().chain(&parts(i64::MAX)).all(|part| part.is_finite()));
    }
}
