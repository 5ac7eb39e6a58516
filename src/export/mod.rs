//! Exports models, with their preprocessing, as ONNX graphs and PyTorch scripts.
//!
//! Must not know: training, devices.

mod onnx;
mod pytorch;

use std::path::Path;

use crate::data::Preprocessing;
use crate::spec::named;
use crate::{Error, Result, Setting};

pub use onnx::onnx;
pub use pytorch::pytorch;

/// An export format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// An ONNX graph: weights, preprocessing and classes in one file.
    Onnx,
    /// A Python script with an `nn.Sequential`, which loads the weights from the model file.
    Pytorch,
}

named!(Format, "format", { Onnx => "onnx", Pytorch => "pytorch" });

impl Format {
    /// The format for a file's extension.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the name does not end in `.onnx` or `.py`.
    pub fn of(path: &Path) -> Result<Self> {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("onnx") => Ok(Self::Onnx),
            Some("py") => Ok(Self::Pytorch),
            _ => Err(Error::invalid(
                format!("the extension of {} is no export format", path.display()),
                ("end the name in .onnx or .py, or give ", Setting::Format),
            )),
        }
    }
}

/// The words that mean a missing value in a column.
fn missing_words(preprocessing: &Preprocessing, column: &str) -> Vec<String> {
    let own = preprocessing.na_columns.get(column);
    preprocessing.na.iter().chain(own.into_iter().flatten()).cloned().collect()
}

/// Those of some words that are numbers, such as -999.
fn numbers_of(words: &[String]) -> Vec<f32> {
    let numbers = words.iter().filter_map(|word| word.parse().ok());
    let mut numbers: Vec<f32> = numbers.filter(|number: &f32| number.is_finite()).collect();
    numbers.sort_by(f32::total_cmp);
    numbers.dedup();
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_decides_the_format() {
        assert_eq!(Format::of(Path::new("a/b.onnx")).ok(), Some(Format::Onnx));
        assert_eq!(Format::of(Path::new("b.py")).ok(), Some(Format::Pytorch));
        assert!(Format::of(Path::new("b.txt")).is_err());
        assert!(Format::of(Path::new("onnx")).is_err());
    }
}
