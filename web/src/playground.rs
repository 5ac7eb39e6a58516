//! One network that trains before one's eyes: a session, advanced a frame at a time.

use halfplane::data::{Layout, Source, read_features};
use halfplane::low_level::kernels::Function;
use halfplane::metrics::Scores;
use halfplane::model::csv;
use halfplane::spec::LayerParameters;
use halfplane::train::{Session, Status};
use halfplane::{Dataset, Network};
use serde_json::json;
use wasm_bindgen::prelude::*;

use crate::about::About;
use crate::budget;
use crate::configuration::Configuration;
use crate::device::Device;
use crate::errors::{self, Result, thrown};
use crate::layers;
use crate::listener::Listener;
use crate::plane::Plane;
use crate::regions::{self, Regions};
use crate::rows::{File, Rows};

/// A network in training.
#[wasm_bindgen]
pub struct Playground {
    session: Session,
    network: Network,
    configuration: Configuration,
    rows: Rows,
    plane: Option<Plane>,
    axes: [usize; 2],
    listener: Listener,
    ended: bool,
    /// The pictures of the last frame.
    frame: Frame,
}

/// Pictures and numbers of a moment.
#[derive(Debug, Default)]
struct Frame {
    /// Of each hidden unit, \[side · side\] bytes: see [`shade`].
    neurons: Vec<u8>,
    /// Of each point, the class and how sure of it the network is; of a regression 255 and the number.
    output: Vec<u8>,
    /// All weights and biases: W, b, W, b, …
    weights: Vec<f32>,
    /// The first layer's lines.
    lines: Vec<f32>,
}

#[wasm_bindgen]
impl Playground {
    /// Draws or reads the rows, and puts a network on the device. `configuration` is JSON; where it is to
    /// be `by_recipe`, network and training are those that the library's recipe has for the rows.
    ///
    /// # Errors
    /// What the library says of settings and rows.
    pub async fn open(
        configuration: String,
        name: Option<String>,
        bytes: Option<Vec<u8>>,
        by_recipe: bool,
        device: Device,
    ) -> Result<Self> {
        let typed: Configuration = serde_json::from_str(&configuration)?;
        let rows = Rows::of(&typed, File::of(name, bytes))?;
        let data = &rows.data.training;
        let configuration = if by_recipe { typed.for_table(data) } else { typed };
        let network = configuration.network(data).map_err(thrown)?;
        let options = configuration.options(data).map_err(thrown)?;
        let session = Session::on(device.opened.as_ref(), &network, rows.data.clone(), options)
            .await
            .map_err(thrown)?;
        let session = device.with_fallback(session);
        let steps_per_epoch = session.plan().steps_per_epoch();
        let axes = [0, 1];
        let plane = Plane::of(data, axes);
        Ok(Self {
            session,
            network,
            configuration,
            plane,
            axes,
            rows,
            listener: Listener { steps_per_epoch, ..Listener::default() },
            ended: false,
            frame: Frame::default(),
        })
    }

    /// What is trained on what, as JSON.
    ///
    /// # Errors
    /// None but that of JSON.
    pub fn about(&self) -> Result<String> {
        let (plan, plane) = (self.session.plan(), self.plane.as_ref());
        let own = About::of(plan, &self.network, &self.rows, self.axes, plane, &self.configuration);
        own.json()
    }

    /// The rows in the plane, training rows first: x, y and the class or number of each.
    pub fn points(&self) -> Vec<f32> {
        let Some(plane) = &self.plane else { return Vec::new() };
        let both = [Some(&self.rows.data.training), self.rows.data.validation.as_ref()];
        let of = |data: &Dataset| {
            let targets = regions::targets(data);
            let points = plane.points(data);
            let points = points.chunks_exact(2).zip(targets);
            points.flat_map(|(point, target)| [point[0], point[1], target]).collect::<Vec<_>>()
        };
        both.into_iter().flatten().flat_map(of).collect()
    }

    /// Looks along two other columns.
    pub fn look_along(&mut self, x: usize, y: usize) {
        self.axes = [x, y];
        self.plane = Plane::of(&self.rows.data.training, self.axes);
    }

    /// Goes on by so many steps, unless the time is over before. Whether there is more to do.
    ///
    /// # Errors
    /// A training that diverges, a device that fails for good.
    pub async fn advance(&mut self, steps: f64, milliseconds: f64) -> Result<bool> {
        let budget = budget::frame(steps, milliseconds);
        let status = self.session.advance(budget, &mut self.listener).await.map_err(thrown)?;
        self.ended = status == Status::Ended;
        Ok(!self.ended)
    }

    /// Lets a run that has ended go on for as long again.
    pub fn go_on(&mut self) {
        self.session.go_on();
        self.ended = false;
    }

    /// Steps done.
    #[wasm_bindgen(getter)]
    pub fn step(&self) -> f64 {
        self.session.step(0) as f64
    }

    /// Step and loss of what was logged since the last call, in turn.
    pub fn losses(&mut self) -> Vec<f64> {
        std::mem::take(&mut self.listener.losses)
    }

