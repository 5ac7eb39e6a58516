//! How dimensions are written: as texts of flags (`a|b|c`, `from..to:log`, `taper:1..4x16..256`) and
//! as values of TOML and JSON (`["a", "b"]`, `{ from = 1e-4, to = 1e-1, scale = "log" }`).

use serde_json::{Map, Value as Json, json};

use super::dimension::{FloatRange, IntRange, Scale};
use super::{Dimension, Value};
use crate::{Error, Result, nearest};

/// Rates, whose ranges are logarithmic unless they say otherwise.
const RATES: [&str; 4] = ["lr", "weight-decay", "l1", "l2"];

/// Counts, whose ranges are of whole numbers unless they say otherwise.
const COUNTS: [&str; 8] =
    ["hidden", "batch-size", "epochs", "steps", "warmup", "step-size", "patience", "seed"];

/// What begins shapes.
const TAPER: &str = "taper:";

/// What may stand behind a range.
const SUFFIXES: [&str; 3] = ["log", "linear", "int"];

impl Dimension {
    /// Reads what is typed for a name: alternatives `a|b|c`, a range `from..to` with `:log`,
    /// `:linear` or `:int` behind it, shapes `taper:1..4x16..256`, or one value.
    ///
    /// Ranges of rates (`lr`, `weight-decay`, `l1`, `l2`) are logarithmic and those of counts
    /// (`hidden`, `batch-size`, `epochs`, …) whole numbers, unless they say otherwise.
    ///
    /// ```
    /// use halfplane::sweep::Dimension;
    ///
    /// # fn main() -> halfplane::Result<()> {
    /// assert_eq!(Dimension::parse("lr", "1e-4..0.1")?, Dimension::log(1e-4, 0.1));
    /// assert_eq!(Dimension::parse("dropout", "0..0.5")?, Dimension::linear(0.0, 0.5));
    /// assert_eq!(Dimension::parse("activation", "relu|silu")?.count(), Some(2));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] names the dimension.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        let text = text.trim();
        let dimension = if let Some(shapes) = text.strip_prefix(TAPER) {
            taper(name, shapes)?
        } else if text.contains('|') {
            Self::choices(text.split('|').map(str::trim))
        } else if let Some((from, rest)) = text.split_once("..") {
            range(name, from, rest)?
        } else {
            Self::choices([text])
        };
        dimension.check(name)?;
        Ok(dimension)
    }

    /// Reads what a file has for a name: an array of alternatives, an object with `from`, `to` and,
    /// where they are not those of the name, `scale` and `int`, or a text as it would be typed.
    /// Alternatives that are arrays of numbers are hidden layers.
    ///
    /// # Errors
    /// [`Error::Invalid`] names the dimension.
    pub fn from_json(name: &str, value: &Json) -> Result<Self> {
        let dimension = match value {
            Json::String(text) => return Self::parse(name, text),
            Json::Array(items) => Self::Choices(
                items.iter().map(|item| alternative(name, item)).collect::<Result<_>>()?,
            ),
            Json::Object(object) => of_object(name, object)?,
            single => Self::Choices(vec![alternative(name, single)?]),
        };
        dimension.check(name)?;
        Ok(dimension)
    }

    /// The same for files, with nothing left to the name.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Choices(values) => json!(values),
            Self::Float(range) => {
                json!({ "from": range.from, "int": false, "scale": range.scale.name(), "to": range.to })
            }
            Self::Int(range) => {
                json!({ "from": range.from, "int": true, "scale": range.scale.name(), "to": range.to })
            }
            Self::Taper { .. } => json!(self.to_string()),
        }
    }
}

/// As it would be typed, with nothing left to the name.
impl std::fmt::Display for Dimension {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Choices(values) => {
                let values: Vec<String> = values.iter().map(Value::to_string).collect();
                f.write_str(&values.join("|"))
            }
            Self::Float(FloatRange { from, to, scale }) => {
                write!(f, "{from:?}..{to:?}:{}", scale.name())
            }
            Self::Int(IntRange { from, to, scale }) => {
                write!(f, "{from}..{to}:{}:int", scale.name())
            }
            Self::Taper { layers, units } => write!(f, "{TAPER}{}x{}", ends(layers), ends(units)),
        }
    }
}

fn ends(range: &IntRange) -> String {
    if range.from == range.to {
        range.from.to_string()
    } else {
        format!("{}..{}", range.from, range.to)
    }
}

