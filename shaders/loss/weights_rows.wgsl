// Each row counts as much as its weight says.
@group(0) @binding(5) var<storage, read> weights: array<f32>; // [B]

fn weight_of(row: u32) -> f32 {
    return weights[row] * p.weight_scale;
}
