//! From flags to a space, and from its points back to flags, which `train`'s definition parses.

use clap::{Arg, Command};
use halfplane::sweep::{Dimension, Point, Space, Value};
use halfplane::{Dataset, Error, Network, Result, TrainOptions};

use crate::cli::arguments::{self, TrainArguments, is_switch, searchable};
use crate::cli::settings;

/// What is searched where nothing typed has more than one value: layers and units, learning rate,
/// decay and dropout.
pub(in crate::cli) const DEFAULTS: [(&str, &str); 4] = [
    ("hidden", "taper:1..3x8..256"),
    ("lr", "3e-4..3e-2"),
    ("weight-decay", "1e-5..1e-1"),
    ("dropout", "0..0.5"),
];

/// The learning rates of the default space for SGD.
const SGD_RATES: &str = "3e-3..1";

/// Points at most of which each value is checked before anything is trained.
const CHECKED: u64 = 64;

/// What is searched, and what holds for all points.
#[derive(Debug)]
pub(super) struct Searched {
    pub(super) space: Space,
    /// Whether nobody has said what is searched.
    pub(super) is_default: bool,
    /// Names and values that do not change.
    fixed: Vec<(String, Value)>,
    /// Those of them that were typed: what `train` would be given without a search.
    typed: Vec<(String, Value)>,
}

impl Searched {
    /// From names and texts as they were typed.
    pub(super) fn of(typed: &[(String, String)]) -> Result<Self> {
        let (mut space, mut fixed) = (Space::new(), Vec::new());
        for (name, text) in typed {
            let dimension = Dimension::parse(name, text)?;
            match &dimension {
                Dimension::Choices(values) if values.len() == 1 => {
                    fixed.push((name.clone(), values[0].clone()));
                }
                _ => space = space.with(name, dimension)?,
            }
        }
        let own = fixed.clone();
        let is_default = space.iter().len() == 0;
        if is_default {
            let of = |name: &str| fixed.iter().find(|(own, _)| own == name).map(|own| &own.1);
            let optimizer = of("optimizer").map(Value::to_string);
            let has_none = of("hidden").is_some_and(|own| own.to_string() == "none");
            let is_open = |name: &str| of(name).is_none() && !(name == "dropout" && has_none);
            for (name, text) in DEFAULTS.iter().filter(|(name, _)| is_open(name)) {
                let is_sgd = optimizer.as_deref() == Some("sgd");
                let text = if is_sgd && *name == "lr" { SGD_RATES } else { text };
                space = space.with(name, Dimension::parse(name, text)?)?;
            }
            if optimizer.is_none() {
                // Its decay does not depend on the learning rate.
                fixed.push(("optimizer".to_owned(), Value::parse("adamw")));
            }
        }
        Ok(Self { space, is_default, fixed, typed: own })
    }

