//! `halfplane train` on folds: a network for each, whose mean is the model.

use halfplane::data::Split;
use halfplane::flags;
use halfplane::metrics::{Metric, Scores};
use halfplane::selection::{
    CrossValidation, EnsembleOptions, FitOptions, Held, Listener, Wanted, train_folds,
};
use halfplane::train::{Checkpoint, Checkpoints};
use halfplane::{Dataset, Event, Model, Result};

use super::arguments::{Hidden, TrainArguments};
use super::outputs::save_somewhere;
use super::resume::RUN;
use super::settings::{Folded, Settings};
use super::sweep::leaderboard;
use super::train::{check_checkpoints, go_on};
use super::{Outcome, folds, interrupt, train_hidden};
use crate::report::{
    self, FoldedRun, History, Member, MemberSinks, Members, MembersView, ResumePoint, Verbosity,
    error, note, picture, warn,
};

pub(super) fn run(arguments: &TrainArguments, mut folded: Folded) -> Result<Outcome> {
    let task = folded.settings.data.task();
    let metric = arguments.folds.metric.unwrap_or(Metric::default_for(task));
    metric.check(task)?;
    let mut tried = None;
    if arguments.training.hidden == Some(Hidden::Auto) && arguments.resumed.is_none() {
        tried = train_hidden::choose(&mut folded, metric)?;
        if tried.is_none() {
            note("interrupted while layers and units were chosen: there is no model");
            return Ok(Outcome::Interrupted);
        }
    }
    let Folded { settings, by, splits } = folded;
    let Settings { data, warnings, network, options, .. } = settings;
    let verbosity = if arguments.quiet { Verbosity::Quiet } else { Verbosity::Normal };
    let say = |text: &str| match verbosity {
        Verbosity::Normal => report::print(text),
        Verbosity::Quiet => Ok(()),
    };
    if let Some(folder) = &arguments.views.report {
        picture::prepare(folder)?;
    }
    if verbosity == Verbosity::Normal {
        warn(&flags::warnings(&warnings));
    }
    let rounds = usize::from(arguments.members.unwrap_or(1));
    let dealt_out = folds::described(&by, &data, splits.len());
    if let Some(records) = &tried {
        say(&format!(
            "layers and units by {dealt_out}:\n{}\nThe first is taken. It was chosen by the folds that score \
             it below: somewhat better than on new rows\n\n",
            leaderboard(records, metric),
        ))?;
    }
    say(&report::folded_heading(&network, &data, &options, &dealt_out, rounds))?;
    let folder = arguments.checkpoints.folder();
    // Before anything is opened that another training may have, too.
    let _lock = folder.map(|folder| Checkpoints::of(folder).lock()).transpose()?;
    check_checkpoints(&arguments.checkpoints)?;
    let resumed_from = arguments.checkpoints.resume();
    if let (Some(resumed), Some(folder)) = (&arguments.resumed, resumed_from) {
        resumed.check(folder)?;
        if verbosity == Verbosity::Normal {
            let (begun, all) = (resumed.networks.len(), rounds * splits.len());
            note(&format!("going on: {begun} of {all} networks have begun"));
        }
    }
    let sinks = MemberSinks {
        metrics: arguments.metrics.as_deref(),
        tensorboard: arguments.views.tensorboard.as_deref(),
        keeps_losses: arguments.views.report.is_some() || arguments.views.live,
        run: arguments.notes.get(RUN).and_then(|words| words.first()).map(String::as_str),
        checkpoints: folder,
        resumed_from,
    };
    let fit = FitOptions {
        device: options.device.clone(),
        threads: options.threads,
        interrupt: Some(interrupt::flag()),
        wanted: Wanted { steps: arguments.tells_steps(), ..Wanted::default() },
        ..FitOptions::default()
    };
    let steps_per_epoch = |split: &Split| {
        let rows = split.training.len();
        rows.div_ceil(options.batch_size.of(rows)) as u64
    };
    let checkpoints = checkpoints(arguments, rounds * splits.len());
    let each = splits.iter().cycle().map(steps_per_epoch).zip(&checkpoints);
    let each = each.map(|(steps_per_epoch, checkpoint)| Member {
        steps_per_epoch,
        resumed: arguments.resumed.is_some().then(|| {
            let steps = checkpoint.as_ref().map_or(0, Checkpoint::step);
            ResumePoint { steps, epochs: steps / steps_per_epoch }
        }),
    });
    let each: Vec<Member> = each.collect();
    let mut members = Members::open(&sinks, &each)?;
    if arguments.views.live {
        let steps_per_epoch = each[0].steps_per_epoch;
        members.show(MembersView {
            network: &network,
            data: &data,
            dealt_out: &dealt_out,
            epochs: options.length.steps(steps_per_epoch).div_ceil(steps_per_epoch),
            interrupt: interrupt::flag(),
        })?;
    }
    let mut ensemble = EnsembleOptions { rounds, metric, fit, resumed: checkpoints };
    ensemble.fit.wanted.weights = members.shows_weights();
    let started = std::time::Instant::now();
    let mut write_down = |member: usize, event: &Event| members.event(member, event);
    let is_written = arguments.tells_steps() || sinks.keeps_losses || folder.is_some();
    let listener = is_written.then_some::<Listener<'_>>(&mut write_down);
    let trained = train_folds(&data, &splits, &network, &options, &ensemble, listener)?;
    let seconds = started.elapsed().as_secs_f64();
    members.end(trained.as_ref().map(|(model, _)| model));
    let written = members.finish();
    let Some((model, scores)) = trained else {
        note(&match folder {
            Some(folder) => format!("interrupted: go on with `{}`", go_on(folder)),
            None => {
                "interrupted: nothing was saved; with --checkpoint DIR a training can be resumed"
                    .to_owned()
            }
        });
        return Ok(Outcome::Interrupted);
    };
    // Saved before anything is printed, so that a failing output cannot lose it.
    let output = arguments.output.as_deref();
    let elsewhere = match output {
        Some(path) => save_somewhere(path, |place| model.save(place))?,
        None => None,
    };
    let told =
        FoldedRun { data: &data, model: &model, scores: &scores, dealt_out: &dealt_out, seconds };
    say(&report::folded_summary(&told))?;
    let histories = written?;
    if let Some(folder) = &arguments.views.report {
        draw(folder, &data, &model, &scores, &histories)?;
        say(&format!("pictures written to {}\n", folder.join("index.html").display()))?;
    }
    let mut outcome = Outcome::Done;
    match (&elsewhere, output) {
        (Some((place, problem)), _) => {
            let problem = flags::error(problem);
            error(&format!("{problem}; the model is in {} instead", place.display()));
            outcome = Outcome::Failed;
        }
        (None, Some(path)) => say(&format!("model written to {}\n", path.display()))?,
        (None, None) => {}
    }
    match report::folded_fault(&scores) {
        Some(text) => {
            error(&text);
            outcome = Outcome::Failed;
        }
        None if verbosity == Verbosity::Normal => warn(&report::folded_warnings(&scores)),
        None => {}
    }
    Ok(outcome)
}

