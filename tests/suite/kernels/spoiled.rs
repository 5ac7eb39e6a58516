//! A device that does some of its work wrongly, so that a check that cannot fail is found out.

use std::collections::HashMap;

use halfplane::Result;
use halfplane::low_level::backend::{Backend, Device, Sink};
use halfplane::low_level::kernels::{Access, Words};
use halfplane::low_level::plan::{BufferId, Limits, Phase, Plan, Region};
use halfplane::low_level::platform::BoxFuture;

/// What is done to a dispatch's buffers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spoil {
    /// Nothing.
    None,
    /// The first number that the kernel writes gets another exponent.
    Number,
    /// The kernel's last output ends one bit off, past the last of its elements.
    Margin,
    /// The kernel's last input is changed by one bit.
    Input,
}

impl Spoil {
    /// What is done to the dispatch of this label: each kind to some.
    pub(crate) fn of(label: &str) -> Self {
        let sum: usize = label.bytes().map(usize::from).sum();
        [Self::None, Self::Number, Self::Margin, Self::Input][sum % 4]
    }
}

/// Another device, spoiled.
pub(crate) struct Spoiled<D>(pub(crate) D);

impl<D: Device> Device for Spoiled<D> {
    fn name(&self) -> &str {
        "spoiled"
    }

    fn limits(&self) -> Limits {
        self.0.limits()
    }

    fn load(&self, plan: Plan) -> BoxFuture<'_, Result<Box<dyn Backend>>> {
        let victims = victims(&plan);
        Box::pin(async move {
            let backend = self.0.load(plan).await?;
            Ok(Box::new(Loaded { backend, victims }) as Box<dyn Backend>)
        })
    }
}

/// The buffers that are read back spoiled, each with the word and the bits to turn in it.
fn victims(plan: &Plan) -> HashMap<BufferId, (usize, u32)> {
    let mut victims = HashMap::new();
    for dispatch in plan.phase(Phase::Step) {
        let (written, read): (Vec<_>, Vec<_>) =
            dispatch.accesses().partition(|(_, access)| *access == Access::ReadWrite);
        let last = |list: &[(BufferId, Access)]| list[list.len() - 1].0;
        let end = |id: BufferId| plan.buffer(id).words() - 1;
        match Spoil::of(&dispatch.label) {
            Spoil::None => None,
            // `schedule` has the counter and nothing else: no input, and no room behind it.
            _ if read.is_empty() => victims.insert(written[0].0, (0, 1 << 30)),
            Spoil::Number => victims.insert(written[0].0, (0, 1 << 30)),
            Spoil::Margin => victims.insert(last(&written), (end(last(&written)), 1)),
            Spoil::Input => victims.insert(last(&read), (0, 1)),
        };
    }
    victims
}

struct Loaded {
    backend: Box<dyn Backend>,
    victims: HashMap<BufferId, (usize, u32)>,
}

impl Backend for Loaded {
    fn plan(&self) -> &Plan {
        self.backend.plan()
    }

    fn load(&self, plan: Plan) -> BoxFuture<'_, Result<Box<dyn Backend>>> {
        self.backend.load(plan)
    }

    fn replan(&mut self, plan: Plan) -> Result<()> {
        self.backend.replan(plan)
    }

    fn write_region<'a>(
        &'a mut self,
        region: Region,
        words: &'a [u32],
    ) -> BoxFuture<'a, Result<()>> {
        self.backend.write_region(region, words)
    }

    fn read_region(&mut self, region: Region, words: usize) -> BoxFuture<'_, Result<Words>> {
        Box::pin(async move {
            let mut words = self.backend.read_region(region, words).await?;
            if let Some((index, bits)) = self.victims.get(&region.buffer) {
                words[*index] ^= bits;
            }
            Ok(words)
        })
    }

    fn replay(&mut self, phase: Phase, times: u64) -> BoxFuture<'_, Result<()>> {
        self.backend.replay(phase, times)
    }

    fn steps<'a>(&'a mut self, steps: u64, sink: &'a mut Sink<'_>) -> BoxFuture<'a, Result<()>> {
        self.backend.steps(steps, sink)
    }
}
