//! What the plans of the resident and the fused way have in common: few buffers, all checked.

use super::{Buffer, BufferId, Examination, Limits, Phase, Role, Training};
use crate::Result;
use crate::kernels::Control;

/// The buffers of a plan in the making.
pub(super) struct Making<'a> {
    pub(super) limits: &'a Limits,
    /// What helps where a buffer is too large.
    pub(super) remedy: &'static str,
    pub(super) buffers: Vec<Buffer>,
}

impl Making<'_> {
    /// One more.
    pub(super) fn buffer(&mut self, name: &str, shape: Vec<usize>, role: Role) -> Result<BufferId> {
        // An empty buffer cannot be bound.
        let shape = if shape.contains(&0) { vec![1] } else { shape };
        let buffer = Buffer { name: name.into(), shape, role };
        self.limits.check(name, buffer.bytes(), |_| self.remedy.into())?;
        self.buffers.push(buffer);
        Ok(BufferId(self.buffers.len() - 1))
    }

    /// A data set, its features and targets.
    pub(super) fn data(
        &mut self,
        name: &str,
        rows: usize,
        request: &Training<'_>,
    ) -> Result<(BufferId, BufferId)> {
        let shape = vec![rows, request.network.inputs];
        let x = self.buffer(&format!("{name}.x"), shape, Role::Data)?;
        let t = vec![rows, request.target_columns()];
        Ok((x, self.buffer(&format!("{name}.t"), t, Role::Data)?))
    }

    /// Counters and losses of a phase: of so many networks, and so many steps.
    pub(super) fn examination(
        &mut self,
        phase: Phase,
        networks: usize,
        steps: usize,
    ) -> Result<Examination> {
        let name = |what: &str| format!("{}.{what}", phase.name());
        let shape = vec![networks, Control::WORDS];
        let control = self.buffer(&name("control"), shape, Role::Bookkeeping)?;
        let shape = vec![steps, networks, 2];
        let history = self.buffer(&name("history"), shape, Role::Bookkeeping)?;
        Ok(Examination { control, history })
    }
}
