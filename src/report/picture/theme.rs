//! Colours and letters, for light pages and dark ones.

/// A picture's style sheet. Colours of classes are the same on both papers; ink and paper are not.
pub(super) const STYLE: &str = "\
text{font:12px system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;fill:#374151}\
.paper{fill:#fff}.title{font-size:16px;font-weight:600;fill:#111827}.muted{fill:#6b7280}\
.strong{font-weight:600}.on-colour{fill:#fff}.grid{stroke:#e5e7eb}.axis{stroke:#9ca3af;fill:none}\
.rule{stroke:#6b7280;stroke-dasharray:5 4;fill:none}.curve{fill:none;stroke-width:2;\
stroke-linejoin:round;stroke-linecap:round}.faint{stroke-width:1;stroke-opacity:.55}.thick{stroke-width:10}\
.point{stroke:#fff;stroke-width:.75}.neuron{stroke:#111827;fill:none;stroke-linecap:round}\
.boundary{stroke:#111827;stroke-width:2.25;fill:none;stroke-linejoin:round;stroke-linecap:round}\
@media (prefers-color-scheme:dark){text{fill:#d1d5db}.paper{fill:#15181e}.title{fill:#f3f4f6}\
.muted{fill:#9ca3af}.on-colour{fill:#fff}.grid{stroke:#2b303a}.axis{stroke:#6b7280}\
.rule{stroke:#9ca3af}.point{stroke:#15181e}.neuron,.boundary{stroke:#f3f4f6}}";

/// Ten colours that stay apart for most eyes, on white and on near-black (Observable's ten).
const CLASSES: [&str; 10] = [
    "#4269d0", "#efb118", "#ff725c", "#3ca951", "#a463f2", "#6cc5b0", "#ff8ab7", "#9c6b4e",
    "#97bbf5", "#9498a0",
];

/// A class's colour, or a curve's.
pub(super) fn colour(number: usize) -> &'static str {
    CLASSES[number % CLASSES.len()]
}

/// A number's colour between the least, 0, and the most, 1: viridis, whose lightness rises evenly.
pub(super) fn sequential(share: f64) -> String {
    const STOPS: [[f64; 3]; 6] = [
        [68.0, 1.0, 84.0],
        [65.0, 68.0, 135.0],
        [42.0, 120.0, 142.0],
        [34.0, 168.0, 132.0],
        [122.0, 209.0, 81.0],
        [253.0, 231.0, 37.0],
    ];
    let place = share.clamp(0.0, 1.0) * (STOPS.len() - 1) as f64;
    let index = (place as usize).min(STOPS.len() - 2);
    let [r, g, b] = [0, 1, 2].map(|channel| {
        let (low, high) = (STOPS[index][channel], STOPS[index + 1][channel]);
        (low + (high - low) * (place - index as f64)).round() as u8
    });
    format!("#{r:02x}{g:02x}{b:02x}")
}
