//! The page of a search: its leaderboard, what its trials tell about each hyper-parameter, how they
//! learned, and, of tables of two numbers, the decision regions of the best, the middle and the worst.

mod capacity;
mod dimension;
mod learning;
mod page;
mod parallel;
mod progress;
mod scores;

use std::path::{Path, PathBuf};

use halfplane::Result;
use halfplane::low_level::files::write_beside;
use halfplane::metrics::Metric;
use halfplane::sweep::{Header, Record};

use super::svg::Picture;
use scores::Scores;

/// What the page tells.
pub(crate) struct Search<'a> {
    pub(crate) header: &'a Header,
    pub(crate) records: &'a [Record],
    pub(crate) metric: Metric,
    /// The number of the trial that was chosen, where the search has ended.
    pub(crate) chosen: Option<u64>,
    /// Decision regions of some trials.
    pub(crate) wall: Vec<Picture>,
}

/// The page of a search's folder.
pub(crate) fn place(folder: &Path) -> PathBuf {
    folder.join("index.html")
}

/// Writes the page.
pub(crate) fn write(folder: &Path, search: &Search<'_>) -> Result<()> {
    let scores = Scores::of(search.records, search.metric);
    let mut pictures = Vec::new();
    pictures.extend(progress::picture(&scores));
    pictures.extend(parallel::picture(&search.header.space, &scores));
    for (name, dimension) in search.header.space.iter() {
        pictures.extend(dimension::picture(name, dimension, &scores));
    }
    pictures.extend(capacity::pictures(&scores));
    pictures.extend(learning::picture(&scores));
    write_beside(&place(folder), page::page(search, &scores, &pictures).as_bytes())
}
