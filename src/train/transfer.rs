//! What goes to the device before a training, and what comes back after it.

use crate::backend::Backend;
use crate::data::{Dataset, Task};
use crate::kernels::{Control, floats, pairs};
use crate::plan::{BufferId, Phase, Region};
use crate::spec::{LayerParameters, Network, Parameters};
use crate::{Error, Result};

use super::Evaluation;

/// A buffer that every training plan has.
pub(super) fn handle(id: Option<BufferId>) -> BufferId {
    match id {
        Some(id) => id,
        None => unreachable!("the planner has made this buffer"),
    }
}

/// Puts the data set on the device, the descriptions of a grid, and the counters at step 0 of
/// networks with so many rows and so large a batch.
pub(super) fn begin(
    backend: &mut dyn Backend,
    data: &Dataset,
    shares: &[(usize, usize)],
) -> Result<()> {
    let handles = backend.plan().handles.clone();
    let sources = [
        (&handles.features, bytemuck::cast_slice(data.features()), data.inputs()),
        (&handles.targets, data.targets().words(), data.targets().columns()),
    ];
    for (chunks, words, columns) in sources {
        for chunk in chunks {
            let part = chunk.first * columns..(chunk.first + chunk.rows) * columns;
            backend.write(chunk.buffer, &words[part])?;
        }
    }
    if let Some((buffer, words)) = &handles.members {
        backend.write(*buffer, words)?;
    }
    rewind(backend, handle(handles.control), shares)
}

/// Sets counters to step 0.
fn rewind(backend: &mut dyn Backend, control: BufferId, shares: &[(usize, usize)]) -> Result<()> {
    let words: Vec<u32> =
        shares.iter().flat_map(|&(rows, batch)| Control::at(0, rows, batch).to_words()).collect();
    backend.write(control, &words)
}

/// The steps that the device has counted.
pub(super) fn steps_done(backend: &mut dyn Backend) -> Result<u64> {
    let control = handle(backend.plan().handles.control);
    let words = backend.read(control, Control::WORDS)?;
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
    let layers = network.layers();
    let read = |(layer, region): (&crate::spec::Layer, &Region)| {
        let words = backend.read_region(*region, layer.parameters())?;
        let (weight, bias) = floats(&words).split_at(layer.inputs * layer.outputs);
        Ok(LayerParameters { weight: weight.to_vec(), bias: bias.to_vec() })
    };
    Ok(Parameters { layers: layers.iter().zip(regions).map(read).collect::<Result<_>>()? })
}

/// Loss and score of every network on its rows, given as rows and rows of a portion.
pub(super) fn evaluate(
    backend: &mut dyn Backend,
    data: &Dataset,
    shares: &[(usize, usize)],
) -> Result<Vec<Evaluation>> {
    let handles = &backend.plan().handles;
    let (control, history) = (handle(handles.evaluate_control), handle(handles.evaluate_history));
    let portions = shares.iter().map(|(rows, portion)| rows.div_ceil(*portion)).max().unwrap_or(0);
    rewind(backend, control, shares)?;
    backend.replay(Phase::Evaluate, portions as u64)?;
    let words = backend.read(history, 2 * portions * shares.len())?;
    let mean_of = |(index, &(rows, portion)): (usize, &(usize, usize))| {
        let (mut loss, mut score) = (0.0, 0.0);
        let own = pairs(&words).iter().skip(index).step_by(shares.len());
        for (number, means) in own.take(rows.div_ceil(portion)).enumerate() {
            let share = portion.min(rows - number * portion) as f64;
            loss += share * f64::from(means[0]);
            score += share * f64::from(means[1]);
        }
        evaluation(data, loss / rows as f64, score / rows as f64)
    };
    Ok(shares.iter().enumerate().map(mean_of).collect())
}

/// What mean loss and mean score say for a task.
fn evaluation(data: &Dataset, loss: f64, score: f64) -> Evaluation {
    match data.task() {
        Task::Binary | Task::Multiclass => Evaluation { loss, accuracy: Some(score), r2: None },
        Task::Regression => {
            let spread = data.total_squares() / data.rows() as f64;
            let r2 = (spread > 0.0).then(|| 1.0 - score / spread);
            Evaluation { loss, accuracy: None, r2 }
        }
    }
}
