//! Checkpoints: a training as a file, from which it goes on to the last bit.
//!
//! `file` knows the format, `folder` where the files are and which of them are kept.

mod file;
mod folder;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::batch_sampler::BatchSampler;
use super::snapshot::Snapshot;
use super::{Interval, TrainOptions, Trainer, TrainingData};
use crate::data::Dataset;
use crate::kernels::Update;
use crate::spec::{Length, Network};
use crate::{Error, Result};

pub use folder::Checkpoints;

/// Where checkpoints go, and how often.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckpointOptions {
    /// The folder; it is made where it is missing. The two newest checkpoints stay in it.
    pub folder: PathBuf,
    /// How often; besides, one is written at the beginning and one at the end.
    pub every: Interval,
    /// What whoever resumes the training wants to know, by name: how the data is read, say.
    pub notes: Notes,
}

/// Lists of words by name, for whoever resumes a training.
pub type Notes = BTreeMap<String, Vec<String>>;

impl CheckpointOptions {
    /// In a folder, every 30 seconds.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        let every = Interval::Time(Duration::from_secs(30));
        Self { folder: folder.into(), every, notes: Notes::new() }
    }
}

/// A training between two steps, with what tells whether another one is the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    network: Network,
    /// What the numbers of a run depend on besides, by name.
    settings: BTreeMap<String, Value>,
    length: Length,
    data: Fingerprints,
    notes: Notes,
    snapshot: Snapshot,
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
            "give it as it was, or start anew from the checkpoint's weights with --init-from",
        ))
    }
}

impl Fingerprints {
    fn of(data: &TrainingData) -> Self {
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
    /// The steps done.
    pub fn step(&self) -> u64 {
        self.snapshot.progress.step
    }

    /// The network.
    pub fn network(&self) -> &Network {
        &self.network
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
        file::load(path)
    }

    pub(super) fn into_snapshot(self) -> Snapshot {
        self.snapshot
    }

    /// Refuses to go on with another network, other settings or other data.
    fn check(&self, network: &Network, options: &TrainOptions, data: &Fingerprints) -> Result<()> {
        let remedy = "leave it as it was, or start anew from the checkpoint's weights with \
                      --init-from";
        if self.network != *network {
            return Err(Error::invalid(
                format!("the checkpoint is of the network {}, not {network}", told(&self.network)),
                remedy,
            ));
        }
        self.data.check(data)?;
        let now = settings(options)?;
        // What the halfplane that wrote the checkpoint did not know was as it is by default.
        let unset = settings(&TrainOptions::default())?;
        for (name, now) in &now {
            let then = self.settings.get(name).or(unset.get(name)).unwrap_or(&Value::Null);
            if then != now {
                return Err(Error::invalid(
                    format!("{name} was {then} when the checkpoint was written and is {now} now"),
                    remedy,
                ));
            }
        }
        self.check_progress(network, options)
    }

    /// Refuses numbers that no run leaves behind.
    fn check_progress(&self, network: &Network, options: &TrainOptions) -> Result<()> {
        let Snapshot { progress, memories, .. } = &self.snapshot;
        let rows = self.data.training.rows;
        let (batch, capacity) = (options.batch_size.of(rows), options.shard_rows.unwrap_or(rows));
        let sampler = BatchSampler::new(rows, batch, capacity, options.shuffle, options.seed);
        let most = u64::from(u32::MAX);
        let expected = Update::of(&options.optimizer).state().len();
        if progress.step > most
            || progress.goal > most
            || progress.epoch.rows() != sampler.rows_before(progress.step)
            || memories.len() != expected
        {
            return Err(Error::invalid(
                format!("the checkpoint's counters are not those of a run of {network}"),
                "it is damaged: take the one before it",
            ));
        }
        Ok(())
    }
}

/// A network with what its widths do not tell.
fn told(network: &Network) -> String {
    format!("{network} ({} hidden, {} output)", network.hidden_function(), network.output)
}

/// What the numbers of a run depend on, by name.
fn settings(options: &TrainOptions) -> Result<BTreeMap<String, Value>> {
    match serde_json::to_value(options) {
        Ok(Value::Object(map)) => Ok(map.into_iter().collect()),
        _ => Err(Error::invalid("the options cannot be written down", "use finite numbers")),
    }
}

impl Trainer {
    /// The training as it stands, ready to be saved.
    ///
    /// # Errors
    /// [`Error::Device`]
    pub fn checkpoint(&mut self) -> Result<Checkpoint> {
        let notes = self.options.checkpoints.as_ref().map(|own| own.notes.clone());
        Ok(Checkpoint {
            network: self.plan().network().clone(),
            settings: settings(&self.options)?,
            length: self.options.length,
            data: self.fingerprints().clone(),
            notes: notes.unwrap_or_default(),
            snapshot: self.snapshot()?,
        })
    }

    /// Takes up a training where a checkpoint was written: the coming [`Trainer::run`] does what is
    /// left of it, to the last bit what the whole run would have done on the same device. Another
    /// [`TrainOptions::length`] than at that time lengthens or shortens it.
    ///
    /// # Errors
    /// [`Error::Invalid`] where network, settings or data are others; [`Error::Device`].
    pub fn resume(&mut self, checkpoint: &Checkpoint) -> Result<()> {
        let network = self.plan().network().clone();
        let data = self.fingerprints().clone();
        checkpoint.check(&network, &self.options, &data)?;
        self.restore(&checkpoint.snapshot)?;
        if checkpoint.length != self.options.length {
            let per_epoch = self.plan().steps_per_epoch();
            let length = self.options.length.steps(per_epoch);
            self.progress.goal = length.max(self.progress.step);
        }
        self.resumed = true;
        Ok(())
    }

    /// Those of the data, computed when they are first asked for.
    fn fingerprints(&mut self) -> &Fingerprints {
        self.fingerprints.get_or_insert_with(|| Fingerprints::of(&self.data))
    }
}
