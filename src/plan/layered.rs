//! The `layered` way: one dispatch for each layer and direction.

use super::batch::{Source, target_columns};
use super::regularized::Dropped;
use super::{
    Buffer, BufferId, Chunk, Dispatch, Examination, Gradients, Handles, Limits, Phase, Place, Plan,
    Region, Residence, Role, Training, Validation, shard,
};
use crate::kernels::{
    Activate, Control, DenseBackwardInput, DenseBackwardWeight, DenseForward, Function,
    LossGradient, Metrics, Operation, Softmax, Tiling, Update, Weighting,
};
use crate::spec::{Clip, Layer, Network, Output, Shuffle, Strategy};
use crate::{Error, Result};

/// Entries of the ring of losses: several submissions of tiny steps.
const HISTORY: usize = 1 << 14;

/// Rows that evaluation and prediction take at once, where memory allows and nothing says more.
const PORTION: usize = 1024;

/// Plans the training of a network: phases step and evaluate, and gradient where asked.
///
/// # Errors
/// [`Error::Invalid`] for a network or loss that makes no sense, [`Error::TooLarge`] for a plan
/// past the device's limits.
pub(super) fn training(request: &Training<'_>, limits: &Limits) -> Result<Plan> {
    fit(request, limits).map_err(|error| suggest_batch(error, request, limits))
}

/// With all rows on the device or, where that may be and must be, in shards.
fn fit(request: &Training<'_>, limits: &Limits) -> Result<Plan> {
    match lower(request, limits) {
        Err(error @ Error::TooLarge { .. }) if request.residence == Residence::Fitting => {
            shard::largest(request, limits).unwrap_or(Err(error))
        }
        plan => plan,
    }
}

pub(super) fn lower(request: &Training<'_>, limits: &Limits) -> Result<Plan> {
    check(request)?;
    let mut lowering = Lowering::new(request.network, request.batch, limits);
    lowering.check_parameters()?;
    let whole = request.rows;
    let room = Training { rows: request.room(), ..request.clone() };
    let request = &Training { rows: request.shown(), ..request.clone() };
    let portion = lowering.portion(&room);
    let data = lowering.training_rows(&room, request)?;
    let validation = Training {
        rows: request.validation,
        residence: Residence::Whole,
        // They all count the same: they tell what the network is worth as it is.
        weighting: Weighting::Even,
        ..request.clone()
    };
    let validation_data = lowering.data_set("validation", &validation)?;
    [lowering.handles.features, lowering.handles.targets, lowering.handles.weights] = data.clone();
    lowering.parameters();
    lowering.state(request);
    lowering.activations(portion, request.batch)?;
    lowering.row_metrics(portion)?;
    lowering.dropouts(request)?;
    lowering.gradients(request);

    let (batch, shuffle) = (request.batch, request.shuffle);
    let step = Source::batch(&mut lowering, request, data.clone(), portion, batch, shuffle)?;
    let step_control = lowering.control("control")?;
    let history = lowering.buffer("history", vec![HISTORY, 2], Role::Bookkeeping)?;
    lowering.handles.control = Some(step_control);
    lowering.handles.history = Some(history);

    let mut list = step.gather(request, step_control, request.batch);
    lowering.forward(&mut list, Use::Training, step_control, step.features, request.batch);
    let weights = lowering.weigh(&mut list, step_control, &step)?;
    lowering.loss(&mut list, request, step_control, (step.targets, weights), request.batch);
    let mut gradient = list.clone();
    list.extend(request.scheduled(step_control));
    match request.regularization.clip {
        Some(Clip::Norm(most)) => {
            lowering.clipped(&mut list, request, step_control, step.features, most as f32)?;
        }
        Some(Clip::Value(_)) | None => {
            let update = Update::of(request.optimizer);
            lowering.backward(&mut list, request, step_control, step.features, update);
        }
    }
    let metrics = Metrics { rows: request.batch, count: request.rows, capacity: HISTORY };
    lowering.end(&mut list, step_control, history, metrics);
    lowering.phases[Phase::Step as usize] = list;

    if request.gradients == Gradients::Kept {
        lowering.backward(&mut gradient, request, step_control, step.features, Update::Gradient);
        lowering.phases[Phase::Gradient as usize] = gradient;
    }

    let rows = portion.min(request.rows);
    let sizes = [portion, rows, room.rows.div_ceil(portion)];
    let examination = lowering.examination(Phase::Evaluate, request, data, sizes)?;
    lowering.handles.evaluation = Some(examination);
    lowering.validation(&validation, validation_data, portion)?;
    lowering.finish(whole, rows, request.residence)
}

