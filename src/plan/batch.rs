//! Where the rows of a batch come from: gathered from the resident data set, or the whole of it as
//! it lies.

use super::layered::Lowering;
use super::{BufferId, Chunk, Dispatch, Residence, Role, Training};
use crate::Result;
use crate::kernels::{Gather, Operation};
use crate::spec::Shuffle;

/// Where a phase's rows come from.
pub(super) struct Source {
    pub(super) features: BufferId,
    pub(super) targets: BufferId,
    /// How they get there: nothing to do where the whole data set is the batch.
    shuffle: Option<Shuffle>,
    chunks: [Vec<Chunk>; 2],
}

impl Source {
    /// Rows of the request's data set, which lies in `chunks`, at most `rows` of them at a time.
    pub(super) fn batch(
        lowering: &mut Lowering<'_>,
        request: &Training<'_>,
        chunks: [Vec<Chunk>; 2],
        portion: usize,
        rows: usize,
        shuffle: Shuffle,
    ) -> Result<Self> {
        // A shard's batches are gathered even where one is the whole shard: the next is not.
        let shard = matches!(request.residence, Residence::Shard(_));
        if rows == request.rows
            && !shard
            && let [[features], [targets]] = [&chunks[0][..], &chunks[1][..]]
        {
            let (features, targets) = (features.buffer, targets.buffer);
            return Ok(Self { features, targets, shuffle: None, chunks });
        }
        // A batch of all rows has no order worth shuffling.
        let shuffle = if rows == request.rows { Shuffle::Never } else { shuffle };
        let (features, targets) = match (lowering.batch_features, lowering.batch_targets) {
            (Some(features), Some(targets)) => (features, targets),
            _ => {
                let shape = vec![portion, request.network.inputs];
                let features = lowering.buffer("batch.x", shape, Role::Batch)?;
                let shape = vec![portion, target_columns(request)];
                let targets = lowering.buffer("batch.t", shape, Role::Batch)?;
                lowering.batch_features = Some(features);
                lowering.batch_targets = Some(targets);
                (features, targets)
            }
        };
        Ok(Self { features, targets, shuffle: Some(shuffle), chunks })
    }

    /// One gather for each chunk of the features and of the targets.
    pub(super) fn gather(
        &self,
        request: &Training<'_>,
        control: BufferId,
        rows: usize,
    ) -> Vec<Dispatch> {
        let Some(shuffle) = self.shuffle else { return Vec::new() };
        let copies = [
            ("x", &self.chunks[0], request.network.inputs, self.features),
            ("t", &self.chunks[1], target_columns(request), self.targets),
        ];
        let mut list = Vec::new();
        for (name, chunks, columns, batch) in copies {
            for chunk in chunks {
                list.push(Dispatch {
                    label: format!("batch.{name}"),
                    operation: Operation::Gather(Gather {
                        rows,
                        count: request.rows,
                        columns,
                        chunk_first: chunk.first,
                        chunk_rows: chunk.rows,
                        shuffle,
                        seed: request.seed,
                    }),
                    bindings: vec![control, chunk.buffer, batch],
                });
            }
        }
        list
    }
}

/// Words in a row of targets: a class is one.
pub(super) fn target_columns(request: &Training<'_>) -> usize {
    request.network.output.target_columns(request.network.outputs)
}
