//! A plan on a device with its data: what a session needs of a device.
//!
//! Must not know: runs, epochs.

use std::collections::HashMap;
use std::ops::Range;

use super::batch_sampler::BatchSampler;
use super::members::{Arrangement, Candidate, Members};
use super::prepare::{placement, plan_of};
use super::stream::Stream;
use super::transfer::{
    Scale, Share, check_steps, describe, handle, read_tensors, set_controls, sums, upload_rows,
    write_tensors,
};
use super::{Evaluation, Keep, TrainOptions, TrainingData};
use crate::backend::{Backend, Device, DeviceChoice, Sink};
use crate::data::{Dataset, Rows};
use crate::kernels::{Control, Weighting};
use crate::model;
use crate::plan::{self, DataPlacement, DeviceKind, Limits, Phase, Plan, Shard};
use crate::platform::BoxFuture;
use crate::spec::{Network, Parameters};
use crate::{Error, Result};

/// Networks on a device, planned and loaded, with their data.
pub(super) struct Executor {
    pub(super) data: TrainingData,
    pub(super) options: TrainOptions,
    members: Members,
    backend: Box<dyn Backend>,
    device: String,
    limits: Limits,
    stream: Stream,
}

impl Executor {
    /// Plans for a device, loads the plan and brings the data. Where the device has less room than
    /// it said, smaller plans are tried, and the second value says so.
    ///
    /// A future on the heap: code for it is generated once, not into each caller's.
    pub(super) fn load(
        device: &dyn Device,
        members: Members,
        data: TrainingData,
        mut options: TrainOptions,
    ) -> BoxFuture<'_, Result<(Self, Option<String>)>> {
        Box::pin(async move {
            let limits = beside_copies(device.limits(), &members, &options);
            let (backend, notice) = load(device, &members, &data, &mut options, &limits).await?;
            if members.arrangement() == Arrangement::Alone {
                let plan = backend.plan();
                // Whatever device it goes on with, the rows come in the same order.
                options.shard_rows = Some(plan.shard.map_or(plan.rows, |shard| shard.capacity));
            }
            let device = device.name().to_owned();
            let stream = Stream::default();
            let mut own = Self { data, options, members, backend, device, limits, stream };
            own.bring().await?;
            Ok((own, notice))
        })
    }

    /// Notes the device for whoever resumes from checkpoints, where the options leave it open.
    pub(super) fn note_device(&mut self) {
        let is_open = matches!(self.options.device, DeviceChoice::Auto | DeviceChoice::Gpu);
        if let Some(own) = self.options.checkpoints.as_mut().filter(|_| is_open) {
            own.notes.insert("device".to_owned(), vec![self.device.clone()]);
        }
    }

    /// Moves the networks to another device, without weights and state. Where it has less room than
    /// this one, the batch is split.
    pub(super) async fn move_to(&mut self, device: &dyn Device) -> Result<()> {
        let (members, data) = (self.members.clone(), self.data.clone());
        let options = self.options.clone();
        *self = Self::load(device, members, data, options).await?.0;
        Ok(())
    }

    /// Takes other rows of the same columns, as many as before, by the same plan. Gives them back where
    /// they need another one.
    pub(super) async fn replace_data(
        &mut self,
        data: TrainingData,
    ) -> Result<Option<TrainingData>> {
        let shape = |rows: &Dataset| {
            let weighting = rows.weights().map(Weighting::of);
            (rows.rows(), rows.inputs(), rows.task(), rows.outputs(), weighting)
        };
        let shapes = |of: &TrainingData| (shape(&of.training), of.validation.as_ref().map(shape));
        if shapes(&data) != shapes(&self.data) || self.plan().shard.is_some() {
            return Ok(Some(data));
        }
        self.data = data;
        self.bring().await?;
        Ok(None)
    }

    /// The same network on the same device, with other rows of the same columns.
    pub(super) async fn with_data(&mut self, data: TrainingData) -> Result<Self> {
        let mut members = self.members.clone();
        members.set_rows(data.training.rows());
        let mut options = TrainOptions { shard_rows: None, ..self.options.clone() };
        let limits = self.limits.clone();
        let placement = placement(&members, &data, &options);
        let plan = plan_of(&members, &data, &options, &limits, placement)?;
        options.shard_rows = Some(plan.shard.map_or(plan.rows, |shard| shard.capacity));
        let (backend, device) = (self.backend.load(plan).await?, self.device.clone());
        let stream = Stream::default();
        let mut own = Self { data, options, members, backend, device, limits, stream };
        own.bring().await?;
        Ok(own)
    }

    /// The dispatch graph.
    pub(super) fn plan(&self) -> &Plan {
        self.backend.plan()
    }

    /// The device's name.
    pub(super) fn device(&self) -> &str {
        &self.device
    }

    /// What the device grants.
    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The networks.
    pub(super) fn candidates(&self) -> &[Candidate] {
        self.members.list()
    }

    /// Whether there is one network, by any strategy.
    pub(super) fn is_alone(&self) -> bool {
        self.members.arrangement() == Arrangement::Alone
    }

    /// The rows that each network's steps take.
    pub(super) fn samplers(&self) -> Vec<BatchSampler> {
        let TrainOptions { shuffle, seed, batch_size, .. } = self.options;
        if self.is_alone() {
            return vec![BatchSampler::of(self.plan(), shuffle, seed)];
        }
        let batch = batch_size.of(self.data.training.rows());
        let of = |one: &Candidate| {
            let rows = one.rows.len();
            BatchSampler::new(rows, batch.min(rows), rows, shuffle, one.seed)
        };
        self.candidates().iter().map(of).collect()
    }

    /// Brings the data to the device, but for shards: they come when they are needed.
    async fn bring(&mut self) -> Result<()> {
        let TrainingData { training, validation } = &self.data;
        let backend = self.backend.as_mut();
        let handles = backend.plan().handles.clone();
        if handles.places.is_empty() {
            let chunks = [&handles.features[..], &handles.targets, &handles.weights];
            upload_rows(backend, training, chunks).await?;
        }
        if let (Some(rows), Some(own)) = (validation, &handles.validation) {
            upload_rows(backend, rows, [&own.features, &own.targets, &[]]).await?;
        }
        describe(backend).await
    }

    /// Sets the device's counters, those of each network.
    pub(super) async fn set_controls(
        &mut self,
        controls: impl Iterator<Item = Control>,
    ) -> Result<()> {
        let control = handle(self.plan().handles.control);
        set_controls(self.backend.as_mut(), control, controls).await
    }

    /// Checks that the device has counted so many steps of each network, where they are known.
    pub(super) async fn check_steps(
        &mut self,
        expected: impl ExactSizeIterator<Item = Option<u64>>,
    ) -> Result<()> {
        check_steps(self.backend.as_mut(), &self.device, expected).await
    }

    /// Has the shard on the device that the coming step goes through, and the next one on its way.
    pub(super) async fn enter(&mut self, sampler: BatchSampler, step: u64) -> Result<()> {
        if sampler.shards() == 1 {
            return Ok(());
        }
        let position = sampler.position(step);
        self.show(&sampler, position.shard).await?;
        self.set_controls([sampler.control(step)].into_iter()).await?;
        let next = sampler.shard_of(position.pass + 1);
        if !self.stream.expects(next) {
            self.begin_shard(&sampler, next);
        }
        Ok(())
    }

    /// Begins to bring a shard to the place that the plan does not use.
    fn begin_shard(&mut self, sampler: &BatchSampler, shard: usize) {
        let plan = self.backend.plan();
        let place = 1 - plan.shard.map_or(0, |shard| shard.place);
        self.stream.begin(&self.data.training, plan, shard, place, sampler.shard(shard));
    }

    /// Has a shard on the device, and a plan for it.
    async fn show(&mut self, sampler: &BatchSampler, shard: usize) -> Result<()> {
        let Some(present) = self.plan().shard else { return Ok(()) };
        let place = match self.stream.place_of(shard) {
            Some(place) => place,
            None => self.fetch(sampler, shard).await?,
        };
        let shard = Shard { rows: sampler.shard(shard).len(), place, ..present };
        if shard != present {
            self.replan(DataPlacement::Shard(shard)).await?;
        }
        Ok(())
    }

    /// Writes what is left of a shard on its way, or all of it; its place.
    async fn fetch(&mut self, sampler: &BatchSampler, shard: usize) -> Result<usize> {
        loop {
            let (backend, data) = (self.backend.as_mut(), &self.data.training);
            match self.stream.finish(backend, data, shard).await? {
                Some(place) => return Ok(place),
                None => self.begin_shard(sampler, shard),
            }
        }
    }

    /// Trains so many steps, or fewer where the sink breaks off.
    pub(super) async fn steps(&mut self, steps: u64, sink: &mut Sink<'_>) -> Result<()> {
        let (stream, data) = (&mut self.stream, &self.data.training);
        self.backend.steps_fed(steps, sink, &mut || stream.next(data)).await
    }

    /// Gives each network a learning rate.
    pub(super) async fn set_rates(&mut self, rates: impl Iterator<Item = f64>) -> Result<()> {
        self.members.set_rates(rates);
        let placement = match self.plan().shard {
            Some(shard) => DataPlacement::Shard(shard),
            None => DataPlacement::Whole,
        };
        self.replan(placement).await
    }

    /// Gives the device a plan for the present learning rates and for what of the data is there.
    async fn replan(&mut self, placement: DataPlacement) -> Result<()> {
        let Self { members, data, options, limits, .. } = self;
        let plan = plan_of(members, data, options, limits, placement)?;
        self.backend.replan(plan)?;
        describe(self.backend.as_mut()).await
    }

    /// Loss and score of each network's present weights on its training rows.
    pub(super) async fn evaluate(&mut self) -> Result<Vec<Evaluation>> {
        let samplers = self.samplers();
        let mut all = vec![[0.0; 2]; samplers.len()];
        for shard in 0..samplers[0].shards() {
            self.show(&samplers[0], shard).await?;
            let plan = self.plan();
            let shares: Vec<Share> = match self.is_alone() {
                true => vec![(plan.device_rows(), plan.evaluate_rows)],
                false => samplers.iter().map(|own| (own.rows(), own.batch())).collect(),
            };
            let examination = handle(plan.handles.evaluation);
            let own = sums(self.backend.as_mut(), Phase::Evaluate, examination, &shares).await?;
            for (all, own) in all.iter_mut().zip(own) {
                *all = [all[0] + own[0], all[1] + own[1]];
            }
        }
        let ranges = self.members.list().iter().map(|one| one.rows.clone());
        Ok(evaluations(&self.data.training, ranges.zip(all)))
    }

    /// Loss and score of each network's present weights on the validation rows, where there are
    /// such.
    pub(super) async fn validate(&mut self) -> Result<Option<Vec<Evaluation>>> {
        let (Some(data), Some(own)) =
            (&self.data.validation, &self.backend.plan().handles.validation)
        else {
            return Ok(None);
        };
        let (examination, portion) = (own.examination, own.portion);
        let samplers = self.samplers();
        let ranges: Vec<_> =
            self.members.list().iter().map(|one| one.validation(data.rows())).collect();
        let share = |(range, sampler): (&Range<usize>, &BatchSampler)| match self.is_alone() {
            true => (range.len(), portion),
            false => (range.len(), sampler.batch().min(range.len())),
        };
        let shares: Vec<Share> = ranges.iter().zip(&samplers).map(share).collect();
        let all = sums(self.backend.as_mut(), Phase::Validate, examination, &shares).await?;
        Ok(Some(evaluations(data, ranges.into_iter().zip(all))))
    }

    /// The present weights of some networks.
    pub(super) async fn parameters(&mut self, which: &[usize]) -> Result<Vec<Parameters>> {
        let regions = &self.backend.plan().handles.parameters;
        let list = self.members.list();
        let wanted: Vec<_> =
            which.iter().map(|&one| (&list[one].network, regions[one].clone())).collect();
        read_tensors(self.backend.as_mut(), &wanted).await
    }

    /// The tensors of the optimizer's state of some networks.
    pub(super) async fn states(&mut self, which: &[usize]) -> Result<Vec<Vec<Parameters>>> {
        let plan = self.backend.plan();
        let list = self.members.list();
        let mut wanted = Vec::new();
        for &one in which {
            wanted.extend(
                plan.handles.state[one].iter().cloned().map(|own| (&list[one].network, own)),
            );
        }
        let count = wanted.len() / which.len().max(1);
        let mut tensors = read_tensors(self.backend.as_mut(), &wanted).await?.into_iter();
        Ok(which.iter().map(|_| tensors.by_ref().take(count).collect()).collect())
    }

    /// Gives networks weights.
    pub(super) async fn set_parameters(&mut self, of: &[(usize, &Parameters)]) -> Result<()> {
        let regions = &self.backend.plan().handles.parameters;
        let tensors: Vec<_> = of.iter().map(|(one, own)| (regions[*one].clone(), *own)).collect();
        write_tensors(self.backend.as_mut(), &tensors).await
    }

    /// Gives networks an optimizer's state.
    pub(super) async fn set_states(&mut self, of: &[(usize, &[Parameters])]) -> Result<()> {
        let plan = self.backend.plan();
        let tensors: Vec<_> = of
            .iter()
            .flat_map(|(one, own)| plan.handles.state[*one].iter().cloned().zip(*own))
            .collect();
        write_tensors(self.backend.as_mut(), &tensors).await
    }

    /// The gradients of the coming batch of the first network, without a step.
    pub(super) async fn gradients(&mut self) -> Result<Parameters> {
        let regions = self.plan().handles.gradients.clone();
        if regions.is_empty() {
            return Err(Error::invalid(
                "the plan keeps no gradients",
                "set `gradients` to `Kept` in the options",
            ));
        }
        self.backend.replay(Phase::Gradient, 1).await?;
        let network = &self.members.first().network;
        let mut found = read_tensors(self.backend.as_mut(), &[(network, regions)]).await?;
        Ok(found.remove(0))
    }

    /// Predictions of a network with such weights for rows \[N, I\], with a plan of its own: \[N, O\].
    pub(super) async fn predict(
        &mut self,
        network: &Network,
        parameters: &Parameters,
        features: &dyn Rows,
    ) -> Result<Vec<f32>> {
        let plan = plan::inference(network, features.count(), &self.limits)?;
        let mut backend = self.backend.load(plan).await?;
        model::apply(backend.as_mut(), parameters, features).await
    }

    /// How long each dispatch of a step takes. What the buffers hold afterwards means nothing.
    pub(super) async fn profile(&mut self) -> Result<Vec<std::time::Duration>> {
        self.backend.profile(Phase::Step).await
    }
}

