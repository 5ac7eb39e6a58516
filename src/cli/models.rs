//! Models that commands read.

use std::path::Path;

use halfplane::model::Integrity;
use halfplane::{Model, Result};

use crate::report;

/// Reads a model; of a file without a checksum it says so.
pub(super) fn load(path: &Path) -> Result<Model> {
    let (model, integrity) = Model::load_checked(path)?;
    if integrity == Integrity::Unknown {
        let path = path.display();
        report::warn(&[format!(
            "{path} has no checksum, so that damage to it may go unnoticed: an older halfplane has \
             written it, or another program"
        )]);
    }
    Ok(model)
}
