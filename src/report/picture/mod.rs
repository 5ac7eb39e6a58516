//! Pictures of a training run and its model: SVG files, and an HTML page with all of them.

mod chart;
mod confusion;
mod contour;
mod curves;
mod page;
mod regions;
mod residuals;
mod scale;
pub(crate) mod search;
mod svg;
mod theme;

use std::fs;
use std::path::Path;

use halfplane::data::{TargetColumn, column_of};
use halfplane::low_level::files::{remove_abandoned, write_beside};
use halfplane::metrics::{Ranking, Scores};
use halfplane::{Model, Result, Targets};

use super::history::History;
use super::plane::{Plane, cells, has_regions};
pub(crate) use chart::{short, thinned, thousands};
use curves::{CurvesOf, OneVsRest};
use residuals::Predictions;
pub(crate) use svg::{Picture, shortened};

/// The most classes with a curve each: more would hide each other.
const MAX_CURVES: usize = 10;

/// The most targets with pictures of their own: a page of more would be long.
const MAX_TARGETS: usize = 6;

/// The results that are drawn.
pub(crate) struct Results<'a> {
    pub(crate) model: &'a Model,
    /// The name of the rows: "training rows", a file's name.
    pub(crate) rows: &'a str,
    /// The network's inputs, \[N, I\].
    pub(crate) features: &'a [f32],
    /// The targets, in their own unit.
    pub(crate) targets: &'a Targets,
    /// The predictions \[N, O\], in the target's unit.
    pub(crate) predictions: &'a [f32],
    /// The sample weights \[N\], if there are any.
    pub(crate) weights: Option<&'a [f32]>,
    /// The scores of the predictions.
    pub(crate) scores: &'a Scores,
    /// The losses of the training, of each network; none where the model comes from a file.
    pub(crate) histories: &'a [History],
}

/// Creates the folder: called before training, so that it does not fail after it.
pub(crate) fn prepare(folder: &Path) -> Result<()> {
    let failed = |source| super::failed("write", folder, source);
    fs::create_dir_all(folder).map_err(failed)?;
    remove_abandoned(folder);
    Ok(())
}

/// Writes all pictures of the task, and `index.html` with all of them.
pub(crate) fn write(folder: &Path, results: &Results<'_>) -> Result<()> {
    let pictures = draw(results)?;
    for picture in &pictures {
        write_beside(&folder.join(format!("{}.svg", picture.name)), picture.file().as_bytes())?;
    }
    write_beside(&folder.join("index.html"), page::page(results, &pictures).as_bytes())
}

fn draw(results: &Results<'_>) -> Result<Vec<Picture>> {
    let mut pictures = Vec::new();
    pictures.extend(decision_regions(results)?);
    pictures.extend(match results.histories {
        [] => None,
        [own] => curves::loss(own),
        all => curves::losses(all),
    });
    match results.scores {
        Scores::Classification(scores) => {
            let classes = results.model.classes();
            pictures.push(confusion::confusion(&scores.confusion, classes, None));
            let one_vs_rest = one_vs_rest(results);
            pictures.extend(curves::roc(&one_vs_rest, CurvesOf::Classes));
            pictures.extend(curves::precision_recall(&one_vs_rest, CurvesOf::Classes));
            let of = match classes {
                [_, yes] => yes.as_str(),
                _ => "the likeliest class",
            };
            pictures.push(curves::calibration(&scores.calibration, of));
        }
        Scores::MultiLabel(scores) => {
            let one_vs_rest = one_vs_rest(results);
            let of = CurvesOf::Labels(scores.per_label.len());
            pictures.extend(curves::roc(&one_vs_rest, of));
            pictures.extend(curves::precision_recall(&one_vs_rest, of));
            for (number, (own, scores)) in several(results).zip(&scores.per_label).enumerate() {
                let picture =
                    confusion::confusion(&scores.confusion, &own.classes, Some(&own.name));
                pictures.push(picture.of_target(number + 1, &own.name));
            }
        }
        Scores::Regression(_) => {
            if let Targets::Numbers { values, columns } = results.targets {
                pictures.extend(numbers(results, values, *columns));
            }
        }
    }
    Ok(pictures)
}

