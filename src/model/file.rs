//! Model files: safetensors with PyTorch's tensor layout, everything else in the metadata.

use std::collections::HashSet;
use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};

use super::container::{self, Integrity};
use super::{Model, Provenance};
use crate::data::{Column, DropReason, Encoding, Preprocessing, TargetColumn, TargetEncoding};
use crate::platform::files::write_beside;
use crate::spec::{LayerParameters, Network, Output, ParameterBlock, Parameters};
use crate::{Call, Error, Remedy, Result, Setting};

/// The key of the model's JSON in the metadata of the safetensors file.
const KEY: &str = "halfplane";

/// The newest version of that JSON.
const VERSION: u32 = 6;

/// The version that a model is written in: the oldest that can describe it, so that older programs
/// can read it.
fn version_of(model: &Model) -> u32 {
    let Model { network, preprocessing, members, targets, .. } = model;
    let since = |column: &Column| match &column.encoding {
        Encoding::Numeric { bins, .. } if !bins.is_empty() => 5,
        Encoding::Date { .. } | Encoding::Dropped(DropReason::Index | DropReason::RareTexts) => 4,
        _ => 2,
    };
    let network = if network.normalization.is_none() { 2 } else { 3 };
    let na = if preprocessing.na_columns.is_empty() { 2 } else { 4 };
    let members = if members.len() == 1 { 2 } else { 4 };
    let targets = if targets.len() == 1 { 2 } else { 6 };
    let others = network.max(na).max(members).max(targets);
    preprocessing.columns.iter().map(since).fold(others, u32::max)
}

/// What a model file holds beside the tensors.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    version: u32,
    /// May have a normalization since version 3.
    network: Network,
    /// Only in version 1: the names of the columns, all numeric and unchanged.
    #[serde(default, skip_serializing)]
    features: Option<Vec<String>>,
    /// Since version 2. Since version 4 it may have dates, columns that are left out as an index or for
    /// rare texts, and words for missing values of one column; since version 5 numbers may have bins; since
    /// version 6 each of several targets has a scale.
    preprocessing: Option<Preprocessing>,
    /// The name of the only target, and its classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    classes: Option<Vec<String>>,
    /// Since version 6: the targets, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    targets: Option<Vec<TargetColumn>>,
    /// Since version 4: how many networks there are, whose tensors begin with `members.K.`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    members: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provenance: Option<Provenance>,
}

impl Model {
    /// Writes the model as safetensors: tensors `layers.N.weight` \[O, I\] and `layers.N.bias`
    /// \[O\] in float32, as `torch.nn.Linear` has them, `norms.N.weight` \[O\] and
    /// `norms.N.bias` \[O\], as `torch.nn.LayerNorm` has them, the rest as metadata.
    ///
    /// The tensors of an ensemble begin with `members.K.`, as in `members.0.layers.0.weight`. The
    /// metadata has a checksum of all of it.
    ///
    /// The file is written beside its place and renamed, so that an old one is replaced whole or not
    /// at all.
    ///
    /// # Errors
    /// [`Error::File`]
    pub fn save(&self, path: &Path) -> Result<()> {
        let bytes = self.serialized();
        let failed = |problem| Error::write(path, std::io::Error::other(problem));
        write_beside(path, &bytes.map_err(failed)?)
    }