/// The checkpoint of each network, as far as it has one.
fn checkpoints(arguments: &TrainArguments, networks: usize) -> Vec<Option<Checkpoint>> {
    let mut all = vec![None; networks];
    for own in arguments.resumed.iter().flat_map(|resumed| &resumed.networks) {
        if let Some(place) = own.member.and_then(|member| all.get_mut(member)) {
            *place = Some(own.checkpoint.clone());
        }
    }
    all
}

/// Draws what the networks make of rows that they have not seen.
fn draw(
    folder: &std::path::Path,
    data: &Dataset,
    model: &Model,
    scores: &CrossValidation,
    histories: &[History],
) -> Result<()> {
    let (rows, predictions) = mean_of_rows(&scores.out_of_fold);
    let held = data.select(&rows);
    let targets = held.original_targets();
    let scored = Scores::of(&targets, &predictions, None)?;
    let results = picture::Results {
        model,
        rows: "rows by networks that have not seen them",
        features: held.features(),
        targets: &targets,
        predictions: &predictions,
        weights: None,
        scores: &scored,
        histories,
    };
    picture::write(folder, &results)
}

/// The rows that were in a fold, in order, each with the mean of its predictions: one a repeat.
fn mean_of_rows(all: &[Held]) -> (Vec<usize>, Vec<f32>) {
    let mut sorted: Vec<&Held> = all.iter().collect();
    sorted.sort_by_key(|own| own.row);
    let (mut rows, mut predictions) = (Vec::new(), Vec::new());
    for same in sorted.chunk_by(|a, b| a.row == b.row) {
        rows.push(same[0].row);
        for output in 0..same[0].prediction.len() {
            let sum: f64 = same.iter().map(|own| f64::from(own.prediction[output])).sum();
            predictions.push((sum / same.len() as f64) as f32);
        }
    }
    (rows, predictions)
}
