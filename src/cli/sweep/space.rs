//! From flags to a space, and from its points back to flags, which `train`'s definition parses.

use clap::{Arg, Command};
use halfplane::sweep::{Dimension, Point, Space, Value};
use halfplane::{Dataset, Error, Network, Recipe, Result, TrainOptions};

use crate::cli::arguments::{self, TrainArguments, is_switch, searchable};
use crate::cli::settings;

/// What is searched, and what holds for all points.
#[derive(Debug)]
pub(super) struct Searched {
    pub(super) space: Space,
    /// Whether nobody has said what is searched.
    pub(super) is_default: bool,
    /// Names and values that do not change.
    pub(super) fixed: Point,
    /// Those of them that were typed: what `train` would be given without a search.
    pub(super) typed: Point,
}

impl Searched {
    /// From names and texts as they were typed.
    pub(super) fn of(typed: &[(String, String)]) -> Result<Self> {
        let given = typed.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        let (mut space, mut fixed) = Space::typed(given)?;
        let own = fixed.clone();
        let is_default = space.iter().len() == 0;
        if is_default {
            let of = |name: &str| fixed.get(name).map(Value::to_string);
            let has_none = of("hidden").is_some_and(|own| own == "none");
            let is_open = |name: &str| of(name).is_none() && !(name == "dropout" && has_none);
            // Its decay does not depend on the learning rate.
            let optimizer = of("optimizer").unwrap_or_else(|| "adamw".to_owned());
            for (name, text) in Recipe::space(&optimizer).iter().filter(|(name, _)| is_open(name)) {
                space = space.with(name, Dimension::parse(name, text)?)?;
            }
            if fixed.get("optimizer").is_none() {
                fixed = fixed.with("optimizer", Value::parse(&optimizer));
            }
        }
        Ok(Self { space, is_default, fixed, typed: own })
    }

    /// The same as they would be typed, for what a journal compares.
    pub(super) fn told(&self) -> serde_json::Value {
        self.fixed.iter().map(|(name, value)| (name.to_owned(), value.to_string())).collect()
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
    fixed: Point,
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

    fn of(fixed: Point, seed: Option<u64>) -> Self {
        let fixed = match seed {
            Some(seed) => fixed.with("seed", Value::parse(&seed.to_string())),
            None => fixed,
        };
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
        let mut words = vec!["halfplane".to_owned(), "train".to_owned(), "table".to_owned()];
        for (name, value) in self.fixed.iter().chain(point.iter()) {
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
        space.probes().iter().try_for_each(|point| self.parse(point).map(drop))
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
