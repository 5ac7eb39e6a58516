//! What goes to the device before a training, and what comes back after it.

use std::ops::Range;

use crate::backend::Backend;
use crate::data::{Dataset, Rows, Task};
use crate::kernels::{Control, Words, floats, pairs};
use crate::model;
use crate::plan::{BufferId, Chunk, Examination, Phase, Region};
use crate::spec::{LayerParameters, Network, Parameters};
use crate::{Error, Result};

use super::Evaluation;

/// Numbers that are brought to a device at once: selected rows are copied together on the way.
const PART: usize = 1 << 22;

/// A buffer that every training plan has.
pub(super) fn handle<T>(id: Option<T>) -> T {
    match id {
        Some(id) => id,
        None => unreachable!("the planner has made this buffer"),
    }
}

/// Puts a data set into its chunks: features, targets and weights.
pub(super) async fn upload_rows(
    backend: &mut dyn Backend,
    data: &Dataset,
    chunks: [&[Chunk]; 3],
) -> Result<()> {
    let [features, others @ ..] = chunks;
    let columns = data.inputs();
    for Chunk { buffer, first, rows, .. } in features.iter().copied() {
        let at_once = (PART / columns).max(1);
        for from in (0..rows).step_by(at_once) {
            let part = data.part(first + from..first + rows.min(from + at_once));
            let region = Region { buffer, offset: from * columns };
            backend.write_region(region, bytemuck::cast_slice(&part)).await?;
        }
    }
    let sources = [targets(data), weights(data)];
    for (chunks, (words, columns)) in others.into_iter().zip(sources) {
        for chunk in chunks {
            let part = chunk.first * columns..(chunk.first + chunk.rows) * columns;
            let region = Region { buffer: chunk.buffer, offset: chunk.offset };
            backend.write_region(region, &words[part]).await?;
        }
    }
    Ok(())
}

fn targets(data: &Dataset) -> (&[u32], usize) {
    (data.targets().words(), data.targets().columns())
}

fn weights(data: &Dataset) -> (&[u32], usize) {
    (bytemuck::cast_slice(data.weights().unwrap_or_default()), 1)
}

/// What of a data set goes to a device, each with its words in a row: features, targets, weights.
pub(super) fn sources(data: &Dataset) -> [(&[u32], usize); 3] {
    [(bytemuck::cast_slice(data.features()), data.inputs()), targets(data), weights(data)]
}

/// Puts the descriptions of networks where they are read, where there are such.
pub(super) async fn describe(backend: &mut dyn Backend) -> Result<()> {
    let handles = backend.plan().handles.clone();
    let validation = handles.validation.and_then(|own| own.members);
    for (buffer, words) in handles.members.iter().chain(&validation) {
        backend.write(*buffer, words).await?;
    }
    Ok(())
}

/// Sets the counters of networks.
pub(super) async fn set_controls(
    backend: &mut dyn Backend,
    buffer: BufferId,
    controls: impl Iterator<Item = Control>,
) -> Result<()> {
    let words: Vec<u32> = controls.flat_map(Control::to_words).collect();
    backend.write(buffer, &words).await
}

/// Checks that the device did every step: drivers have ended a shader's loops, or a whole
/// submission, without an error. For each network the steps that are expected, where they are known.
pub(super) async fn check_steps(
    backend: &mut dyn Backend,
    device: &str,
    expected: impl ExactSizeIterator<Item = Option<u64>>,
) -> Result<()> {
    let control = handle(backend.plan().handles.control);
    let words = backend.read(control, Control::WORDS * expected.len()).await?;
    for (own, expected) in words.chunks_exact(Control::WORDS).zip(expected) {
        let done = u64::from(Control::from_words(own).step);
        if let Some(expected) = expected
            && done != expected
        {
            let problem = format!("it did {done} of {expected} steps and reported no error");
            return Err(Error::device(device, problem));
        }
    }
    Ok(())
}

