//! NumPy's types of values (dtypes): how the bytes of an array become numbers, texts and dates.

use std::fmt::{Display, Formatter};

use half::f16;

use super::npy::MAX_ROW_BYTES;
use super::{MAX_COLUMNS, TableBuilder};
use crate::data::DateFormat;
use crate::data::preprocess::dates::{DAY, days};
use crate::data::tables::column::{FieldError, StoredType};

/// The types of a row's values.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Items {
    /// One for all.
    Same(Item),
    /// Of records: the fields, and the bytes of a row.
    Record(Vec<Field>, usize),
}

/// A value of a record.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) item: Item,
    /// The bytes of the record before it.
    pub(super) offset: usize,
}

/// The type of a value (NumPy's dtype).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) kind: Kind,
    pub(super) bytes: usize,
    big_endian: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    Signed,
    Unsigned,
    Float,
    /// A moment, as a number of units since 1970 (`datetime64`).
    Moment(Unit),
    /// A number of units of time (`timedelta64`).
    Duration,
    /// Bytes of ASCII.
    Ascii,
    /// Code points of four bytes.
    Unicode,
}

/// A unit of time, and how many of them a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Months(i64),
    Seconds(i64),
    /// So many of these are a second; a number counts so many of them.
    Parts(i64, i64),
}

/// What NumPy stores for a date or duration that is missing.
const NOT_A_TIME: i64 = i64::MIN;

impl Items {
    /// By NumPy's description: a name such as `'<f8'`, or a list of fields such as
    /// `[('a', '<f8'), ('b', '<i4', (2,))]`.
    pub(super) fn of(text: &str) -> Option<Self> {
        let Some(list) = text.strip_prefix('[') else { return Item::of(text).map(Self::Same) };
        let mut list = list.strip_suffix(']')?.trim_start();
        let (mut fields, mut offset) = (Vec::new(), 0usize);
        while !list.is_empty() {
            list = list.strip_prefix('(')?;
            // A title beside the name, `(('title', 'name'), …)`, is left out.
            let name;
            if let Some(titled) = list.strip_prefix('(') {
                let (_, rest) = quoted(titled)?;
                let rest = rest.trim_start().strip_prefix(',')?;
                let (own, rest) = quoted(rest.trim_start())?;
                (name, list) = (own, rest.trim_start().strip_prefix(')')?);
            } else {
                (name, list) = quoted(list)?;
            }
            list = list.trim_start().strip_prefix(',')?.trim_start();
            let kind = quoted(list)?;
            list = kind.1.trim_start();
            let mut count = 1usize;
            if let Some(shape) = list.strip_prefix(',') {
                let (sizes, rest) = shape.trim_start().strip_prefix('(')?.split_once(')')?;
                for size in sizes.split(',').map(str::trim).filter(|size| !size.is_empty()) {
                    count = count.checked_mul(size.parse().ok()?)?;
                }
                list = rest.trim_start();
            }
            list = list.strip_prefix(')')?.trim_start();
            list = list.strip_prefix(',').unwrap_or(list).trim_start();
            if let Some(padding) = kind.0.strip_prefix("|V").filter(|_| name.is_empty()) {
                offset = offset.checked_add(padding.parse().ok()?)?;
                continue;
            }
            let item = Item::named(kind.0)?;
            let end = item.bytes.checked_mul(count)?.checked_add(offset)?;
            if end > MAX_ROW_BYTES || fields.len() + count > MAX_COLUMNS {
                return None;
            }
            for place in 0..count {
                let name = match count {
                    1 => name.to_owned(),
                    _ => format!("{name}{}", place + 1),
                };
                fields.push(Field { name, item, offset: offset + place * item.bytes });
            }
            offset = end;
        }
        (!fields.is_empty()).then_some(Self::Record(fields, offset))
    }
}