/// Plans predictions by a trained network, at most `rows` rows at a time.
///
/// # Errors
/// As [`super::training`].
pub fn inference(network: &Network, rows: usize, limits: &Limits) -> Result<Plan> {
    network.check()?;
    let mut lowering = Lowering::new(network, 0, limits);
    lowering.check_parameters()?;
    let portion = lowering.fitting(rows.clamp(1, PORTION), 1);
    lowering.parameters();
    lowering.activations(portion, 0)?;
    lowering.predict(portion)?;
    lowering.finish(0, 0, Residence::Whole)
}

/// Where a smaller batch would fit, names the largest that does: found by planning it.
fn suggest_batch(mut error: Error, request: &Training<'_>, limits: &Limits) -> Error {
    let fits = |batch| fit(&Training { batch, ..request.clone() }, limits).is_ok();
    if let Error::TooLarge { remedy, .. } = &mut error
        && request.batch > 1
        && fits(1)
    {
        let (mut fitting, mut too_large) = (1, request.batch);
        while too_large - fitting > 1 {
            let middle = fitting.midpoint(too_large);
            *(if fits(middle) { &mut fitting } else { &mut too_large }) = middle;
        }
        *remedy = format!("a batch size of at most {fitting} fits");
    }
    error
}

/// What is wrong with a request on any device.
pub(super) fn check(request: &Training<'_>) -> Result<()> {
    request.network.check()?;
    request.optimizer.check()?;
    request.loss.check(request.network.output)?;
    request.regularization.check(request.network, request.loss)?;
    request.schedule.check(request.steps, request.optimizer)?;
    if request.rows == 0 {
        return Err(Error::invalid("there are no rows to train on", "give at least one row"));
    }
    if request.rows > i32::MAX as usize {
        return Err(Error::invalid(
            format!("{} rows are more than the 2,147,483,647 that can be numbered", request.rows),
            "train on fewer",
        ));
    }
    if request.batch == 0 || request.batch > request.rows {
        return Err(Error::invalid(
            format!("a batch of {} rows out of {}", request.batch, request.rows),
            "it must be at least 1 and at most the rows of the data",
        ));
    }
    Ok(())
}

/// A plan in the making.
pub(super) struct Lowering<'a> {
    network: &'a Network,
    pub(super) layers: Vec<Layer>,
    pub(super) batch: usize,
    limits: &'a Limits,
    buffers: Vec<Buffer>,
    phases: [Vec<Dispatch>; Phase::COUNT],
    pub(super) handles: Handles,
    pub(super) batch_features: Option<BufferId>,
    pub(super) batch_targets: Option<BufferId>,
    pub(super) batch_weights: Option<BufferId>,
    /// y\[C,O\] of each hidden layer, and z\[C,O\] of the last.
    y: Vec<BufferId>,
    /// What the backward pass needs of each hidden layer: y, or z for gelu and silu.
    kept: Vec<BufferId>,
    /// d_z\[B,O\] of each layer.
    pub(super) d_z: Vec<BufferId>,
    /// What dropout leaves of each hidden layer, where there is any.
    pub(super) dropped: Vec<Option<Dropped>>,
    /// The gradient of each layer's parameters, where it is stored.
    pub(super) gradients: Vec<BufferId>,
    row_metrics: Option<BufferId>,
}

/// What a forward pass is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// To learn from: with dropout.
    Training,
    /// To look at the network as it is.
    Application,
}

impl<'a> Lowering<'a> {
    fn new(network: &'a Network, batch: usize, limits: &'a Limits) -> Self {
        Self {
            network,
            layers: network.layers(),
            batch,
            limits,
            buffers: Vec::new(),
            phases: Default::default(),
            handles: Handles::default(),
            batch_features: None,
            batch_targets: None,
            batch_weights: None,
            y: Vec::new(),
            kept: Vec::new(),
            d_z: Vec::new(),
            dropped: Vec::new(),
            gradients: Vec::new(),
            row_metrics: None,
        }
    }

