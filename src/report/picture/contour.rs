//! Contour lines by marching squares, the two-dimensional case of Lorensen & Cline 1987.

/// The segments along which `values` \[rows, columns\] are zero, by linear interpolation. A
/// coordinate is a column or row index.
pub(super) fn contours(values: &[f64], columns: usize) -> Vec<[[f64; 2]; 2]> {
    let rows = values.len() / columns.max(1);
    let at = |column: usize, row: usize| values[row * columns + column];
    let mut segments = Vec::new();
    for row in 0..rows.saturating_sub(1) {
        for column in 0..columns.saturating_sub(1) {
            let corners = [
                at(column, row),
                at(column + 1, row),
                at(column + 1, row + 1),
                at(column, row + 1),
            ];
            let [x, y] = [column as f64, row as f64];
            let ends = [[x, y], [x + 1.0, y], [x + 1.0, y + 1.0], [x, y + 1.0]];
            // An edge is crossed where its ends differ in sign.
            let crossing = |edge: usize| {
                let next = (edge + 1) % 4;
                let (a, b) = (corners[edge], corners[next]);
                ((a > 0.0) != (b > 0.0)).then(|| {
                    let share = a / (a - b);
                    [0, 1].map(|axis| {
                        ends[edge][axis] + share * (ends[next][axis] - ends[edge][axis])
                    })
                })
            };
            let crossed: Vec<[f64; 2]> = (0..4).filter_map(crossing).collect();
            // A saddle has four crossings; the sign of the mean decides which are connected.
            match crossed[..] {
                [from, to] => segments.push([from, to]),
                [a, b, c, d] => {
                    let mean = corners.iter().sum::<f64>();
                    let joined = (mean > 0.0) == (corners[0] > 0.0);
                    segments.extend(if joined { [[a, b], [c, d]] } else { [[d, a], [b, c]] });
                }
                _ => {}
            }
        }
    }
    segments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circle_is_found_where_it_is() {
        let size = 41;
        let values: Vec<f64> = (0..size * size)
            .map(|index| {
                let [x, y] = [index % size, index / size].map(|place| place as f64 - 20.0);
                x * x + y * y - 150.0
            })
            .collect();
        let segments = contours(&values, size);
        let length: f64 = segments.iter().map(|[a, b]| (a[0] - b[0]).hypot(a[1] - b[1])).sum();
        let radius = 150f64.sqrt();
        for [x, y] in segments.iter().flatten() {
            let off = (x - 20.0).hypot(y - 20.0) - radius;
            assert!(off.abs() < 0.02, "{off}");
        }
        // Chords of about one cell are shorter than their arcs by some 1/(24 r²).
        assert!((length / (std::f64::consts::TAU * radius) - 1.0).abs() < 1e-3, "{length}");
    }

    #[test]
    fn what_never_changes_sign_has_no_contour() {
        assert!(contours(&[1.0; 12], 4).is_empty());
        assert!(contours(&[], 0).is_empty());
    }
}