    /// Epoch and mean training loss since the last call, in turn; none where an epoch is a step.
    pub fn epochs(&mut self) -> Vec<f64> {
        std::mem::take(&mut self.listener.epochs)
    }

    /// Epoch and validation loss since the last call, in turn.
    pub fn validations(&mut self) -> Vec<f64> {
        std::mem::take(&mut self.listener.validations)
    }

    /// What the device said when it failed and the CPU path took over, once.
    pub fn recovered(&mut self) -> Option<String> {
        self.listener.recovered.take()
    }

    /// Computes the pictures of the present weights: of hidden units with `side`², of the output with
    /// `fine`² points.
    ///
    /// # Errors
    /// A device that fails.
    pub async fn draw(&mut self, side: usize, fine: usize) -> Result<()> {
        let parameters = self.session.parameters(0).await.map_err(thrown)?;
        let mut frame = Frame::default();
        if let Some(plane) = &self.plane {
            let inputs = plane.inputs(side);
            let layers = layers::answers(&self.network, &parameters, inputs, side * side);
            let middle = Function::Of(self.network.activation).value(0.0);
            for unit in
                layers[..layers.len() - 1].iter().flat_map(|own| own.chunks_exact(side * side))
            {
                shade(unit, middle, &mut frame.neurons);
            }
            let mut layers =
                layers::answers(&self.network, &parameters, plane.inputs(fine), fine * fine);
            let answers = layers.pop().unwrap_or_default();
            let regions = Regions::of(&self.rows.data.training);
            frame.output = regions.bytes(&self.network, &answers, fine * fine);
            let LayerParameters { weight, bias } = &parameters.layers[0];
            if parameters.norms.is_empty() {
                frame.lines = plane.lines(weight, bias);
            }
        }
        for block in &parameters.layers {
            frame.weights.extend_from_slice(&block.weight);
            frame.weights.extend_from_slice(&block.bias);
        }
        self.frame = frame;
        Ok(())
    }

    /// Of each hidden unit of the last drawing, a byte for each point.
    pub fn neurons(&self) -> Vec<u8> {
        self.frame.neurons.clone()
    }

    /// Of each point of the last drawing, class and confidence.
    pub fn output(&self) -> Vec<u8> {
        self.frame.output.clone()
    }

    /// All weights of the last drawing: W, b, W, b, …
    pub fn weights(&self) -> Vec<f32> {
        self.frame.weights.clone()
    }

    /// The lines u·x + v·y + b = 0 of the first layer's units in the last drawing.
    pub fn lines(&self) -> Vec<f32> {
        self.frame.lines.clone()
    }

    /// Scores of the present weights as JSON: on the rows that are held out, or else on the training rows.
    ///
    /// # Errors
    /// A device that fails.
    pub async fn scores(&mut self) -> Result<String> {
        let data = self.rows.data.validation.as_ref().unwrap_or(&self.rows.data.training).clone();
        let predictions = self.session.predict_data(0, &data).await.map_err(thrown)?;
        let scores = Scores::of(&data.original_targets(), &predictions, data.weights());
        let held_out = self.rows.data.validation.is_some();
        let scores = scores.map_err(thrown)?;
        Ok(json!({ "heldOut": held_out, "rows": data.rows(), "scores": scores }).to_string())
    }

    /// Predictions for so many of the first training rows.
    ///
    /// # Errors
    /// A device that fails.
    pub async fn predictions(&mut self, rows: usize) -> Result<Vec<f32>> {
        let data = &self.rows.data.training;
        let count = rows.min(data.rows()) * data.inputs();
        self.session.predict_rows(0, &data.features()[..count]).await.map_err(thrown)
    }

    /// A table of predictions for every row of a file, as the command line's `predict` writes it.
    ///
    /// # Errors
    /// Columns that the model needs and the file lacks.
    pub async fn predict(&mut self, name: String, bytes: Vec<u8>) -> Result<String> {
        let model = self.session.model(0).await.map_err(thrown)?;
        let source = Source::Memory(bytes);
        let features = read_features(&source, Layout::default(), &model.preprocessing)
            .map_err(|error| errors::of_file(&name, error))?;
        let predictions = self.session.predict_rows(0, &features.values).await.map_err(thrown)?;
        let (header, lines) = csv::table(&model, &predictions).map_err(thrown)?;
        Ok([vec![header], lines, vec![String::new()]].concat().join("\n"))
    }

    /// The trained model as the bytes of its file.
    ///
    /// # Errors
    /// Weights that are not finite.
    pub async fn model(&mut self) -> Result<Vec<u8>> {
        let model = self.session.model(0).await.map_err(thrown)?;
        model.to_bytes().map_err(thrown)
    }

    /// The rows as a table, where the page has drawn them.
    pub fn table(&self) -> Option<String> {
        self.rows.text.clone()
    }
}

/// A unit's answers as bytes: 127 is `middle`, its answer to z = 0, on which side of which one sees it is
/// what its line tells.
fn shade(unit: &[f32], middle: f32, bytes: &mut Vec<u8>) {
    let reach = unit.iter().map(|value| (value - middle).abs()).fold(1e-9, f32::max);
    bytes.extend(unit.iter().map(|value| (127.0 + 127.0 * (value - middle) / reach) as u8));
}