/// The text of a Python string at the beginning of another text, and what follows it. One with a
/// backslash is not read.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let mark = text.chars().next().filter(|mark| "'\"".contains(*mark))?;
    let (own, rest) = text[1..].split_once(mark)?;
    (!own.contains('\\')).then_some((own, rest))
}

impl Item {
    /// By NumPy's name, such as `'<f8'`.
    fn of(name: &str) -> Option<Self> {
        Self::named(name.strip_prefix(['\'', '"'])?.strip_suffix(['\'', '"'])?)
    }

    /// By NumPy's name, such as `<f8` or `<M8[ns]`.
    fn named(name: &str) -> Option<Self> {
        let (mark, rest) = name.split_at_checked(1)?;
        let big_endian = match mark {
            "<" | "|" => false,
            ">" => true,
            _ => return None,
        };
        let (kind, size) = rest.split_at_checked(1)?;
        if let ("M" | "m", Some(unit)) = (kind, size.strip_prefix('8')) {
            let unit = Unit::of(unit)?;
            let kind = if kind == "M" { Kind::Moment(unit) } else { Kind::Duration };
            return Some(Self { kind, bytes: 8, big_endian });
        }
        let size: usize = size.parse().ok()?;
        let (kind, bytes) = match (kind, size) {
            ("b", 1) => (Kind::Bool, 1),
            ("i", 1 | 2 | 4 | 8) => (Kind::Signed, size),
            ("u", 1 | 2 | 4 | 8) => (Kind::Unsigned, size),
            ("f", 2 | 4 | 8) => (Kind::Float, size),
            ("S", 1..=4096) => (Kind::Ascii, size),
            ("U", 1..=4096) => (Kind::Unicode, 4 * size),
            _ => return None,
        };
        Some(Self { kind, bytes, big_endian })
    }

    /// What the file says that a column of such values holds.
    pub(super) fn stored(self) -> StoredType {
        match self.kind {
            Kind::Bool => StoredType::Boolean,
            Kind::Ascii | Kind::Unicode => StoredType::Text,
            Kind::Moment(_) => StoredType::Dates(DateFormat::Ymd),
            Kind::Signed | Kind::Unsigned | Kind::Float | Kind::Duration => StoredType::Inferred,
        }
    }

    pub(super) fn push(
        self,
        table: &mut TableBuilder,
        column: usize,
        value: &[u8],
    ) -> Result<(), FieldError> {
        let bits = || self.bits(value);
        let number = match self.kind {
            Kind::Moment(_) | Kind::Duration if bits() as i64 == NOT_A_TIME => {
                return table.push_absent(column);
            }
            Kind::Moment(unit) => {
                let stored = bits() as i64;
                return table.push_moment(column, unit.seconds(stored), stored);
            }
            Kind::Bool => {
                let is_true = value.first().is_some_and(|byte| *byte != 0);
                return table.push_boolean(column, is_true);
            }
            Kind::Ascii => {
                let end = value.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
                return table.push(column, &value[..end], || None);
            }
            Kind::Unicode => {
                let points = value.as_chunks::<4>().0.iter().map(|bytes| match self.big_endian {
                    true => u32::from_be_bytes(*bytes),
                    false => u32::from_le_bytes(*bytes),
                });
                let text: Option<String> = points.map(char::from_u32).collect();
                let text = text.ok_or(FieldError::NotUtf8)?;
                return table.push(column, text.trim_end_matches('\0').as_bytes(), || None);
            }
            Kind::Float => match self.bytes {
                2 => Number::Single(f16::from_bits(bits() as u16).to_f32()),
                4 => Number::Single(f32::from_bits(bits() as u32)),
                _ => Number::Double(f64::from_bits(bits())),
            },
            Kind::Duration => Number::Signed(bits() as i64),
            Kind::Unsigned => Number::Unsigned(bits()),
            Kind::Signed => {
                let unused = 64 - 8 * self.bytes as u32;
                Number::Signed((bits() as i64) << unused >> unused)
            }
        };
        // In one place: it is much code each time.
        table.push_number(column, number.single(), || number.to_string())
    }

