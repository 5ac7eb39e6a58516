//! Models for other programs.

use halfplane::{Model, export};
use wasm_bindgen::prelude::*;

use crate::errors::{Result, thrown};

/// The ONNX graph of a model, from the bytes of its file.
///
/// # Errors
/// Bytes that are no model.
#[wasm_bindgen]
pub fn onnx(model: &[u8]) -> Result<Vec<u8>> {
    let model = Model::from_bytes(model).map_err(thrown)?;
    export::onnx(&model).map_err(thrown)
}