    /// Names and values that do not change.
    pub(super) fn fixed(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.fixed.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Those of them that were typed.
    pub(super) fn typed(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.typed.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The same as they would be typed, for what a journal compares.
    pub(super) fn told(&self) -> serde_json::Value {
        self.fixed.iter().map(|(name, value)| (name.clone(), value.to_string())).collect()
    }
}

/// Adds what ends a training early.
fn stopped(
    (network, mut options): (Network, TrainOptions),
    arguments: &TrainArguments,
) -> Result<(Network, TrainOptions)> {
    arguments.stopping.apply(&mut options);
    options.check()?;
    Ok((network, options))
}

/// Parses points as `train` would.
pub(super) struct Parser {
    train: Command,
    flags: Vec<Arg>,
    fixed: Vec<(String, Value)>,
    /// The last point, which is asked for once for each fold.
    last: Option<(Point, TrainArguments)>,
}

impl Parser {
    pub(super) fn new(searched: &Searched, seed: Option<u64>) -> Self {
        Self::of(searched.fixed.clone(), seed)
    }

    /// For what is not searched: `train`'s own settings, as far as nothing else was typed.
    pub(super) fn of_default(searched: &Searched, seed: Option<u64>) -> Self {
        Self::of(searched.typed.clone(), seed)
    }

    fn of(mut fixed: Vec<(String, Value)>, seed: Option<u64>) -> Self {
        fixed.extend(seed.map(|seed| ("seed".to_owned(), Value::parse(&seed.to_string()))));
        Self { train: arguments::definition(), flags: searchable(), fixed, last: None }
    }

    /// Network and options of a point, for these rows.
    pub(super) fn configure(
        &mut self,
        point: &Point,
        data: &Dataset,
    ) -> Result<(Network, TrainOptions)> {
        if self.last.as_ref().is_none_or(|(last, _)| last != point) {
            self.last = Some((point.clone(), self.parse(point)?));
        }
        let Some((_, arguments)) = &self.last else { unreachable!("it was just parsed") };
        stopped(settings::for_data(&arguments.training, None, data)?, arguments)
    }

    /// The same for a training on folds, as `train` does it.
    pub(super) fn configure_on_folds(
        &mut self,
        point: &Point,
        data: &Dataset,
    ) -> Result<(Network, TrainOptions)> {
        let arguments = self.parse(point)?;
        stopped(settings::for_folds(&arguments.training, data)?, &arguments)
    }

    /// What `train` would be given for a point.
    fn parse(&mut self, point: &Point) -> Result<TrainArguments> {
        let fixed = self.fixed.iter().map(|(name, value)| (name.as_str(), value));
        let mut words = vec!["halfplane".to_owned(), "train".to_owned(), "table".to_owned()];
        for (name, value) in fixed.chain(point.iter()) {
            words.extend(self.word(name, value)?);
        }
        let matches =
            self.train.try_get_matches_from_mut(words).map_err(|error| refused(&error))?;
        match arguments::command(&matches) {
            Ok(arguments::Command::Train(own)) => Ok(*own),
            Ok(_) => unreachable!("the command is `train`"),
            Err(error) => Err(refused(&error)),
        }
    }

    /// A value as it is typed; nothing for a switch that is off.
    fn word(&self, name: &str, value: &Value) -> Result<Option<String>> {
        let is_switch = self.flags.iter().any(|own| own.get_long() == Some(name) && is_switch(own));
        match (is_switch, value.to_string().as_str()) {
            (true, "true") => Ok(Some(format!("--{name}"))),
            (true, "false") => Ok(None),
            (true, other) => Err(Error::Invalid {
                problem: format!("--{name} is {other}"),
                remedy: "it is true or false".into(),
            }),
            (false, text) => Ok(Some(format!("--{name}={text}"))),
        }
    }

    /// Checks before anything is trained that each alternative and both ends of each range are what
    /// the flag takes.
    pub(super) fn check(&mut self, space: &Space) -> Result<()> {
        let center = vec![0.5; space.axes()];
        self.parse(&space.at(&center))?;
        for (name, dimension) in space.iter() {
            let values: Vec<Value> = match dimension.count() {
                Some(count) => {
                    (0..count.min(CHECKED)).filter_map(|number| dimension.value(number)).collect()
                }
                None => {
                    let end = 1.0f64.next_down();
                    [0.0, end].map(|u| dimension.at(&vec![u; dimension.axes()])).into()
                }
            };
            for value in values {
                let others = space.at(&center);
                let with = others.iter().map(|(own, other)| {
                    (own.to_owned(), if own == name { value.clone() } else { other.clone() })
                });
                self.parse(&Point::new(with.collect::<Vec<_>>()))?;
            }
        }
        Ok(())
    }
}

/// A value that `train` does not take.
fn refused(error: &clap::Error) -> Error {
    let text = error.render().to_string();
    let first = text.lines().next().unwrap_or_default();
    Error::Invalid {
        problem: first.trim_start_matches("error: ").to_owned(),
        remedy: "`halfplane train --help` tells what it takes".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(words: &[(&str, &str)]) -> Vec<(String, String)> {
        words.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn what_has_one_value_holds_for_all() {
        let searched =
            Searched::of(&typed(&[("hidden", "8|16,8"), ("lr", "0.1")])).expect("it is sound");
        assert_eq!(searched.space.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["hidden"]);
        assert_eq!(searched.told().to_string(), r#"{"lr":"0.1"}"#);
        let open = Searched::of(&typed(&[("lr", "0.1"), ("optimizer", "sgd")])).expect("sound");
        let names: Vec<_> = open.space.iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["hidden", "weight-decay", "dropout"]);
        let flat = Searched::of(&typed(&[("hidden", "none")])).expect("it is sound");
        assert_eq!(flat.space.get("dropout"), None);
    }

    #[test]
    fn points_are_parsed_by_trains_definition() {
        let data = Dataset::xor();
        let searched = Searched::of(&typed(&[
            ("hidden", "8|16,8"),
            ("layer-norm", "true|false"),
            ("optimizer", "adamw"),
            ("lr", "1e-3..1e-1"),
            ("epochs", "7"),
            ("dropout", "0.25"),
        ]))
        .expect("it is sound");
        let mut parser = Parser::new(&searched, Some(5));
        parser.check(&searched.space).expect("they are what the flags take");
        let point = searched.space.at(&[0.9, 0.0, 0.5]);
        let (network, options) = parser.configure(&point, &data).expect("it is sound");
        assert_eq!(network.hidden, [16, 8]);
        assert!(!network.normalization.is_none());
        assert_eq!((options.seed, options.length), (5, halfplane::Length::Epochs(7)));
        assert!((options.optimizer.lr() - 0.01).abs() < 1e-9);
        let off = searched.space.at(&[0.9, 0.9, 0.5]);
        assert!(parser.configure(&off, &data).expect("it is sound").0.normalization.is_none());
    }

    #[test]
    fn what_train_does_not_take_is_told_at_once() {
        for (name, text, part) in [
            ("activation", "relu|rellu", "rellu"),
            ("epochs", "-1..3", "--epochs"),
            ("layer-norm", "true|perhaps", "true or false"),
            ("hidden", "8|x", "`x` is no number of units"),
        ] {
            let searched = Searched::of(&typed(&[(name, text)])).expect("it is a space");
            let checked = Parser::new(&searched, None).check(&searched.space);
            let error = checked.expect_err(text).to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
