//! `halfplane sweep`

mod outer;
mod output;
mod page;
mod plan;
mod refit;
pub(super) mod resume;
mod space;
mod together;

use std::path::{Path, PathBuf};

use halfplane::data::FoldedTable;
use halfplane::flags::{self, in_shell};
use halfplane::low_level::files::create_dir_all;
use halfplane::metrics::Metric;
use halfplane::selection::{FitOptions, Job, Wanted, fit_each};
use halfplane::sweep::{
    Block, Ended, Pruning, Record, Sweep, SweepEvent, SweepOptions, fingerprint, for_epochs,
    read_journal,
};
use halfplane::train::TrainingData;
use halfplane::{Dataset, DeviceChoice, Error, Model, Recipe, Result, TrainOptions};
use serde_json::Value;

use super::arguments::SweepArguments;
use super::folds::DealtOut;
use super::{Outcome, folds, interrupt};
use crate::report::{self, SearchProgress, SearchView};
pub(super) use output::leaderboard;
use refit::Best;
use space::{Parser, Searched};
use together::Together;

/// Where a search goes unless it is told: each block into a folder of its own, so that all can be begun
/// in one place.
fn place(block: Option<Block>) -> PathBuf {
    let folder = PathBuf::from("sweep");
    match block {
        Some(own) => folder.join(format!("block-{}-of-{}", own.number(), own.of())),
        None => folder,
    }
}

pub(super) fn run(arguments: &SweepArguments) -> Result<Outcome> {
    if let Some(folder) = &arguments.report {
        return output::told(folder, arguments.json).map(|()| Outcome::Done);
    }
    together::run(arguments, search)
}

fn search(arguments: &SweepArguments, mut together: Option<Together<'_>>) -> Result<Outcome> {
    let is_first = together.as_ref().is_none_or(|own| own.ranks.rank() == 0);
    let is_quiet = arguments.quiet || !is_first;
    let folder = arguments.resume.clone().or_else(|| arguments.output.clone());
    let folder = folder.unwrap_or_else(|| place(arguments.block));
    let searched = Searched::of(&arguments.space.typed)?;
    let mut parser = Parser::new(&searched, arguments.seed);
    parser.check(&searched.space)?;
    let (dealt_out, table) = read(arguments, together.as_mut())?;
    // Of a large table no second copy stays where nobody needs it.
    let table = arguments.outer.is_some().then_some(table);
    if !is_quiet {
        report::warn(&flags::warnings(&dealt_out.warnings));
    }
    let metric = arguments.folds.metric.unwrap_or(Metric::default_for(dealt_out.all.task()));
    let mut options = options(arguments, &searched, metric);
    options.data = Some(fingerprint(&dealt_out.all));
    options.fit.threads = arguments.threads.or(together.as_ref().map(|own| own.threads));
    if let Some(begun) = arguments.resume.as_ref().or(arguments.merge.first()) {
        keep_choices(&mut options, arguments, begun)?;
    }
    let configure = |point: &_, data: &_| parser.configure(point, data);
    let mut sweep = Sweep::new(&searched.space, &dealt_out.folds, options.clone(), configure)?;
    if arguments.plan {
        return plan::print(&mut sweep, &options.fit).map(|()| Outcome::Done);
    }
    if let Some(Together { ranks, .. }) = together {
        sweep = sweep.with_ranks(ranks);
    }
    open(&mut sweep, arguments, &folder)?;
    let go_on = format!("halfplane sweep --resume {}", in_shell(&folder.to_string_lossy()));
    let train = |record: &_| train_alone(&searched, arguments.seed, record, &dealt_out.all);
    let mut progress = SearchProgress::begin(metric, is_quiet || arguments.json);
    if arguments.live && is_first {
        progress.show(view(arguments, &dealt_out, &train), sweep.records())?;
    }
    let ended = watch(&mut sweep, &mut progress, &go_on)?;
    if !is_first {
        // The first one does the rest.
        let is_interrupted = ended == Ended::Interrupted;
        return Ok(if is_interrupted { Outcome::Interrupted } else { Outcome::Done });
    }
    if ended == Ended::Interrupted {
        drop(progress);
        let trials = sweep.records().len();
        report::note(&format!("interrupted after {trials} trials: go on with `{go_on}`"));
        return Ok(Outcome::Interrupted);
    }
    if let Some(block) = arguments.block {
        drop(progress);
        let text = match arguments.json {
            true => format!("{}\n", output::block_as_json(&sweep, block, &folder)),
            false if arguments.quiet => String::new(),
            false => output::block_as_text(sweep.records(), metric, block, &folder),
        };
        report::print(&text)?;
        return Ok(Outcome::Done);
    }
    let interrupted = |during: &str| {
        report::note(&format!("interrupted in {during}: go on with `{go_on}`"));
        Ok(Outcome::Interrupted)
    };
    progress.go_on_with("the model is trained");
    let found = finish(&mut sweep, arguments, &searched, &dealt_out, &options.fit, &folder)?;
    let (best, saved) = match found {
        Ok(found) => found,
        Err(during) => return interrupted(during),
    };
    if arguments.outer.is_some() {
        progress.go_on_with("the outer folds are searched");
    }
    let mut nested = None;
    if let (Some(count), Some(table)) = (arguments.outer, &table) {
        let is_quiet = is_quiet || arguments.json;
        nested = outer::search(&folder, table, count, &searched, arguments, &options, is_quiet)?;
        if nested.is_none() {
            return interrupted("an outer fold");
        }
    }
    progress.end();
    let nested = nested.as_ref();
    let text = match arguments.json {
        true => format!("{}\n", output::as_json(&sweep, ended, &best, &folder, nested)),
        false if arguments.quiet => String::new(),
        false => output::as_text(sweep.records(), metric, &best, &saved, nested),
    };
    report::print(&text)?;
    Ok(Outcome::Done)
}

