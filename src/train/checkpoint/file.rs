//! The format of a checkpoint: safetensors. The weights are `layers.0.weight`, … and, of norms,
//! `norms.0.weight`, …, as in a model; the tensors of the optimizer's state are
//! `optimizer.0.layers.0.weight`, …; the best weights so far, where they are kept,
//! `best.layers.0.weight`, …; everything else is JSON in the metadata. Of a grid, all names of a
//! network's tensors begin with `members.0.`, …, and the metadata has another key.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use safetensors::tensor::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Checkpoint, Fingerprints, Networks, Notes};
use crate::model::container::{self, Integrity};
use crate::platform::files::write_beside;
use crate::spec::{LayerParameters, Length, Network, Parameters};
use crate::train::run::{BestWeights, NetworkState, Progress};
use crate::train::snapshot::{RunSnapshot, Snapshot};
use crate::train::{Candidate, Ended};
use crate::{Error, Result, Setting};

/// The key of our metadata in the file's.
const KEY: &str = "halfplane-checkpoint";

/// The key of a grid's.
const GRID_KEY: &str = "halfplane-grid-checkpoint";

/// The version of what stands under the grid's key.
const GRID_VERSION: u32 = 1;

/// The version of what stands under the key.
const VERSION: u32 = 2;

/// The version that a checkpoint is written in: the oldest that tells all of it, so that older
/// programs read what they understand. Norms came with version 2.
fn version_of(network: &Network) -> u32 {
    if network.normalization.is_none() { 1 } else { VERSION }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    version: u32,
    network: Network,
    settings: BTreeMap<String, Value>,
    length: Length,
    data: Fingerprints,
    notes: Notes,
    progress: Progress,
    /// How many tensors the optimizer's state has: `optimizer.0`, `optimizer.1`.
    memories: usize,
    /// The step whose weights were kept as the best.
    #[serde(skip_serializing_if = "Option::is_none")]
    best: Option<u64>,
}

/// What stands under a grid's key.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct GridMetadata {
    version: u32,
    settings: BTreeMap<String, Value>,
    length: Length,
    data: Fingerprints,
    notes: Notes,
    /// How many tensors the optimizer's state of a network has.
    state: usize,
    members: Vec<MemberMetadata>,
}

/// One network of a grid.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MemberMetadata {
    candidate: Candidate,
    progress: Progress,
    #[serde(skip_serializing_if = "Option::is_none")]
    best: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<Ended>,
}

#[derive(Deserialize)]
struct Version {
    version: u32,
}

/// More tensors than any optimizer's state has.
const MOST_STATE: usize = 16;

pub(super) fn save(checkpoint: &Checkpoint, path: &Path) -> Result<()> {
    let failed = |error: &dyn std::fmt::Display| {
        Error::write(path, std::io::Error::other(error.to_string()))
    };
    let (key, text) = metadata(checkpoint).map_err(|error| failed(&error))?;
    let mut tensors = Vec::new();
    match &checkpoint.networks {
        Networks::One(network) => list_run(&mut tensors, "", network, &checkpoint.snapshot.runs[0]),
        Networks::Many(members) => {
            for (number, (one, run)) in members.iter().zip(&checkpoint.snapshot.runs).enumerate() {
                list_run(&mut tensors, &member_prefix(number), &one.network, run);
            }
        }
    }
    let bytes = container::serialize(tensors, (key, text)).map_err(|error| failed(&error))?;
    write_beside(path, &bytes)
}

/// The metadata as text, with its key.
fn metadata(checkpoint: &Checkpoint) -> serde_json::Result<(&'static str, String)> {
    let Checkpoint { networks, settings, length, data, notes, snapshot } = checkpoint;
    let (settings, data, notes) = (settings.clone(), data.clone(), notes.clone());
    let state = snapshot.runs[0].network.state.len();
    let best = |run: &RunSnapshot| run.best.as_ref().map(|best| best.step);
    match networks {
        Networks::One(network) => {
            let run = &snapshot.runs[0];
            let metadata = Metadata {
                version: version_of(network),
                network: network.clone(),
                settings,
                length: *length,
                data,
                notes,
                progress: run.progress,
                memories: state,
                best: best(run),
            };
            Ok((KEY, serde_json::to_string(&metadata)?))
        }
        Networks::Many(members) => {
            let member = |(candidate, run): (&Candidate, &RunSnapshot)| MemberMetadata {
                candidate: candidate.clone(),
                progress: run.progress,
                best: best(run),
                ended: run.ended,
            };
            let metadata = GridMetadata {
                version: GRID_VERSION,
                settings,
                length: *length,
                data,
                notes,
                state,
                members: members.iter().zip(&snapshot.runs).map(member).collect(),
            };
            Ok((GRID_KEY, serde_json::to_string(&metadata)?))
        }
    }
}

