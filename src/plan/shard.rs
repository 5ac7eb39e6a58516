//! Data sets larger than the device's memory: of such a one, a shard is on the device while the
//! steps go through it, and there is a second place for the next one to come to meanwhile.

use super::Chunk;

/// What of the training rows is on the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataPlacement {
    /// All or, where there is no room for that, a shard at a time.
    Fitting,
    /// All.
    Whole,
    /// This shard.
    Shard(Shard),
}

/// A part of the training rows that is on the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Rows that it has room for: whole batches.
    pub capacity: usize,
    /// Its rows: as many, or in the last shard fewer.
    pub rows: usize,
    /// Which of the two places it is in.
    pub place: usize,
}

/// Features, targets and, where there are such, weights of rows, each in chunks.
pub type DataChunks = [Vec<Chunk>; 3];

/// The chunks of a place, without the rows that its shard does not fill.
pub(super) fn filled(place: &DataChunks, rows: usize) -> DataChunks {
    let of = |chunk: &Chunk| Chunk { rows: chunk.rows.min(rows - chunk.first), ..*chunk };
    let cut = |chunks: &Vec<Chunk>| chunks.iter().filter(|c| c.first < rows).map(of).collect();
    place.each_ref().map(cut)
}
