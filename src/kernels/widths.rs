//! The widths of a network's layers as a shader's compiler knows them: `shaders/network/widths.wgsl`.

const NAMES: [&str; MOST] = [
    "WIDTH_0", "WIDTH_1", "WIDTH_2", "WIDTH_3", "WIDTH_4", "WIDTH_5", "WIDTH_6", "WIDTH_7",
    "WIDTH_8", "WIDTH_9",
];

/// So many widths it knows: those of nine layers, and the input's.
pub(crate) const MOST: usize = 10;

/// The overrides that tell them; zeros stand for those that there are not. A network with more of them
/// than [`MOST`] has no shader that asks.
pub(super) fn overrides(widths: &[usize]) -> impl Iterator<Item = (&'static str, f64)> + '_ {
    let width = |index: usize| widths.get(index).copied().unwrap_or(0) as f64;
    NAMES.iter().enumerate().map(move |(index, name)| (*name, width(index)))
}
