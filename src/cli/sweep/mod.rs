//! `halfplane sweep`

mod output;
pub(super) mod resume;
pub(super) mod space;

use halfplane::low_level::files::create_dir_all;
use halfplane::metrics::Metric;
use halfplane::selection::{FitOptions, Wanted};
use halfplane::sweep::{Ended, Sweep, SweepEvent, SweepOptions, fingerprint};
use halfplane::{Error, Result, TrainOptions};

use super::arguments::SweepArguments;
use super::folds::DealtOut;
use super::wording::in_shell;
use super::{Outcome, interrupt, wording};
use crate::report::{self, SearchProgress};
use space::{Parser, Searched};

/// Where a search goes unless it is told.
const FOLDER: &str = "sweep";

pub(super) fn run(arguments: &SweepArguments) -> Result<Outcome> {
    if let Some(folder) = &arguments.report {
        return output::told(folder, arguments.json).map(|()| Outcome::Done);
    }
    let folder = arguments.resume.clone().or_else(|| arguments.output.clone());
    let folder = folder.unwrap_or_else(|| FOLDER.into());
    let searched = Searched::of(&arguments.space.typed)?;
    let mut parser = Parser::new(&searched, arguments.seed);
    parser.check(&searched.space)?;
    let DealtOut { folds, all, warnings, .. } = read(arguments)?;
    if !arguments.quiet {
        report::warn(&wording::warnings(&warnings));
    }
    let metric = arguments.folds.metric.unwrap_or(Metric::default_for(all.task()));
    let mut options = options(arguments, &searched, metric);
    options.data = Some(fingerprint(&all));
    let mut parser_of_best = Parser::new(&searched, arguments.seed);
    let configure = |point: &_, data: &_| parser.configure(point, data);
    let mut sweep = Sweep::new(&searched.space, &folds, options, configure)?;
    let journal = resume::journal(&folder);
    match &arguments.resume {
        Some(_) => sweep.resume(&journal)?,
        None => {
            create_dir_all(&folder).map_err(|source| Error::File {
                verb: "write",
                path: folder.clone(),
                source,
            })?;
            sweep.write_to(&journal)?;
        }
    }
    let go_on = format!("halfplane sweep --resume {}", in_shell(&folder.to_string_lossy()));
    let mut progress = SearchProgress::begin(metric, arguments.quiet || arguments.json);
    let ended = sweep.run(|event| {
        if let SweepEvent::Refused { error, .. } = event {
            progress.line(&format!("warning: {}", wording::error(error)));
        }
        progress.event(event)
    });
    drop(progress);
    let ended = ended.inspect_err(|error| {
        if matches!(error, Error::File { verb: "write", .. }) {
            report::note(&format!("make room, and go on with `{go_on}`"));
        }
    })?;
    if ended == Ended::Interrupted {
        let trials = sweep.records().len();
        report::note(&format!("interrupted after {trials} trials: go on with `{go_on}`"));
        return Ok(Outcome::Interrupted);
    }
    let Some(chosen) = sweep.finish(&all)? else {
        report::note(&format!("interrupted in the final training: go on with `{go_on}`"));
        return Ok(Outcome::Interrupted);
    };
    // What it was trained with, for `best.toml`.
    let (_, trained) = parser_of_best.configure(&chosen.record.parameters, &all)?;
    let saved = output::save(&folder, arguments, &searched, &chosen, &trained, &all)?;
    let text = match arguments.json {
        true => format!("{}\n", output::as_json(&sweep, ended, &chosen, &folder)),
        false if arguments.quiet => String::new(),
        false => output::as_text(sweep.records(), metric, &chosen, &saved),
    };
    report::print(&text)?;
    Ok(Outcome::Done)
}

/// Reads the table and deals it out.
fn read(arguments: &SweepArguments) -> Result<DealtOut> {
    let Some(data) = &arguments.data else {
        return Err(Error::Invalid {
            problem: "no table is named".into(),
            remedy: "give one, such as data.csv".into(),
        });
    };
    if arguments.folds.are_none() {
        return Err(Error::Invalid {
            problem: "without folds there is nothing to compare by".into(),
            remedy: "give --folds a number".into(),
        });
    }
    let seed = arguments.seed.unwrap_or(TrainOptions::default().seed);
    DealtOut::read(data, &arguments.table, &arguments.folds, seed)
}

fn options(arguments: &SweepArguments, searched: &Searched, metric: Metric) -> SweepOptions {
    let mut options = SweepOptions::new(metric);
    // With a time alone there is no other limit.
    let trials = if arguments.time.is_some() { u64::MAX } else { options.trials };
    options.trials = arguments.trials.unwrap_or(trials);
    options.time = arguments.time;
    options.sampler = arguments.sampler;
    options.seed = arguments.seed.unwrap_or(options.seed);
    options.pruning = arguments.pruning.unwrap_or_default();
    options.select = arguments.select.unwrap_or_default();
    options.fit = FitOptions {
        device: arguments.device.clone().unwrap_or_default(),
        threads: arguments.threads,
        interrupt: Some(interrupt::flag()),
        wanted: Wanted::default(),
    };
    options.settings.insert("fixed".into(), searched.fixed());
    options.arguments.clone_from(&arguments.words);
    options
}
