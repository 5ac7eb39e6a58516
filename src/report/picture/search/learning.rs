//! Learning curves of the best trials, as means over the folds.

use super::scores::Scores;
use crate::report::palette::colour;
use crate::report::picture::chart::{Axis, Chart, LegendEntry};
use crate::report::picture::curves::loss_axis;
use crate::report::picture::svg::Picture;

/// The trials that are drawn, of the best.
const SHOWN: usize = 5;

pub(super) fn picture(scores: &Scores<'_>) -> Option<Picture> {
    let has_curve = scores.complete.iter().filter(|own| own.curve.epochs.len() > 1);
    let best: Vec<_> = has_curve.take(SHOWN).collect();
    let last = best.iter().filter_map(|own| own.curve.epochs.last()).max()?;
    let shown = || best.iter().flat_map(|own| own.curve.loss.iter().chain(&own.curve.train_loss));
    let (kind, domain) = loss_axis(shown().map(|own| f64::from(*own)));
    let subtitle =
        "of the best trials, means over the folds; thin on the rows they were trained on";
    let x = Axis::linear("epochs", [0.0, *last as f64]);
    let y = Axis { kind, ..Axis::linear("loss", domain) };
    let mut chart = Chart::new([430.0, 300.0], ["How they learned", subtitle], x, y);
    let mut legend = Vec::new();
    for (number, own) in best.iter().enumerate() {
        let curves = [("curve faint", &own.curve.train_loss), ("curve", &own.curve.loss)];
        for (class, losses) in curves {
            let points = own.curve.epochs.iter().zip(losses);
            let points: Vec<[f64; 2]> =
                points.map(|(epoch, loss)| [*epoch as f64, f64::from(*loss)]).collect();
            chart.curve(class, Some(colour(number)), &points);
        }
        let score = own.score().0;
        legend.push(LegendEntry::new(colour(number), format!("trial {}  {score:.4}", own.trial)));
    }
    chart.legend(&legend);
    Some(chart.finish("learning"))
}