/// What sums of loss and score over ranges of rows say.
fn evaluations(
    data: &Dataset,
    sums: impl Iterator<Item = (Range<usize>, [f64; 2])>,
) -> Vec<Evaluation> {
    // Networks of a fold have the same rows.
    let mut scales = HashMap::new();
    let told = |(range, sums): (Range<usize>, [f64; 2])| {
        let scale = scales.entry(range.clone()).or_insert_with(|| Scale::new(data, range));
        scale.evaluation(sums)
    };
    sums.map(told).collect()
}

/// The limits of a device, less what the host's own copies of the weights take where both are in its
/// memory: the initial ones, panels of them on the CPU path, the best, and those of a checkpoint.
fn beside_copies(limits: Limits, members: &Members, options: &TrainOptions) -> Limits {
    let Some(all) = limits.memory_bytes.filter(|_| limits.kind != DeviceKind::Gpu) else {
        return limits;
    };
    let parameters: u64 = members.list().iter().map(|one| one.network.parameters()).sum();
    let copies = 1
        + u64::from(limits.kind == DeviceKind::Cpu)
        + u64::from(options.keep() == Keep::Best)
        + options.checkpoints.as_ref().map_or(0, |_| 3);
    Limits { memory_bytes: Some(all.saturating_sub(4 * parameters * copies)), ..limits }
}