    pub(super) fn parameters_of(&self, index: usize) -> BufferId {
        self.handles.parameters[0][index].buffer
    }

    fn last(&self) -> usize {
        self.layers.len() - 1
    }

    fn function(&self) -> Function {
        Function::Of(self.network.activation)
    }

    pub(super) fn push(
        &mut self,
        name: impl Into<String>,
        shape: Vec<usize>,
        role: Role,
    ) -> BufferId {
        self.buffers.push(Buffer { name: name.into(), shape, role });
        BufferId(self.buffers.len() - 1)
    }

    pub(super) fn buffer(&mut self, name: &str, shape: Vec<usize>, role: Role) -> Result<BufferId> {
        let bytes = 4 * shape.iter().map(|&n| n as u64).product::<u64>();
        self.limits
            .check(&format!("{name} {shape:?}"), bytes, |_| "train on fewer rows at once".into())?;
        Ok(self.push(name, shape, role))
    }

    /// Refuses layers that no binding holds, before anything is computed from their sizes.
    fn check_parameters(&self) -> Result<()> {
        for (index, layer) in self.layers.iter().enumerate() {
            let bytes = 4 * layer.outputs as u64 * (layer.inputs as u64 + 1);
            let name =
                format!("layers.{index}.parameters [{}, {} + 1]", layer.outputs, layer.inputs);
            self.limits.check(&name, bytes, |allowed| {
                let units = allowed / (4 * (layer.inputs as u64 + 1));
                match units {
                    0 => "give the layer before it fewer units".into(),
                    _ => format!(
                        "after {} inputs a layer of at most {units} units fits",
                        layer.inputs
                    ),
                }
            })?;
        }
        Ok(())
    }

    /// The rows of a portion: as many as asked, or as the widest layer leaves room for.
    fn fitting(&self, rows: usize, least: usize) -> usize {
        let widest = self.layers.iter().map(|l| l.inputs.max(l.outputs)).max().unwrap_or(1);
        let most = self.limits.tensor_bytes() / (4 * widest as u64);
        rows.min(usize::try_from(most).unwrap_or(usize::MAX)).max(least)
    }

    /// Rows that evaluation takes at once: the batch, or more where it is small.
    fn portion(&self, request: &Training<'_>) -> usize {
        self.fitting(request.rows.min(PORTION), request.batch).max(request.batch)
    }

    /// The training rows: all, or two places for shards, of which one is in use.
    fn training_rows(&mut self, room: &Training<'_>, request: &Training<'_>) -> Result<Place> {
        let Residence::Shard(present) = request.residence else {
            return self.data_set("data", room);
        };
        for name in ["shard.0", "shard.1"] {
            let place = self.data_set(name, room)?;
            self.handles.places.push(place);
        }
        Ok(shard::filled(&self.handles.places[present.place], present.rows))
    }

    /// Features and targets of the request's rows.
    fn data_set(&mut self, name: &str, request: &Training<'_>) -> Result<Place> {
        Ok([
            self.chunks(&format!("{name}.x"), request.rows, request.network.inputs)?,
            self.chunks(&format!("{name}.t"), request.rows, target_columns(request))?,
            match request.weighting {
                Weighting::Even => Vec::new(),
                Weighting::Rows { .. } => self.chunks(&format!("{name}.w"), request.rows, 1)?,
            },
        ])
    }

    /// A phase that tells loss and score of the request's rows, `rows` at a time, where the buffers
    /// hold `portion` of them and the history so many entries.
    fn examination(
        &mut self,
        phase: Phase,
        request: &Training<'_>,
        data: Place,
        [portion, rows, capacity]: [usize; 3],
    ) -> Result<Examination> {
        let source = Source::batch(self, request, data, portion, rows, Shuffle::Never)?;
        let control = self.control(&format!("{}.control", phase.name()))?;
        let history = format!("{}.history", phase.name());
        let history = self.buffer(&history, vec![capacity, 2], Role::Bookkeeping)?;
        let mut list = source.gather(request, control, rows);
        self.forward(&mut list, Use::Application, control, source.features, rows);
        let weights = source.weights.map(|buffer| (buffer, request.weighting));
        self.loss(&mut list, request, control, (source.targets, weights), rows);
        self.end(&mut list, control, history, Metrics { rows, count: request.rows, capacity });
        self.phases[phase as usize] = list;
        Ok(Examination { control, history })
    }

