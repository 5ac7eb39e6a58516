//! Maps values to pixels, and chooses the ticks of an axis.

/// How a value maps to a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Linear,
    /// For positive numbers only.
    Logarithmic,
}

/// The values at both ends of an axis (`domain`) and their positions in pixels (`range`).
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    pub(super) domain: [f64; 2],
    pub(super) range: [f64; 2],
    pub(super) kind: Kind,
}

impl Scale {
    /// The position of a value, in pixels.
    pub(super) fn at(&self, value: f64) -> f64 {
        let [low, high] = self.domain.map(|end| self.scaled(end));
        let share = (self.scaled(value) - low) / (high - low);
        self.range[0] + share * (self.range[1] - self.range[0])
    }

    fn scaled(&self, value: f64) -> f64 {
        match self.kind {
            Kind::Linear => value,
            Kind::Logarithmic => value.max(f64::MIN_POSITIVE).log10(),
        }
    }

    /// About `count` ticks at round values within the domain, with their labels.
    pub(super) fn ticks(&self, count: usize) -> Vec<(f64, String)> {
        match self.kind {
            Kind::Linear => linear(self.domain, count),
            Kind::Logarithmic => logarithmic(self.domain, count),
        }
    }
}

/// The range of all values with 5 % padding; never empty.
pub(super) fn padded_range(values: impl Iterator<Item = f64>) -> [f64; 2] {
    let [low, high] = values
        .filter(|value| value.is_finite())
        .fold([f64::MAX, f64::MIN], |[low, high], value| [low.min(value), high.max(value)]);
    match high - low {
        spread if spread > 0.0 => [low - 0.05 * spread, high + 0.05 * spread],
        _ if low == f64::MAX => [0.0, 1.0],
        _ => [low - 0.5 * low.abs().max(1.0), high + 0.5 * high.abs().max(1.0)],
    }
}

fn linear([low, high]: [f64; 2], count: usize) -> Vec<(f64, String)> {
    let rough = (high - low) / count.max(1) as f64;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].map(|factor| factor * power);
    let step = step.into_iter().find(|step| *step >= rough * 0.999).unwrap_or(rough);
    let digits = (0..=12).find(|&digits| {
        let shifted = step * 10f64.powi(digits);
        (shifted - shifted.round()).abs() < 1e-6 * shifted
    });
    let digits = digits.unwrap_or(12) as usize;
    let first = (low / step - 1e-9).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    let label = |value: f64| match value.abs() {
        0.0 => "0".to_owned(),
        size if !(1e-4..1e6).contains(&size) => format!("{:e}", round(value)),
        _ => format!("{value:.digits$}"),
    };
    (first..=last).map(|number| number as f64 * step).map(|value| (value, label(value))).collect()
}

/// Ticks at powers of ten, as many as fit; over few powers also at 2 and 5 times them.
fn logarithmic([low, high]: [f64; 2], count: usize) -> Vec<(f64, String)> {
    let [first, last] = [low, high].map(f64::log10);
    let every = (((last - first) / count.max(1) as f64).ceil() as i32).max(1);
    let factors: &[f64] = if last - first < 2.5 { &[1.0, 2.0, 5.0] } else { &[1.0] };
    let powers = (first.floor() as i32..=last.ceil() as i32).filter(|power| power % every == 0);
    powers
        .flat_map(|power| factors.iter().map(move |factor| factor * 10f64.powi(power)))
        .filter(|value| (low * 0.999..=high * 1.001).contains(value))
        .map(|value| {
            let value = round(value);
            let plain = (1e-4..1e5).contains(&value);
            (value, if plain { value.to_string() } else { format!("{value:e}") })
        })
        .collect()
}

/// Rounds away floating-point error.
fn round(value: f64) -> f64 {
    format!("{value:.6e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(ticks: Vec<(f64, String)>) -> Vec<String> {
        ticks.into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(
            labels(linear([0.0, 1.0], 5)),
            ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"].map(|label| if label == "0.0" {
                "0"
            } else {
                label
            })
        );
        assert_eq!(labels(linear([-3.2, 7.0], 5)), ["-2.5", "0", "2.5", "5.0"]);
        assert_eq!(labels(linear([1990.0, 2030.0], 4)), ["1990", "2000", "2010", "2020", "2030"]);
        assert_eq!(labels(linear([0.0, 4e6], 2)), ["0", "2e6", "4e6"]);
        assert_eq!(labels(logarithmic([0.0009, 1.0], 5)), ["0.001", "0.01", "0.1", "1"]);
        assert_eq!(labels(logarithmic([0.04, 1.2], 5)), ["0.05", "0.1", "0.2", "0.5", "1"]);
    }

    #[test]
    fn a_domain_is_never_empty() {
        assert_eq!(padded_range([3.0].into_iter()), [1.5, 4.5]);
        assert_eq!(padded_range([f64::NAN].into_iter()), [0.0, 1.0]);
        let [low, high] = padded_range([0.0, 10.0].into_iter());
        assert!((low, high) == (-0.5, 10.5));
    }

    #[test]
    fn places_follow_the_kind() {
        let scale = Scale { domain: [0.01, 100.0], range: [0.0, 400.0], kind: Kind::Logarithmic };
        assert!((scale.at(1.0) - 200.0).abs() < 1e-9);
        let upward = Scale { domain: [0.0, 2.0], range: [100.0, 0.0], kind: Kind::Linear };
        assert!((upward.at(0.5) - 75.0).abs() < 1e-9);
    }
}
