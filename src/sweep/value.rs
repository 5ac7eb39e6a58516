//! A point of a space: a value for each name.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use xxhash_rust::xxh3::Xxh3;

/// A value as it would be typed: a word, a number, or a whole number.
///
/// Its `Display` is what the flag of that name takes; in JSON it is a text or a number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// A whole number.
    Int(i64),
    /// A finite number.
    Float(f64),
    /// Anything else.
    Text(String),
}

impl Value {
    /// What a text means: a whole number or a finite number where it is one, else the text itself.
    ///
    /// ```
    /// use halfplane::sweep::Value;
    ///
    /// assert_eq!(Value::parse("64"), Value::Int(64));
    /// assert_eq!(Value::parse("1e-3"), Value::Float(0.001));
    /// assert_eq!(Value::parse("64,32"), Value::Text("64,32".into()));
    /// ```
    pub fn parse(text: &str) -> Self {
        let is_number = text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
        match (text.parse(), text.parse::<f64>()) {
            (Ok(whole), _) if is_number => Self::Int(whole),
            (_, Ok(number)) if is_number && number.is_finite() => Self::Float(number),
            _ => Self::Text(text.to_owned()),
        }
    }

    /// The number, where it is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Int(whole) => Some(*whole as f64),
            Self::Float(number) => Some(*number),
            Self::Text(_) => None,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(whole) => f.pad(&whole.to_string()),
            // `Debug` writes 1e-7 where `Display` would write all the zeros.
            Self::Float(number) => f.pad(&format!("{number:?}")),
            Self::Text(text) => f.pad(text),
        }
    }
}

/// A value for each dimension of a space, by name, in the order of the space. In JSON it is an object.
///
/// ```
/// use halfplane::sweep::{Point, Value};
///
/// let point = Point::new([("lr", Value::Float(0.01)), ("hidden", Value::Text("64,32".into()))]);
/// assert_eq!(point.get("lr"), Some(&Value::Float(0.01)));
/// assert_eq!(point.to_string(), "lr = 0.01, hidden = 64,32");
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Point {
    values: Vec<(String, Value)>,
}

impl Point {
    /// A point of these values.
    pub fn new<N: Into<String>>(values: impl IntoIterator<Item = (N, Value)>) -> Self {
        Self { values: values.into_iter().map(|(name, value)| (name.into(), value)).collect() }
    }

    /// The same with one more value.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.values.push((name.to_owned(), value));
        self
    }

    /// The value of that name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.iter().find(|(own, _)| own == name).map(|(_, value)| value)
    }

    /// Names and values, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> + DoubleEndedIterator {
        self.values.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// A number that is the same for equal points, on every machine and in every version.
    pub fn hash(&self) -> u64 {
        let mut hash = Xxh3::new();
        for (name, value) in &self.values {
            for text in [name, &value.to_string()] {
                hash.update(&(text.len() as u64).to_le_bytes());
                hash.update(text.as_bytes());
            }
        }
        hash.digest()
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, value)) in self.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{name} = {value}")?;
        }
        Ok(())
    }
}

impl Serialize for Point {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.values.len()))?;
        for (name, value) in &self.values {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Point {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Pairs::deserialize(deserializer).map(|pairs| Self { values: pairs.0 })
    }
}

/// An object whose names stay in order.
pub(super) struct Pairs<T>(pub(super) Vec<(String, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Pairs<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for InOrder<T> {
            type Value = Pairs<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<T>, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(InOrder(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_what_they_are() {
        for (text, expected) in [
            ("0", Value::Int(0)),
            ("-3", Value::Int(-3)),
            ("0.5", Value::Float(0.5)),
            (".5", Value::Float(0.5)),
            ("1e400", Value::Text("1e400".into())),
            ("inf", Value::Text("inf".into())),
            ("nan", Value::Text("nan".into())),
            ("relu", Value::Text("relu".into())),
            ("0.1,10", Value::Text("0.1,10".into())),
        ] {
            assert_eq!(Value::parse(text), expected, "{text}");
        }
        assert_eq!(Value::Float(1e-7).to_string(), "1e-7");
        assert_eq!(Value::parse(&Value::Float(2.0).to_string()), Value::Float(2.0));
    }

    #[test]
    fn points_come_back_from_json_in_order() {
        let point = Point::new([
            ("lr", Value::Float(1.0)),
            ("hidden", Value::parse("64,32")),
            ("batch-size", Value::Int(32)),
            ("activation", Value::parse("relu")),
        ]);
        let text = serde_json::to_string(&point).expect("it can be written");
        assert_eq!(text, r#"{"lr":1.0,"hidden":"64,32","batch-size":32,"activation":"relu"}"#);
        let again: Point = serde_json::from_str(&text).expect("it was written so");
        assert_eq!(again, point);
        assert_eq!(again.hash(), point.hash());
        assert_eq!(point.hash(), 2_703_558_815_951_250_491, "the hash is the same for ever");
    }
}