/// What stands before the names of the best weights.
const BEST: &str = "best.";

/// What stands before the names of a tensor of the optimizer's state.
fn state_prefix(index: usize) -> String {
    format!("optimizer.{index}.")
}

/// What stands before all names of a network of a grid.
fn member_prefix(number: usize) -> String {
    format!("members.{number}.")
}

type Named<'p> = (String, Vec<usize>, &'p [f32]);

/// Adds all tensors of a run to a list.
fn list_run<'r>(into: &mut Vec<Named<'r>>, prefix: &str, network: &Network, run: &'r RunSnapshot) {
    list(into, prefix, network, &run.network.parameters);
    for (index, tensor) in run.network.state.iter().enumerate() {
        list(into, &format!("{prefix}{}", state_prefix(index)), network, tensor);
    }
    if let Some(best) = &run.best {
        list(into, &format!("{prefix}{BEST}"), network, &best.parameters);
    }
}

/// Adds the tensors of some parameters to a list.
fn list<'p>(into: &mut Vec<Named<'p>>, prefix: &str, network: &Network, from: &'p Parameters) {
    for (block, own) in network.blocks().iter().zip(from.blocks()) {
        for ((name, shape), values) in block.tensors().into_iter().zip([&own.weight, &own.bias]) {
            into.push((format!("{prefix}{name}"), shape, values));
        }
    }
}

pub(super) fn load(path: &Path) -> Result<(Checkpoint, Integrity)> {
    let bytes = container::read(path)?;
    let damaged = |error: &dyn std::fmt::Display| {
        Error::model(
            path,
            format!("it is no checkpoint, or it is damaged ({error})"),
            "take the one before it, if there is one",
        )
    };
    let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|error| damaged(&error))?;
    let of_key = |key: &str| header.metadata().as_ref().and_then(|map| map.get(key));
    let (text, newest, is_grid) = match (of_key(KEY), of_key(GRID_KEY)) {
        (Some(text), _) => (text, VERSION, false),
        (None, Some(text)) => (text, GRID_VERSION, true),
        (None, None) => {
            return Err(Error::model(
                path,
                "there is no checkpoint's metadata in it",
                ("give a file that a training with ", Setting::Checkpoints, " has written"),
            ));
        }
    };
    let Version { version } = serde_json::from_str(text).map_err(|error| damaged(&error))?;
    if version > newest {
        return Err(Error::model(
            path,
            format!("it was written by a newer halfplane (checkpoint format {version})"),
            "use that one",
        ));
    }
    let integrity = container::verify(&bytes).map_err(|problem| damaged(&problem))?;
    let checkpoint = if is_grid { of_many(text, &bytes) } else { of_one(text, &bytes) };
    Ok((checkpoint.map_err(|problem| damaged(&problem))?, integrity))
}

/// The checkpoint of one network, or what is wrong with it.
fn of_one(text: &str, bytes: &[u8]) -> Result<Checkpoint, String> {
    let metadata: Metadata = parsed(text)?;
    let Metadata { network, progress, memories, best, .. } = metadata;
    network.check().map_err(|error| error.to_string())?;
    let tensors = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
    let run = RunSnapshot { progress, ..run(&tensors, "", &network, memories, best)? };
    check(&run, "")?;
    Ok(Checkpoint {
        networks: Networks::One(network),
        settings: metadata.settings,
        length: metadata.length,
        data: metadata.data,
        notes: metadata.notes,
        snapshot: Snapshot { runs: vec![run] },
    })
}

