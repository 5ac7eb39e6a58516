//! The products of a dense layer of W\[O,I\] with rows of a batch, on one thread.

use super::passes;
use super::product::{Layout, Right, Start, Workspace, dots, product, product_then};
use crate::kernels::Function;
use crate::spec::Layer;

/// y\[B,O\] = f(x\[B,I\] · Wᵀ + b), with W in panels where there are any.
pub(super) fn forward(
    (rows, layer, function): (usize, Layer, Function),
    y: &mut [f32],
    x: &[f32],
    (weight, bias): (&[f32], &[f32]),
    panels: Option<&[f32]>,
    workspace: &mut Workspace,
) {
    let Layer { inputs: i, outputs: o } = layer;
    let size = [rows, o, i];
    let Some(panels) = panels else {
        dots(size, y, x, weight, bias);
        return passes::activate_all(function, y);
    };
    let (into, x, weights) = ((y, Start::Row(bias)), (x, Layout::rows(i)), Right::Panels(panels));
    match function {
        Function::Identity => product(size, into, x, weights, workspace),
        Function::Of(_) => product_then(size, into, x, weights, workspace, &|y, _| {
            passes::activate_all(function, y)
        }),
    }
}

/// d_z_below\[B,I\] = (d_z\[B,O\] · W) ∘ f′, where `kept` is what the forward pass kept of the layer
/// below: its y or, where f′ needs that, its z.
pub(super) fn backward_input(
    (rows, layer, function): (usize, Layer, Function),
    d_z_below: &mut [f32],
    d_z: &[f32],
    weight: &[f32],
    kept: &[f32],
    workspace: &mut Workspace,
) {
    let Layer { inputs: i, outputs: o } = layer;
    product_then(
        [rows, i, o],
        (d_z_below, Start::Zero),
        (d_z, Layout::rows(o)),
        Right::Rows(weight, i),
        workspace,
        &|d, at| passes::derive_all(function, d, &kept[at..at + d.len()]),
    );
}

/// Grows a workspace to what [`forward`] needs for up to `rows` rows.
pub(super) fn reserve_forward(workspace: &mut Workspace, rows: usize, layer: Layer) {
    let Layer { inputs, outputs } = layer;
    workspace.reserve([rows, outputs, inputs], Layout::rows(inputs), None);
}

/// Grows a workspace to what [`backward_input`] needs for up to `rows` rows.
pub(super) fn reserve_backward_input(workspace: &mut Workspace, rows: usize, layer: Layer) {
    let Layer { inputs, outputs } = layer;
    workspace.reserve([rows, inputs, outputs], Layout::rows(outputs), Some(inputs));
}

/// Grows a workspace to what d_W\[O,I\] = d_zᵀ · x, or a part of it, needs for up to `rows` rows.
pub(super) fn reserve_backward_weight(workspace: &mut Workspace, rows: usize, layer: Layer) {
    let Layer { inputs, outputs } = layer;
    let d_z = Layout::rows(outputs).transposed();
    workspace.reserve([outputs, inputs, rows], d_z, Some(inputs));
}
