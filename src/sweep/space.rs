//! The space of a search: what each hyper-parameter can be, in order.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use xxhash_rust::xxh3::xxh3_64;

use super::value::Pairs;
use super::{Dimension, Point, Value};
use crate::{Error, Result};

/// What each hyper-parameter can be, by name and in order. In JSON it is an object.
///
/// The library knows no names: whoever searches turns a [`Point`] into what is trained.
///
/// ```
/// use halfplane::sweep::{Dimension, Space};
///
/// # fn main() -> halfplane::Result<()> {
/// let space = Space::new()
///     .with("hidden", Dimension::choices(["32", "64,32"]))?
///     .with("lr", Dimension::parse("lr", "1e-4..1e-1")?)?;
/// assert_eq!(space.size(), None); // a range of numbers has no end of values
/// let point = space.at(&[0.0, 0.5]);
/// assert_eq!(point.get("hidden").map(ToString::to_string), Some("32".into()));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Space {
    dimensions: Vec<(String, Dimension)>,
}

impl Space {
    /// A space without dimensions: of a single point.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with one more dimension.
    ///
    /// # Errors
    /// [`Error::Invalid`] where there is one of that name, or it has no values.
    pub fn with(mut self, name: &str, dimension: Dimension) -> Result<Self> {
        if self.get(name).is_some() {
            return Err(Error::invalid(
                format!("the space has `{name}` twice"),
                "leave one of them out",
            ));
        }
        dimension.check(name)?;
        self.dimensions.push((name.to_owned(), dimension));
        Ok(self)
    }

    /// What was typed, as names and texts, in two parts: those with several values, and those with one, which
    /// holds for all points.
    ///
    /// ```
    /// use halfplane::sweep::Space;
    ///
    /// # fn main() -> halfplane::Result<()> {
    /// let (space, fixed) = Space::typed([("hidden", "32|64,32"), ("lr", "0.01")])?;
    /// assert_eq!(space.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["hidden"]);
    /// assert_eq!(fixed.get("lr").map(ToString::to_string), Some("0.01".into()));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Dimension::parse`] and [`Space::with`].
    pub fn typed<'a>(typed: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<(Self, Point)> {
        let (mut space, mut fixed) = (Self::new(), Vec::new());
        for (name, text) in typed {
            match Dimension::parse(name, text)? {
                Dimension::Choices(values) if values.len() == 1 => {
                    fixed.extend(values.into_iter().map(|value| (name, value)));
                }
                dimension => space = space.with(name, dimension)?,
            }
        }
        Ok((space, Point::new(fixed)))
    }

    /// The dimension of that name.
    pub fn get(&self, name: &str) -> Option<&Dimension> {
        self.dimensions.iter().find(|(own, _)| own == name).map(|(_, dimension)| dimension)
    }

    /// Names and dimensions, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Dimension)> {
        self.dimensions.iter().map(|(name, dimension)| (name.as_str(), dimension))
    }

    /// Whether there is nothing to search: no dimension, or each with one value only.
    pub fn is_single(&self) -> bool {
        self.size() == Some(1)
    }

    /// How many points there are, `u64::MAX` where they are more; `None` where a dimension is a range
    /// of numbers, which has no end of them.
    pub fn size(&self) -> Option<u64> {
        self.iter().try_fold(1u64, |size, (_, own)| Some(size.saturating_mul(own.count()?)))
    }

    /// The point of a number, of as many as there are: the last dimension changes fastest. `None` past
    /// the last one, and where there is no end of them.
    pub fn point(&self, number: u64) -> Option<Point> {
        let (mut rest, mut values) = (number, Vec::new());
        for (name, dimension) in self.dimensions.iter().rev() {
            let count = dimension.count()?;
            values.push((name.clone(), dimension.value(rest % count)?));
            rest /= count;
        }
        values.reverse();
        (rest == 0).then(|| Point::new(values))
    }

    /// How many axes samplers see: one for each dimension, two for shapes.
    pub fn axes(&self) -> usize {
        self.iter().map(|(_, dimension)| dimension.axes()).sum()
    }

    /// The point at a number u in \[0, 1) for each axis.
    ///
    /// # Panics
    /// Where there are fewer numbers than axes.
    pub fn at(&self, u: &[f64]) -> Point {
        let mut rest = u;
        Point::new(self.iter().map(|(name, dimension)| {
            let (own, others) = rest.split_at(dimension.axes());
            rest = others;
            (name, dimension.at(own))
        }))
    }

    /// Points by which it can be checked that all are what they should be, before any is trained: the centre,
    /// and from there each alternative, of many the first ones, and both ends of each range.
    pub fn probes(&self) -> Vec<Point> {
        /// Alternatives at most.
        const MOST: u64 = 64;
        let centre = self.at(&vec![0.5; self.axes()]);
        let mut probes = vec![centre.clone()];
        for (name, dimension) in self.iter() {
            let values: Vec<Value> = match dimension.count() {
                Some(count) => {
                    (0..count.min(MOST)).filter_map(|number| dimension.value(number)).collect()
                }
                None => {
                    let end = 1.0f64.next_down();
                    [0.0, end].map(|u| dimension.at(&vec![u; dimension.axes()])).into()
                }
            };
            for value in values {
                let others = centre.iter();
                probes.push(Point::new(others.map(|(own, other)| {
                    (own, if own == name { value.clone() } else { other.clone() })
                })));
            }
        }
        probes
    }

    /// A number that is the same for equal spaces, on every machine and in every version.
    pub fn hash(&self) -> u64 {
        xxh3_64(serde_json::to_string(self).unwrap_or_default().as_bytes())
    }
}