/// Plans for a device and loads the plan. Where the device has less room than it said, smaller
/// plans are tried, with the data or the batch cut, and the second value says so.
async fn load(
    device: &dyn Device,
    members: &Members,
    data: &TrainingData,
    options: &mut TrainOptions,
    limits: &Limits,
) -> Result<(Box<dyn Backend>, Option<String>)> {
    let plan_within = |options: &TrainOptions| {
        plan_of(members, data, options, limits, placement(members, data, options))
    };
    let plan = plan_within(options)?;
    let (wanted, mut bytes) = (plan.bytes(), plan.bytes());
    let mut loaded = device.load(plan).await;
    let mut first = None;
    while let Err(error @ Error::Device { .. }) = loaded {
        let first = first.get_or_insert(error);
        options.memory = Some(bytes / 4 * 3);
        let Ok(smaller) = plan_within(options) else {
            return Err(std::mem::replace(first, Error::device(device.name(), "out of memory")));
        };
        bytes = smaller.bytes();
        loaded = device.load(smaller).await;
    }
    let loaded = loaded?;
    let notice = first.map(|_| {
        format!(
            "no room for a plan of {}: took one of {}{}",
            plan::bytes(wanted),
            plan::bytes(bytes),
            match (loaded.plan().shard, loaded.plan().micro_batch) {
                (None, None) => "",
                (Some(_), None) => ", with the data in shards",
                (None, Some(_)) => ", with the batch in micro-batches",
                (Some(_), Some(_)) => ", with the data in shards and the batch in micro-batches",
            },
        )
    });
    Ok((loaded, notice))
}
