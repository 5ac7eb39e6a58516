//! The format of a checkpoint: safetensors. The weights are `layers.0.weight`, … and, of norms,
//! `norms.0.weight`, …, as in a model;
//! what the optimizer remembers is `optimizer.0.layers.0.weight`, …; the best weights so far, where
//! they are kept, `best.layers.0.weight`, …; everything else is JSON in the metadata.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Checkpoint, Fingerprints, Notes};
use crate::files::write_beside;
use crate::spec::{LayerParameters, Length, Network, Parameters};
use crate::train::snapshot::{BestWeights, Progress, Snapshot};
use crate::{Error, Result};

/// The key of our metadata in the file's.
const KEY: &str = "halfplane-checkpoint";

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
    /// How many tensors the optimizer remembers: `optimizer.0`, `optimizer.1`.
    memories: usize,
    /// The step whose weights were kept as the best.
    #[serde(skip_serializing_if = "Option::is_none")]
    best: Option<u64>,
}

#[derive(Deserialize)]
struct Version {
    version: u32,
}

/// More tensors than any optimizer remembers.
const MOST_MEMORIES: usize = 16;

pub(super) fn save(checkpoint: &Checkpoint, path: &Path) -> Result<()> {
    let Checkpoint { network, settings, length, data, notes, snapshot } = checkpoint;
    let metadata = Metadata {
        version: version_of(network),
        network: network.clone(),
        settings: settings.clone(),
        length: *length,
        data: data.clone(),
        notes: notes.clone(),
        progress: snapshot.progress,
        memories: snapshot.memories.len(),
        best: snapshot.best.as_ref().map(|kept| kept.step),
    };
    let failed = |error: &dyn std::fmt::Display| {
        Error::write(path, std::io::Error::other(error.to_string()))
    };
    let text = serde_json::to_string(&metadata).map_err(|error| failed(&error))?;
    let mut tensors = Vec::new();
    list(&mut tensors, "", network, &snapshot.parameters);
    for (index, memory) in snapshot.memories.iter().enumerate() {
        list(&mut tensors, &memory_prefix(index), network, memory);
    }
    if let Some(kept) = &snapshot.best {
        list(&mut tensors, BEST, network, &kept.parameters);
    }
    let views = tensors
        .into_iter()
        .map(|(name, shape, values)| {
            Ok((name, TensorView::new(Dtype::F32, shape, bytemuck::cast_slice(values))?))
        })
        .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()
        .map_err(|error| failed(&error))?;
    let metadata = [(KEY.to_owned(), text)].into_iter().collect();
    let bytes = safetensors::serialize(views, Some(metadata)).map_err(|error| failed(&error))?;
    write_beside(path, &bytes)
}

/// What stands before the names of the best weights.
const BEST: &str = "best.";

/// What stands before the names of what the optimizer remembers.
fn memory_prefix(index: usize) -> String {
    format!("optimizer.{index}.")
}

type Named<'p> = (String, Vec<usize>, &'p [f32]);

/// Adds the tensors of some parameters to a list.
fn list<'p>(into: &mut Vec<Named<'p>>, prefix: &str, network: &Network, from: &'p Parameters) {
    for (block, own) in network.blocks().iter().zip(from.blocks()) {
        for ((name, shape), values) in block.tensors().into_iter().zip([&own.weight, &own.bias]) {
            into.push((format!("{prefix}{name}"), shape, values));
        }
    }
}

pub(super) fn load(path: &Path) -> Result<Checkpoint> {
    let bytes = std::fs::read(path).map_err(|source| Error::read(path, source))?;
    let damaged = |error: &dyn std::fmt::Display| {
        Error::model(
            path,
            format!("it is no checkpoint, or it is damaged ({error})"),
            "take the one before it, if there is one",
        )
    };
    let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|error| damaged(&error))?;
    let text = header.metadata().as_ref().and_then(|map| map.get(KEY)).ok_or_else(|| {
        Error::model(
            path,
            "there is no checkpoint's metadata in it",
            "give a file that a training with --checkpoint has written",
        )
    })?;
    let Version { version } = serde_json::from_str(text).map_err(|error| damaged(&error))?;
    if version > VERSION {
        return Err(Error::model(
            path,
            format!("it was written by a newer halfplane (checkpoint format {version})"),
            "use that one",
        ));
    }
    let metadata: Metadata = serde_json::from_str(text).map_err(|error| damaged(&error))?;
    metadata.network.check().map_err(|error| damaged(&error))?;
    if metadata.memories > MOST_MEMORIES {
        return Err(damaged(&format!("{} tensors of an optimizer", metadata.memories)));
    }
    let tensors = SafeTensors::deserialize(&bytes).map_err(|error| damaged(&error))?;
    let of = |prefix: &str| {
        parameters(&tensors, prefix, &metadata.network).map_err(|problem| damaged(&problem))
    };
    let memories = (0..metadata.memories).map(|index| of(&memory_prefix(index)));
    let best = metadata.best.map(|step| Ok(BestWeights { step, parameters: Arc::new(of(BEST)?) }));
    let snapshot = Snapshot {
        progress: metadata.progress,
        parameters: of("")?,
        memories: memories.collect::<Result<_>>()?,
        best: best.transpose()?,
    };
    Ok(Checkpoint {
        network: metadata.network,
        settings: metadata.settings,
        length: metadata.length,
        data: metadata.data,
        notes: metadata.notes,
        snapshot,
    })
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