/// Begins the journal, goes on with it, or joins those of blocks.
fn open(sweep: &mut Sweep, arguments: &SweepArguments, folder: &Path) -> Result<()> {
    let journal = resume::journal(folder);
    if arguments.resume.is_some() {
        return sweep.resume(&journal);
    }
    create_dir_all(folder).map_err(|source| Error::File {
        verb: "write",
        path: folder.to_path_buf(),
        source,
    })?;
    match &arguments.merge[..] {
        [] => sweep.write_to(&journal),
        folders => {
            let blocks: Vec<PathBuf> = folders.iter().map(|own| resume::journal(own)).collect();
            sweep.merge(&blocks, &journal)
        }
    }
}

/// Searches, and shows what is found.
fn watch(sweep: &mut Sweep, progress: &mut SearchProgress<'_>, go_on: &str) -> Result<Ended> {
    let ended = sweep.run(|event| {
        if let SweepEvent::Refused { error, .. } = event {
            progress.line(&format!("warning: {}", flags::error(error)));
        }
        progress.event(event)
    });
    match ended {
        // The user has seen enough of it.
        Ok(Ended::Interrupted) if progress.has_quit() && !sweep.records().is_empty() => {
            Ok(Ended::Time)
        }
        other => other.inspect_err(|error| {
            if matches!(error, Error::File { verb: "write", .. }) {
                progress.remove_bar();
                report::note(&format!("make room, and go on with `{go_on}`"));
            }
        }),
    }
}

/// What the dashboard shows.
fn view<'a>(
    arguments: &SweepArguments,
    dealt_out: &'a DealtOut,
    train: &'a dyn Fn(&Record) -> Result<Option<Model>>,
) -> SearchView<'a> {
    let DealtOut { all, by, splits, .. } = dealt_out;
    let data = arguments.data.as_deref().unwrap_or(Path::new("TABLE"));
    let name = data.file_name().map_or(data, Path::new);
    SearchView {
        table: [folds::predicted(all, name), folds::described(by, all, splits.len())],
        data: all,
        output: Recipe::for_data(all).network.output,
        train,
        interrupt: interrupt::flag(),
    }
}

