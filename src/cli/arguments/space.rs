//! The hyper-parameters of a search: the flags of `train` under their own names, each of which takes
//! alternatives and ranges, too. What they may be stands where `train` defines them.

use clap::builder::{Resettable, ValueParser};
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use super::training::TrainArguments;

/// The groups of `train`'s help whose flags can be searched.
const GROUPS: [&str; 6] =
    ["Network", "Optimizer", "Loss", "Regularization", "Schedule", "Early stopping"];

/// Flags of these groups that say nothing about how good a network can be.
const OTHERS: [&str; 4] = ["init_from", "seed", "keep", "validate_every"];

/// What `sweep` takes for it: names and texts, in the order of `train`'s flags.
#[derive(Clone, Debug, Default)]
pub(crate) struct SpaceArguments {
    pub(crate) typed: Vec<(String, String)>,
}

/// The flags of `train` that can be searched.
pub(crate) fn searchable() -> Vec<Arg> {
    let train = TrainArguments::augment_args(Command::new("train"));
    let is_searchable = |own: &&Arg| {
        own.get_help_heading().is_some_and(|group| GROUPS.contains(&group))
            && !OTHERS.contains(&own.get_id().as_str())
    };
    train.get_arguments().filter(is_searchable).cloned().collect()
}

/// Whether a flag is a switch, which is searched as `true|false`.
pub(crate) fn is_switch(argument: &Arg) -> bool {
    matches!(argument.get_action(), ArgAction::SetTrue)
}

/// The same flag with any text for a value. What excludes it may not be a flag of the search; `train`'s
/// definition, which parses each point, holds it against the others.
fn searched(argument: Arg) -> Arg {
    let is_switch = is_switch(&argument);
    let argument = argument.conflicts_with(Resettable::Reset);
    let own = argument.action(ArgAction::Set).value_parser(ValueParser::string());
    match is_switch {
        true => own
            .value_name("true|false")
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true"),
        false => own.num_args(1),
    }
}

impl Args for SpaceArguments {
    fn augment_args(command: Command) -> Command {
        command.args(searchable().into_iter().map(searched))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for SpaceArguments {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let typed = searchable().into_iter().filter_map(|argument| {
            let text = matches.get_one::<String>(argument.get_id().as_str())?;
            Some((argument.get_long()?.to_owned(), text.clone()))
        });
        Ok(Self { typed: typed.collect() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
