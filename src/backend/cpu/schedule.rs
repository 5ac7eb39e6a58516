//! Splits a phase into sections: within one, threads work independently; between two, they wait for
//! each other.
//!
//! Most of a step is done row by row, and a thread that keeps to some rows depends on no other: it
//! takes them through gather, all layers, the loss and all layers back without waiting once. The
//! weights' gradients come after, by units. A layer that has more weights than the batch has numbers
//! in its input and output goes forward by units, too: then a thread keeps to weights that it has
//! changed itself.

use super::operations::{self, ForwardLayers, Split};
use super::packed::PackedWeights;
use crate::kernels::Access;
use crate::plan::{BufferId, Dispatch, Region};
use crate::spec::Layer;

/// Rows from which on packing weights pays: with fewer, it takes longer than the product saves.
const PACKED_ROWS: usize = 8;

/// Units from which on vectors of units pay.
const PACKED_UNITS: usize = 8;

/// How threads split a dispatch.
pub(super) fn split(dispatch: &Dispatch) -> Split {
    operations::of(&dispatch.operation).split()
}

/// Whether a task can take the same rows through both: both go by the rows of one control.
pub(super) fn share_rows(one: &Dispatch, other: &Dispatch) -> bool {
    let control = rows_control(one);
    control.is_some() && control == rows_control(other)
}

/// The control that counts the rows by which a dispatch is split, if it is.
fn rows_control(dispatch: &Dispatch) -> Option<BufferId> {
    if split(dispatch) != Split::Rows {
        return None;
    }
    let slots = dispatch.operation.kernel().slots();
    let control = slots.iter().position(|slot| slot.name == "control")?;
    Some(dispatch.bindings[control])
}

/// The dispatches of each section, by their number in the phase: each dispatch as early as those
/// before it allow.
pub(super) fn sections(phase: &[Dispatch]) -> Vec<Vec<usize>> {
    let mut section_of: Vec<usize> = Vec::with_capacity(phase.len());
    // The last section that any dispatch up to this one is in.
    let mut last_by: Vec<usize> = Vec::with_capacity(phase.len());
    let mut sections: Vec<Vec<usize>> = Vec::new();
    for (number, dispatch) in phase.iter().enumerate() {
        let mut section = 0;
        for before in (0..number).rev() {
            // Nothing further back leads to a later section. Micro-batches make phases long.
            if section > last_by[before] {
                break;
            }
            section = section.max(match dependency(&phase[before], dispatch) {
                Dependency::None => 0,
                Dependency::InOneTask => section_of[before],
                Dependency::AcrossThreads => section_of[before] + 1,
            });
        }
        section_of.push(section);
        last_by.push(section.max(last_by.last().copied().unwrap_or(0)));
        sections.resize(sections.len().max(section + 1), Vec::new());
        sections[section].push(number);
    }
    sections
}

/// How two dispatches depend on each other.
enum Dependency {
    None,
    /// Each task depends only on what it wrote itself.
    InOneTask,
    AcrossThreads,
}

fn dependency(before: &Dispatch, after: &Dispatch) -> Dependency {
    let writes = |access| access == Access::ReadWrite;
    let clash = before.accesses().any(|(id, access)| {
        after
            .accesses()
            .any(|(other, other_access)| id == other && (writes(access) || writes(other_access)))
    });
    // A twin borrows all its buffers to write.
    if split(before) == Split::Whole || split(after) == Split::Whole {
        let shared = before.bindings.iter().any(|id| after.bindings.contains(id));
        return if shared { Dependency::AcrossThreads } else { Dependency::None };
    }
    match clash {
        false => Dependency::None,
        true if share_rows(before, after) => Dependency::InOneTask,
        true => Dependency::AcrossThreads,
    }
}

/// The layers whose weights are kept in panels, in a phase that is split into sections.
pub(super) fn packed_weights(phase: &[Dispatch], sections: &[Vec<usize>]) -> PackedWeights {
    let mut packed = PackedWeights::default();
    let section_of =
        |number| sections.iter().position(|section| section.contains(&number)).unwrap_or(0);
    for (number, dispatch) in phase.iter().enumerate() {
        for (weights, layer) in worth_packing(dispatch) {
            let writes = |other: &Dispatch| {
                other.accesses().any(|(id, how)| id == weights.buffer && how == Access::ReadWrite)
            };
            let writers = (0..phase.len()).filter(|&number| writes(&phase[number]));
            let changed_in = writers.map(section_of).max();
            // What reads the weights after the step has changed them reads them as they are.
            if changed_in.is_none_or(|last| section_of(number) < last) {
                packed.add(weights, layer, changed_in);
            }
        }
    }
    packed
}

