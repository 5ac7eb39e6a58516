//! A plan as it is put together: buffers, checked against the device's limits as they are named, the
//! dispatches of each phase, and the handles by which the host finds its buffers.

use super::{
    Buffer, BufferId, Dispatch, Examination, Handles, Limits, Phase, Plan, Role, Shard, Training,
};
use crate::Result;
use crate::kernels::{Control, Element};
use crate::spec::{Network, Strategy};

/// Puts a plan together.
pub(crate) struct PlanBuilder<'a> {
    pub(crate) limits: &'a Limits,
    pub(crate) handles: Handles,
    /// What helps where a buffer is too large.
    remedy: &'static str,
    buffers: Vec<Buffer>,
    phases: [Vec<Dispatch>; Phase::COUNT],
}

/// What a plan says of itself beside buffers, dispatches and handles: see [`Plan`].
pub(crate) struct Outline {
    pub(crate) networks: Vec<Network>,
    pub(crate) strategy: Strategy,
    pub(crate) rows: usize,
    pub(crate) shard: Option<Shard>,
    pub(crate) batch: usize,
    pub(crate) micro_batch: Option<usize>,
    pub(crate) evaluate_rows: usize,
}

impl Outline {
    /// Of a plan that knows no rows.
    pub(crate) const fn new(networks: Vec<Network>, strategy: Strategy) -> Self {
        let (rows, shard, batch, micro_batch, evaluate_rows) = (0, None, 0, None, 0);
        Self { networks, strategy, rows, shard, batch, micro_batch, evaluate_rows }
    }
}

impl<'a> PlanBuilder<'a> {
    pub(crate) fn new(limits: &'a Limits, remedy: &'static str) -> Self {
        Self {
            limits,
            handles: Handles::default(),
            remedy,
            buffers: Vec::new(),
            phases: Default::default(),
        }
    }

    /// A buffer, unless it is past the limits.
    pub(crate) fn buffer(
        &mut self,
        name: impl Into<String>,
        element: Element,
        shape: Vec<usize>,
        role: Role,
    ) -> Result<BufferId> {
        let name = name.into();
        let bytes = shape.iter().fold(element.bytes() as u64, |bytes, &n| bytes * n as u64);
        self.limits.check(&format!("{name} {shape:?}"), bytes, |_| self.remedy.into())?;
        Ok(self.push(name, element, shape, role))
    }

    /// A buffer whose size was checked before, with a remedy of its own.
    pub(crate) fn push(
        &mut self,
        name: impl Into<String>,
        element: Element,
        shape: Vec<usize>,
        role: Role,
    ) -> BufferId {
        // An empty buffer cannot be bound.
        let shape = if shape.contains(&0) { vec![1] } else { shape };
        self.buffers.push(Buffer { name: name.into(), element, shape, role });
        BufferId(self.buffers.len() - 1)
    }

    /// Features and targets of so many rows, each in one buffer.
    pub(crate) fn data(
        &mut self,
        name: &str,
        rows: usize,
        request: &Training<'_>,
    ) -> Result<(BufferId, BufferId)> {
        self.data_with_weights(name, rows, request, false)
    }

    /// The same, with a weight of each row behind the targets, where there are such.
    pub(crate) fn data_with_weights(
        &mut self,
        name: &str,
        rows: usize,
        request: &Training<'_>,
        weighted: bool,
    ) -> Result<(BufferId, BufferId)> {
        let (x, t) = (format!("{name}.x"), format!("{name}.t"));
        let shape = vec![rows, request.network.inputs];
        let x = self.buffer(x, Element::F32, shape, Role::Data)?;
        let shape = vec![rows, request.target_columns() + usize::from(weighted)];
        let t = self.buffer(t, request.target_element(), shape, Role::Data)?;
        Ok((x, t))
    }

    /// The counter of each of so many networks.
    pub(crate) fn control(&mut self, name: &str, networks: usize) -> Result<BufferId> {
        let shape = of_networks(networks, &[], &[Control::WORDS]);
        self.buffer(name, Element::U32, shape, Role::Bookkeeping)
    }

    /// Loss and score of so many steps of each of so many networks.
    pub(crate) fn history(
        &mut self,
        name: &str,
        networks: usize,
        steps: usize,
    ) -> Result<BufferId> {
        let shape = of_networks(networks, &[steps], &[2]);
        self.buffer(name, Element::F32, shape, Role::Bookkeeping)
    }

    /// Counters, losses and scores of a phase that has them to itself.
    pub(crate) fn examination(
        &mut self,
        phase: Phase,
        networks: usize,
        steps: usize,
    ) -> Result<Examination> {
        let name = |what: &str| format!("{}.{what}", phase.name());
        let control = self.control(&name("control"), networks)?;
        let history = self.history(&name("history"), networks, steps)?;
        Ok(Examination { control, history })
    }

    /// The dispatches of a phase.
    pub(crate) fn phase(&mut self, phase: Phase, dispatches: Vec<Dispatch>) {
        self.phases[phase as usize] = dispatches;
    }

    /// The plan, unless it takes more memory than there is: `remedy` says what helps then, from the
    /// plan and the bytes that are allowed.
    pub(crate) fn finish(
        self,
        outline: Outline,
        remedy: impl FnOnce(&Plan, u64) -> String,
    ) -> Result<Plan> {
        let Outline { networks, strategy, rows, shard, batch, micro_batch, evaluate_rows } =
            outline;
        let plan = Plan {
            networks,
            strategy,
            rows,
            shard,
            batch,
            micro_batch,
            evaluate_rows,
            predict_rows: self.handles.input.map_or(0, |id| self.buffers[id.0].shape[0]),
            buffers: self.buffers,
            phases: self.phases,
            handles: self.handles,
        };
        self.limits.check_total(plan.bytes(), |allowed| remedy(&plan, allowed))?;
        Ok(plan)
    }
}

/// A shape with an axis of networks between `before` and `after`, unless there is only one.
fn of_networks(networks: usize, before: &[usize], after: &[usize]) -> Vec<usize> {
    let networks: &[usize] = if networks == 1 { &[] } else { &[networks] };
    [before, networks, after].concat()
}
