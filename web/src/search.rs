//! `halfplane sweep` in a tab: points of a space, each trained on all folds, a part at a time.

use std::ops::ControlFlow;

use halfplane::flags;
use halfplane::metrics::Metric;
use halfplane::selection::FitSession;
use halfplane::sweep::{
    Asked, Ended, Point, Pruning, Record, SamplerName, Space, Sweep, SweepEvent, SweepOptions,
    best_first,
};
use halfplane::train::Status;
use serde::Deserialize;
use serde_json::{Value, json};
use wasm_bindgen::prelude::*;

use crate::budget;
use crate::configuration::Configuration;
use crate::device::Device;
use crate::errors::{Result, thrown};
use crate::rows::{self, File};

/// What is searched, and how.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Choice {
    /// Names of the command line's flags, and what is typed for each.
    space: Vec<(String, String)>,
    folds: usize,
    patience: Option<u64>,
    trials: u64,
    /// A sampler by its name, or `auto`.
    sampler: String,
    pruning: String,
}

/// Trials on their way.
#[wasm_bindgen]
pub struct Search {
    sweep: Sweep<'static>,
    /// What holds for all points.
    configuration: Configuration,
    device: Device,
    /// The networks that are due.
    fits: Option<FitSession>,
    /// Trials that they belong to, and the rung that they are trained to.
    due: (usize, Option<usize>),
    ended: Option<Ended>,
    /// Names of what is searched, sampler, trials at most, and whether some are stopped early.
    begun: Value,
    /// Why trials were refused.
    refused: Vec<String>,
}

#[wasm_bindgen]
impl Search {
    /// Deals the rows out, and checks the space. `configuration` and `choice` are JSON.
    ///
    /// # Errors
    /// What the library says of settings, rows, folds and space.
    pub fn open(
        configuration: &str,
        choice: &str,
        name: Option<String>,
        bytes: Option<Vec<u8>>,
        device: Device,
    ) -> Result<Self> {
        let configuration: Configuration = serde_json::from_str(configuration)?;
        let choice: Choice = serde_json::from_str(choice)?;
        let typed = choice.space.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        let (space, fixed) = Space::typed(typed).map_err(thrown)?;
        let configuration = configuration.at(&fixed).map_err(thrown)?;
        for point in space.probes() {
            configuration.at(&point).map_err(thrown)?;
        }
        let folds = rows::folds(&configuration, choice.folds, File::of(name, bytes))?;
        let metric = Metric::default_for(folds[0].training.task());
        let mut options = SweepOptions::new(metric);
        options.trials = choice.trials;
        options.seed = configuration.seed;
        options.pruning = choice.pruning.parse::<Pruning>().map_err(thrown)?;
        options.sampler = match choice.sampler.as_str() {
            "auto" => None,
            name => Some(name.parse::<SamplerName>().map_err(thrown)?),
        };
        let (own, patience) = (configuration.clone(), choice.patience);
        let configure = move |point: &Point, data: &_| own.at(point)?.of_fold(patience, data);
        let mut sweep = Sweep::new(&space, folds, options, configure).map_err(thrown)?;
        let names: Vec<&str> = space.iter().map(|(name, _)| name).collect();
        let begun = match sweep.begin() {
            SweepEvent::Begin { sampler, trials, pruned, .. } => {
                json!({ "names": names, "sampler": sampler, "trials": trials, "pruned": pruned })
            }
            _ => Value::Null,
        };
        let (fits, ended, refused) = (None, None, Vec::new());
        Ok(Self { sweep, configuration, device, fits, due: (0, None), ended, begun, refused })
    }

    /// Goes on for so many milliseconds. Whether there is more to do.
    ///
    /// # Errors
    /// A space of which no point can be trained, a device that fails.
    pub async fn advance(&mut self, milliseconds: f64) -> Result<bool> {
        let fits = match &mut self.fits {
            Some(own) => own,
            none => {
                let refused = &mut self.refused;
                let asked = self.sweep.ask(&mut |event| {
                    if let SweepEvent::Refused { error, .. } = event {
                        refused.push(flags::error(error));
                    }
                    ControlFlow::Continue(())
                });
                match asked.map_err(thrown)? {
                    Asked::Fits { jobs, wanted, trials, rung } => {
                        self.due = (trials, rung);
                        none.insert(FitSession::new(jobs, wanted))
                    }
                    Asked::Ended(ended) => {
                        self.ended = Some(ended);
                        return Ok(false);
                    }
                }
            }
        };
        let (device, time) = (self.device.opened.as_ref(), budget::time(milliseconds));
        if fits.advance(device, time).await.map_err(thrown)? == Status::Ended
            && let Some(fits) = self.fits.take()
        {
            self.sweep.tell(fits.into_outcomes()).map_err(thrown)?;
        }
        Ok(true)
    }

    /// How far it is, as JSON: the trials that have come to their end, the best first, the configuration that
    /// trains the best on all rows, and what is being trained.
    pub fn told(&self) -> String {
        let (records, metric) = (self.sweep.records(), self.sweep.metric());
        let best: Vec<Value> = best_first(records, metric).into_iter().map(line).collect();
        let (trials, rung) = self.due;
        let (fits, chosen) = (self.fits.as_ref(), self.chosen());
        json!({
            "metric": metric,
            "begun": self.begun,
            "trials": records.len(),
            "best": best,
            "refused": self.refused,
            "due": { "trials": trials, "rung": rung, "networks": fits.map_or(0, FitSession::jobs),
                "done": fits.map_or(0.0, FitSession::done) },
            "ended": self.ended,
            "chosen": chosen.as_ref().ok(),
            "problem": self.ended.and(chosen.as_ref().err()).map(flags::error),
        })
        .to_string()
    }
}

impl Search {
    /// What trains the best by now on all rows, for as many epochs as were best.
    fn chosen(&self) -> halfplane::Result<Configuration> {
        let record = self.sweep.chosen()?;
        let own = self.configuration.at(&record.parameters)?;
        Ok(Configuration { validation: 0.0, epochs: Some(record.epochs), ..own })
    }
}

/// A trial that has come to its end.
fn line(record: &Record) -> Value {
    let (mean, standard_error) = record.score();
    json!({
        "trial": record.trial,
        "parameters": record.parameters,
        "score": mean,
        "standardError": standard_error,
        "epochs": record.epochs,
    })
}
