//! Profiles as text.

use halfplane::low_level::kernels::Cost;
use halfplane::low_level::measure::{Roofline, Timed};

/// A device's roofline, in one line.
pub(crate) fn roofline(roofline: &Roofline) -> String {
    format!(
        "{:.0} GFLOP/s in a matrix product, {:.1} GB/s in a copy",
        roofline.flops / 1e9,
        roofline.bytes / 1e9,
    )
}

/// A table of the dispatches of a step: time, share of the step, speed and share of the roofline.
pub(crate) fn profile(device: &str, limits: &Roofline, list: &[Timed]) -> String {
    let total: f64 = list.iter().map(|timed| timed.time.as_secs_f64()).sum();
    let mut text = format!("{device}: {}\n\n", roofline(limits));
    let head = ["kernel", "of", "shapes", "time", "share", "GFLOP/s", "GB/s", "of roofline"];
    let mut rows = vec![head.map(str::to_owned)];
    for Timed { dispatch, time } in list {
        let kernel = dispatch.operation.kernel();
        let Cost { flops, bytes } = kernel.cost();
        let seconds = time.as_secs_f64().max(1e-12);
        rows.push([
            kernel.stem().to_owned(),
            dispatch.label.clone(),
            kernel.describe(),
            format!("{:.1} µs", seconds * 1e6),
            format!("{:.0} %", 100.0 * seconds / total),
            format!("{:.1}", flops as f64 / seconds / 1e9),
            format!("{:.1}", bytes as f64 / seconds / 1e9),
            format!("{:.0} %", 100.0 * limits.share(kernel.cost(), *time)),
        ]);
    }
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: Vec<usize> = (0..head.len()).map(|column| width(column).unwrap_or(0)).collect();
    for row in &rows {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(column, (cell, width))| match column {
                0..3 => format!("{cell:width$}"),
                _ => format!("{cell:>width$}"),
            })
            .collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text.push_str(&format!("sum of all dispatches of a step: {:.1} µs\n", total * 1e6));
    text
}
