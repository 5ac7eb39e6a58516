//! Checkpoints: a training as a file, from which it goes on to the last bit.
//!
//! `file` knows the format, `folder` where the files are and which of them are kept, `writer` when
//! they are written.

mod file;
mod folder;
#[cfg_attr(target_arch = "wasm32", allow(dead_code, reason = "there are no files to write to"))]
mod writer;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::batch_sampler::BatchSampler;
use super::executor::Executor;
use super::run::Progress;
use super::snapshot::{RunSnapshot, Snapshot};
use super::{Candidate, Interval, TrainOptions, TrainingData};
use crate::data::Dataset;
use crate::kernels::Update;
use crate::spec::{Length, Network};
use crate::{Error, Result, Setting};

pub use folder::{Checkpoints, Latest};

pub(super) use writer::CheckpointWriter;

/// Where checkpoints go, and how often.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointOptions {
    /// The folder; it is made where it is missing. The two newest checkpoints stay in it.
    pub folder: PathBuf,
    /// How often, by default every 30 seconds; besides, one is written at the beginning and one at
    /// the end.
    #[serde(default = "every_30_seconds")]
    pub every: Interval,
    /// What is needed to resume the training besides, by name: how the data is read, say. The `device` is
    /// noted by itself, where the options leave it open.
    #[serde(default)]
    pub notes: Notes,
}

/// Lists of words by name, for resuming a training.
pub type Notes = BTreeMap<String, Vec<String>>;

impl CheckpointOptions {
    /// In a folder, every 30 seconds.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), every: every_30_seconds(), notes: Notes::new() }
    }

    /// Those of one of several networks that are trained each by itself: a folder in this one.
    #[must_use]
    pub fn of_member(&self, number: usize) -> Self {
        let folder = Checkpoints::of(&self.folder).of_member(number).folder().to_path_buf();
        Self { folder, ..self.clone() }
    }
}

const fn every_30_seconds() -> Interval {
    Interval::Time(Duration::from_secs(30))
}

/// A training between two steps, with what tells whether another one is the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    networks: Networks,
    /// What the numbers of a run depend on besides, by name.
    settings: BTreeMap<String, Value>,
    length: Length,
    data: Fingerprints,
    notes: Notes,
    snapshot: Snapshot,
}

/// The networks of a checkpoint.
#[derive(Clone, Debug, PartialEq)]
enum Networks {
    /// Of a [`super::Trainer`].
    One(Network),
    /// Of a [`super::Grid`].
    Many(Vec<Candidate>),
}

impl Networks {
    fn of(executor: &Executor) -> Self {
        match executor.is_alone() {
            true => Self::One(executor.candidates()[0].network.clone()),
            false => Self::Many(executor.candidates().to_vec()),
        }
    }
}

/// What tells one data set from another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fingerprint {
    rows: usize,
    xxh3: String,
}

/// Those of training and validation rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fingerprints {
    training: Fingerprint,
    #[serde(skip_serializing_if = "Option::is_none")]
    validation: Option<Fingerprint>,
}

impl Fingerprint {
    /// Of all numbers, in order.
    fn of(data: &Dataset) -> Self {
        let mut hash = xxhash_rust::xxh3::Xxh3::new();
        hash.update(bytemuck::cast_slice(data.features()));
        hash.update(bytemuck::cast_slice(data.targets().words()));
        hash.update(bytemuck::cast_slice(data.weights().unwrap_or_default()));
        Self { rows: data.rows(), xxh3: format!("{:032x}", hash.digest128()) }
    }

    fn check(&self, found: &Self, which: &str) -> Result<()> {
        if self == found {
            return Ok(());
        }
        let how = match self.rows == found.rows {
            true => "other values".to_owned(),
            false => format!("{} rows then, {} now", self.rows, found.rows),
        };
        Err(Error::invalid(
            format!("the {which} data has changed since the checkpoint was written: {how}"),
            (
                "give it as it was, or start anew from the checkpoint's weights with ",
                Setting::Initial,
            ),
        ))
    }
}

impl Fingerprints {
    pub(super) fn of(data: &TrainingData) -> Self {
        Self {
            training: Fingerprint::of(&data.training),
            validation: data.validation.as_ref().map(Fingerprint::of),
        }
    }

    fn check(&self, found: &Self) -> Result<()> {
        self.training.check(&found.training, "training")?;
        match (&self.validation, &found.validation) {
            (Some(own), Some(found)) => own.check(found, "validation"),
            (None, None) => Ok(()),
            (own, _) => Err(Error::invalid(
                match own {
                    Some(_) => {
                        "the checkpoint was written with validation rows, and there are none"
                    }
                    None => "the checkpoint was written without validation rows",
                },
                "give the data as it was",
            )),
        }
    }
}

impl Checkpoint {
    /// Of what an executor has, and a session has come to.
    pub(super) fn of(executor: &Executor, data: Fingerprints, snapshot: Snapshot) -> Result<Self> {
        let options = &executor.options;
        let notes = options.checkpoints.as_ref().map(|own| own.notes.clone());
        Ok(Self {
            networks: Networks::of(executor),
            settings: options.settings()?,
            length: options.length,
            data,
            notes: notes.unwrap_or_default(),
            snapshot,
        })
    }

