"""Golden scores: small tables of targets and predictions, and what scikit-learn makes of them.

    pip install scikit-learn && python tests/metrics/make.py

writes `golden.json` next to this script (scikit-learn 1.9). It is needed to make the file; the test
that reads it needs nothing but the file.

Predictions are float32, as a model's are, and scored as float64. Among them are ties, probabilities
of exactly 0, 0.5 and 1 and on the borders of bins, a class that is never predicted, and one that
is rare. Each case comes twice, once with weights, some of which are 0. The expected calibration
error is no function of scikit-learn's: it is put together from its `calibration_curve` and the
number of rows in each bin.
"""

import json
import warnings
from pathlib import Path

import numpy as np
from sklearn import metrics
from sklearn.calibration import calibration_curve
from sklearn.preprocessing import label_binarize

# Rows of float32 probabilities sum to 1 in float32 only.
warnings.filterwarnings("ignore", message="The y_prob values do not sum to one")

BINS = 10
rng = np.random.default_rng(777)


def reliability(truth, p, weights):
    """The filled bins as [predicted, observed, weight], and the expected calibration error."""
    p = p.astype(np.float64)
    bin_of = np.searchsorted(np.linspace(0, 1, BINS + 1)[1:-1], p)
    bins = []
    for number in range(BINS):
        own = (bin_of == number) & (weights > 0)
        if own.any():
            w = weights[own]
            bins.append([np.average(p[own], weights=w), np.average(truth[own], weights=w), w.sum()])
    if (weights == 1).all():
        observed, predicted = calibration_curve(truth, p, n_bins=BINS, strategy="uniform")
        assert np.allclose([b[0] for b in bins], predicted) and np.allclose([b[1] for b in bins], observed)
    error = sum(w * abs(predicted - observed) for predicted, observed, w in bins) / weights.sum()
    return {"expected_error": error, "bins": bins}


def of_labels(truth, taken, classes, w):
    kept = w > 0
    truth, taken, w = truth[kept], taken[kept], w[kept]
    labels = list(range(classes))
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        truth, taken, labels=labels, sample_weight=w, zero_division=np.nan
    )
    return {
        "accuracy": metrics.accuracy_score(truth, taken, sample_weight=w),
        "balanced_accuracy": metrics.balanced_accuracy_score(truth, taken, sample_weight=w),
        "f1_macro": metrics.f1_score(truth, taken, average="macro", sample_weight=w, zero_division=0),
        "confusion": metrics.confusion_matrix(truth, taken, labels=labels, sample_weight=w).tolist(),
        "per_class": [
            {"precision": p, "recall": r, "f1": f, "support": s}
            for p, r, f, s in zip(precision, recall, f1, np.asarray(support, dtype=float))
        ],
    }


def binary(truth, p, w):
    wide = p.astype(np.float64)
    return of_labels(truth, (p > 0.5).astype(int), 2, w) | {
        "log_loss": metrics.log_loss(truth, wide, sample_weight=w),
        "brier": metrics.brier_score_loss(truth, wide, sample_weight=w),
        "roc_auc": metrics.roc_auc_score(truth, wide, sample_weight=w),
        "pr_auc": metrics.average_precision_score(truth, wide, sample_weight=w),
        "calibration": reliability(truth, p, w),
    }


def multiclass(truth, p, w):
    classes = p.shape[1]
    wide = p.astype(np.float64)
    taken = p.argmax(axis=1)
    each = label_binarize(truth, classes=range(classes))
    # scikit-learn wants rows that sum to 1 in float64 for the area; each class against the rest is
    # what "ovr" does.
    areas = [metrics.roc_auc_score(each[:, k], wide[:, k], sample_weight=w) for k in range(classes)]
    return of_labels(truth, taken, classes, w) | {
        "log_loss": metrics.log_loss(truth, wide, labels=range(classes), sample_weight=w),
        "brier": metrics.brier_score_loss(truth, wide, labels=range(classes), sample_weight=w),
        "roc_auc": np.mean(areas),
        "pr_auc": metrics.average_precision_score(each, wide, average="macro", sample_weight=w),
        "calibration": reliability((taken == truth).astype(int), p.max(axis=1), w),
    }


def regression(truth, y, w):
    truth, y = truth.astype(np.float64), y.astype(np.float64)
    scores = {
        "r2": metrics.r2_score(truth, y, sample_weight=w),
        "rmse": metrics.root_mean_squared_error(truth, y, sample_weight=w),
        "mae": metrics.mean_absolute_error(truth, y, sample_weight=w),
    }
    if y.ndim > 1:
        columns = range(y.shape[1])
        scores["per_target"] = [regression(truth[:, k], y[:, k], w) for k in columns]
    return scores


