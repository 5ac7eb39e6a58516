//! Weights and optimizer states as NumPy's arrays.

use halfplane::spec::LayerParameters;
use halfplane::{Network, Parameters};
use numpy::{PyArray1, PyArrayMethods, PyReadonlyArray1};
use pyo3::prelude::*;

/// The tensors of parameters, in the order of the network's blocks: weight and bias of each dense
/// layer, then γ and β of each norm. All are flat; a weight [O, I] is row-major.
pub(crate) type Tensors<'py> = Vec<(Bound<'py, PyArray1<f32>>, Bound<'py, PyArray1<f32>>)>;

/// The same as Python gives them.
pub(crate) type Given<'py> = Vec<(PyReadonlyArray1<'py, f32>, PyReadonlyArray1<'py, f32>)>;

pub(crate) fn tensors<'py>(py: Python<'py>, parameters: Parameters) -> Tensors<'py> {
    let blocks = parameters.layers.into_iter().chain(parameters.norms);
    blocks
        .map(|block| (PyArray1::from_vec(py, block.weight), PyArray1::from_vec(py, block.bias)))
        .collect()
}

/// Parameters of a network from its tensors.
pub(crate) fn parameters(
    network: &Network,
    tensors: &[(PyReadonlyArray1<'_, f32>, PyReadonlyArray1<'_, f32>)],
) -> PyResult<Parameters> {
    let block = |(weight, bias): &(PyReadonlyArray1<'_, f32>, PyReadonlyArray1<'_, f32>)| {
        Ok(LayerParameters { weight: weight.to_vec()?, bias: bias.to_vec()? })
    };
    let mut layers = tensors.iter().map(block).collect::<PyResult<Vec<_>>>()?;
    let norms = layers.split_off((network.hidden.len() + 1).min(layers.len()));
    Ok(Parameters { layers, norms })
}