    /// Up to eight bytes as an integer.
    #[inline]
    fn bits(self, value: &[u8]) -> u64 {
        let add = |bits: u64, byte: &u8| bits << 8 | u64::from(*byte);
        match self.big_endian {
            true => value.iter().fold(0, add),
            false => value.iter().rev().fold(0, add),
        }
    }
}

/// A number as it is stored.
#[derive(Clone, Copy)]
enum Number {
    Single(f32),
    Double(f64),
    Signed(i64),
    Unsigned(u64),
}

impl Number {
    fn single(self) -> f32 {
        match self {
            Self::Single(number) => number,
            Self::Double(number) => number as f32,
            Self::Signed(number) => number as f32,
            Self::Unsigned(number) => number as f32,
        }
    }
}

impl Display for Number {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Single(number) => number.fmt(f),
            Self::Double(number) => number.fmt(f),
            Self::Signed(number) => number.fmt(f),
            Self::Unsigned(number) => number.fmt(f),
        }
    }
}

impl Unit {
    /// By NumPy's name in brackets, such as `[ns]` or `[25s]`.
    fn of(name: &str) -> Option<Self> {
        let name = name.strip_prefix('[')?.strip_suffix(']')?;
        let letters = name.trim_start_matches(|c: char| c.is_ascii_digit());
        let count: i64 = match &name[..name.len() - letters.len()] {
            "" => 1,
            digits => digits.parse().ok()?,
        };
        let times = |length: i64| count.checked_mul(length);
        Some(match letters {
            "Y" => Self::Months(times(12)?),
            "M" => Self::Months(count),
            "W" => Self::Seconds(times(7 * DAY)?),
            "D" => Self::Seconds(times(DAY)?),
            "h" => Self::Seconds(times(3600)?),
            "m" => Self::Seconds(times(60)?),
            "s" => Self::Seconds(count),
            "ms" => Self::Parts(1_000, count),
            "us" => Self::Parts(1_000_000, count),
            "ns" => Self::Parts(1_000_000_000, count),
            _ => return None,
        })
    }

    /// The whole seconds that a number of units since 1970 is.
    fn seconds(self, stored: i64) -> i64 {
        match self {
            Self::Months(count) => {
                let months = stored.saturating_mul(count);
                let (years, month) = (months.div_euclid(12), months.rem_euclid(12));
                // Any year further away is as far as all others.
                let year = years.clamp(-1_000_000, 1_000_000) + 1970;
                days(year, month + 1, 1) * DAY
            }
            Self::Seconds(length) => stored.saturating_mul(length),
            Self::Parts(per_second, count) => stored.saturating_mul(count).div_euclid(per_second),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_of_every_unit_are_seconds() {
        // numpy.datetime64(…).astype("datetime64[s]").astype(int)
        for (unit, stored, seconds) in [
            ("[Y]", 54, 1_704_067_200),
            ("[M]", -1, -2_678_400),
            ("[W]", 1, 604_800),
            ("[D]", -1, -86_400),
            ("[h]", 2, 7200),
            ("[15m]", 2, 1800),
            ("[s]", -5, -5),
            ("[ms]", -1, -1),
            ("[us]", 1_500_000, 1),
            ("[ns]", 1_706_709_930_999_999_999, 1_706_709_930),
        ] {
            assert_eq!(Unit::of(unit).expect("a unit").seconds(stored), seconds, "{unit}");
        }
    }

    #[test]
    fn bytes_become_the_numbers_that_they_were() {
        let item = |name| Item::of(name).expect("a type");
        let bits = |name, bytes: &[u8]| item(name).bits(bytes);
        assert_eq!(bits("'<i4'", &[1, 2, 0, 0]), 0x201);
        assert_eq!(bits("'>i4'", &[0, 0, 2, 1]), 0x201);
        assert_eq!(f64::from_bits(bits("'<f8'", &(-1.5f64).to_le_bytes())), -1.5);
    }
}