    /// The bytes of the file that [`Model::save`] writes.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the weights are not those of the network.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        self.serialized().map_err(|problem| {
            Error::invalid(
                format!("the model cannot be written down: {problem}"),
                "give it weights of its network",
            )
        })
    }

    fn serialized(&self) -> Result<Vec<u8>, String> {
        let (only, several) = match &self.targets[..] {
            [only] => (Some(only.clone()), None),
            several => (None, Some(several.to_vec())),
        };
        let metadata = Metadata {
            version: version_of(self),
            network: self.network.clone(),
            features: None,
            preprocessing: Some(self.preprocessing.clone()),
            target: only.as_ref().map(|own| own.name.clone()),
            classes: only.map(|own| own.classes),
            targets: several,
            members: (self.members.len() > 1).then_some(self.members.len()),
            provenance: self.provenance.clone(),
        };
        let text = serde_json::to_string(&metadata).map_err(|error| error.to_string())?;
        let mut tensors = Vec::new();
        for (number, parameters) in self.members.iter().enumerate() {
            let prefix = prefix(metadata.members, number);
            for (block, own) in self.network.blocks().iter().zip(parameters.blocks()) {
                let values = [&own.weight, &own.bias];
                for ((name, shape), values) in block.tensors().into_iter().zip(values) {
                    tensors.push((format!("{prefix}{name}"), shape, &values[..]));
                }
            }
        }
        container::serialize(tensors, (KEY, text)).map_err(|error| error.to_string())
    }

    /// Reads a model that [`Model::save`] has written.
    ///
    /// # Errors
    /// [`Error::File`] where it cannot be read, [`Error::Model`] where it is damaged or lacks the
    /// metadata, [`Error::Shape`] where tensors and metadata do not agree.
    pub fn load(path: &Path) -> Result<Self> {
        Self::load_checked(path).map(|(model, _)| model)
    }

    /// Reads a model as [`Model::load`] does, and says whether its file has a checksum, to which it
    /// was held. Those of older versions have none.
    ///
    /// # Errors
    /// As [`Model::load`].
    pub fn load_checked(path: &Path) -> Result<(Self, Integrity)> {
        Self::parse(path, &container::read(path)?)
    }

    /// Reads the bytes of a model's file.
    ///
    /// # Errors
    /// As [`Model::load`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        Self::parse(Path::new("memory"), bytes).map(|(model, _)| model)
    }

    fn parse(path: &Path, bytes: &[u8]) -> Result<(Self, Integrity)> {
        let (_, header) =
            SafeTensors::read_metadata(bytes).map_err(|error| damaged(path, &error))?;
        let text = header.metadata().as_ref().and_then(|map| map.get(KEY)).ok_or_else(|| {
            Error::model(
                path,
                "there is no halfplane metadata in it: these are weights without a network",
                ("start a training from them with ", Setting::Initial, " instead"),
            )
        })?;
        let version: Version = serde_json::from_str(text).map_err(|error| damaged(path, &error))?;
        if version.version > VERSION {
            return Err(Error::model(
                path,
                format!("it was written by a newer halfplane (format {})", version.version),
                "use that one",
            ));
        }
        let integrity = container::verify(bytes).map_err(|problem| damaged(path, &problem))?;
        let metadata: Metadata =
            serde_json::from_str(text).map_err(|error| damaged(path, &error))?;
        let known = |problem: String| Error::model(path, problem, "train it again");
        metadata.network.check().map_err(|error| known(error.to_string()))?;
        let preprocessing = match (metadata.preprocessing, metadata.features) {
            (Some(preprocessing), None) => preprocessing,
            (None, Some(features)) => Preprocessing::as_is(features),
            _ => return Err(known("it does not say which columns it takes".into())),
        };
        preprocessing.check().map_err(|error| known(error.to_string()))?;
        if preprocessing.outputs() != metadata.network.inputs {
            return Err(known(format!(
                "its columns make {} inputs for the {} of its network",
                preprocessing.outputs(),
                metadata.network.inputs,
            )));
        }
        let targets = match (metadata.target, metadata.classes, metadata.targets) {
            (Some(name), Some(classes), None) => vec![TargetColumn { name, classes }],
            (None, None, Some(several)) => several,
            _ => return Err(known("it does not say what it predicts".into())),
        };
        check_targets(&targets, &metadata.network, &preprocessing.target).map_err(known)?;
        if metadata.members.is_some_and(|count| !(2..=MOST_MEMBERS).contains(&count)) {
            return Err(known("it has an impossible number of members".into()));
        }
        let members = (0..metadata.members.unwrap_or(1)).map(|number| {
            parameters(path, bytes, &metadata.network, &prefix(metadata.members, number))
        });
        let members =
            members.collect::<Result<Vec<_>>>().map_err(|error| known(error.to_string()))?;
        let model = Self {
            network: metadata.network,
            members,
            preprocessing,
            targets,
            provenance: metadata.provenance,
        };
        Ok((model, integrity))
    }
}

