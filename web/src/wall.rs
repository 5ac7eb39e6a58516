//! The wall: many networks at once, seeds × shapes × learning rates, as one grid of the library.

use halfplane::train::{Session, Silent, Status};
use halfplane::{Candidate, Network, TrainOptions};
use serde::Deserialize;
use serde_json::json;
use wasm_bindgen::prelude::*;

use crate::budget;
use crate::configuration::Configuration;
use crate::device::Device;
use crate::errors::{Result, invalid, thrown};
use crate::layers;
use crate::plane::Plane;
use crate::regions::Regions;
use crate::rows::{File, Rows};

/// The most networks of a wall.
const MOST: usize = 1000;

/// Which networks there are: each shape with each rate and each seed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Choice {
    shapes: Vec<Vec<usize>>,
    rates: Vec<f64>,
    /// So many seeds, beginning with the configuration's.
    seeds: u64,
}

/// Many networks in training.
#[wasm_bindgen]
pub struct Wall {
    session: Session,
    candidates: Vec<Candidate>,
    rows: Rows,
    plane: Option<Plane>,
    /// The pictures of the last drawing, one after another: class and confidence of each point.
    pictures: Vec<u8>,
    /// Each network's loss: on the rows that are held out, or else on the training rows.
    losses: Vec<f64>,
}

#[wasm_bindgen]
impl Wall {
    /// Puts all networks on the device. `configuration` and `choice` are JSON.
    ///
    /// # Errors
    /// What the library says of settings and rows; more networks than a page can show.
    pub async fn open(
        configuration: String,
        choice: String,
        name: Option<String>,
        bytes: Option<Vec<u8>>,
        device: Device,
    ) -> Result<Self> {
        let configuration: Configuration = serde_json::from_str(&configuration)?;
        let choice: Choice = serde_json::from_str(&choice)?;
        let rows = Rows::of(&configuration, File::of(name, bytes))?;
        let data = &rows.data.training;
        let networks = choice
            .shapes
            .iter()
            .map(|hidden| {
                let own = Configuration { hidden: hidden.clone(), ..configuration.clone() };
                own.network(data)
            })
            .collect::<halfplane::Result<Vec<Network>>>()
            .map_err(thrown)?;
        let count = (networks.len() as u64)
            .saturating_mul(choice.rates.len() as u64)
            .saturating_mul(choice.seeds);
        if count == 0 || count > MOST as u64 {
            let problem = format!("the wall would have {count} networks");
            return Err(thrown(invalid(problem, "make it 1 to 1000")));
        }
        let mut candidates = Vec::new();
        for network in &networks {
            for lr in &choice.rates {
                for seed in 0..choice.seeds {
                    let seed = configuration.seed.wrapping_add(seed);
                    candidates.push(Candidate::new(network.clone(), seed, *lr, 0..data.rows()));
                }
            }
        }
        let options = TrainOptions {
            // Nobody listens, and the losses are looked at as often as they are shown.
            log_every: u64::from(u32::MAX),
            validate_every: u64::MAX,
            ..configuration.options(data).map_err(thrown)?
        };
        let opened = device.opened.as_ref();
        let session = Session::grid_on(opened, &candidates, rows.data.clone(), options)
            .await
            .map_err(thrown)?;
        let session = device.with_fallback(session.without_evaluation());
        let plane = Plane::of(data, [0, 1]);
        Ok(Self { session, candidates, rows, plane, pictures: Vec::new(), losses: Vec::new() })
    }

    /// The networks as JSON, and what computes them.
    pub fn about(&self) -> String {
        let of = |one: &Candidate| {
            json!({ "hidden": one.network.hidden, "lr": one.lr, "seed": one.seed,
                "parameters": one.network.parameters() })
        };
        let networks: Vec<_> = self.candidates.iter().map(of).collect();
        json!({
            "device": self.session.device(),
            "networks": networks,
            "heldOut": self.rows.data.validation.is_some(),
            "task": self.rows.data.training.task(),
        })
        .to_string()
    }

    /// Goes on by so many steps of every network, unless the time is over before. Whether there is more
    /// to do.
    ///
    /// # Errors
    /// A device that fails for good. Networks that diverge only end.
    pub async fn advance(&mut self, steps: f64, milliseconds: f64) -> Result<bool> {
        let budget = budget::frame(steps, milliseconds);
        let status = self.session.advance(budget, &mut Silent).await.map_err(thrown)?;
        Ok(status == Status::Running)
    }

    /// Steps that each network has done.
    #[wasm_bindgen(getter)]
    pub fn step(&self) -> f64 {
        let steps = (0..self.session.networks()).map(|network| self.session.step(network));
        steps.max().unwrap_or(0) as f64
    }

    /// Computes every network's loss, and its picture of `side`² points.
    ///
    /// # Errors
    /// A device that fails.
    pub async fn draw(&mut self, side: usize) -> Result<()> {
        let validation = self.session.validate().await.map_err(thrown)?;
        let evaluations = match validation {
            Some(all) => all,
            None => self.session.evaluate().await.map_err(thrown)?,
        };
        self.losses = evaluations.iter().map(|own| own.loss).collect();
        let Some(plane) = &self.plane else { return Ok(()) };
        let parameters = self.session.all_parameters().await.map_err(thrown)?;
        let inputs = plane.inputs(side);
        let regions = Regions::of(&self.rows.data.training);
        self.pictures.clear();
        for (one, own) in self.candidates.iter().zip(&parameters) {
            let mut layers = layers::answers(&one.network, own, inputs.clone(), side * side);
            let answers = layers.pop().unwrap_or_default();
            self.pictures.extend(regions.bytes(&one.network, &answers, side * side));
        }
        Ok(())
    }

    /// The pictures of the last drawing, \[networks · side² · 2\].
    pub fn pictures(&self) -> Vec<u8> {
        self.pictures.clone()
    }

    /// The losses of the last drawing.
    pub fn losses(&self) -> Vec<f64> {
        self.losses.clone()
    }
}
