//! Ranking: ROC and precision-recall curves of one class against all others.

use super::Weights;

/// Rows sorted by the score of one class, best first.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranking {
    /// For each distinct score, best first: false and true positives, the weights of the rows of
    /// other classes and of this class with that score or a better one.
    positives: Vec<[f64; 2]>,
}

impl Ranking {
    /// Ranks rows by `scores` \[N\], where `own` \[N\] marks those of the class.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn new(own: &[bool], scores: &[f32], weights: Option<&[f32]>) -> Self {
        assert_eq!(own.len(), scores.len(), "a score for each row");
        let weights = Weights(weights);
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
        let mut positives = Vec::new();
        let mut sum = [0.0, 0.0];
        // No threshold separates rows of equal scores. 0 and −0 are equal.
        for tied in order.chunk_by(|&a, &b| scores[a] == scores[b]) {
            for &row in tied {
                sum[usize::from(own[row])] += weights.of(row);
            }
            positives.push(sum);
        }
        Self { positives }
    }

    /// The receiver operating characteristic: \[false, true\] positive rate at each threshold, from
    /// \[0, 0\] to \[1, 1\]. `None` where the class has no rows, or all.
    pub fn roc(&self) -> Option<Vec<[f64; 2]>> {
        let [others, own] = self.total();
        let defined = others > 0.0 && own > 0.0;
        let start = std::iter::once([0.0, 0.0]);
        let rates = self.positives.iter().map(|[f, t]| [f / others, t / own]);
        defined.then(|| start.chain(rates).collect())
    }

    /// The area under the ROC curve; `None` where that is undefined.
    pub fn roc_auc(&self) -> Option<f64> {
        let curve = self.roc()?;
        Some(curve.windows(2).map(|p| (p[1][0] - p[0][0]) * (p[0][1] + p[1][1]) / 2.0).sum())
    }

    /// \[recall, precision\] at each threshold, the highest first. `None` where the class has no
    /// rows.
    pub fn precision_recall(&self) -> Option<Vec<[f64; 2]>> {
        let [_, own] = self.total();
        let precision = |f: f64, t: f64| if f + t > 0.0 { t / (f + t) } else { 0.0 };
        let curve = || self.positives.iter().map(|&[f, t]| [t / own, precision(f, t)]).collect();
        (own > 0.0).then(curve)
    }

    /// The average precision, the area under the precision-recall curve without interpolation
    /// (scikit-learn's `average_precision_score`).
    pub fn average_precision(&self) -> Option<f64> {
        let mut before = 0.0;
        let step = |[recall, precision]: [f64; 2]| {
            let gain = recall - std::mem::replace(&mut before, recall);
            gain * precision
        };
        Some(self.precision_recall()?.into_iter().map(step).sum())
    }

    fn total(&self) -> [f64; 2] {
        self.positives.last().copied().unwrap_or_default()
    }
}
