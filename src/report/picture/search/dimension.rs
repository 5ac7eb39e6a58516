//! The scores of trials against one hyper-parameter.

use halfplane::sweep::{Dimension, Scale, Value};

use super::scores::{Scores, tooltip};
use crate::report::palette::colour;
use crate::report::picture::chart::{Axis, Chart};
use crate::report::picture::scale::{Kind, padded_range};
use crate::report::picture::svg::{Picture, shortened};

/// More names than these would cover each other.
const NAMES: usize = 12;

/// Where the values of a hyper-parameter lie on an axis.
pub(super) enum Place {
    /// Numbers.
    Number(Kind, [f64; 2]),
    /// Shapes of hidden layers: by the number of their units.
    Units([f64; 2]),
    /// Alternatives, one after another.
    Names(Vec<String>),
}

impl Place {
    pub(super) fn of(dimension: &Dimension, scores: &Scores<'_>, name: &str) -> Self {
        let kind = |scale: Scale| match scale {
            Scale::Linear => Kind::Linear,
            Scale::Log => Kind::Logarithmic,
        };
        match dimension {
            Dimension::Float(own) => {
                Self::Number(kind(own.scale), padded(kind(own.scale), [own.from, own.to]))
            }
            Dimension::Int(own) => {
                let ends = [own.from as f64, own.to as f64];
                Self::Number(kind(own.scale), padded(kind(own.scale), ends))
            }
            Dimension::Choices(values) if values.len() <= NAMES => {
                Self::Names(values.iter().map(ToString::to_string).collect())
            }
            _ => {
                let tried = scores.all.iter().filter_map(|own| own.parameters.get(name));
                let units: Option<Vec<f64>> =
                    tried.clone().map(|own| Some(units(own)?.max(1.0))).collect();
                match units {
                    Some(units) if !units.is_empty() => {
                        let low = units.iter().copied().fold(f64::MAX, f64::min);
                        let high = units.iter().copied().fold(1.0, f64::max);
                        Self::Units(padded(Kind::Logarithmic, [low, high]))
                    }
                    _ => {
                        let mut names: Vec<String> = tried.map(ToString::to_string).collect();
                        names.sort();
                        names.dedup();
                        Self::Names(names)
                    }
                }
            }
        }
    }

    /// The place of a value.
    pub(super) fn at(&self, value: &Value) -> Option<f64> {
        match self {
            Self::Number(..) => value.number(),
            Self::Units(_) => units(value).map(|own| own.max(1.0)),
            Self::Names(names) => {
                let name = value.to_string();
                names.iter().position(|own| *own == name).map(|index| index as f64)
            }
        }
    }

    pub(super) fn axis(&self, name: &str) -> Axis {
        match self {
            Self::Number(kind, domain) => Axis { kind: *kind, ..Axis::linear(name, *domain) },
            Self::Units(domain) => {
                let label = format!("{name}: units in all");
                Axis { kind: Kind::Logarithmic, ..Axis::linear(label, *domain) }
            }
            Self::Names(names) => {
                let domain = [-0.5, names.len().max(1) as f64 - 0.5];
                let every = names.len().div_ceil(NAMES).max(1);
                let labels = names.iter().enumerate().map(|(index, own)| {
                    if index % every == 0 { shortened(own, 12) } else { String::new() }
                });
                Axis { names: labels.collect(), ..Axis::linear(name, domain) }
            }
        }
    }
}

/// A range with some room at both ends.
fn padded(kind: Kind, ends: [f64; 2]) -> [f64; 2] {
    match kind {
        Kind::Linear => padded_range(ends.into_iter()),
        Kind::Logarithmic => {
            let room = (ends[1] / ends[0]).powf(0.05).max(1.05);
            [ends[0] / room, ends[1] * room]
        }
    }
}

/// The units of hidden layers, as in `16,8`: their sum.
pub(super) fn units(value: &Value) -> Option<f64> {
    layers(value).map(|own| own.iter().sum())
}

/// The units of each hidden layer; none of `none`.
pub(super) fn layers(value: &Value) -> Option<Vec<f64>> {
    match value.to_string().as_str() {
        "none" => Some(Vec::new()),
        text => text.split(',').map(|own| own.trim().parse().ok()).collect(),
    }
}

/// A dot for each trial.
pub(super) fn picture(name: &str, dimension: &Dimension, scores: &Scores<'_>) -> Option<Picture> {
    if scores.complete.is_empty() {
        return None;
    }
    let place = Place::of(dimension, scores, name);
    let subtitle =
        format!("{} trials that were trained to their end{}", scores.complete.len(), scores.edge());
    let title = format!("Score against {name}");
    let mut chart =
        Chart::new([340.0, 260.0], [&title, &subtitle], place.axis(name), scores.axis());
    // The best are drawn last, on top of the others.
    for (number, own) in scores.complete.iter().enumerate().rev() {
        let Some(at) = own.parameters.get(name).and_then(|value| place.at(value)) else { continue };
        let place = [at, scores.clamped(own.score().0)];
        let (radius, hue) = if number == 0 { (6.0, colour(1)) } else { (4.0, colour(0)) };
        chart.told_dot(place, radius, hue, &tooltip(own));
    }
    Some(chart.finish("dimension"))
}

#[cfg(test)]
mod tests {
    use halfplane::metrics::Metric;
    use halfplane::sweep::State;

    use super::super::scores::tests::record;
    use super::*;

    #[test]
    fn values_have_places_of_their_kind() {
        let all =
            [record(0, State::Complete, 0.5, "16,8"), record(1, State::Complete, 0.6, "none")];
        let scores = Scores::of(&all, Metric::Accuracy);
        let place = |dimension: &Dimension| Place::of(dimension, &scores, "hidden");
        let shapes = Dimension::parse("hidden", "taper:1..3x4..64").expect("it is a dimension");
        assert_eq!(place(&shapes).at(&Value::parse("16,8")), Some(24.0));
        assert_eq!(place(&shapes).at(&Value::parse("none")), Some(1.0));
        let names = Dimension::choices(["relu", "silu"]);
        assert_eq!(place(&names).at(&Value::parse("silu")), Some(1.0));
        assert_eq!(place(&names).at(&Value::parse("tanh")), None);
        let rates = Dimension::log(1e-4, 0.1);
        assert_eq!(place(&rates).at(&Value::Float(0.01)), Some(0.01));
        assert!(matches!(place(&rates), Place::Number(Kind::Logarithmic, [low, _]) if low > 0.0));
        assert_eq!(layers(&Value::parse("x")), None);
    }
}
