//! The rows of a batch: where they stand in the data set, and their loss.

use std::ops::Range;

use crate::backend::StepMetrics;
use crate::backend::cpu::lanes::Arithmetic;
use crate::backend::cpu::order;
use crate::backend::cpu::passes;
use crate::kernels::{Control, Member, Resident, Weighting};

/// A batch of one network.
pub(super) struct Batch<'g> {
    pub(super) grid: &'g Resident,
    pub(super) member: &'g Member,
    /// The rows of the data set that it has.
    pub(super) sources: Vec<usize>,
    /// Their targets, \[B, columns\].
    pub(super) targets: Vec<u32>,
    /// How much each counts, \[B\]; empty where all count the same.
    shares: Vec<f32>,
    /// The last layer's z and its gradient, \[B, O\].
    pub(super) z: Vec<f32>,
    pub(super) d_z: Vec<f32>,
    metrics: Vec<StepMetrics>,
}

impl<'g> Batch<'g> {
    pub(super) fn new(grid: &'g Resident, member: &'g Member) -> Self {
        let (rows, outputs) = (member.batch, member.outputs());
        Self {
            grid,
            member,
            sources: Vec::with_capacity(rows),
            targets: Vec::with_capacity(rows * grid.criterion.target_columns(outputs)),
            shares: Vec::new(),
            z: vec![0.0; rows * outputs],
            d_z: vec![0.0; rows * outputs],
            metrics: vec![[0.0; 2]; rows],
        }
    }

    /// Whether every step has the same rows in the same order.
    #[inline(always)]
    pub(super) fn is_constant(&self) -> bool {
        self.member.batch == self.member.rows
    }

    /// Finds the rows of the coming step, their targets and how much they count.
    pub(super) fn find(&mut self, control: Control, t: &[u32]) {
        let member = self.member;
        let columns = self.grid.criterion.target_columns(member.outputs());
        self.sources.clear();
        self.targets.clear();
        for source in order::rows(self.grid.order(member), control, 0..control.rows as usize) {
            self.sources.push(source);
            self.targets.extend_from_slice(&t[source * columns..(source + 1) * columns]);
        }
        self.grid.find_shares(member, t, &self.sources, &mut self.shares);
    }

    /// d_z from z, of some of the rows; returns the sums of their losses and scores.
    pub(super) fn loss<A: Arithmetic>(&mut self, rows: Range<usize>) -> StepMetrics {
        let criterion = self.grid.criterion;
        let outputs = self.member.outputs();
        let columns = criterion.target_columns(outputs);
        let metrics = &mut self.metrics[rows.clone()];
        let numbers = rows.start * outputs..rows.end * outputs;
        let targets = &self.targets[rows.start * columns..rows.end * columns];
        let (z, d_z) = (&self.z[numbers.clone()], &mut self.d_z[numbers]);
        passes::loss::<A>(criterion, outputs, z, targets, d_z, metrics, self.sources.len());
        if !self.shares.is_empty() {
            Weighting::Rows { scale: 1.0 }.weigh(&self.shares[rows], d_z, metrics);
        }
        let mut sums = [0.0; 2];
        for [loss, score] in metrics {
            sums = [sums[0] + *loss, sums[1] + *score];
        }
        sums
    }
}