/// Tensors of networks, each in the shape of its network's parameters, from where they stand block
/// by block.
pub(super) async fn read_tensors(
    backend: &mut dyn Backend,
    wanted: &[(&Network, Vec<Region>)],
) -> Result<Vec<Parameters>> {
    let whole = match shared_buffer(wanted.iter().map(|(_, regions)| &regions[..])) {
        Some(buffer) => {
            let words = backend.plan().buffer(buffer).words();
            Some(backend.read(buffer, words).await?)
        }
        None => None,
    };
    let mut tensors = Vec::with_capacity(wanted.len());
    for (network, regions) in wanted {
        let mut blocks = Vec::with_capacity(regions.len());
        for (block, region) in network.blocks().iter().zip(regions) {
            let own: Words;
            let words = match &whole {
                Some(words) => &words[region.offset..region.offset + block.parameters()],
                None => {
                    own = backend.read_region(*region, block.parameters()).await?;
                    &own[..]
                }
            };
            let (weight, bias) = floats(words).split_at(block.weights());
            blocks.push(LayerParameters { weight: weight.to_vec(), bias: bias.to_vec() });
        }
        tensors.push(Parameters::of_blocks(network, blocks));
    }
    Ok(tensors)
}

/// Writes tensors of networks where they stand block by block.
pub(super) async fn write_tensors(
    backend: &mut dyn Backend,
    tensors: &[(Vec<Region>, &Parameters)],
) -> Result<()> {
    let Some(buffer) = shared_buffer(tensors.iter().map(|(regions, _)| &regions[..])) else {
        for (regions, parameters) in tensors {
            model::upload(backend, regions, parameters).await?;
        }
        return Ok(());
    };
    let count = backend.plan().buffer(buffer).words();
    let mut words = backend.read(buffer, count).await?.to_vec();
    for (regions, parameters) in tensors {
        for (region, block) in regions.iter().zip(parameters.blocks()) {
            let values = block.weight.iter().chain(&block.bias);
            let place = &mut words[region.offset..];
            place.iter_mut().zip(values).for_each(|(word, value)| *word = value.to_bits());
        }
    }
    backend.write(buffer, &words).await
}

/// The buffer that holds all of several tensors, if one does: it is faster to move as a whole.
fn shared_buffer<'r>(
    mut tensors: impl ExactSizeIterator<Item = &'r [Region]> + Clone,
) -> Option<BufferId> {
    if tensors.len() < 2 {
        return None;
    }
    let first = tensors.clone().next()?.first()?.buffer;
    tensors.all(|regions| regions.iter().all(|region| region.buffer == first)).then_some(first)
}

/// Rows that networks are evaluated on, and rows of a portion.
pub(super) type Share = (usize, usize);

/// Loss and score of every network on its share of a data set, added up over the rows.
pub(super) async fn sums(
    backend: &mut dyn Backend,
    phase: Phase,
    examination: Examination,
    shares: &[Share],
) -> Result<Vec<[f64; 2]>> {
    let portions = shares.iter().map(|(rows, portion)| rows.div_ceil(*portion)).max().unwrap_or(0);
    let controls = shares.iter().map(|(rows, portion)| Control::at(0, *rows, *portion));
    set_controls(backend, examination.control, controls).await?;
    backend.replay(phase, portions as u64).await?;
    let words = backend.read(examination.history, 2 * portions * shares.len()).await?;
    let sum_of = |(index, &(rows, portion)): (usize, &Share)| {
        let mut sums = [0.0; 2];
        let own = pairs(&words).iter().skip(index).step_by(shares.len());
        for (number, means) in own.take(rows.div_ceil(portion)).enumerate() {
            let share = portion.min(rows - number * portion) as f64;
            sums = [0, 1].map(|which| sums[which] + share * f64::from(means[which]));
        }
        sums
    };
    Ok(shares.iter().enumerate().map(sum_of).collect())
}

/// What sums of loss and score over rows say, for rows that R² compares with.
pub(super) struct Scale {
    task: Task,
    rows: Range<usize>,
    /// The mean squared distance of the targets from their mean.
    spread: f64,
    /// Numbers or labels of each row.
    columns: usize,
}

impl Scale {
    pub(super) fn new(data: &Dataset, rows: Range<usize>) -> Self {
        let spread = match data.task() {
            Task::Binary | Task::Multiclass => 0.0,
            Task::Regression => data.total_squares_of(rows.clone()) / rows.len() as f64,
        };
        Self { task: data.task(), rows, spread, columns: data.targets().columns() }
    }

    pub(super) fn evaluation(&self, sums: [f64; 2]) -> Evaluation {
        let [loss, score] = sums.map(|sum| sum / self.rows.len() as f64);
        let columns = self.columns;
        match self.task {
            Task::Binary | Task::Multiclass => {
                Evaluation { loss, accuracy: Some(score), r2: None, columns }
            }
            Task::Regression => {
                let r2 = (self.spread > 0.0).then(|| 1.0 - score / self.spread);
                Evaluation { loss, accuracy: None, r2, columns }
            }
        }
    }
}
