//! What is wrong with a training that came to its end.

use halfplane::Summary;
use halfplane::train::Ended;

/// What is wrong, in words.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It diverged, and its best weights were kept.
    Stopped(String),
    /// It diverged without any loss that is not a number.
    Diverged(String),
    /// It has learned less than nothing.
    Useless(String),
}

/// A loss that has grown by so much has diverged.
const GROWN: f64 = 100.0;

/// So has a network whose squared errors are so many times the variance of what it should predict.
const WORSE: f64 = -100.0;

/// The fault of a run, whose first loss is known or not.
pub(super) fn of(summary: &Summary, first_loss: Option<f64>) -> Option<Fault> {
    let (loss, r2) = (summary.evaluation.loss, summary.evaluation.r2);
    if has_diverged(loss, r2, first_loss) {
        let from = first_loss.map(|loss| format!(" from {loss:.3e}")).unwrap_or_default();
        let r2 = r2.map(|r2| format!(" (R² {r2:.3e})")).unwrap_or_default();
        return Some(Fault::Diverged(format!(
            "training diverged: the loss has grown{from} to {loss:.3e}{r2}; try a smaller --lr, or \
             scale the inputs to about ±1",
        )));
    }
    if summary.ended == Ended::Diverged {
        let best = match summary.best {
            Some(best) => format!("epoch {}, whose loss was {:.6}", best.epoch + 1, best.loss),
            None => "the best epoch".to_owned(),
        };
        return Some(Fault::Stopped(format!(
            "training diverged after step {}: its loss was no longer a number. The weights are those \
             of {best}; a smaller --lr may come further",
            summary.steps,
        )));
    }
    r2.filter(|r2| *r2 < 0.0).map(|r2| {
        Fault::Useless(format!(
            "R² is {r2:.4}: worse than the mean of the target for every row; train longer, or try \
             another --lr",
        ))
    })
}

/// Whether the numbers have run away, though they are still numbers.
fn has_diverged(loss: f64, r2: Option<f64>, first_loss: Option<f64>) -> bool {
    let grown = |by: f64| first_loss.is_some_and(|first| loss > by * first);
    match r2 {
        // With targets far from 0, a network may begin with any R².
        Some(r2) => r2 < WORSE && grown(1.0),
        // From almost 0 to little is no divergence.
        None => grown(GROWN) && loss > 10.0,
    }
}

#[cfg(test)]
mod tests {
    use super::has_diverged;

    #[test]
    fn only_what_ran_away_has_diverged() {
        for (loss, r2, first, expected) in [
            (1e21, Some(-1e21), Some(1.2), true),
            (1e3, Some(-1e3), Some(1.2), true),
            (1e30, None, Some(0.7), true),
            (120.0, None, Some(0.7), true),
            // A network that has hardly begun to learn targets of about 1,000.
            (9e5, Some(-9e5), Some(1e6), false),
            (1.1, Some(-0.1), Some(1.0), false),
            (1e-2, Some(0.99), Some(1e-8), false),
            (3.0, None, Some(1e-6), false),
            (1e21, Some(-1e21), None, false),
        ] {
            assert_eq!(has_diverged(loss, r2, first), expected, "{loss} {r2:?} {first:?}");
        }
    }
}
