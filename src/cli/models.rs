//! Models that commands read, and what they tell of them.

use std::path::Path;

use halfplane::data::TargetColumn;
use halfplane::model::Integrity;
use halfplane::{Model, Result};
use serde_json::{Value, json};

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

/// Adds what a model predicts to what is told to machines: its target and classes, or its targets.
pub(super) fn tell_targets(told: &mut Value, model: &Model) {
    match &model.targets[..] {
        [TargetColumn { name, classes }] => {
            told["target"] = json!(name);
            told["classes"] = json!(classes);
        }
        several => told["targets"] = json!(several),
    }
}