    /// The steps done; of many networks, those of the furthest.
    pub fn step(&self) -> u64 {
        self.snapshot.step()
    }

    /// The network; of many, the first.
    pub fn network(&self) -> &Network {
        match &self.networks {
            Networks::One(network) => network,
            Networks::Many(list) => &list[0].network,
        }
    }

    /// The length that the run was to have.
    pub(super) fn length(&self) -> Length {
        self.length
    }

    /// The options of the run, as far as its numbers depend on them, and its length: what they were
    /// then, whatever is default now.
    ///
    /// # Errors
    /// [`Error::Invalid`] where there is one that this version does not know.
    pub fn options(&self) -> Result<TrainOptions> {
        let settings = self.settings.clone().into_iter().collect();
        let options: TrainOptions =
            serde_json::from_value(Value::Object(settings)).map_err(|error| {
                Error::invalid(
                    format!("the checkpoint has a setting that is not known here ({error})"),
                    "resume it with the version of halfplane that wrote it",
                )
            })?;
        Ok(TrainOptions { length: self.length, ..options })
    }

    /// Whether the training had validation rows.
    pub fn has_validation(&self) -> bool {
        self.data.validation.is_some()
    }

    /// What was noted in [`CheckpointOptions::notes`].
    pub fn notes(&self) -> &Notes {
        &self.notes
    }

    /// Writes it beside its place and renames it: whoever reads sees it whole or not at all, even
    /// if the machine goes down meanwhile.
    ///
    /// # Errors
    /// [`Error::File`]
    pub fn save(&self, path: &Path) -> Result<()> {
        file::save(self, path)
    }

    /// Reads what [`Checkpoint::save`] has written.
    ///
    /// # Errors
    /// [`Error::File`] where it cannot be read, [`Error::Model`] where it is damaged or something
    /// else.
    pub fn load(path: &Path) -> Result<Self> {
        file::load(path).map(|(checkpoint, _)| checkpoint)
    }

    pub(super) fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn into_snapshot(self) -> Snapshot {
        self.snapshot
    }

    /// Refuses to go on with other networks, other settings or other data.
    pub(super) fn check(&self, executor: &Executor, data: &Fingerprints) -> Result<()> {
        let remedy = "leave it as it was, or start anew from the checkpoint's weights with ";
        let refuse = |problem: String| Err(Error::invalid(problem, (remedy, Setting::Initial)));
        match (&self.networks, Networks::of(executor)) {
            (Networks::One(then), Networks::One(now)) if *then != now => {
                return refuse(format!(
                    "the checkpoint is of the network {}, not {now}",
                    told(then)
                ));
            }
            (Networks::Many(then), Networks::Many(now)) => {
                if then.len() != now.len() {
                    let (then, now) = (then.len(), now.len());
                    return refuse(format!("the checkpoint is of {then} networks, not {now}"));
                }
                if let Some(at) = then.iter().zip(&now).position(|(then, now)| then != now) {
                    let problem = format!(
                        "network {at} of the checkpoint was {}, with seed {}, learning rate {} and \
                         rows {:?}, and is another one now",
                        told(&then[at].network),
                        then[at].seed,
                        then[at].lr,
                        then[at].rows,
                    );
                    return refuse(problem);
                }
            }
            (Networks::One(_), Networks::One(_)) => {}
            (Networks::One(_), Networks::Many(_)) => {
                return refuse("the checkpoint is of one network, not of a grid".into());
            }
            (Networks::Many(_), Networks::One(_)) => {
                return refuse("the checkpoint is of a grid, not of one network".into());
            }
        }
        self.data.check(data)?;
        let now = executor.options.settings()?;
        // What the halfplane that wrote the checkpoint did not know was as it is by default.
        let unset = TrainOptions::default().settings()?;
        for (name, now) in &now {
            let then = self.settings.get(name).or(unset.get(name)).unwrap_or(&Value::Null);
            if then != now {
                let problem =
                    format!("{name} was {then} when the checkpoint was written and is {now} now");
                return refuse(problem);
            }
        }
        self.check_progress(executor)
    }

    /// Refuses numbers that no run leaves behind.
    fn check_progress(&self, executor: &Executor) -> Result<()> {
        let most = u64::from(u32::MAX);
        let expected = Update::of(&executor.options.optimizer).state().len();
        let is_sound = |(own, sampler): (&RunSnapshot, &BatchSampler)| {
            let Progress { step, goal, origin, epoch, .. } = own.progress;
            let length = self.length.steps(sampler.steps_per_epoch());
            // A run that goes on is at most its length from its end.
            if goal.saturating_sub(step) > length {
                return false;
            }
            if step > most || goal > most || origin > step || own.network.state.len() != expected {
                return false;
            }
            let before = sampler.begun_at(origin).rows_before(step);
            // Of a grid that nobody observes, no losses are added up.
            epoch.rows() == before || (!executor.is_alone() && epoch.rows() < before)
        };
        if self.snapshot.runs.iter().zip(&executor.samplers()).all(is_sound) {
            return Ok(());
        }
        Err(Error::invalid(
            format!("the checkpoint's counters are not those of a run of {}", self.network()),
            "it is damaged: take the one before it",
        ))
    }
}

/// A network with what its widths do not tell.
fn told(network: &Network) -> String {
    format!("{network} ({} hidden, {} output)", network.hidden_function(), network.output)
}