/// Checks that there are as many targets, classes and scales as go with the network.
fn check_targets(
    targets: &[TargetColumn],
    network: &Network,
    encoding: &TargetEncoding,
) -> Result<(), String> {
    let outputs = network.outputs;
    let classes = match network.output {
        Output::Softmax => outputs,
        Output::Sigmoid => 2,
        Output::Identity => 0,
    };
    for TargetColumn { classes: own, .. } in targets {
        if own.len() != classes {
            let found = own.len();
            return Err(format!("{found} classes are named for the {classes} of its network"));
        }
    }
    let several = network.output != Output::Softmax && targets.len() == outputs;
    if targets.len() != 1 && !several {
        let found = targets.len();
        return Err(format!("{found} targets are named for the {outputs} outputs of its network"));
    }
    let mut names = HashSet::new();
    if let Some(twice) = targets.iter().find(|own| !names.insert(&own.name)) {
        return Err(format!("the target `{}` is named twice", twice.name));
    }
    match encoding {
        TargetEncoding::Each(each) if each.len() != outputs => {
            Err(format!("{} scales are given for its {outputs} outputs", each.len()))
        }
        _ => Ok(()),
    }
}

/// The most networks in a file.
const MOST_MEMBERS: usize = 100_000;

/// What the names of a member's tensors begin with.
fn prefix(members: Option<usize>, number: usize) -> String {
    members.map_or_else(String::new, |_| format!("members.{number}."))
}

#[derive(Deserialize)]
struct Version {
    version: u32,
}

/// Reads the parameters of a network from any safetensors file with tensors of these names.
///
/// # Errors
/// [`Error::File`], [`Error::Model`]; [`Error::Shape`] names the first tensor that does not fit.
pub fn read_parameters(path: &Path, network: &Network) -> Result<Parameters> {
    let bytes = container::read(path)?;
    container::verify(&bytes).map_err(|problem| damaged(path, &problem))?;
    parameters(path, &bytes, network, "")
}

/// Those of the tensors whose names begin with `prefix`.
fn parameters(path: &Path, bytes: &[u8], network: &Network, prefix: &str) -> Result<Parameters> {
    let tensors = SafeTensors::deserialize(bytes).map_err(|error| damaged(path, &error))?;
    let read = |(name, expected): (String, Vec<usize>)| {
        let name = format!("{prefix}{name}");
        let tensor = tensors.tensor(&name).map_err(|_| {
            let mut names = tensors.names();
            names.sort_unstable();
            names.truncate(6);
            Error::model(
                path,
                format!("there is no tensor {name}; it has {}", names.join(", ")),
                match name.starts_with("norms.") {
                    true => {
                        let name = "name those of the layer norms norms.0.weight, norms.0.bias, …";
                        Remedy::from((name, ", or leave out ", Setting::Normalization))
                    }
                    false => "name them layers.0.weight, layers.0.bias, layers.1.weight, …".into(),
                },
            )
        })?;
        if tensor.shape() != expected {
            return Err(Error::Shape { tensor: name, found: tensor.shape().to_vec(), expected });
        }
        if tensor.dtype() != Dtype::F32 {
            return Err(Error::model(
                path,
                format!("tensor {name} is {:?}", tensor.dtype()),
                "convert it to float32",
            ));
        }
        let values: Vec<f32> = tensor
            .data()
            .as_chunks::<4>()
            .0
            .iter()
            .map(|bytes| f32::from_le_bytes(*bytes))
            .collect();
        match values.iter().position(|value| !value.is_finite()) {
            Some(at) => Err(Error::model(
                path,
                format!("tensor {name} has {} at position {at}", values[at]),
                "take weights of a run that did not diverge",
            )),
            None => Ok(values),
        }
    };
    let block = |block: ParameterBlock| {
        let [weight, bias] = block.tensors();
        Ok(LayerParameters { weight: read(weight)?, bias: read(bias)? })
    };
    let blocks = network.blocks().into_iter().map(block).collect::<Result<Vec<_>>>()?;
    let surplus = [
        (
            format!("layers.{}.weight", network.hidden.len() + 1),
            Remedy::from(("give the network the same ", Setting::Hidden)),
        ),
        (
            format!("norms.{}.weight", network.norms().len()),
            Remedy::from(("add ", Setting::Normalization.to("layer-norm"))),
        ),
    ];
    for (surplus, remedy) in surplus {
        let surplus = format!("{prefix}{surplus}");
        if tensors.tensor(&surplus).is_ok() {
            return Err(Error::model(
                path,
                format!("there is a tensor {surplus}, but {network} ends before it"),
                remedy,
            ));
        }
    }
    Ok(Parameters::of_blocks(network, blocks))
}

fn damaged(path: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::model(
        path,
        format!("it is not a safetensors file, or it is damaged ({error})"),
        ("give a file that ", Call::SaveModel, " has written"),
    )
}
