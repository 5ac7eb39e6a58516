//! Cuts a phase into sections: within one, threads go their own ways; between two, they wait for
//! each other.
//!
//! Most of a step is done row by row, and a thread that keeps to some rows needs nobody: it takes
//! them through gather, all layers, the loss and all layers back without waiting once. The weights'
//! gradients come after, by units. A layer that has more weights than the batch brings and takes from
//! it goes forward by units, too: then a thread keeps to weights that it has changed itself.

use super::weights;
use crate::kernels::{Access, Operation};
use crate::plan::{BufferId, Dispatch};

/// How a dispatch is shared out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Split {
    /// By the rows of the batch that this control buffer tells.
    Rows(BufferId),
    /// By the units of its layer, by its strands or by parameters.
    Parts,
    /// Not at all: the first thread runs its twin.
    Whole,
}

impl Split {
    /// The way of a dispatch.
    pub(super) fn of(dispatch: &Dispatch) -> Self {
        match &dispatch.operation {
            Operation::DenseForward(dense) if weights::forward_by_units(dense) => Self::Parts,
            Operation::Gather(_)
            | Operation::DenseForward(_)
            | Operation::LayerNorm(_)
            | Operation::LayerNormBackwardInput(_)
            | Operation::Activate(_)
            | Operation::Softmax(_)
            | Operation::LossGradient(_)
            | Operation::Dropout(_)
            | Operation::DenseBackwardInput(_) => Self::Rows(dispatch.bindings[0]),
            Operation::DenseBackwardWeight(_)
            | Operation::LayerNormBackwardWeight(_)
            | Operation::FusedGradient(_)
            | Operation::FusedUpdate(_)
            | Operation::SquareSum(_)
            | Operation::ApplyGradient(_) => Self::Parts,
            Operation::MicroBatch(_)
            | Operation::Schedule(_)
            | Operation::Weigh(_)
            | Operation::DenseSplitWeight(_)
            | Operation::DenseJoinWeight(_)
            | Operation::ClipNorm(_)
            | Operation::Metrics(_)
            | Operation::Resident(_) => Self::Whole,
        }
    }
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
            // Nothing further back can ask for more: split batches make phases long.
            if section > last_by[before] {
                break;
            }
            section = section.max(match meet(&phase[before], dispatch) {
                Meeting::Never => 0,
                Meeting::InOneTask => section_of[before],
                Meeting::AcrossThreads => section_of[before] + 1,
            });
        }
        section_of.push(section);
        last_by.push(section.max(last_by.last().copied().unwrap_or(0)));
        sections.resize(sections.len().max(section + 1), Vec::new());
        sections[section].push(number);
    }
    sections
}

/// Whether what one dispatch writes concerns another.
enum Meeting {
    Never,
    /// Each task meets only what it wrote itself.
    InOneTask,
    AcrossThreads,
}

fn meet(before: &Dispatch, after: &Dispatch) -> Meeting {
    let writes = |access| access == Access::ReadWrite;
    let clash = before.accesses().any(|(id, access)| {
        after
            .accesses()
            .any(|(other, other_access)| id == other && (writes(access) || writes(other_access)))
    });
    match (Split::of(before), Split::of(after)) {
        // A twin borrows all its buffers to write.
        (Split::Whole, _) | (_, Split::Whole) => {
            let shared = before.bindings.iter().any(|id| after.bindings.contains(id));
            if shared { Meeting::AcrossThreads } else { Meeting::Never }
        }
        _ if !clash => Meeting::Never,
        (Split::Rows(one), Split::Rows(other)) if one == other => Meeting::InOneTask,
        _ => Meeting::AcrossThreads,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::kernels::Weighting;
    use crate::plan::{DataPlacement, Gradients, Limits, Phase, Training, training};
    use crate::spec::{
        Loss, Network, Normalization, Optimizer, Regularization, Schedule, Shuffle, Strategy,
    };

    /// A step of 512 rows, planned for so many threads.
    pub(in crate::backend::cpu) fn step(
        network: &Network,
        strategy: Strategy,
        threads: usize,
    ) -> Vec<Dispatch> {
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
        let limits = Limits { threads, ..Limits::unlimited("cpu") };
        match training(&request, &limits) {
            Ok(plan) => plan.phase(Phase::Step).to_vec(),
            Err(error) => panic!("{error}"),
        }
    }

    /// The kernels of each section of a layered step.
    fn names(network: &Network) -> Vec<Vec<&'static str>> {
        let phase = step(network, Strategy::Layered, 2);
        let kernels = |section: &Vec<usize>| {
            section.iter().map(|&number| phase[number].operation.kernel().stem()).collect()
        };
        sections(&phase).iter().map(kernels).collect()
    }

    #[test]
    fn a_layered_step_waits_three_times_whatever_its_depth() {
        let names = names(&Network::new(8, &[16, 16], 1));
        assert_eq!(names[0][..2], ["gather", "gather"]);
        assert_eq!(names[0].last(), Some(&"dense_backward_input"));
        assert_eq!(names[1], ["dense_backward_weight"; 3]);
        assert_eq!(names[2], ["metrics"]);
        assert_eq!(names.len(), 3);
    }

    #[test]
    fn it_waits_before_and_after_a_layer_that_goes_by_units() {
        let names = names(&Network::new(2048, &[2048, 16], 1));
        assert_eq!(names[..2], [vec!["gather"; 2], vec!["dense_forward"]]);
        assert_eq!(names[2][..2], ["dense_forward"; 2]);
        assert_eq!(names[3], ["dense_backward_weight"; 3]);
        assert_eq!(names.len(), 5);
    }

    /// A norm's parameters stand apart from its layer's, so that both can be updated at once.
    #[test]
    fn norms_do_not_wait() {
        let network = Network::new(8, &[16, 16], 1).with_normalization(Normalization::LayerNorm);
        let phase = step(&network, Strategy::Layered, 2);
        let sections = sections(&phase);
        assert_eq!(sections.len(), 3);
        let of_norms = |number: &&usize| {
            phase[**number].operation.kernel().stem() == "layer_norm_backward_weight"
        };
        assert_eq!(sections[1].iter().filter(of_norms).count(), 2);
    }

    #[test]
    fn a_fused_step_waits_three_times() {
        let phase = step(&Network::new(8, &[16, 16], 1), Strategy::Fused, 2);
        assert_eq!(sections(&phase), [[0], [1], [2]]);
    }
}
