//! The page of a search.

use std::path::{Path, PathBuf};

use halfplane::metrics::Metric;
use halfplane::selection::CrossValidation;
use halfplane::sweep::{Header, Record, Sweep, best_first};
use halfplane::{Dataset, Result};

use super::refit::Best;
use crate::report::picture::search::{self, Search};
use crate::report::picture::{self, Picture};

/// Draws the page of a search that has ended; returns its place.
pub(super) fn draw(
    folder: &Path,
    sweep: &mut Sweep,
    best: &Best,
    all: &Dataset,
) -> Result<PathBuf> {
    let wall = wall(sweep, best, all)?;
    let (header, metric) = (sweep.header(), sweep.metric());
    let trial = Some(best.record.trial);
    write(folder, &header, sweep.records(), metric, trial, wall)
}

/// Draws the page of a journal.
pub(super) fn write(
    folder: &Path,
    header: &Header,
    records: &[Record],
    metric: Metric,
    chosen: Option<u64>,
    wall: Vec<Picture>,
) -> Result<PathBuf> {
    search::write(folder, &Search { header, records, metric, chosen, wall })?;
    Ok(search::place(folder))
}

/// The decision regions of the model, of the trial in the middle and of the worst, where the table has
/// two columns of numbers.
fn wall(sweep: &mut Sweep, best: &Best, all: &Dataset) -> Result<Vec<Picture>> {
    let targets = all.original_targets();
    let draw = |model: &_, name, record: &Record, which: &str| {
        let (mean, error) = record.score();
        let title = format!("{which}: trial {}, {mean:.4} ± {error:.4}", record.trial);
        picture::regions_of(model, all.features(), &targets, name, Some(&title))
    };
    let CrossValidation { mean, standard_error: error, .. } = best.cross_validation;
    let which = match best.point() {
        Some(_) => format!("The chosen: trial {}", best.record.trial),
        None => "The model: the default settings".to_owned(),
    };
    let title = format!("{which}, {mean:.4} ± {error:.4}");
    let model = picture::regions_of(&best.model, all.features(), &targets, "best", Some(&title))?;
    let Some(model) = model else { return Ok(Vec::new()) };
    let mut others: Vec<Record> =
        best_first(sweep.records(), sweep.metric()).into_iter().cloned().collect();
    others.retain(|own| own.trial != best.record.trial);
    let mut wall = vec![model];
    let shown = match others.len() {
        0 => vec![],
        1 => vec![(0, "worst", "The worst")],
        count => vec![(count / 2, "median", "In the middle"), (count - 1, "worst", "The worst")],
    };
    for (index, name, which) in shown {
        let record = &others[index];
        // Where it is interrupted, the page does without.
        let Some(model) = sweep.train(record, all)? else { continue };
        wall.extend(draw(&model, name, record, which)?);
    }
    Ok(wall)
}
