//! What one hyper-parameter can be: alternatives, a range, or shapes of hidden layers.
//!
//! Samplers see a dimension as one or two **axes**, each with a number u in \[0, 1) that
//! [`Dimension::at`] turns into a value.

use super::Value;
use crate::{Error, Result};

/// How the values of a range are spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scale {
    /// Evenly.
    Linear,
    /// Evenly over the logarithm, so that each order of magnitude is as likely as another.
    Log,
}

impl Scale {
    /// `linear` or `log`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Log => "log",
        }
    }
}

/// A range of numbers, both ends included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FloatRange {
    /// The lowest.
    pub from: f64,
    /// The highest.
    pub to: f64,
    /// How its values are spread.
    pub scale: Scale,
}

/// A range of whole numbers, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IntRange {
    /// The lowest.
    pub from: i64,
    /// The highest.
    pub to: i64,
    /// How its values are spread.
    pub scale: Scale,
}

/// What one hyper-parameter can be.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Dimension {
    /// One of these, in no order.
    Choices(Vec<Value>),
    /// A number.
    Float(FloatRange),
    /// A whole number.
    Int(IntRange),
    /// Tapering hidden layers: so many, the first so wide, each further one half as wide as the one
    /// before it (rounded up), as in `128,64,32`.
    Taper {
        /// The number of layers, spread evenly.
        layers: IntRange,
        /// Units of the first layer, spread over the logarithm.
        units: IntRange,
    },
}

impl FloatRange {
    /// The value at u in \[0, 1).
    pub fn at(&self, u: f64) -> f64 {
        let value = match self.scale {
            Scale::Linear => self.from + u * (self.to - self.from),
            Scale::Log => {
                let (low, high) = (libm::log(self.from), libm::log(self.to));
                libm::exp(low + u * (high - low))
            }
        };
        value.clamp(self.from, self.to)
    }
}

impl IntRange {
    /// A range whose values are spread evenly.
    pub const fn linear(from: i64, to: i64) -> Self {
        Self { from, to, scale: Scale::Linear }
    }

    /// A range that is spread over the logarithm.
    pub const fn log(from: i64, to: i64) -> Self {
        Self { from, to, scale: Scale::Log }
    }

    /// How many whole numbers there are.
    pub fn count(&self) -> u64 {
        self.to.abs_diff(self.from).saturating_add(1)
    }

    /// The value at u in \[0, 1): each has the same share, or one by the logarithm of its bounds at
    /// ±½ as in Optuna.
    pub fn at(&self, u: f64) -> i64 {
        let value = match self.scale {
            Scale::Linear => self.from as f64 + (u * self.count() as f64).floor(),
            Scale::Log => {
                let low = libm::log(self.from as f64 - 0.5);
                let high = libm::log(self.to as f64 + 0.5);
                libm::rint(libm::exp(low + u * (high - low)))
            }
        };
        (value as i64).clamp(self.from, self.to)
    }

    fn check(&self, name: &str) -> Result<()> {
        if self.from >= self.to {
            return Err(empty(name, self.from, self.to));
        }
        // As numbers of samplers they would be rounded.
        if self.from.unsigned_abs().max(self.to.unsigned_abs()) > MAX_INT {
            return Err(Error::invalid(
                format!("`{name}` is a range from {} to {}", self.from, self.to),
                format!("whole numbers may be at most {MAX_INT}"),
            ));
        }
        check_log(name, self.from as f64, self.scale)
    }
}

/// The largest whole number: 2⁵³, up to which float64 holds each.
const MAX_INT: u64 = 1 << 53;

impl Dimension {
    /// Numbers that are spread evenly.
    pub const fn linear(from: f64, to: f64) -> Self {
        Self::Float(FloatRange { from, to, scale: Scale::Linear })
    }

    /// Numbers that are spread over the logarithm, as rates are.
    pub const fn log(from: f64, to: f64) -> Self {
        Self::Float(FloatRange { from, to, scale: Scale::Log })
    }

    /// Alternatives, each as it would be typed.
    pub fn choices<T: AsRef<str>>(values: impl IntoIterator<Item = T>) -> Self {
        Self::Choices(values.into_iter().map(|value| Value::parse(value.as_ref())).collect())
    }

    /// How many values there are; `None` for a range of numbers, which has no end of them.
    pub fn count(&self) -> Option<u64> {
        match self {
            Self::Choices(values) => Some(values.len() as u64),
            Self::Float(_) => None,
            Self::Int(range) => Some(range.count()),
            Self::Taper { layers, units } => Some(layers.count().saturating_mul(units.count())),
        }
    }

