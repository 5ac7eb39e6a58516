//! What a page is told of a network and its rows: what does not change from frame to frame.

use halfplane::data::Task;
use halfplane::low_level::plan::Plan;
use halfplane::{Dataset, Network, Recipe, Strategy, flags};
use serde::Serialize;

use crate::configuration::Configuration;
use crate::errors::Result;
use crate::plane::{self, Plane};
use crate::regions::Regions;
use crate::rows::Rows;

/// A network and its rows, in words and numbers.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct About {
    strategy: Strategy,
    /// The widths of all layers, the inputs first.
    widths: Vec<usize>,
    parameters: u64,
    task: Task,
    rows: usize,
    validation_rows: usize,
    inputs: Vec<String>,
    /// The table's columns without the target.
    columns: Vec<String>,
    target: String,
    classes: Vec<String>,
    /// The columns that one can look along, and which two it is.
    axes: Vec<String>,
    axis: [usize; 2],
    /// The range of each; none where there are no two such columns.
    view: Option<[[f32; 2]; 2]>,
    target_range: [f32; 2],
    steps_per_epoch: u64,
    /// What it is trained by.
    configuration: Configuration,
    /// What a search tries where nothing else is said, by the names of the command line's flags.
    space: [(&'static str, &'static str); 4],
    /// How the columns become inputs, as the command line says it, and what may be wrong with them.
    said: String,
    warnings: Vec<String>,
}

impl About {
    pub(crate) fn of(
        plan: &Plan,
        network: &Network,
        rows: &Rows,
        axis: [usize; 2],
        plane: Option<&Plane>,
        configuration: &Configuration,
    ) -> Self {
        let data = &rows.data.training;
        let preprocessing = data.preprocessing();
        Self {
            strategy: plan.strategy,
            widths: network.widths(),
            parameters: network.parameters(),
            task: data.task(),
            rows: data.rows(),
            validation_rows: rows.data.validation.as_ref().map_or(0, Dataset::rows),
            inputs: data.feature_names(),
            columns: preprocessing.columns.iter().map(|own| own.name.clone()).collect(),
            target: data.target_name().into_owned(),
            classes: data.classes().to_vec(),
            axes: plane::choices(preprocessing).into_iter().map(|own| own.name).collect(),
            axis,
            view: plane.map(|own| own.view),
            target_range: Regions::of(data).range,
            steps_per_epoch: plan.steps_per_epoch(),
            space: Recipe::space(configuration.optimizer.name()),
            configuration: configuration.clone(),
            said: preprocessing.to_string(),
            warnings: flags::warnings(&rows.warnings),
        }
    }

    pub(crate) fn json(&self) -> Result<String> {
        Ok(serde_json::to_string(self)?)
    }
}