/// An alternative of a file.
fn alternative(name: &str, item: &Json) -> Result<Value> {
    match item {
        Json::String(text) => Ok(Value::parse(text.trim())),
        Json::Bool(_) | Json::Number(_) => Ok(Value::parse(&item.to_string())),
        // Hidden layers.
        Json::Array(units) if units.is_empty() => Ok(Value::Text("none".into())),
        Json::Array(units) if units.iter().all(Json::is_number) => {
            let units: Vec<String> = units.iter().map(Json::to_string).collect();
            Ok(Value::parse(&units.join(",")))
        }
        _ => Err(Error::invalid(
            format!("`{name}` has the alternative {item}"),
            "an alternative is a number, a word, or a list of numbers",
        )),
    }
}

fn of_object(name: &str, object: &Map<String, Json>) -> Result<Dimension> {
    const KEYS: [&str; 4] = ["from", "to", "scale", "int"];
    if let Some(key) = object.keys().find(|key| !KEYS.contains(&key.as_str())) {
        let remedy = match nearest(key, KEYS) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known: {}", KEYS.join(", ")),
        };
        return Err(Error::invalid(format!("`{name}` has an unknown key `{key}`"), remedy));
    }
    let wrong = |key: &str, remedy: &str| {
        let value = object.get(key).map_or_else(|| "missing".to_owned(), Json::to_string);
        Error::invalid(format!("`{key}` of `{name}` is {value}"), remedy)
    };
    let scale = match object.get("scale") {
        None => None,
        Some(Json::String(word)) => Some(scale(name, word)?),
        Some(_) => return Err(wrong("scale", "it must be \"log\" or \"linear\"")),
    };
    let int = match object.get("int") {
        None => None,
        Some(Json::Bool(int)) => Some(*int),
        Some(_) => return Err(wrong("int", "it must be true or false")),
    };
    let end = |key: &str| match object.get(key) {
        Some(Json::Number(number)) => Ok(number.to_string()),
        _ => Err(wrong(key, "a range has a number `from` and a number `to`")),
    };
    of_ends(name, [&end("from")?, &end("to")?], scale, int)
}

fn scale(name: &str, word: &str) -> Result<Scale> {
    match word {
        "log" => Ok(Scale::Log),
        "linear" => Ok(Scale::Linear),
        _ => Err(Error::invalid(
            format!("`{name}` has an unknown scale `{word}`"),
            "it is log or linear",
        )),
    }
}

/// `from..to:log:int`, after the dots.
fn range(name: &str, from: &str, rest: &str) -> Result<Dimension> {
    let mut words = rest.split(':');
    let to = words.next().unwrap_or_default();
    let (mut of_scale, mut int) = (None, None);
    for word in words.map(str::trim) {
        match word {
            "int" => int = Some(true),
            "log" | "linear" if of_scale.is_some_and(|own: Scale| own.name() != word) => {
                return Err(Error::invalid(
                    format!("`{name}` is both logarithmic and linear"),
                    "leave out one of :log and :linear",
                ));
            }
            "log" | "linear" => of_scale = Some(scale(name, word)?),
            _ => {
                let remedy = match nearest(word, SUFFIXES) {
                    Some(near) => format!("did you mean `:{near}`?"),
                    None => "behind a range may stand :log, :linear or :int".to_owned(),
                };
                return Err(Error::invalid(
                    format!("`{name}` has an unknown scale `{word}`"),
                    remedy,
                ));
            }
        }
    }
    of_ends(name, [from, to], of_scale, int)
}

fn of_ends(
    name: &str,
    [from, to]: [&str; 2],
    scale: Option<Scale>,
    int: Option<bool>,
) -> Result<Dimension> {
    let default = if RATES.contains(&name) { Scale::Log } else { Scale::Linear };
    let scale = scale.unwrap_or(default);
    if int.unwrap_or(COUNTS.contains(&name)) {
        let [from, to] = [whole(name, from)?, whole(name, to)?];
        return Ok(Dimension::Int(IntRange { from, to, scale }));
    }
    let number = |text: &str| {
        text.trim().parse::<f64>().map_err(|_| {
            Error::invalid(
                format!("`{name}` is a range, and its end `{}` is no number", text.trim()),
                "write it as from..to, such as 0.001..0.1",
            )
        })
    };
    Ok(Dimension::Float(FloatRange { from: number(from)?, to: number(to)?, scale }))
}

fn whole(name: &str, text: &str) -> Result<i64> {
    text.trim().parse().map_err(|_| {
        Error::invalid(
            format!("`{name}` is a range of whole numbers, and its end `{}` is none", text.trim()),
            "write it as from..to, such as 16..256",
        )
    })
}

