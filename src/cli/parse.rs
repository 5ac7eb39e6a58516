//! From the words of the command line to a command: parsed together with the configuration file that
//! they name and the arguments of the training that they resume.

use std::ffi::OsString;

use clap::builder::UnknownArgumentValueParser;
use clap::{Arg, ArgAction};
use halfplane::Result;
use halfplane::train::Notes;

use super::arguments::{self, Command, SweepArguments, TrainArguments};
use super::{config, resume, sweep};

/// Names that other libraries have for it, and the flag here.
const ELSEWHERE: [(&str, &str); 10] = [
    ("batch-norm", "--layer-norm"),
    ("early-stopping", "--patience"),
    ("hidden-layer-sizes", "--hidden"),
    ("learning-rate", "--lr"),
    ("learning-rate-init", "--lr"),
    ("max-iter", "--epochs"),
    ("n-iter-no-change", "--patience"),
    ("random-state", "--seed"),
    ("solver", "--optimizer"),
    ("tol", "--min-delta"),
];

/// The definition of all arguments, but with `--resume` the data may be left out; and names of
/// scikit-learn's parameters, or a batch norm, which halfplane lacks, get a hint.
pub(super) fn lenient() -> clap::Command {
    let unknown = || {
        ELSEWHERE.map(|(name, instead)| {
            let instead = UnknownArgumentValueParser::suggest_arg(instead);
            Arg::new(name).long(name).hide(true).action(ArgAction::SetTrue).value_parser(instead)
        })
    };
    let train = |train: clap::Command| {
        let train = train.args(unknown());
        train.mut_arg("data", |data| data.required(false).required_unless_present("resume"))
    };
    let sweep = |sweep: clap::Command| {
        let others = ["resume", "report", "merge"];
        let sweep = sweep.args(unknown());
        sweep.mut_arg("data", |data| data.required(false).required_unless_present_any(others))
    };
    arguments::definition()
        .mut_subcommand("train", train)
        .mut_subcommand("plan", |plan| plan.args(unknown()))
        .mut_subcommand("cv", |cv| cv.args(unknown()))
        .mut_subcommand("sweep", sweep)
}

/// `plan sweep …` is `sweep … --plan`: a search has arguments of its own.
pub(super) fn planned(argv: Vec<OsString>) -> Vec<OsString> {
    match &argv[..] {
        [program, plan, sweep, rest @ ..] if plan == "plan" && sweep == "sweep" => {
            let words = [program.clone(), "sweep".into(), "--plan".into()];
            words.into_iter().chain(rest.iter().cloned()).collect()
        }
        _ => argv,
    }
}

/// Parses the arguments, those of the configuration file that they name, and those of the training
/// that they resume.
pub(super) fn parse(argv: Vec<OsString>) -> Result<Command> {
    let argv = planned(argv);
    let lenient = lenient();
    let mut matches = lenient.clone().get_matches_from(&argv);
    let mut words = argv;
    if let Some(merged) = config::merge(&arguments::definition(), &words, &matches)? {
        matches = lenient.clone().get_matches_from(&merged);
        words = merged;
    }
    let mut resumed = None;
    let mut run = None;
    if let Some(found) = resume::merge(&lenient, &words, &matches)? {
        matches = arguments::definition().get_matches_from(found.words);
        (resumed, run) = (Some(found.resumed), found.run);
    }
    if let Some(merged) = sweep::resume::merge(&lenient, &words, &matches)? {
        matches = arguments::definition().get_matches_from(merged);
    }
    let notes = match (lenient.find_subcommand("train"), matches.subcommand()) {
        (Some(train), Some(("train", own))) => resume::notes(train, own, run)?,
        _ => Notes::new(),
    };
    match arguments::command(&matches) {
        Ok(Command::Train(arguments)) => {
            Ok(Command::Train(Box::new(TrainArguments { notes, resumed, ..*arguments })))
        }
        Ok(Command::Sweep(arguments)) => {
            let words = match (lenient.find_subcommand("sweep"), matches.subcommand()) {
                (Some(sweep), Some((_, own))) => sweep::resume::kept(sweep, own)?,
                _ => Vec::new(),
            };
            Ok(Command::Sweep(Box::new(SweepArguments { words, ..*arguments })))
        }
        Ok(command) => Ok(command),
        Err(error) => error.exit(),
    }
}