    /// The same for the validation rows, where there are any.
    fn validation(&mut self, request: &Training<'_>, data: Place, portion: usize) -> Result<()> {
        let rows = request.rows;
        if rows == 0 {
            return Ok(());
        }
        let [features, targets, _] = data.clone();
        let own = portion.min(rows);
        let sizes = [portion, own, rows.div_ceil(own)];
        let examination = self.examination(Phase::Validate, request, data, sizes)?;
        let members = None;
        self.handles.validation =
            Some(Validation { features, targets, members, examination, rows, portion: own });
        Ok(())
    }

    /// Cuts [rows, columns] into buffers that a binding can hold.
    fn chunks(&mut self, name: &str, rows: usize, columns: usize) -> Result<Vec<Chunk>> {
        let most = (self.limits.tensor_bytes() / (4 * columns as u64)) as usize;
        self.limits.check(&format!("a row of {name}"), 4 * columns as u64, |allowed| {
            format!("use at most {} columns", allowed / 4)
        })?;
        let mut chunks = Vec::new();
        let mut first = 0;
        while first < rows {
            let part = most.min(rows - first);
            let name = format!("{name}.{}", chunks.len());
            let buffer = self.push(name, vec![part, columns], Role::Data);
            chunks.push(Chunk { buffer, first, rows: part });
            first += part;
        }
        Ok(chunks)
    }

    fn parameters(&mut self) {
        let buffers = self.per_layer("parameters", Role::Parameters);
        self.handles.parameters = vec![buffers.into_iter().map(whole).collect()];
    }

    /// Gradients are stored for whoever wants to see them, and where all of them must be known
    /// before the first update.
    fn gradients(&mut self, request: &Training<'_>) {
        let kept = request.gradients == Gradients::Kept;
        if kept || matches!(request.regularization.clip, Some(Clip::Norm(_))) {
            self.gradients = self.per_layer("gradient", Role::Gradients);
        }
        if kept {
            self.handles.gradients = self.gradients.iter().copied().map(whole).collect();
        }
    }

    fn state(&mut self, request: &Training<'_>) {
        for name in Update::of(request.optimizer).memories() {
            let buffers = self.per_layer(name, Role::OptimizerState);
            self.handles.state.extend(buffers);
        }
    }

    /// A buffer in the shape of each layer's parameters, [O, I + 1] words.
    fn per_layer(&mut self, name: &str, role: Role) -> Vec<BufferId> {
        let layers = self.layers.clone();
        layers
            .iter()
            .enumerate()
            .map(|(index, layer)| {
                let shape = vec![layer.outputs, layer.inputs + 1];
                self.push(format!("layers.{index}.{name}"), shape, role)
            })
            .collect()
    }

    /// What the passes leave: `portion` rows forward, `batch` rows backward.
    fn activations(&mut self, portion: usize, batch: usize) -> Result<()> {
        for (index, layer) in self.layers.clone().iter().enumerate() {
            let shape = |rows| vec![rows, layer.outputs];
            let name = |tensor: &str| format!("layers.{index}.{tensor}");
            let last = index == self.last();
            if last {
                let z = self.buffer(&name("z"), shape(portion), Role::Activations)?;
                self.y.push(z);
            } else {
                let y = self.buffer(&name("y"), shape(portion), Role::Activations)?;
                let kept = if self.network.activation.derivative_from_value() {
                    y
                } else {
                    self.buffer(&name("z"), shape(portion), Role::Activations)?
                };
                self.y.push(y);
                self.kept.push(kept);
            }
            if batch > 0 {
                // The loss writes its gradient in evaluation too.
                let rows = if last { portion } else { batch };
                let d_z = self.buffer(&name("d_z"), shape(rows), Role::Gradients)?;
                self.d_z.push(d_z);
            }
        }
        Ok(())
    }

    fn row_metrics(&mut self, portion: usize) -> Result<()> {
        let id = self.buffer("row_metrics", vec![portion, 2], Role::Bookkeeping)?;
        self.row_metrics = Some(id);
        Ok(())
    }