/// The targets with pictures of their own, where there are several.
fn several<'a>(results: &Results<'a>) -> impl Iterator<Item = &'a TargetColumn> {
    results.model.targets.iter().take(MAX_TARGETS)
}

/// Predictions and residuals of each target.
fn numbers(results: &Results<'_>, truth: &[f32], columns: usize) -> Vec<Picture> {
    let of = |values: &[f32], column: usize| -> Vec<f32> {
        column_of(values, column, columns).collect()
    };
    let mut pictures = Vec::new();
    for (column, own) in several(results).enumerate() {
        let [truth, predictions] = [truth, results.predictions].map(|values| of(values, column));
        let target = own.name.as_str();
        let numbers = Predictions { truth: &truth, predictions: &predictions, target };
        let both = [numbers.predicted(), numbers.residuals()];
        pictures.extend(both.map(|own| match columns {
            1 => own,
            _ => own.of_target(column + 1, target),
        }));
    }
    pictures
}

/// The ranking of each class against the others; for two classes, that of the second; for several labels,
/// that of each.
fn one_vs_rest<'a>(results: &Results<'a>) -> Vec<OneVsRest<'a>> {
    let classes = results.model.classes();
    let Results { predictions, weights, .. } = *results;
    match results.targets {
        Targets::Binary { values, columns: 1 } => {
            let own: Vec<bool> = values.iter().map(|value| *value > 0.5).collect();
            vec![OneVsRest { name: &classes[1], ranking: Ranking::new(&own, predictions, weights) }]
        }
        Targets::Classes { values, count } => (0..*count)
            .take(MAX_CURVES)
            .map(|class| {
                let own: Vec<bool> = values.iter().map(|&value| value as usize == class).collect();
                let scores: Vec<f32> = column_of(predictions, class, *count).collect();
                OneVsRest { name: &classes[class], ranking: Ranking::new(&own, &scores, weights) }
            })
            .collect(),
        Targets::Binary { values, columns } => {
            let curve = |(label, target): (usize, &'a TargetColumn)| {
                let own: Vec<bool> =
                    column_of(values, label, *columns).map(|value| value > 0.5).collect();
                let scores: Vec<f32> = column_of(predictions, label, *columns).collect();
                let ranking = Ranking::new(&own, &scores, weights);
                OneVsRest { name: &target.name, ranking }
            };
            results.model.targets.iter().take(MAX_CURVES).enumerate().map(curve).collect()
        }
        Targets::Numbers { .. } => Vec::new(),
    }
}

/// The picture of decision regions, if the network has two numeric inputs.
fn decision_regions(results: &Results<'_>) -> Result<Option<Picture>> {
    let Results { model, features, targets, .. } = *results;
    regions_of(model, features, targets, "regions", None)
}

/// The decision regions of a network with two numeric inputs, under a name that no other picture of a
/// page has, and a title of its own where there are several.
pub(crate) fn regions_of(
    model: &Model,
    features: &[f32],
    targets: &Targets,
    name: &'static str,
    title: Option<&str>,
) -> Result<Option<Picture>> {
    let plane = Plane::of(&model.preprocessing, features, regions::CELLS);
    let Some(plane) = plane.filter(|_| has_regions(targets)) else { return Ok(None) };
    let network = &model.network;
    let predictions = model.predict(&plane.inputs())?;
    let neurons = plane.neurons(model);
    let picture = regions::Regions {
        name,
        network: title,
        plane: &plane,
        cells: &cells(&predictions, network.output, network.outputs),
        output: network.output,
        classes: model.classes(),
        target: &model.target(),
        targets,
        points: &plane.points(features),
        neurons: neurons.as_deref().map_err(|why| *why),
    };
    Ok(Some(picture.picture()))
}
