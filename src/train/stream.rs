//! What goes to the device while a training runs: the shards of a data set that it has no room for.

use std::ops::Range;

use super::transfer::{describe, evaluation, handle, sources, sums, upload_rows};
use super::{Evaluation, Trainer, TrainingData};
use crate::Result;
use crate::data::Dataset;
use crate::kernels::Control;
use crate::plan::{Chunk, DataPlacement, Phase, Plan, Region, Shard};
use crate::platform::block_on;

/// Words that are written at once while steps run: a few milliseconds.
const PART: usize = 4 << 20;

/// Which shards are where.
#[derive(Default)]
pub(super) struct Stream {
    /// The shard in each of the two places, once it is there as a whole.
    places: [Option<usize>; 2],
    /// The shard that is on its way.
    coming: Option<Coming>,
}

/// A shard on its way to a place.
struct Coming {
    shard: usize,
    place: usize,
    /// What has not been written yet, the next part last.
    parts: Vec<Part>,
}

/// A part of a shard: where it goes to, and where it stands in features, targets or weights.
struct Part {
    region: Region,
    source: usize,
    words: Range<usize>,
}

impl Coming {
    fn new(
        data: &Dataset,
        plan: &Plan,
        shard: usize,
        place: usize,
        first: usize,
        rows: usize,
    ) -> Self {
        let mut parts = Vec::new();
        let places = plan.handles.places[place].iter().zip(sources(data));
        for (source, (chunks, (_, columns))) in places.enumerate() {
            for Chunk { buffer, first: begin, rows: room } in chunks.iter().copied() {
                let end = rows.min(begin + room);
                if begin >= end {
                    continue;
                }
                let own = (first + begin) * columns..(first + end) * columns;
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

impl Trainer {
    /// Brings the data to the device, but for shards: they come when they are needed.
    pub(super) fn bring(&mut self) -> Result<()> {
        let TrainingData { training, validation } = &self.data;
        let handles = self.plan().handles.clone();
        self.stream = Stream::default();
        let backend = self.backend.as_mut();
        if handles.places.is_empty() {
            let chunks = [&handles.features[..], &handles.targets, &handles.weights];
            upload_rows(backend, training, chunks)?;
        }
        if let (Some(rows), Some(validation)) = (validation, &handles.validation) {
            upload_rows(backend, rows, [&validation.features, &validation.targets, &[]])?;
        }
        describe(backend)?;
        self.set_control()
    }

    /// Sets the device's counter to the step that comes.
    pub(super) fn set_control(&mut self) -> Result<()> {
        let words = self.sampler.control(self.progress.step).to_words();
        let control = handle(self.plan().handles.control);
        block_on(self.backend.write(control, &words[..Control::WORDS]))
    }

    /// Has the shard on the device that the coming step goes through, and the next one on its way.
    pub(super) fn enter(&mut self) -> Result<()> {
        if self.sampler.shards() == 1 {
            return Ok(());
        }
        let position = self.sampler.position(self.progress.step);
        self.show(position.shard)?;
        self.set_control()?;
        let next = self.sampler.shard_of(position.pass + 1);
        let on_its_way = self.stream.coming.as_ref().is_some_and(|coming| coming.shard == next);
        if !self.stream.places.contains(&Some(next)) && !on_its_way {
            let place = 1 - self.place();
            self.stream.places[place] = None;
            self.stream.coming = Some(self.coming(next, place));
        }
        Ok(())
    }

    /// Has a shard on the device, and a plan for it.
    pub(super) fn show(&mut self, shard: usize) -> Result<()> {
        let Some(present) = self.plan().shard else { return Ok(()) };
        let place = match self.stream.places.iter().position(|there| *there == Some(shard)) {
            Some(place) => place,
            None => self.fetch(shard)?,
        };
        let shard = Shard { rows: self.sampler.shard(shard).len(), place, ..present };
        if shard != present {
            self.replan(DataPlacement::Shard(shard))?;
        }
        Ok(())
    }

    /// Loss and score of the present weights on all training rows.
    ///
    /// # Errors
    /// [`crate::Error::Device`]
    pub fn evaluate(&mut self) -> Result<Evaluation> {
        let mut all = [0.0; 2];
        for shard in 0..self.sampler.shards() {
            self.show(shard)?;
            let share = (self.plan().device_rows(), self.plan().evaluate_rows);
            let examination = handle(self.plan().handles.evaluation);
            let own = sums(self.backend.as_mut(), Phase::Evaluate, examination, &[share])?;
            all = own.into_iter().fold(all, |[a, b], [loss, score]| [a + loss, b + score]);
        }
        Ok(evaluation(&self.data.training, all, self.plan().rows))
    }

    /// Loss and score of the present weights on all validation rows, where there are such.
    ///
    /// # Errors
    /// [`crate::Error::Device`]
    pub fn validate(&mut self) -> Result<Option<Evaluation>> {
        let (Some(data), Some(validation)) =
            (&self.data.validation, &self.backend.plan().handles.validation)
        else {
            return Ok(None);
        };
        let (examination, share) = (validation.examination, (validation.rows, validation.portion));
        let own = sums(self.backend.as_mut(), Phase::Validate, examination, &[share])?;
        let all = own.into_iter().fold([0.0; 2], |[a, b], [loss, score]| [a + loss, b + score]);
        Ok(Some(evaluation(data, all, share.0)))
    }

    /// Writes what is left of a shard on its way, or all of it; its place.
    fn fetch(&mut self, shard: usize) -> Result<usize> {
        let mut coming = match self.stream.coming.take() {
            Some(coming) if coming.shard == shard => coming,
            _ => self.coming(shard, 1 - self.place()),
        };
        self.stream.places[coming.place] = None;
        let sources = sources(&self.data.training);
        while let Some(Part { region, source, words }) = coming.parts.pop() {
            block_on(self.backend.write_region(region, &sources[source].0[words]))?;
        }
        self.stream.places[coming.place] = Some(shard);
        Ok(coming.place)
    }

    fn coming(&self, shard: usize, place: usize) -> Coming {
        let rows = self.sampler.shard(shard);
        Coming::new(&self.data.training, self.plan(), shard, place, rows.start, rows.len())
    }

    /// The place of the shard that the plan is for.
    fn place(&self) -> usize {
        self.plan().shard.map_or(0, |shard| shard.place)
    }
}

impl Stream {
    /// The next part of the shard on its way, of the data that it comes from.
    pub(super) fn next<'a>(&mut self, data: &'a Dataset) -> Option<(Region, &'a [u32])> {
        let Part { region, source, words } = self.coming.as_mut()?.parts.pop()?;
        Some((region, &sources(data)[source].0[words]))
    }
}
