//! Models for other programs: ONNX graphs and PyTorch scripts, the preprocessing inside.
//!
//! Must not know: training, devices.

mod onnx;
mod pytorch;

use std::path::Path;

use crate::data::Preprocessing;
use crate::spec::named;
use crate::{Error, Result};

pub use onnx::onnx;
pub use pytorch::pytorch;

/// What a model can be written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A graph that ONNX runtimes run: weights, preprocessing and classes in one file.
    Onnx,
    /// A Python script with the `nn.Sequential` that loads the weights from the model file.
    Pytorch,
}

named!(Format, "format", { Onnx => "onnx", Pytorch => "pytorch" });

impl Format {
    /// The format that goes with a file's name.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the name does not end in `.onnx` or `.py`.
    pub fn of(path: &Path) -> Result<Self> {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("onnx") => Ok(Self::Onnx),
            Some("py") => Ok(Self::Pytorch),
            _ => Err(Error::invalid(
                format!("the name {} does not tell the format", path.display()),
                "end it in .onnx or .py, or give --format",
            )),
        }
    }
}

/// The numbers that stand for a missing one, however they are written.
fn missing_numbers(preprocessing: &Preprocessing) -> Vec<f32> {
    let numbers = preprocessing.na.iter().filter_map(|word| word.parse().ok());
    let mut numbers: Vec<f32> = numbers.filter(|number: &f32| number.is_finite()).collect();
    numbers.sort_by(f32::total_cmp);
    numbers.dedup();
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_tells_the_format() {
        assert_eq!(Format::of(Path::new("a/b.onnx")).ok(), Some(Format::Onnx));
        assert_eq!(Format::of(Path::new("b.py")).ok(), Some(Format::Pytorch));
        assert!(Format::of(Path::new("b.txt")).is_err());
        assert!(Format::of(Path::new("onnx")).is_err());
    }
}