/// The layers of a dispatch whose weights are worth packing, and where these stand.
fn worth_packing(dispatch: &Dispatch) -> impl Iterator<Item = (Region, Layer)> {
    let forward = operations::of(&dispatch.operation).forward_layers(&dispatch.bindings);
    forward.into_iter().flat_map(|ForwardLayers { parameters: buffer, rows, layers }| {
        let mut offset = 0;
        let regions = layers.into_iter().map(move |layer| {
            let weights = Region { buffer, offset };
            offset += layer.parameters();
            (weights, layer)
        });
        regions.filter(move |(_, layer)| rows >= PACKED_ROWS && layer.outputs >= PACKED_UNITS)
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::Activation;
    use crate::kernels::Weighting;
    use crate::plan::{DataPlacement, Gradients, Limits, Phase, Training, training};
    use crate::spec::{
        Loss, Network, Normalization, Optimizer, Regularization, Schedule, Shuffle, Strategy,
    };

    /// A step of 512 rows.
    pub(in crate::backend::cpu) fn step(network: &Network, strategy: Strategy) -> Vec<Dispatch> {
        let request = Training {
            network,
            loss: Loss::Bce,
            optimizer: &Optimizer::adam(1e-3),
            regularization: &Regularization::default(),
            schedule: &Schedule::default(),
            steps: 10,
            weighting: Weighting::Even,
            rows: 1024,
            placement: DataPlacement::Fitting,
            validation: 0,
            batch: 512,
            shuffle: Shuffle::EveryEpoch,
            seed: 1,
            strategy,
            gradients: Gradients::Fused,
        };
        match training(&request, &Limits::unlimited("cpu")) {
            Ok(plan) => plan.phase(Phase::Step).to_vec(),
            Err(error) => panic!("{error}"),
        }
    }

    /// The kernels of each section of a layered step.
    fn names(network: &Network) -> Vec<Vec<&'static str>> {
        let phase = step(network, Strategy::Layered);
        let kernels = |section: &Vec<usize>| {
            section.iter().map(|&number| phase[number].operation.kernel().stem()).collect()
        };
        sections(&phase).iter().map(kernels).collect()
    }

    #[test]
    fn a_layered_step_waits_three_times_whatever_its_depth() {
        let names = names(&Network::new(8, &[16, 16], 1).with_activation(Activation::Sigmoid));
        assert_eq!(names[0][..2], ["gather", "gather"]);
        assert_eq!(names[0].last(), Some(&"dense_backward_input"));
        assert_eq!(names[1], ["dense_backward_weight"; 3]);
        assert_eq!(names[2], ["metrics"]);
        assert_eq!(names.len(), 3);
    }

    #[test]
    fn it_waits_before_and_after_a_layer_that_goes_by_units() {
        let names = names(&Network::new(2048, &[2048, 16], 1).with_activation(Activation::Sigmoid));
        assert_eq!(names[..2], [vec!["gather"; 2], vec!["dense_forward"]]);
        assert_eq!(names[2][..2], ["dense_forward"; 2]);
        assert_eq!(names[3], ["dense_backward_weight"; 3]);
        assert_eq!(names.len(), 5);
    }

    /// A norm's parameters stand apart from its layer's, so that both can be updated at once.
    #[test]
    fn norms_do_not_wait() {
        let network = Network::new(8, &[16, 16], 1)
            .with_activation(Activation::Sigmoid)
            .with_normalization(Normalization::LayerNorm);
        let phase = step(&network, Strategy::Layered);
        let sections = sections(&phase);
        assert_eq!(sections.len(), 3);
        let of_norms = |number: &&usize| {
            phase[**number].operation.kernel().stem() == "layer_norm_backward_weight"
        };
        assert_eq!(sections[1].iter().filter(of_norms).count(), 2);
    }

    #[test]
    fn a_fused_step_waits_three_times() {
        let phase = step(
            &Network::new(8, &[16, 16], 1).with_activation(Activation::Sigmoid),
            Strategy::Fused,
        );
        assert_eq!(sections(&phase), [[0], [1], [2]]);
    }
}
