//! Trials of a step of a grid of networks.

use super::{Bound, Expect, Random, Tensors, Trialled, tensor};
use crate::kernels::{Control, Criterion, Member, Resident, Update, Words, resident};
use crate::spec::Output;

/// What a parameter is made of: itself, and a step that is small beside it. A handful of layers
/// with terms of about 1 chain their errors, so the scale is several times that.
const MAGNITUDE: f32 = 4.0;

impl Trialled for Resident {
    /// Random data and networks in mid-run, with some state of the optimizer.
    fn trial(&self, control: Control, random: &mut Random) -> Self::Bindings<Tensors> {
        let members = &self.members;
        let rows = members.iter().map(|member| member.first_row + member.rows).max().unwrap_or(0);
        let (inputs, outputs) = (members[0].widths[0], members[0].outputs());
        let count: usize = members.iter().map(Member::parameters).sum();
        let state = self.update.state().len() * count;
        let history = 2 * self.capacity * members.len();
        let scratch = match self.placement.rows {
            true => 0,
            false => self.scratch_words(),
        };
        let controls: Words = members
            .iter()
            .flat_map(|member| {
                let own = Control::at(u64::from(control.step), member.rows, member.batch);
                Control { slot: control.step % self.capacity as u32, ..own }.to_words()
            })
            .collect();
        let first = 2 * (control.step as usize % self.capacity) * members.len();
        let evaluates = self.update == Update::Gradient;
        let parameters = random.floats(count, 1.0);
        let mut targets = targets(self.criterion, rows, outputs, random);
        if self.weighted.is_some() {
            targets.extend(random.positive(rows).iter().map(|weight| weight.to_bits()));
        }
        let steps = |count| vec![MAGNITUDE; count];
        resident::Bindings {
            controls: Bound { expect: Expect::Exact(0..controls.len()), words: controls },
            members: Bound::input(&self.descriptions(), members.len() * self.stride()),
            data_x: Bound::input(&random.floats(rows * inputs, 1.0), rows * inputs),
            data_t: Bound::input(&targets, targets.len()),
            parameters: match evaluates {
                true => Bound::input(&parameters, count),
                false => Bound::updated(&parameters, steps(count), count),
            },
            // Adam's second tensor is a mean of squares.
            state: Bound::updated(&random.positive(state), steps(state), state),
            history: Bound {
                words: tensor(&[], history),
                expect: Expect::Near { first, magnitudes: steps(2 * members.len()) },
            },
            // The twin needs no scratch memory, so nothing of it is compared.
            scratch: Bound { words: tensor(&[], scratch), expect: Expect::Anything(0..scratch) },
        }
    }
}

/// Targets that go with a loss.
pub(super) fn targets(
    criterion: Criterion,
    rows: usize,
    outputs: usize,
    random: &mut Random,
) -> Words {
    match criterion.output {
        Output::Softmax => (0..rows).map(|_| random.below(outputs) as u32).collect(),
        Output::Sigmoid => {
            (0..rows * outputs).map(|_| (random.below(2) as f32).to_bits()).collect()
        }
        Output::Identity => bytemuck::cast_vec(random.floats(rows * outputs, 1.0)),
    }
}
