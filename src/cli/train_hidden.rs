//! `halfplane train --hidden auto`: layers and units that are best on the folds.

use std::ops::ControlFlow;

use halfplane::metrics::Metric;
use halfplane::selection::FitOptions;
use halfplane::sweep::{
    Dimension, Ended, Pruning, Record, SamplerName, Space, Sweep, SweepOptions, Value,
};
use halfplane::{Network, Result, TrainOptions};

use super::arguments::Hidden;
use super::interrupt;
use super::settings::Folded;

/// What is tried, from the smallest on: of equals the first is chosen.
const SHAPES: [&str; 10] =
    ["none", "8", "16", "32", "64", "32,16", "100", "64,32", "128,64", "128,64,32"];

/// Chooses the hidden layers, by as many networks for each shape as there are folds; returns what was tried.
/// `None` where an interrupt has ended it.
pub(super) fn choose(folded: &mut Folded, metric: Metric) -> Result<Option<Vec<Record>>> {
    let network = folded.settings.network.clone();
    // What is tried leaves no checkpoints.
    let training = TrainOptions { checkpoints: None, ..folded.settings.options.clone() };
    let folds = folded.settings.data.folds(&folded.splits);
    let space = Space::new().with("hidden", Dimension::choices(SHAPES))?;
    let options = SweepOptions {
        sampler: Some(SamplerName::Grid),
        pruning: Pruning::Off,
        fit: FitOptions {
            device: training.device.clone(),
            threads: training.threads,
            interrupt: Some(interrupt::flag()),
            ..FitOptions::default()
        },
        ..SweepOptions::new(metric)
    };
    let mut sweep = Sweep::new(&space, &folds, options, |point, _| {
        let hidden = point.get("hidden").map_or(Vec::new(), units);
        Ok((Network { hidden, ..network.clone() }, training.clone()))
    })?;
    if sweep.run(|_| ControlFlow::Continue(()))? == Ended::Interrupted {
        return Ok(None);
    }
    let hidden = sweep.chosen()?.parameters.get("hidden").map_or(Vec::new(), units);
    let records = sweep.records().to_vec();
    drop(sweep);
    folded.settings.network.hidden = hidden;
    Ok(Some(records))
}

/// The units of each layer, as `--hidden` takes them.
fn units(value: &Value) -> Vec<usize> {
    let hidden = value.to_string().parse::<Hidden>().ok();
    hidden.as_ref().and_then(Hidden::units).unwrap_or_default().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_is_what_it_says() {
        for shape in SHAPES {
            let words: Vec<String> =
                units(&Value::parse(shape)).iter().map(usize::to_string).collect();
            let told = if words.is_empty() { "none".to_owned() } else { words.join(",") };
            assert_eq!(told, shape);
        }
        let default: Vec<usize> = halfplane::Recipe::HIDDEN.to_vec();
        assert!(SHAPES.iter().any(|shape| units(&Value::parse(shape)) == default));
    }
}
