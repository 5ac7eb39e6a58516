//! What goes to the device before a training, and what comes back after it.

use crate::backend::Backend;
use crate::data::{Dataset, Task};
use crate::kernels::{Control, floats, pairs};
use crate::plan::{BufferId, Chunk, Examination, Phase, Region};
use crate::platform::block_on;
use crate::spec::{LayerParameters, Network, ParameterBlock, Parameters};
use crate::{Error, Result};

use super::Evaluation;

/// A buffer that every training plan has.
pub(super) fn handle<T>(id: Option<T>) -> T {
    match id {
        Some(id) => id,
        None => unreachable!("the planner has made this buffer"),
    }
}

/// Puts the data of a grid on the device, the descriptions of its networks, and the counters at
/// step 0 of networks with so many rows and so large a batch.
pub(super) fn begin(
    backend: &mut dyn Backend,
    data: &Dataset,
    shares: &[(usize, usize)],
) -> Result<()> {
    let handles = backend.plan().handles.clone();
    upload_rows(backend, data, [&handles.features, &handles.targets, &handles.weights])?;
    describe(backend)?;
    set_step(backend, handle(handles.control), 0, shares)
}

/// Puts a data set into its chunks.
pub(super) fn upload_rows(
    backend: &mut dyn Backend,
    data: &Dataset,
    chunks: [&[Chunk]; 3],
) -> Result<()> {
    for (chunks, (words, columns)) in chunks.into_iter().zip(sources(data)) {
        write(backend, chunks, words, columns)?;
    }
    Ok(())
}

/// What of a data set goes to a device, each with its words in a row: features, targets, weights.
pub(super) fn sources(data: &Dataset) -> [(&[u32], usize); 3] {
    [
        (bytemuck::cast_slice(data.features()), data.inputs()),
        (data.targets().words(), data.targets().columns()),
        (bytemuck::cast_slice(data.weights().unwrap_or_default()), 1),
    ]
}

/// Puts words, so many a row, into their chunks.
fn write(backend: &mut dyn Backend, chunks: &[Chunk], words: &[u32], columns: usize) -> Result<()> {
    for chunk in chunks {
        let part = chunk.first * columns..(chunk.first + chunk.rows) * columns;
        block_on(backend.write(chunk.buffer, &words[part]))?;
    }
    Ok(())
}

/// Puts the descriptions of networks where they are read, where there are such.
pub(super) fn describe(backend: &mut dyn Backend) -> Result<()> {
    let handles = backend.plan().handles.clone();
    let validation = handles.validation.and_then(|own| own.members);
    for (buffer, words) in handles.members.iter().chain(&validation) {
        block_on(backend.write(*buffer, words))?;
    }
    Ok(())
}

/// Sets counters to a step.
pub(super) fn set_step(
    backend: &mut dyn Backend,
    control: BufferId,
    step: u64,
    shares: &[(usize, usize)],
) -> Result<()> {
    let words = shares.iter().flat_map(|&(rows, batch)| Control::at(step, rows, batch).to_words());
    block_on(backend.write(control, &words.collect::<Vec<u32>>()))
}

/// The steps that the device has counted.
pub(super) fn steps_done(backend: &mut dyn Backend) -> Result<u64> {
    let control = handle(backend.plan().handles.control);
    let words = block_on(backend.read(control, Control::WORDS))?;
    Ok(u64::from(Control::from_words(&words).step))
}

/// Checks that every step was done: drivers have ended a shader's loops, or a whole submission,
/// without a word.
pub(super) fn check_steps(backend: &mut dyn Backend, device: &str, expected: u64) -> Result<()> {
    match steps_done(backend)? {
        done if done == expected => Ok(()),
        done => Err(Error::device(
            device,
            format!("it did {done} of {expected} steps and reported no error"),
        )),
    }
}

/// The parameters that stand in a network's regions.
pub(super) fn parameters(
    backend: &mut dyn Backend,
    network: &Network,
    regions: &[Region],
) -> Result<Parameters> {
    let blocks = network.blocks();
    let read = |(block, region): (&ParameterBlock, &Region)| {
        let words = block_on(backend.read_region(*region, block.parameters()))?;
        let (weight, bias) = floats(&words).split_at(block.weights());
        Ok(LayerParameters { weight: weight.to_vec(), bias: bias.to_vec() })
    };
    let blocks = blocks.iter().zip(regions).map(read).collect::<Result<_>>()?;
    Ok(Parameters::of_blocks(network, blocks))
}

/// Loss and score of every network on rows of a data set, added up over the rows, which are given
/// as rows and rows of a portion.
pub(super) fn sums(
    backend: &mut dyn Backend,
    phase: Phase,
    examination: Examination,
    shares: &[(usize, usize)],
) -> Result<Vec<[f64; 2]>> {
    let portions = shares.iter().map(|(rows, portion)| rows.div_ceil(*portion)).max().unwrap_or(0);
    set_step(backend, examination.control, 0, shares)?;
    block_on(backend.replay(phase, portions as u64))?;
    let words = block_on(backend.read(examination.history, 2 * portions * shares.len()))?;
    let sum_of = |(index, &(rows, portion)): (usize, &(usize, usize))| {
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

/// What loss and score of so many rows, added up, say for a task.
pub(super) fn evaluation(data: &Dataset, sums: [f64; 2], rows: usize) -> Evaluation {
    let [loss, score] = sums.map(|sum| sum / rows as f64);
    match data.task() {
        Task::Binary | Task::Multiclass => Evaluation { loss, accuracy: Some(score), r2: None },
        Task::Regression => {
            let spread = data.total_squares() / data.rows() as f64;
            let r2 = (spread > 0.0).then(|| 1.0 - score / spread);
            Evaluation { loss, accuracy: None, r2 }
        }
    }
}