    fn control(&mut self, name: &str) -> Result<BufferId> {
        self.buffer(name, vec![Control::WORDS], Role::Bookkeeping)
    }

    /// All layers forward, up to the last one's z.
    fn forward(
        &self,
        list: &mut Vec<Dispatch>,
        purpose: Use,
        control: BufferId,
        input: BufferId,
        rows: usize,
    ) {
        self.hidden(list, purpose, control, input, rows);
        let from = self.input_of(self.last(), purpose, input);
        let into = self.y[self.last()];
        self.dense(list, self.last(), control, (from, into), rows, Function::Identity);
    }

    /// The hidden layers forward.
    fn hidden(
        &self,
        list: &mut Vec<Dispatch>,
        purpose: Use,
        control: BufferId,
        input: BufferId,
        rows: usize,
    ) {
        for index in 0..self.last() {
            let from = self.input_of(index, purpose, input);
            let (y, kept) = (self.y[index], self.kept[index]);
            if y == kept {
                self.dense(list, index, control, (from, y), rows, self.function());
            } else {
                self.dense(list, index, control, (from, kept), rows, Function::Identity);
                list.push(Dispatch {
                    label: format!("layers.{index}"),
                    operation: Operation::Activate(Activate {
                        rows,
                        columns: self.layers[index].outputs,
                        function: self.function(),
                    }),
                    bindings: vec![control, kept, y],
                });
            }
            if let (Use::Training, Some(dropped)) = (purpose, self.dropped(index)) {
                list.push(dropped.dispatch(control, y, dropped.y));
            }
        }
    }

    /// What a layer reads.
    fn input_of(&self, index: usize, purpose: Use, input: BufferId) -> BufferId {
        match index.checked_sub(1) {
            None => input,
            Some(below) => match (purpose, self.dropped(below)) {
                (Use::Training, Some(dropped)) => dropped.y,
                _ => self.y[below],
            },
        }
    }

    fn dense(
        &self,
        list: &mut Vec<Dispatch>,
        index: usize,
        control: BufferId,
        (from, into): (BufferId, BufferId),
        rows: usize,
        function: Function,
    ) {
        let Layer { inputs, outputs } = self.layers[index];
        list.push(Dispatch {
            label: format!("layers.{index}"),
            operation: Operation::DenseForward(DenseForward {
                rows,
                inputs,
                outputs,
                function,
                tiling: Tiling::of(rows, outputs),
            }),
            bindings: vec![control, from, self.parameters_of(index), into],
        });
    }

    fn loss(
        &self,
        list: &mut Vec<Dispatch>,
        request: &Training<'_>,
        control: BufferId,
        (targets, weights): (BufferId, Option<(BufferId, Weighting)>),
        rows: usize,
    ) {
        let last = self.last();
        let (z, d_z) = (self.y[last], self.d_z[last]);
        let mut bindings = vec![control, z, targets, d_z, self.metrics_buffer()];
        bindings.extend(weights.map(|(buffer, _)| buffer));
        list.push(Dispatch {
            label: "loss".into(),
            operation: Operation::LossGradient(LossGradient {
                rows,
                outputs: self.network.outputs,
                criterion: request.criterion(),
                weighting: weights.map_or(Weighting::Even, |(_, weighting)| weighting),
            }),
            bindings,
        });
    }

