//! Where the rows of a batch come from: gathered from the resident data set, or the whole of it as
//! it lies.

use super::Lowering;
use crate::Result;
use crate::kernels::{Gather, gather};
use crate::plan::{BufferId, Chunk, DataPlacement, Dispatch, Place, Role, Training};
use crate::spec::Shuffle;

/// Where a phase's rows come from.
pub(super) struct Source {
    pub(super) features: BufferId,
    pub(super) targets: BufferId,
    /// Where some rows count more than others.
    pub(super) weights: Option<BufferId>,
    /// How they get there: nothing to do where the whole data set is the batch.
    shuffle: Option<Shuffle>,
    chunks: Place,
}

impl Source {
    /// Rows of the request's data set, which lies in `chunks`, at most `rows` of them at a time.
    pub(super) fn batch(
        lowering: &mut Lowering<'_>,
        request: &Training<'_>,
        chunks: Place,
        portion: usize,
        rows: usize,
        shuffle: Shuffle,
    ) -> Result<Self> {
        // A shard's batches are gathered even where one is the whole shard: the next is not.
        let shard = matches!(request.placement, DataPlacement::Shard(_));
        if rows == request.rows
            && rows <= lowering.at_once
            && !shard
            && let ([features], [targets], [] | [_]) =
                (&chunks[0][..], &chunks[1][..], &chunks[2][..])
        {
            let (features, targets) = (features.buffer, targets.buffer);
            let weights = chunks[2].first().map(|chunk| chunk.buffer);
            return Ok(Self { features, targets, weights, shuffle: None, chunks });
        }
        // A batch of all rows has no order worth shuffling.
        let shuffle = if rows == request.rows { Shuffle::Never } else { shuffle };
        let (features, targets) = match (lowering.batch_features, lowering.batch_targets) {
            (Some(features), Some(targets)) => (features, targets),
            _ => {
                let at_once = portion.min(lowering.at_once);
                let shape = vec![at_once, request.network.inputs];
                let features = lowering.buffer("batch.x", shape, Role::Batch)?;
                let shape = vec![at_once, request.target_columns()];
                let targets = lowering.buffer("batch.t", shape, Role::Batch)?;
                lowering.batch_features = Some(features);
                lowering.batch_targets = Some(targets);
                (features, targets)
            }
        };
        let weights = match (&chunks[2][..], lowering.batch_weights) {
            ([], _) => None,
            (_, Some(weights)) => Some(weights),
            _ => Some(lowering.buffer("batch.w", vec![portion], Role::Batch)?),
        };
        lowering.batch_weights = weights.or(lowering.batch_weights);
        Ok(Self { features, targets, weights, shuffle: Some(shuffle), chunks })
    }

    /// One gather for each chunk of the features and of the targets.
    pub(super) fn gather(
        &self,
        request: &Training<'_>,
        control: BufferId,
        rows: usize,
    ) -> Vec<Dispatch> {
        let [x, t, _] = &self.chunks;
        let copies = [
            ("x", x, request.network.inputs, self.features),
            ("t", t, request.target_columns(), self.targets),
        ];
        self.copies(&copies, request, control, rows)
    }

    /// The same for the weights of rows, of which a batch needs all at once.
    pub(super) fn gather_weights(
        &self,
        request: &Training<'_>,
        control: BufferId,
        rows: usize,
    ) -> Vec<Dispatch> {
        let copy = self.weights.map(|weights| ("w", &self.chunks[2], 1, weights));
        self.copies(copy.as_slice(), request, control, rows)
    }

    fn copies(
        &self,
        copies: &[(&str, &Vec<Chunk>, usize, BufferId)],
        request: &Training<'_>,
        control: BufferId,
        rows: usize,
    ) -> Vec<Dispatch> {
        let Some(shuffle) = self.shuffle else { return Vec::new() };
        let mut list = Vec::new();
        for &(name, chunks, columns, batch) in copies {
            for chunk in chunks {
                let gather = Gather {
                    rows,
                    count: request.rows,
                    columns,
                    chunk_first: chunk.first,
                    chunk_rows: chunk.rows,
                    shuffle,
                    seed: request.seed,
                };
                let bindings = gather::Bindings { control, data: chunk.buffer, batch };
                list.push(Dispatch::new(format!("batch.{name}"), gather, bindings));
            }
        }
        list
    }
}