    /// The value of a number, of as many as there are: whole numbers ascend, shapes ascend by layers,
    /// then by units. `None` past the last one, and for a range of numbers.
    pub fn value(&self, number: u64) -> Option<Value> {
        if number >= self.count()? {
            return None;
        }
        let of = |range: &IntRange, number: u64| range.from.saturating_add_unsigned(number);
        match self {
            Self::Choices(values) => values.get(usize::try_from(number).ok()?).cloned(),
            Self::Float(_) => None,
            Self::Int(range) => Some(Value::Int(of(range, number))),
            Self::Taper { layers, units } => {
                let (layer, unit) = (number / units.count(), number % units.count());
                Some(taper(of(layers, layer), of(units, unit)))
            }
        }
    }

    /// How many axes samplers see.
    pub fn axes(&self) -> usize {
        match self {
            Self::Choices(_) | Self::Float(_) | Self::Int(_) => 1,
            Self::Taper { .. } => 2,
        }
    }

    /// The value at a number u in \[0, 1) for each axis.
    ///
    /// # Panics
    /// Where there are fewer numbers than axes.
    pub fn at(&self, u: &[f64]) -> Value {
        match self {
            Self::Choices(values) => values[index(u[0], values.len())].clone(),
            Self::Float(range) => Value::Float(range.at(u[0])),
            Self::Int(range) => Value::Int(range.at(u[0])),
            Self::Taper { layers, units } => taper(layers.at(u[0]), units.at(u[1])),
        }
    }

    /// Checks that there are values, and that they can be spread so.
    ///
    /// # Errors
    /// [`Error::Invalid`] names the dimension.
    pub fn check(&self, name: &str) -> Result<()> {
        match self {
            Self::Choices(values) => check_choices(name, values),
            Self::Float(FloatRange { from, to, scale }) => {
                if !(from.is_finite() && to.is_finite()) {
                    return Err(Error::invalid(
                        format!("`{name}` is a range from {from} to {to}"),
                        "give it finite ends",
                    ));
                }
                if from >= to {
                    return Err(empty(name, from, to));
                }
                check_log(name, *from, *scale)
            }
            Self::Int(range) => range.check(name),
            Self::Taper { layers, units } => {
                for (what, range) in [("layers", layers), ("units", units)] {
                    if range.from > range.to {
                        return Err(empty(&format!("{name}, {what}"), range.from, range.to));
                    }
                    if range.from < 1 {
                        return Err(Error::invalid(
                            format!("`{name}` tapers from {} {what} on", range.from),
                            format!("begin at 1 of the {what} or more"),
                        ));
                    }
                }
                let least = u32::try_from(layers.to - 1).ok().and_then(|n| 1i64.checked_shl(n));
                match least.filter(|least| *least > 0) {
                    Some(least) if units.from >= least => Ok(()),
                    _ => Err(Error::invalid(
                        format!(
                            "`{name}` tapers to {} layers, but a first layer of {} units cannot be \
                             halved so often",
                            layers.to, units.from,
                        ),
                        "let the first layer begin wider, or have fewer layers",
                    )),
                }
            }
        }
    }
}

/// Which of `count` alternatives u in \[0, 1) is.
pub(super) fn index(u: f64, count: usize) -> usize {
    ((u * count as f64) as usize).min(count - 1)
}

/// Hidden layers as they are typed: each half as wide as the one before it.
pub(super) fn taper(layers: i64, units: i64) -> Value {
    let widths = std::iter::successors(Some(units), |width| Some((width + 1) / 2));
    let layers = usize::try_from(layers).unwrap_or(0);
    let widths: Vec<String> = widths.take(layers).map(|width| width.to_string()).collect();
    Value::parse(&widths.join(","))
}

/// The number of layers and the units of the first of a shape.
pub(super) fn untaper(value: &Value) -> Option<(i64, i64)> {
    let text = value.to_string();
    let first = text.split(',').next()?.parse().ok()?;
    Some((i64::try_from(text.split(',').count()).ok()?, first))
}

fn empty(name: &str, from: impl std::fmt::Display, to: impl std::fmt::Display) -> Error {
    Error::invalid(
        format!("`{name}` is a range from {from} to {to}, which is empty"),
        "let it begin below its end, or give one value instead",
    )
}

fn check_log(name: &str, from: f64, scale: Scale) -> Result<()> {
    if scale == Scale::Log && from <= 0.0 {
        return Err(Error::invalid(
            format!("`{name}` is a logarithmic range from {from}, and 0 has no logarithm"),
            "let it begin above 0, such as at 1e-6, or make it linear",
        ));
    }
    Ok(())
}