/// `1..4x16..256`: layers, then units of the first one.
fn taper(name: &str, text: &str) -> Result<Dimension> {
    let range = |text: &str| match text.split_once("..") {
        Some((from, to)) => Ok((whole(name, from)?, whole(name, to)?)),
        None => whole(name, text).map(|one| (one, one)),
    };
    let (layers, units) = text.split_once('x').ok_or_else(|| {
        Error::invalid(
            format!("`{name}` has the shapes `{TAPER}{text}`"),
            format!("write layers, x, and units of the first, such as {TAPER}1..4x16..256"),
        )
    })?;
    let ((fewest, most), (from, to)) = (range(layers)?, range(units)?);
    Ok(Dimension::Taper { layers: IntRange::linear(fewest, most), units: IntRange::log(from, to) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_read() {
        let float = |from, to, scale| Dimension::Float(FloatRange { from, to, scale });
        let int = |from, to, scale| Dimension::Int(IntRange { from, to, scale });
        for (name, text, expected) in [
            ("lr", "1e-4..1e-1", float(1e-4, 0.1, Scale::Log)),
            ("lr", "0.1..0.2:linear", float(0.1, 0.2, Scale::Linear)),
            ("dropout", "0..0.5", float(0.0, 0.5, Scale::Linear)),
            ("dropout", " 0.01 .. 0.5 : log", float(0.01, 0.5, Scale::Log)),
            ("batch-size", "16..64", int(16, 64, Scale::Linear)),
            ("batch-size", "16..64:log", int(16, 64, Scale::Log)),
            ("delta", "1..4:int", int(1, 4, Scale::Linear)),
            ("delta", "-1..4:int:linear", int(-1, 4, Scale::Linear)),
            ("hidden", "32|64,32|none", Dimension::choices(["32", "64,32", "none"])),
            ("optimizer", "adam", Dimension::choices(["adam"])),
            (
                "hidden",
                "taper:1..4x16..256",
                Dimension::Taper { layers: IntRange::linear(1, 4), units: IntRange::log(16, 256) },
            ),
            (
                "hidden",
                "taper:2x16..256",
                Dimension::Taper { layers: IntRange::linear(2, 2), units: IntRange::log(16, 256) },
            ),
        ] {
            let read = Dimension::parse(name, text).expect(text);
            assert_eq!(read, expected, "{name} {text}");
            let again = Dimension::from_json("other", &read.to_json()).expect(text);
            assert_eq!(again, expected, "{name} {text}, through JSON");
            let again = Dimension::parse("lr", &expected.to_string());
            assert_eq!(again.expect(text), expected, "{name} {text}, as text");
        }
    }

    #[test]
    fn files_have_the_same() {
        let read = |name, text| {
            let json = serde_json::from_str(text).expect("it is JSON");
            Dimension::from_json(name, &json).expect(text)
        };
        assert_eq!(read("lr", r#"{"from":1e-4,"to":1e-1}"#), Dimension::log(1e-4, 0.1));
        assert_eq!(read("lr", r#""1e-4..1e-1""#), Dimension::log(1e-4, 0.1));
        assert_eq!(read("dropout", r#"{"from":0,"to":1}"#), Dimension::linear(0.0, 1.0));
        assert_eq!(
            read("epochs", r#"{"from":1,"to":9,"scale":"log"}"#),
            Dimension::Int(IntRange::log(1, 9))
        );
        assert_eq!(read("hidden", "[[64, 32], [], 8]"), Dimension::choices(["64,32", "none", "8"]));
        assert_eq!(read("layer-norm", "[true, false]"), Dimension::choices(["true", "false"]));
    }

    #[test]
    fn slips_name_the_dimension_and_the_remedy() {
        for (name, text, part) in [
            ("lr", "0..1", "0 has no logarithm"),
            ("lr", "a..1", "its end `a` is no number"),
            ("lr", "..1", "such as 0.001..0.1"),
            ("lr", "0.1..1:lag", "did you mean `:log`?"),
            ("lr", "0.1..1:log:linear", "both logarithmic and linear"),
            ("epochs", "1.5..3", "its end `1.5` is none"),
            ("hidden", "taper:1..4", "taper:1..4x16..256"),
            ("hidden", "taper:1..9x16..256", "fewer layers"),
            ("hidden", "32||64", "alternative 2"),
            ("momentum", "", "alternative 1"),
        ] {
            let error = Dimension::parse(name, text).expect_err(text).to_string();
            assert!(error.contains(name) && error.contains(part), "{error}");
        }
        for (text, part) in [
            (r#"{"from":1,"to":2,"sclae":"log"}"#, "did you mean `scale`?"),
            (r#"{"from":1}"#, "`to` of `lr` is missing"),
            (r#"{"from":1,"to":2,"scale":"exp"}"#, "unknown scale `exp`"),
            (r#"{"from":1,"to":2,"int":3}"#, "true or false"),
            (r#"[{"a":1}]"#, "list of numbers"),
            ("[]", "no alternatives"),
        ] {
            let json = serde_json::from_str(text).expect("it is JSON");
            let error = Dimension::from_json("lr", &json).expect_err(text).to_string();
            assert!(error.contains("lr") && error.contains(part), "{error}");
        }
    }
}
