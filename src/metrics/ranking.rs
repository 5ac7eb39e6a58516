//! How well a score puts the rows of one class before all others.

use super::Weights;

/// Rows in the order of their scores, best first: what ROC and precision-recall curves are drawn
/// from.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranking {
    /// For each distinct score, from the best: the weight of the others, and of the class's own
    /// rows, with that score or a better one.
    passed: Vec<[f64; 2]>,
}

impl Ranking {
    /// Ranks rows by `scores`; `own` says which are of the class.
    ///
    /// # Panics
    /// Where there are not as many of each.
    pub fn new(own: &[bool], scores: &[f32], weights: Option<&[f32]>) -> Self {
        assert_eq!(own.len(), scores.len(), "a score for each row");
        let weights = Weights(weights);
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
        let mut passed = Vec::new();
        let mut sum = [0.0, 0.0];
        // Rows of one score pass together: no threshold parts them. 0 and −0 are one score.
        for tied in order.chunk_by(|&a, &b| scores[a] == scores[b]) {
            for &row in tied {
                sum[usize::from(own[row])] += weights.of(row);
            }
            passed.push(sum);
        }
        Self { passed }
    }

    /// The receiver operating characteristic: false and true positive rate at each threshold,
    /// from (0, 0) to (1, 1). None where the class has no rows, or all.
    pub fn roc(&self) -> Option<Vec<[f64; 2]>> {
        let [others, own] = self.total();
        let defined = others > 0.0 && own > 0.0;
        let start = std::iter::once([0.0, 0.0]);
        let rates = self.passed.iter().map(|[f, t]| [f / others, t / own]);
        defined.then(|| start.chain(rates).collect())
    }

    /// The area under the ROC curve.
    pub fn roc_auc(&self) -> Option<f64> {
        let curve = self.roc()?;
        Some(curve.windows(2).map(|p| (p[1][0] - p[0][0]) * (p[0][1] + p[1][1]) / 2.0).sum())
    }

    /// Recall and precision at each threshold, the strictest first. None where the class has no
    /// rows.
    pub fn precision_recall(&self) -> Option<Vec<[f64; 2]>> {
        let [_, own] = self.total();
        let precision = |f: f64, t: f64| if f + t > 0.0 { t / (f + t) } else { 0.0 };
        let curve = || self.passed.iter().map(|&[f, t]| [t / own, precision(f, t)]).collect();
        (own > 0.0).then(curve)
    }

    /// The area under the precision-recall curve by steps, without interpolation: what
    /// scikit-learn calls the average precision.
    pub fn average_precision(&self) -> Option<f64> {
        let mut before = 0.0;
        let step = |[recall, precision]: [f64; 2]| {
            let gain = recall - std::mem::replace(&mut before, recall);
            gain * precision
        };
        Some(self.precision_recall()?.into_iter().map(step).sum())
    }

    fn total(&self) -> [f64; 2] {
        self.passed.last().copied().unwrap_or_default()
    }
}
