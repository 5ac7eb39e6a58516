//! What a batch costs, the end of a step, and the phases that only tell these.

use super::batch::Source;
use super::{LayeredBuilder, Use};
use crate::Result;
use crate::kernels::{LossGradient, Metrics, Weighting, loss_gradient, metrics};
use crate::plan::{BufferId, DataChunks, Dispatch, Examination, Phase, Training, Validation};
use crate::spec::Shuffle;

impl LayeredBuilder<'_> {
    pub(super) fn loss(
        &self,
        list: &mut Vec<Dispatch>,
        request: &Training<'_>,
        control: BufferId,
        (targets, weights): (BufferId, Option<(BufferId, Weighting)>),
        rows: usize,
    ) {
        let last = self.last();
        let (z, d_z) = (self.y[last], self.d_z[last]);
        let loss = LossGradient {
            rows,
            outputs: self.network.outputs,
            criterion: request.criterion(),
            weighting: weights.map_or(Weighting::Even, |(_, weighting)| weighting),
        };
        let (row_metrics, weights) = (self.metrics_buffer(), weights.map(|(buffer, _)| buffer));
        let bindings = loss_gradient::Bindings { control, z, targets, d_z, row_metrics, weights };
        list.push(Dispatch::new("loss", loss, bindings));
    }

    pub(super) fn end(
        &self,
        list: &mut Vec<Dispatch>,
        control: BufferId,
        history: BufferId,
        metrics: Metrics,
    ) {
        let row_metrics = self.metrics_buffer();
        let bindings = metrics::Bindings { control, row_metrics, history };
        list.push(Dispatch::new("step", metrics, bindings));
    }

    pub(super) fn metrics_buffer(&self) -> BufferId {
        match self.row_metrics {
            Some(id) => id,
            None => unreachable!("training plans have made this buffer before they use it"),
        }
    }

    /// A phase that tells loss and score of the request's rows, `rows` at a time, where the buffers
    /// hold `portion` of them and the history so many entries.
    pub(super) fn examination(
        &mut self,
        phase: Phase,
        request: &Training<'_>,
        data: DataChunks,
        [portion, rows, capacity]: [usize; 3],
    ) -> Result<Examination> {
        let source = Source::batch(self, request, data, portion, rows, Shuffle::Never)?;
        let own = self.builder.examination(phase, 1, capacity)?;
        let Examination { control, history } = own;
        let mut list = source.gather_weights(request, control, rows);
        let weights = source.weights.map(|buffer| (buffer, request.weighting));
        self.in_parts(&mut list, control, rows, |list, control, rows| {
            list.extend(source.gather(request, control, rows));
            self.forward(list, Use::Application, control, source.features, rows);
            self.loss(list, request, control, (source.targets, weights), rows);
        });
        self.end(
            &mut list,
            control,
            history,
            Metrics { rows, count: request.rows, capacity, parts: None },
        );
        self.builder.phase(phase, list);
        Ok(own)
    }

    /// The same for the validation rows, where there are any.
    pub(super) fn validation(
        &mut self,
        request: &Training<'_>,
        data: DataChunks,
        portion: usize,
    ) -> Result<()> {
        let rows = request.rows;
        if rows == 0 {
            return Ok(());
        }
        let [features, targets, _] = data.clone();
        let own = portion.min(rows);
        let sizes = [portion, own, rows.div_ceil(own)];
        let examination = self.examination(Phase::Validate, request, data, sizes)?;
        let members = None;
        self.builder.handles.validation =
            Some(Validation { features, targets, members, examination, rows, portion: own });
        Ok(())
    }
}