/// The checkpoint of a grid, or what is wrong with it.
fn of_many(text: &str, bytes: &[u8]) -> Result<Checkpoint, String> {
    let metadata: GridMetadata = parsed(text)?;
    if metadata.members.is_empty() {
        return Err("there is no network".into());
    }
    let tensors = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
    let (mut candidates, mut runs) = (Vec::new(), Vec::new());
    for (number, member) in metadata.members.into_iter().enumerate() {
        let MemberMetadata { candidate, progress, best, ended } = member;
        candidate.network.check().map_err(|error| error.to_string())?;
        let prefix = member_prefix(number);
        let run = run(&tensors, &prefix, &candidate.network, metadata.state, best)?;
        let run = RunSnapshot { progress, ended, ..run };
        check(&run, &prefix)?;
        candidates.push(candidate);
        runs.push(run);
    }
    Ok(Checkpoint {
        networks: Networks::Many(candidates),
        settings: metadata.settings,
        length: metadata.length,
        data: metadata.data,
        notes: metadata.notes,
        snapshot: Snapshot { runs },
    })
}

fn parsed<'t, T: Deserialize<'t>>(text: &'t str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// The tensors of a run, whose names have a prefix.
fn run(
    tensors: &SafeTensors<'_>,
    prefix: &str,
    network: &Network,
    state: usize,
    best: Option<u64>,
) -> Result<RunSnapshot, String> {
    if state > MOST_STATE {
        return Err(format!("{state} tensors of an optimizer"));
    }
    let of = |name: &str| parameters(tensors, &format!("{prefix}{name}"), network);
    let best = best.map(|step| Ok(BestWeights { step, parameters: Arc::new(of(BEST)?) }));
    let network = NetworkState {
        parameters: of("")?,
        state: (0..state).map(|index| of(&state_prefix(index))).collect::<Result<_, String>>()?,
    };
    let best = best.transpose().map_err(|problem: String| problem)?;
    Ok(RunSnapshot { progress: Progress::default(), network, best, ended: None })
}

/// Refuses what no run leaves behind, of which files without a checksum may tell.
fn check(run: &RunSnapshot, prefix: &str) -> Result<(), String> {
    let Progress { step, goal, origin, .. } = run.progress;
    if step > goal || origin > step {
        return Err(format!("it is at step {step} of {goal}, in rows that began at {origin}"));
    }
    if let Some(best) = run.best.as_ref().filter(|best| best.step > step) {
        return Err(format!("its best weights are of step {}, after {step}", best.step));
    }
    let best = run.best.as_ref().map(|best| (BEST, best.parameters.as_ref()));
    let weights = (run.ended != Some(Ended::Diverged)).then_some(("", &run.network.parameters));
    for (name, parameters) in best.into_iter().chain(weights) {
        let mut tensors = parameters.blocks().flat_map(|own| [&own.weight, &own.bias]);
        if tensors.any(|values| values.iter().any(|value| !value.is_finite())) {
            return Err(format!("weights of {prefix}{name}layers are not finite"));
        }
    }
    Ok(())
}

/// The parameters whose names have a prefix. Nothing is allocated that the file does not hold.
fn parameters(
    tensors: &SafeTensors<'_>,
    prefix: &str,
    network: &Network,
) -> Result<Parameters, String> {
    let read = |name: String, shape: &[usize]| {
        let tensor = tensors.tensor(&name).map_err(|_| format!("there is no tensor {name}"))?;
        if tensor.shape() != shape || tensor.dtype() != Dtype::F32 {
            return Err(format!(
                "tensor {name} is {:?} {:?} instead of F32 {shape:?}",
                tensor.dtype(),
                tensor.shape(),
            ));
        }
        let (words, _) = tensor.data().as_chunks::<4>();
        Ok(words.iter().map(|word| f32::from_le_bytes(*word)).collect())
    };
    let blocks = network.blocks().into_iter().map(|block| {
        let [weight, bias] =
            block.tensors().map(|(name, shape)| read(format!("{prefix}{name}"), &shape));
        Ok(LayerParameters { weight: weight?, bias: bias? })
    });
    Ok(Parameters::of_blocks(network, blocks.collect::<Result<_, String>>()?))
}
