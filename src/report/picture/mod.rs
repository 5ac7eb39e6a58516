//! Pictures of a training and of its model: SVG files, and one page that holds them all.

mod chart;
mod confusion;
mod contour;
mod curves;
mod page;
mod regions;
mod residuals;
mod scale;
mod svg;
mod theme;

use std::fs;
use std::path::Path;

use halfplane::files::write_beside;
use halfplane::metrics::{Ranking, Scores};
use halfplane::{Error, Model, Result, Targets};

use super::history::History;
use super::plane::{Plane, drawable, regions};
pub(crate) use chart::{short, thinned, thousands};
use curves::Rest;
use residuals::Numbers;
use svg::Picture;
pub(crate) use svg::shortened;

/// Past so many classes their curves hide each other.
const MOST_CURVES: usize = 10;

/// What there is to be drawn.
pub(crate) struct Results<'a> {
    pub(crate) model: &'a Model,
    /// Which rows these are: "training rows", a file's name.
    pub(crate) rows: &'a str,
    /// The network's inputs, \[N, I\].
    pub(crate) features: &'a [f32],
    /// In the target's own unit.
    pub(crate) targets: &'a Targets,
    /// In the target's own unit.
    pub(crate) predictions: &'a [f32],
    /// How much each row counts, if not all the same.
    pub(crate) weights: Option<&'a [f32]>,
    /// How good the predictions are.
    pub(crate) scores: &'a Scores,
    /// How the training went, where there was one.
    pub(crate) history: Option<&'a History>,
}

/// Makes the folder, before the work whose results go there.
pub(crate) fn prepare(folder: &Path) -> Result<()> {
    let failed = |source| Error::File { verb: "write", path: folder.into(), source };
    fs::create_dir_all(folder).map_err(failed)
}

/// Writes every picture that the task has, and `index.html` with all of them.
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
    pictures.extend(results.history.and_then(curves::loss));
    match results.scores {
        Scores::Classification(scores) => {
            pictures.push(confusion::confusion(&scores.confusion, &results.model.classes));
            let rests = rests(results);
            pictures.extend(curves::roc(&rests));
            pictures.extend(curves::precision_recall(&rests));
            let of = match &results.model.classes[..] {
                [_, yes] => yes.as_str(),
                _ => "the likeliest class",
            };
            pictures.push(curves::calibration(&scores.calibration, of));
        }
        Scores::Regression(_) => {
            if let Targets::Numbers { values, columns: 1 } = results.targets {
                let target = results.model.target.as_str();
                let numbers = Numbers { truth: values, predictions: results.predictions, target };
                pictures.extend([numbers.predicted(), numbers.residuals()]);
            }
        }
    }
    Ok(pictures)
}

/// The rankings of each class against the rest; of two classes, of the second.
fn rests<'a>(results: &Results<'a>) -> Vec<Rest<'a>> {
    let classes = &results.model.classes;
    let Results { predictions, weights, .. } = *results;
    match results.targets {
        Targets::Binary { values, columns: 1 } => {
            let own: Vec<bool> = values.iter().map(|value| *value > 0.5).collect();
            vec![Rest { name: &classes[1], ranking: Ranking::new(&own, predictions, weights) }]
        }
        Targets::Classes { values, count } => (0..*count)
            .take(MOST_CURVES)
            .map(|class| {
                let own: Vec<bool> = values.iter().map(|&value| value as usize == class).collect();
                let scores: Vec<f32> =
                    predictions.iter().skip(class).step_by(*count).copied().collect();
                Rest { name: &classes[class], ranking: Ranking::new(&own, &scores, weights) }
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// The plane that the network parts, where it takes two numbers.
fn decision_regions(results: &Results<'_>) -> Result<Option<Picture>> {
    let Results { model, targets, .. } = results;
    let plane = Plane::of(&model.preprocessing, results.features, regions::CELLS);
    let Some(plane) = plane.filter(|_| drawable(targets)) else { return Ok(None) };
    let network = &model.network;
    let answers = model.predict(&plane.inputs())?;
    let picture = regions::Regions {
        plane: &plane,
        regions: &regions(&answers, network.output, network.outputs),
        output: network.output,
        classes: &model.classes,
        target: &model.target,
        targets,
        points: &plane.points(results.features),
        neurons: &plane.neurons(model),
    };
    Ok(Some(picture.picture()))
}
