//! What must hold for any bytes whatever, given as a table or as a model.
//!
//! The fuzz targets call it with bytes that grow wild, `tests/corpus.rs` with those of `corpus/`.

use std::path::Path;

use halfplane::Model;
use halfplane::data::{Decimal, Layout, Preprocess, Source, TableOptions, prepare, read_features};
use halfplane::export::{onnx, pytorch};

/// A table is read or refused; and what was read for training is read for prediction alike.
pub fn table(bytes: &[u8]) {
    let source = Source::Memory(bytes.to_vec());
    let ways = [
        (Preprocess::Auto, Decimal::Point),
        (Preprocess::None, Decimal::Point),
        (Preprocess::Auto, Decimal::Comma),
    ];
    for (preprocess, decimal) in ways {
        let layout = Layout { decimal, ..Layout::default() };
        let options = TableOptions { preprocess, layout, ..TableOptions::default() };
        let Ok(prepared) = prepare(&source, &options) else { continue };
        let training = prepared.training;
        assert_eq!(training.features().len(), training.rows() * training.inputs());
        assert!(training.features().iter().all(|value| value.is_finite()));
        let again = read_features(&source, layout, training.preprocessing())
            .expect("what was read once is read again");
        assert_eq!(again.rows, training.rows());
        assert_eq!(again.values, training.features());
    }
}

/// A model is read or refused; one that was read can be asked for columns, and exported.
pub fn model(bytes: &[u8]) {
    let Ok(model) = Model::from_bytes(bytes) else { return };
    assert_eq!(model.preprocessing.outputs(), model.network.inputs);
    let row = Source::Memory(b"x1,x2,u,v\n0,1,2,3\n".to_vec());
    let _ = read_features(&row, Layout::default(), &model.preprocessing);
    onnx(&model).expect("what was read is small enough");
    assert!(pytorch(&model, Path::new("m.safetensors")).contains("nn.Sequential"));
}