/// The network of a trial, trained on all rows beside the search.
fn train_alone(
    searched: &Searched,
    seed: Option<u64>,
    record: &Record,
    all: &Dataset,
) -> Result<Option<Model>> {
    let (network, options) = Parser::new(searched, seed).configure(&record.parameters, all)?;
    let job = Job::new(network, TrainingData::from(all), for_epochs(options, record.epochs));
    let fit = FitOptions {
        device: DeviceChoice::Cpu,
        threads: Some(1),
        interrupt: Some(interrupt::flag()),
        wanted: Wanted { models: true, ..Wanted::default() },
        ..FitOptions::default()
    };
    let fits = fit_each(&[job], &fit)?;
    Ok(fits.and_then(|mut all| all.pop()?.model))
}

/// What has come of a search: the model of what was chosen, and the files that were written.
type Found = (Best, Vec<PathBuf>);

/// Trains what was chosen and writes it down; or says during what an interrupt has come.
fn finish(
    sweep: &mut Sweep,
    arguments: &SweepArguments,
    searched: &Searched,
    dealt_out: &DealtOut,
    fit: &FitOptions,
    folder: &Path,
) -> Result<Result<Found, &'static str>> {
    let DealtOut { splits, all, .. } = dealt_out;
    let Some(best) = refit::refit(sweep, searched, arguments, (all, splits), fit)? else {
        return Ok(Err("the final training"));
    };
    let mut saved = output::save(folder, arguments, searched, &best, all)?;
    if arguments.kept.is_some() {
        let Some(model) = sweep.ensemble(all, splits)? else {
            return Ok(Err("the training of the folds' networks"));
        };
        saved.push(output::save_ensemble(folder, &model)?);
    }
    saved.push(page::draw(folder, sweep, &best, all)?);
    Ok(Ok((best, saved)))
}

/// Reads the table, or has it from the first of several processes, and deals it out.
fn read(
    arguments: &SweepArguments,
    together: Option<&mut Together<'_>>,
) -> Result<(DealtOut, FoldedTable)> {
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
    let read = |bring| DealtOut::read(data, &arguments.table, &arguments.folds, seed, bring);
    match together {
        Some(together) => read(&mut |source| together.bring(source)),
        None => read(&mut Ok),
    }
}

/// What was chosen by itself when a search was begun stays so: more trials, or all blocks together, could
/// have others.
fn keep_choices(
    options: &mut SweepOptions,
    arguments: &SweepArguments,
    begun: &Path,
) -> Result<()> {
    let (header, _) = read_journal(&resume::journal(begun))?;
    options.sampler = arguments.sampler.or(header.sampler.parse().ok());
    let was_pruned = header.settings.get("pruning").and_then(Value::as_bool);
    let pruning = was_pruned.map(|own| if own { Pruning::On } else { Pruning::Off });
    options.pruning = arguments.pruning.or(pruning).unwrap_or_default();
    Ok(())
}

fn options(arguments: &SweepArguments, searched: &Searched, metric: Metric) -> SweepOptions {
    let mut options = SweepOptions::new(metric);
    // With a time alone there is no other limit.
    let trials = if arguments.time.is_some() { u64::MAX } else { options.trials };
    options.trials = arguments.trials.unwrap_or(trials);
    options.time = arguments.time;
    options.block = arguments.block;
    options.sampler = arguments.sampler;
    options.seed = arguments.seed.unwrap_or(options.seed);
    options.pruning = arguments.pruning.unwrap_or_default();
    options.select = arguments.select.unwrap_or_default();
    options.fit = FitOptions {
        device: arguments.device.clone().unwrap_or_default(),
        threads: arguments.threads,
        interrupt: Some(interrupt::flag()),
        ..FitOptions::default()
    };
    options.settings.insert("fixed".into(), searched.told());
    options.arguments.clone_from(&arguments.words);
    options
}