def multi_label(truth, p, w):
    """Of several labels; what scikit-learn has no mean of is the mean of each label's own score."""
    wide, kept = p.astype(np.float64), w > 0
    labels = range(p.shape[1])
    each = [binary(truth[:, k], p[:, k], w) for k in labels]
    rows = {"rows": len(truth)}

    def mean(name):
        return np.mean([own[name] for own in each])

    return {
        "accuracy": metrics.accuracy_score(truth, p > 0.5, sample_weight=w),
        "label_accuracy": 1 - metrics.hamming_loss(truth, p > 0.5, sample_weight=w),
        "balanced_accuracy": mean("balanced_accuracy"),
        "log_loss": mean("log_loss"),
        "brier": mean("brier"),
        "roc_auc": metrics.roc_auc_score(truth, wide, average="macro", sample_weight=w),
        "pr_auc": metrics.average_precision_score(truth, wide, average="macro", sample_weight=w),
        "f1_macro": metrics.f1_score(
            truth[kept], p[kept] > 0.5, average="macro", sample_weight=w[kept], zero_division=np.nan
        ),
        "calibration_error": np.mean([own["calibration"]["expected_error"] for own in each]),
        "per_label": [own | rows for own in each],
    }


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return (e / e.sum(axis=1, keepdims=True)).astype(np.float32)


def tables():
    truth = rng.integers(0, 2, 60)
    p = 1 / (1 + np.exp(-(1.5 * (2 * truth - 1) + 2 * rng.normal(size=60))))
    p[:8] = [0, 1, 0.5, 0.5, 0.1, 0.3, 0.7, 0.9]
    p[8:16] = np.round(p[8:16], 1)
    yield "binary", truth, p.astype(np.float32), binary

    truth = np.array([0, 0] + [1] * 38)
    p = np.full(40, 0.25, np.float32)
    p[::3] = 0.125
    yield "all-taken-for-one", truth, p, binary

    # The fourth class is rare, and never the likeliest.
    truth = np.concatenate([[3, 3], rng.integers(0, 3, 58)])
    z = 2.0 * np.eye(4)[truth] + rng.normal(size=(60, 4))
    z[:, 3] -= 5
    p = softmax(z)
    p[5] = [1, 0, 0, 0]
    p[6] = [0, 1, 0, 0]
    p[7] = [0.25, 0.25, 0.25, 0.25]
    yield "multiclass", truth, p, multiclass

    truth = (20 + 5 * rng.normal(size=40)).astype(np.float32)
    yield "regression", truth, (truth + rng.normal(size=40)).astype(np.float32), regression

    truth = rng.normal(size=(30, 3)).astype(np.float32)
    yield "several-numbers", truth, (0.5 * truth + 0.1).astype(np.float32), regression

    # Labels that are often, seldom and mostly yes; the second is never predicted.
    truth = (rng.random((50, 3)) < [0.5, 0.1, 0.8]).astype(int)
    truth[3:6] = [[1, 1, 0], [0, 0, 1], [1, 1, 1]]
    p = 1 / (1 + np.exp(-(2 * (2 * truth - 1) + 2 * rng.normal(size=(50, 3)))))
    p[:, 1] *= 0.4
    p[:4] = [[0, 0.5, 1], [1, 0.25, 0.5], [0.5, 0, 0.9], [0.1, 0.3, 0.7]]
    yield "several-labels", truth, p.astype(np.float32), multi_label


def plain(value):
    """JSON knows no NaN: what is undefined is null."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, float):
        return None if np.isnan(value) else float(f"{value:.12g}")
    return value


def main():
    cases = []
    for name, truth, predictions, score in tables():
        rows = len(truth)
        weights = (rng.integers(0, 8, rows) / 4).astype(np.float32)
        weights[:3] = [1, 0, 2]
        for suffix, w in [("", None), (", weighted", weights)]:
            used = np.ones(rows) if w is None else w.astype(np.float64)
            cases.append({
                "case": name + suffix,
                "truth": truth,
                # The shortest decimals that float32 reads back.
                "predictions": [float(str(value)) for value in predictions.ravel()],
                "columns": 1 if predictions.ndim == 1 else predictions.shape[1],
                "weights": w,
                "scores": score(truth, predictions, used),
            })
            cases[-1]["truth"] = [float(str(value)) for value in np.ravel(truth)]
    lines = ",\n".join(json.dumps(plain(case)) for case in cases)
    Path(__file__).with_name("golden.json").write_text(f"[\n{lines}\n]\n")


main()