impl Serialize for Space {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(name, own)| (name, own.to_json())))
    }
}

impl<'de> Deserialize<'de> for Space {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;

        let pairs = Pairs::<serde_json::Value>::deserialize(deserializer)?.0;
        pairs.into_iter().try_fold(Self::new(), |space, (name, value)| {
            let dimension = Dimension::from_json(&name, &value).map_err(D::Error::custom)?;
            space.with(&name, dimension).map_err(D::Error::custom)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::{IntRange, Value};

    fn space() -> Space {
        Space::new()
            .with("hidden", Dimension::choices(["8", "16,8"]))
            .and_then(|own| own.with("epochs", Dimension::Int(IntRange::linear(3, 5))))
            .and_then(|own| own.with("layer-norm", Dimension::choices(["true", "false"])))
            .expect("it is sound")
    }

    #[test]
    fn finite_spaces_are_counted_and_walked() {
        let space = space();
        assert_eq!(space.size(), Some(12));
        let points: Vec<String> =
            (0..12).map(|n| space.point(n).expect("there are 12").to_string()).collect();
        assert_eq!(points[0], "hidden = 8, epochs = 3, layer-norm = true");
        assert_eq!(points[1], "hidden = 8, epochs = 3, layer-norm = false");
        assert_eq!(points[11], "hidden = 16,8, epochs = 5, layer-norm = false");
        assert_eq!(points.iter().collect::<std::collections::BTreeSet<_>>().len(), 12);
        assert_eq!(space.point(12), None);
        let endless = space.with("lr", Dimension::log(0.1, 1.0)).expect("it is sound");
        assert_eq!((endless.size(), endless.point(0)), (None, None));
        assert!(Space::new().is_single() && !endless.is_single());
    }

    #[test]
    fn spaces_come_back_from_json_in_order() {
        let space = space()
            .with("lr", Dimension::log(1e-4, 0.1))
            .and_then(|own| own.with("dropout", Dimension::linear(0.0, 0.5)))
            .expect("it is sound");
        let text = serde_json::to_string(&space).expect("it can be written");
        let again: Space = serde_json::from_str(&text).expect("it was written so");
        assert_eq!((&again, again.hash()), (&space, space.hash()));
        assert!(text.starts_with(r#"{"hidden":[8,"16,8"],"epochs":{"#), "{text}");
        let error = serde_json::from_str::<Space>(r#"{"lr":"2..1"}"#).expect_err("it is empty");
        assert!(error.to_string().contains("`lr`"), "{error}");
    }

    #[test]
    fn probes_see_each_alternative_and_both_ends() {
        let (space, fixed) =
            Space::typed([("hidden", "8|16|none"), ("lr", "0.5..1.5:linear"), ("dropout", "0")])
                .expect("it is sound");
        assert_eq!(fixed.to_string(), "dropout = 0");
        let seen: Vec<String> = space.probes().iter().map(ToString::to_string).collect();
        assert_eq!(
            seen[..4],
            [
                "hidden = 16, lr = 1.0",
                "hidden = 8, lr = 1.0",
                "hidden = 16, lr = 1.0",
                "hidden = none, lr = 1.0"
            ]
        );
        assert_eq!((seen.len(), &*seen[4]), (6, "hidden = 16, lr = 0.5"));
        let (nothing, _) = Space::typed([("lr", "0.1")]).expect("it is sound");
        assert_eq!(nothing.probes(), [Point::default()]);
        assert!(Space::typed([("lr", "1..0.1")]).is_err());
    }

    #[test]
    fn a_name_stands_once() {
        let again = space().with("hidden", Dimension::choices(["1"]));
        assert!(again.expect_err("twice").to_string().contains("`hidden` twice"));
        let point = space().at(&[0.9, 0.0, 0.0]);
        assert_eq!(point.get("hidden"), Some(&Value::Text("16,8".into())));
    }
}