    /// All layers backward, each layer's input before its weights are updated.
    pub(super) fn backward(
        &self,
        list: &mut Vec<Dispatch>,
        request: &Training<'_>,
        control: BufferId,
        input: BufferId,
        update: Update,
    ) {
        let rows = self.batch;
        for index in (0..self.layers.len()).rev() {
            let Layer { inputs, outputs } = self.layers[index];
            let label = format!("layers.{index}");
            if index > 0 {
                let (below, dropped) = (self.d_z[index - 1], self.dropped(index - 1));
                list.push(Dispatch {
                    label: label.clone(),
                    operation: Operation::DenseBackwardInput(DenseBackwardInput {
                        rows,
                        inputs,
                        outputs,
                        function: self.function(),
                        tiling: Tiling::of(rows, inputs),
                    }),
                    bindings: vec![
                        control,
                        self.d_z[index],
                        self.parameters_of(index),
                        self.kept[index - 1],
                        dropped.map_or(below, |dropped| dropped.d_y),
                    ],
                });
                list.extend(dropped.map(|dropped| dropped.dispatch(control, dropped.d_y, below)));
            }
            let from = self.input_of(index, Use::Training, input);
            let mut bindings = vec![control, self.d_z[index], from];
            bindings.extend(self.written(update, index));
            list.push(Dispatch {
                label,
                operation: Operation::DenseBackwardWeight(DenseBackwardWeight {
                    rows,
                    inputs,
                    outputs,
                    update,
                    lr: request.optimizer.lr() as f32,
                    hyper: request.hyper(),
                    tiling: Tiling::of(outputs, inputs + 1),
                }),
                bindings,
            });
        }
    }

    /// The buffers that an update writes for a layer, as its slots name them.
    pub(super) fn written(&self, update: Update, index: usize) -> Vec<BufferId> {
        if update == Update::Gradient {
            return vec![self.gradients[index]];
        }
        let state = self.handles.state.chunks(self.layers.len()).map(|tensor| tensor[index]);
        std::iter::once(self.parameters_of(index)).chain(state).collect()
    }

    fn end(
        &self,
        list: &mut Vec<Dispatch>,
        control: BufferId,
        history: BufferId,
        metrics: Metrics,
    ) {
        list.push(Dispatch {
            label: "step".into(),
            operation: Operation::Metrics(metrics),
            bindings: vec![control, self.metrics_buffer(), history],
        });
    }

    fn metrics_buffer(&self) -> BufferId {
        match self.row_metrics {
            Some(id) => id,
            None => unreachable!("training plans have made this buffer before they use it"),
        }
    }

    /// Predictions for the rows in a buffer of their own.
    fn predict(&mut self, rows: usize) -> Result<()> {
        let network = self.network;
        let control = self.control("control")?;
        let input = self.buffer("input", vec![rows, network.inputs], Role::Batch)?;
        let output = self.buffer("output", vec![rows, network.outputs], Role::Activations)?;
        let mut list = Vec::new();
        match network.output {
            Output::Softmax => {
                self.forward(&mut list, Use::Application, control, input, rows);
                list.push(Dispatch {
                    label: "output".into(),
                    operation: Operation::Softmax(Softmax { rows, outputs: network.outputs }),
                    bindings: vec![control, self.y[self.last()], output],
                });
            }
            Output::Identity | Output::Sigmoid => {
                self.hidden(&mut list, Use::Application, control, input, rows);
                let from = self.input_of(self.last(), Use::Application, input);
                let function = match network.output {
                    Output::Sigmoid => Function::Of(crate::spec::Activation::Sigmoid),
                    Output::Identity | Output::Softmax => Function::Identity,
                };
                self.dense(&mut list, self.last(), control, (from, output), rows, function);
            }
        }
        self.phases[Phase::Predict as usize] = list;
        self.handles.predict_control = Some(control);
        self.handles.input = Some(input);
        self.handles.output = Some(output);
        Ok(())
    }

    fn finish(self, rows: usize, evaluate_rows: usize, residence: Residence) -> Result<Plan> {
        let predict_rows = self.handles.input.map_or(0, |id| self.buffers[id.0].shape[0]);
        let plan = Plan {
            networks: vec![self.network.clone()],
            strategy: Strategy::Layered,
            rows,
            shard: match residence {
                Residence::Shard(shard) => Some(shard),
                Residence::Fitting | Residence::Whole => None,
            },
            batch: self.batch,
            evaluate_rows,
            predict_rows,
            buffers: self.buffers,
            phases: self.phases,
            handles: self.handles,
        };
        self.limits.check_total(plan.bytes(), |allowed| {
            let share = allowed as f64 / plan.bytes() as f64;
            let parameters = plan.network().parameters();
            format!(
                "about {:.0} parameters fit, and {} has {parameters}: give its layers fewer units",
                parameters as f64 * share,
                plan.network(),
            )
        })?;
        Ok(plan)
    }
}

/// All of a buffer.
const fn whole(buffer: BufferId) -> Region {
    Region { buffer, offset: 0 }
}
