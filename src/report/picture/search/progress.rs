//! The time line of a search: what was found when.

use halfplane::sweep::State;

use super::scores::{Scores, tooltip};
use crate::report::palette::colour;
use crate::report::picture::chart::{Axis, Chart, LegendEntry};
use crate::report::picture::svg::Picture;

/// Scores in the order of the work that they took, and the best so far.
pub(super) fn picture(scores: &Scores<'_>) -> Option<Picture> {
    let best = scores.complete.first()?;
    let work: f64 = scores.all.iter().map(|own| own.seconds).sum();
    let subtitle = format!("the best is trial {}; small and grey: stopped early", best.trial);
    let x = Axis::linear("seconds of work, all threads together", [0.0, work.max(1e-9)]);
    let mut chart =
        Chart::new([430.0, 300.0], ["What was found when", &subtitle], x, scores.axis());
    let (mut done, mut leader, mut steps) = (0.0, None::<f64>, Vec::new());
    for own in scores.all {
        done += own.seconds;
        let score = own.score().0;
        let is_complete = own.state == State::Complete;
        if !score.is_finite() {
            continue;
        }
        let at = [done, scores.clamped(score)];
        let (radius, hue) = if is_complete { (3.5, colour(0)) } else { (2.0, "#9ca3af") };
        chart.told_dot(at, radius, hue, &tooltip(own));
        let is_better = |least: f64| scores.metric.gain(score) > scores.metric.gain(least);
        if is_complete && leader.is_none_or(is_better) {
            if let Some(before) = leader {
                steps.push([done, scores.clamped(before)]);
            }
            steps.push(at);
            leader = Some(score);
        }
    }
    if let Some(leader) = leader {
        steps.push([done, scores.clamped(leader)]);
    }
    chart.curve("curve", Some(colour(1)), &steps);
    chart.legend(&[
        LegendEntry::new(colour(0), "a trial"),
        LegendEntry::new(colour(1), "the best so far"),
    ]);
    Some(chart.finish("progress"))
}
