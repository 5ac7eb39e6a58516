//! Shards: parts of a data set that the device has no room for as a whole, brought there while
//! steps run on the part before.

use std::ops::Range;

use super::transfer::sources;
use crate::Result;
use crate::backend::Backend;
use crate::data::Dataset;
use crate::plan::{Chunk, Plan, Region};

/// Words that are written at once while steps run: a few milliseconds.
const PART: usize = 4 << 20;

/// Which shards are where. The device has room for two.
#[derive(Debug, Default)]
pub(super) struct Stream {
    /// The shard in each of the two places, once it is there as a whole.
    places: [Option<usize>; 2],
    /// The shard that is on its way.
    coming: Option<Coming>,
}

/// A shard on its way to a place.
#[derive(Debug)]
struct Coming {
    shard: usize,
    place: usize,
    /// What has not been written yet, the next part last.
    parts: Vec<Part>,
}

/// A part of a shard: where it goes to, and which words of the features, targets or weights it is.
#[derive(Debug)]
struct Part {
    region: Region,
    source: usize,
    words: Range<usize>,
}

impl Coming {
    fn new(data: &Dataset, plan: &Plan, shard: usize, place: usize, rows: Range<usize>) -> Self {
        let mut parts = Vec::new();
        let places = plan.handles.places[place].iter().zip(sources(data));
        for (source, (chunks, (_, columns))) in places.enumerate() {
            for Chunk { buffer, first, rows: room, .. } in chunks.iter().copied() {
                let end = rows.len().min(first + room);
                if first >= end {
                    continue;
                }
                let own = (rows.start + first) * columns..(rows.start + end) * columns;
                parts.extend(own.clone().step_by(PART).enumerate().map(|(number, start)| Part {
                    region: Region { buffer, offset: number * PART },
                    source,
                    words: start..own.end.min(start + PART),
                }));
            }
        }
        parts.reverse();
        Self { shard, place, parts }
    }
}

impl Stream {
    /// Whether a shard is on the device, or will be.
    pub(super) fn expects(&self, shard: usize) -> bool {
        self.places.contains(&Some(shard))
            || self.coming.as_ref().is_some_and(|coming| coming.shard == shard)
    }

    /// Begins to bring the rows of a shard to a place.
    pub(super) fn begin(
        &mut self,
        data: &Dataset,
        plan: &Plan,
        shard: usize,
        place: usize,
        rows: Range<usize>,
    ) {
        self.places[place] = None;
        self.coming = Some(Coming::new(data, plan, shard, place, rows));
    }

    /// The place of a shard that is on the device as a whole.
    pub(super) fn place_of(&self, shard: usize) -> Option<usize> {
        self.places.iter().position(|there| *there == Some(shard))
    }

    /// The next part of the shard on its way, of the data that it comes from.
    pub(super) fn next<'a>(&mut self, data: &'a Dataset) -> Option<(Region, &'a [u32])> {
        let Part { region, source, words } = self.coming.as_mut()?.parts.pop()?;
        Some((region, &sources(data)[source].0[words]))
    }

    /// Writes what is left of the shard on its way; its place, if it is the shard.
    pub(super) async fn finish(
        &mut self,
        backend: &mut dyn Backend,
        data: &Dataset,
        shard: usize,
    ) -> Result<Option<usize>> {
        let Some(place) =
            self.coming.as_ref().filter(|own| own.shard == shard).map(|own| own.place)
        else {
            return Ok(None);
        };
        while let Some((region, words)) = self.next(data) {
            backend.write_region(region, words).await?;
        }
        self.coming = None;
        self.places[place] = Some(shard);
        Ok(Some(place))
    }
}
