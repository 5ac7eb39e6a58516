//! Where the rows of a batch come from: gathered from the resident data set, or the whole of it as
//! it lies.

use super::LayeredBuilder;
use crate::Result;
use crate::kernels::{Element, Gather, gather};
use crate::plan::{BufferId, Chunk, DataChunks, DataPlacement, Dispatch, Role, Training};
use crate::spec::Shuffle;

/// Where a phase's rows come from.
pub(super) struct Source {
    pub(super) features: BufferId,
    pub(super) targets: BufferId,
    /// Where some rows count more than others.
    pub(super) weights: Option<BufferId>,
    /// How they get there: nothing to do where the whole data set is the batch.
    shuffle: Option<Shuffle>,
    chunks: DataChunks,
}

impl Source {
    /// Rows of the request's data set, which lies in `chunks`, at most `rows` of them at a time.
    pub(super) fn batch(
        layered: &mut LayeredBuilder<'_>,
        request: &Training<'_>,
        chunks: DataChunks,
        portion: usize,
        rows: usize,
        shuffle: Shuffle,
    ) -> Result<Self> {
        // A shard's batches are gathered even where one is the whole shard: the next is not.
        let shard = matches!(request.placement, DataPlacement::Shard(_));
        if rows == request.rows
            && rows <= layered.at_once
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
        let (features, targets) = match (layered.batch_features, layered.batch_targets) {
            (Some(features), Some(targets)) => (features, targets),
            _ => {
                let at_once = portion.min(layered.at_once);
                let shape = vec![at_once, request.network.inputs];
                let features =
                    layered.builder.buffer("batch.x", Element::F32, shape, Role::Batch)?;
                let shape = vec![at_once, request.target_columns()];
                let targets = layered.builder.buffer(
                    "batch.t",
                    request.target_element(),
                    shape,
                    Role::Batch,
                )?;
                layered.batch_features = Some(features);
                layered.batch_targets = Some(targets);
                (features, targets)
            }
        };
        let weights = match (&chunks[2][..], layered.batch_weights) {
            ([], _) => None,
            (_, Some(weights)) => Some(weights),
            _ => {
                Some(layered.builder.buffer("batch.w", Element::F32, vec![portion], Role::Batch)?)
            }
        };
        layered.batch_weights = weights.or(layered.batch_weights);
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
