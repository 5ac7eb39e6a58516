//! Dates as nodes. A graph has no operator that reads them, so its input is the moment: whole seconds
//! since the beginning of 1970, or since midnight, as NumPy's `datetime64[s]` stores them. The parts follow
//! from it in int64, by the calculation of the calendar that the reader of tables has.

use super::graph::{Graph, int};
use super::preprocess::cast;
use super::proto::kind;
use crate::data::{DateInput, DatePart, MissingNumber};

/// The input of a missing date: NumPy's `NaT` as an integer.
const MISSING: i64 = i64::MIN;

/// What the graph says of such an input.
pub(super) const DOC: &str = "a date or time: whole seconds since 1970-01-01 00:00, or since midnight \
                              (NumPy's datetime64[s] as int64); the smallest int64, NaT, is missing";

/// Encodes a column of dates \[N, 1\].
pub(super) fn encode(
    graph: &mut Graph,
    name: &str,
    input: &str,
    parts: &[DateInput],
    missing: MissingNumber,
) -> String {
    let mut dates = Dates { graph, name };
    let is_missing = {
        let nat = dates.constant(MISSING);
        dates.node("missing", "Equal", &[input, &nat])
    };
    let mut all = Vec::new();
    if !parts.is_empty() {
        let zero = dates.constant(0);
        let moment = dates.node("moment", "Where", &[&is_missing, &zero, input]);
        let numbers = dates.numbers(&moment, parts);
        let setting = |graph: &mut Graph, what: &str, value: &dyn Fn(&DateInput) -> f32| {
            let values: Vec<f32> = parts.iter().map(value).collect();
            graph.floats(&format!("{name}/{what}"), &[1, parts.len()], &values)
        };
        let mean = setting(dates.graph, "mean", &|own| own.mean);
        let scale = setting(dates.graph, "scale", &|own| own.scale);
        let none = dates.graph.floats(&format!("{name}/none"), &[1, 1], &[0.0]);
        let centred = dates.node("centred", "Sub", &[&numbers, &mean]);
        let scaled = dates.node("standardised", "Div", &[&centred, &scale]);
        all.push(dates.node("filled", "Where", &[&is_missing, &none, &scaled]));
    }
    if missing == MissingNumber::MeanAndIndicator {
        all.push(cast(graph, &format!("{name}/indicator"), &is_missing));
    }
    graph.concat(&format!("{name}/features"), &all)
}

/// Nodes of one column.
struct Dates<'a> {
    graph: &'a mut Graph,
    name: &'a str,
}

impl Dates<'_> {
    /// The parts of moments \[N, 1\], side by side: \[N, parts\].
    fn numbers(&mut self, moment: &str, parts: &[DateInput]) -> String {
        let seconds = self.rest(moment, 86_400);
        let days = self.quotient(moment, 86_400);
        let by_calendar = |own: &DateInput| matches!(own.part, DatePart::Year | DatePart::Month);
        let [year, month] = match parts.iter().any(by_calendar) {
            true => self.civil(&days),
            false => [String::new(), String::new()],
        };
        let mut numbers = Vec::new();
        for own in parts {
            let number = match own.part {
                DatePart::Days => days.clone(),
                DatePart::Year => year.clone(),
                DatePart::Month => month.clone(),
                DatePart::Weekday => {
                    let shifted = self.plus(&days, 3);
                    self.rest(&shifted, 7)
                }
                DatePart::Hour => self.quotient(&seconds, 3600),
                DatePart::Minute => seconds.clone(),
            };
            let to = vec![int("to", kind::FLOAT.into())];
            let label = format!("{}/{}", self.name, own.part);
            let number = self.graph.node(&label, "Cast", &[&number], to);
            numbers.push(match own.part {
                DatePart::Minute => {
                    let sixty = self.graph.floats(&format!("{label} length"), &[1, 1], &[60.0]);
                    self.node("minutes", "Div", &[&number, &sixty])
                }
                _ => number,
            });
        }
        self.graph.concat(&format!("{}/parts", self.name), &numbers)
    }

    /// Year and month of days since 1970-01-01: Howard Hinnant's `civil_from_days`, as in the reader of
    /// tables.
    fn civil(&mut self, days: &str) -> [String; 2] {
        let days = self.plus(days, 719_468);
        let (era, of_era) = (self.quotient(&days, 146_097), self.rest(&days, 146_097));
        let [a, b, c] = [1460, 36_524, 146_096].map(|length| self.quotient(&of_era, length));
        let without = self.node("year", "Sub", &[&of_era, &a]);
        let without = self.node("year", "Add", &[&without, &b]);
        let without = self.node("year", "Sub", &[&without, &c]);
        let year = self.quotient(&without, 365);
        let (fourth, hundredth) = (self.quotient(&year, 4), self.quotient(&year, 100));
        let whole = self.times(&year, 365);
        let before = self.node("year", "Add", &[&whole, &fourth]);
        let before = self.node("year", "Sub", &[&before, &hundredth]);
        let of_year = self.node("day of year", "Sub", &[&of_era, &before]);
        let fifths = self.times(&of_year, 5);
        let fifths = self.plus(&fifths, 2);
        // From March, counted from 0.
        let month = self.quotient(&fifths, 153);
        let next_year = self.quotient(&month, 10);
        let [shifted, wrapped] = [self.plus(&month, 3), self.times(&next_year, 12)];
        let month = self.node("month", "Sub", &[&shifted, &wrapped]);
        let years = self.times(&era, 400);
        let year = self.node("year", "Add", &[&year, &years]);
        [self.node("year", "Add", &[&year, &next_year]), month]
    }

    fn plus(&mut self, value: &str, number: i64) -> String {
        let number = self.constant(number);
        self.node("sum", "Add", &[value, &number])
    }

    fn times(&mut self, value: &str, number: i64) -> String {
        let number = self.constant(number);
        self.node("product", "Mul", &[value, &number])
    }

    /// The remainder, of the divisor's sign.
    fn rest(&mut self, value: &str, divisor: i64) -> String {
        let divisor = self.constant(divisor);
        self.node("rest", "Mod", &[value, &divisor])
    }

    /// The quotient, rounded down: `Div` rounds to zero, so that the remainder is taken off first.
    fn quotient(&mut self, value: &str, divisor: i64) -> String {
        let rest = self.rest(value, divisor);
        let even = self.node("even", "Sub", &[value, &rest]);
        let divisor = self.constant(divisor);
        self.node("quotient", "Div", &[&even, &divisor])
    }

    fn constant(&mut self, number: i64) -> String {
        self.graph.ints(&format!("{}/constant", self.name), &[number])
    }

    fn node(&mut self, what: &str, operator: &str, inputs: &[&str]) -> String {
        self.graph.node(&format!("{}/{what}", self.name), operator, inputs, vec![])
    }
}
