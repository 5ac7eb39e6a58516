//! The colours of classes and numbers, for pictures and terminal.

/// Ten distinguishable colours for light and dark backgrounds (Observable 10).
const CLASSES: [&str; 10] = [
    "#4269d0", "#efb118", "#ff725c", "#3ca951", "#a463f2", "#6cc5b0", "#ff8ab7", "#9c6b4e",
    "#97bbf5", "#9498a0",
];

/// The colour of a class or a curve.
pub(crate) fn colour(number: usize) -> &'static str {
    CLASSES[number % CLASSES.len()]
}

/// The colour of a number from 0 to 1, by the colour map viridis.
pub(crate) fn sequential(share: f64) -> String {
    const STOPS: [[f64; 3]; 6] = [
        [68.0, 1.0, 84.0],
        [65.0, 68.0, 135.0],
        [42.0, 120.0, 142.0],
        [34.0, 168.0, 132.0],
        [122.0, 209.0, 81.0],
        [253.0, 231.0, 37.0],
    ];
    let position = share.clamp(0.0, 1.0) * (STOPS.len() - 1) as f64;
    let index = (position as usize).min(STOPS.len() - 2);
    let [r, g, b] = [0, 1, 2].map(|channel| {
        let (low, high) = (STOPS[index][channel], STOPS[index + 1][channel]);
        (low + (high - low) * (position - index as f64)).round() as u8
    });
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// A colour as red, green and blue.
pub(crate) fn rgb(hex: &str) -> [u8; 3] {
    let channel = |at: usize| hex.get(at..at + 2).and_then(|two| u8::from_str_radix(two, 16).ok());
    [1, 3, 5].map(|at| channel(at).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_go_from_end_to_end() {
        assert_eq!([0.0, 1.0, 7.0].map(sequential), ["#440154", "#fde725", "#fde725"]);
        assert_eq!(rgb(&sequential(0.0)), [68, 1, 84]);
        assert_eq!(rgb(colour(11)), [0xef, 0xb1, 0x18]);
    }
}