fn check_choices(name: &str, values: &[Value]) -> Result<()> {
    if values.is_empty() {
        return Err(Error::invalid(
            format!("`{name}` has no alternatives"),
            "give at least one, or leave it out",
        ));
    }
    for (index, value) in values.iter().enumerate() {
        if matches!(value, Value::Text(text) if text.is_empty()) {
            return Err(Error::invalid(
                format!("alternative {} of `{name}` is empty", index + 1),
                "write a value on both sides of each |",
            ));
        }
        if values[..index].contains(value) {
            return Err(Error::invalid(
                format!("`{name}` has the alternative {value} twice"),
                "leave one of them out",
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_lie_in_their_ranges_and_reach_both_ends() {
        let last = 1.0f64.next_down();
        for (dimension, first, end) in [
            (Dimension::linear(-1.0, 3.0), Value::Float(-1.0), 3.0),
            (Dimension::log(1e-4, 0.1), Value::Float(1e-4), 0.1),
            (Dimension::Int(IntRange::linear(-2, 5)), Value::Int(-2), 5.0),
            (Dimension::Int(IntRange::log(1, 100)), Value::Int(1), 100.0),
        ] {
            let low = dimension.at(&[0.0]);
            let gap = low.number().expect("a number") - first.number().expect("a number");
            assert!(gap.abs() < 1e-12, "{dimension:?}: {low}");
            let high = dimension.at(&[last]).number().expect("it is a number");
            assert!((high - end).abs() < 1e-9, "{dimension:?}: {high}");
        }
        let choices = Dimension::choices(["a", "b", "c"]);
        assert_eq!(choices.at(&[last]), Value::Text("c".into()));
        assert_eq!(choices.at(&[0.34]), Value::Text("b".into()));
    }

    #[test]
    fn whole_numbers_have_equal_shares() {
        let count = |range: IntRange| {
            let mut counts = [0; 4];
            for step in 0..400 {
                counts[range.at(f64::from(step) / 400.0) as usize - 1] += 1;
            }
            counts
        };
        assert_eq!(count(IntRange::linear(1, 4)), [100; 4]);
        // ln(1.5 / 0.5) of ln(4.5 / 0.5) is half of it.
        assert_eq!(count(IntRange::log(1, 4))[0], 200);
    }

    #[test]
    fn shapes_taper() {
        let shapes =
            Dimension::Taper { layers: IntRange::linear(1, 4), units: IntRange::log(16, 256) };
        shapes.check("hidden").expect("it is sound");
        assert_eq!(shapes.at(&[0.99, 0.9999]).to_string(), "256,128,64,32");
        assert_eq!(shapes.at(&[0.0, 0.0]), Value::Int(16));
        assert_eq!(taper(3, 25).to_string(), "25,13,7");
        assert_eq!(untaper(&taper(3, 25)), Some((3, 25)));
        assert_eq!(shapes.count(), Some(4 * 241));
        assert_eq!(shapes.value(241).expect("there are more").to_string(), "16,8");
        assert_eq!(shapes.value(4 * 241), None);
        let deep =
            Dimension::Taper { layers: IntRange::linear(1, 6), units: IntRange::log(16, 32) };
        assert!(deep.check("hidden").expect_err("16 is halved 4 times").to_string().contains("6"));
    }

    #[test]
    fn errors_name_the_dimension_and_the_remedy() {
        let choices = |values: &[&str]| Dimension::choices(values);
        let none: [&str; 0] = [];
        for (dimension, problem, remedy) in [
            (Dimension::linear(2.0, 1.0), "which is empty", "begin below its end"),
            (Dimension::linear(1.0, 1.0), "which is empty", "one value"),
            (Dimension::linear(0.0, f64::INFINITY), "to inf", "finite"),
            (Dimension::log(0.0, 1.0), "0 has no logarithm", "linear"),
            (Dimension::Int(IntRange::log(0, 9)), "no logarithm", "above 0"),
            (Dimension::Int(IntRange::linear(5, 5)), "which is empty", "one value"),
            (Dimension::Int(IntRange::linear(0, i64::MAX)), "range from 0", "at most"),
            (choices(&none), "no alternatives", "at least one"),
            (choices(&["a", ""]), "alternative 2 of", "both sides"),
            (choices(&["a", "b", "a"]), "twice", "leave one"),
            (
                Dimension::Taper { layers: IntRange::linear(0, 2), units: IntRange::log(8, 9) },
                "from 0 layers",
                "begin at 1",
            ),
        ] {
            let error = dimension.check("lr").expect_err("it is refused").to_string();
            assert!(error.contains("`lr"), "{error}");
            assert!(error.contains(problem) && error.contains(remedy), "{error}");
        }
    }
}
