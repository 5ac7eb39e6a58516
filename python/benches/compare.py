"""CPU time and accuracy beside scikit-learn's, in turn, on the same data, epochs and batches.

    python python/benches/compare.py                one thread each
    python python/benches/compare.py --threads 2    so many
    python python/benches/compare.py --quick        fewer repetitions, a smaller search

CPU time is what the process takes, all threads together: it is hardly longer beside a busy program.
Medians of runs in turn; the ratio is scikit-learn's time by ours.
"""

import argparse
import statistics
import subprocess
import sys
import time
import warnings

import numpy as np
import sklearn.neural_network
from sklearn.datasets import load_breast_cancer, load_digits, make_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

import halfplane

warnings.simplefilter("ignore", ConvergenceWarning)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    runs = 1 if options.quick else 5
    print(f"| {options.threads} thread(s) | scikit-learn | halfplane | ratio | accuracies |")
    print("|---|---|---|---|---|")
    with threadpool_limits(options.threads):
        digits = load_digits(return_X_y=True)
        cancer = load_breast_cancer(return_X_y=True)
        large = make_classification(100_000, 50, n_informative=20, random_state=0)
        fits = [
            ("digits, 100 units, 100 epochs", digits, {"max_iter": 100}),
            ("breast cancer, 100 units, 100 epochs", cancer, {"max_iter": 100}),
            ("100,000 × 50, batch 200, 5 epochs", large, {"max_iter": 5}),
            ("100,000 × 50, batch 32, 2 epochs", large, {"max_iter": 2, "batch_size": 32}),
        ]
        for name, data, parameters in fits:
            fit(name, data, parameters, options.threads, runs)
        predict_one_row(digits, runs)
        imports(runs)
        search(digits, options.quick)


def estimators(parameters, threads):
    """scikit-learn's and ours, neither stopped before its last epoch."""
    parameters = {"random_state": 0, "tol": 0, "n_iter_no_change": 10**6, **parameters}
    theirs = sklearn.neural_network.MLPClassifier(**parameters)
    return theirs, halfplane.MLPClassifier(n_jobs=threads, **parameters)


def split(data):
    X, y = data
    X, X_test, y, y_test = train_test_split(X, y, random_state=0)
    scaler = StandardScaler().fit(X)
    return scaler.transform(X), scaler.transform(X_test), y, y_test


def fit(name, data, parameters, threads, runs):
    X, X_test, y, y_test = split(data)
    times = [[], []]
    scores = [0, 0]
    for _ in range(runs):
        for which, estimator in enumerate(estimators(parameters, threads)):
            times[which].append(cpu_time(lambda: estimator.fit(X, y)))
            scores[which] = estimator.score(X_test, y_test)
    row(name, times, scores)


def predict_one_row(data, runs, count=1000):
    X, X_test, y, _ = split(data)
    both = [estimator.fit(X, y) for estimator in estimators({"max_iter": 5}, 1)]
    times = [[], []]
    for _ in range(runs):
        for which, estimator in enumerate(both):
            rows = [X_test[row : row + 1] for row in range(200)]

            def predict():
                for number in range(count):
                    estimator.predict(rows[number % 200])

            times[which].append(cpu_time(predict) / count)
    row("`predict` of one row", times)


def imports(runs):
    """What `import halfplane` takes beyond NumPy, in processes of their own."""
    program = """
import time, numpy
began = time.process_time()
import halfplane
print(time.process_time() - began)
"""
    taken = [
        float(subprocess.run([sys.executable, "-c", program], capture_output=True).stdout)
        for _ in range(runs)
    ]
    print(f"| `import halfplane` after NumPy | | {told(statistics.median(taken))} | | |")


def search(data, quick):
    """60 candidates × 5 folds."""
    X, X_test, y, y_test = split(data)
    X, y = X[:600], y[:600]
    sizes = [(16,), (32,), (64,), (32, 16), (64, 32)]
    rates = np.logspace(-3.5, -1, 12).tolist()
    epochs = 10 if quick else 100
    grid = {"hidden_layer_sizes": sizes, "learning_rate_init": rates}
    theirs, ours = estimators({"max_iter": epochs}, 1)
    theirs = GridSearchCV(theirs, grid, cv=5)
    ours = halfplane.SearchCV(ours, grid, cv=5)
    times = [[cpu_time(lambda: own.fit(X, y))] for own in (theirs, ours)]
    row("60 candidates × 5 folds", times, [own.score(X_test, y_test) for own in (theirs, ours)])


def cpu_time(work):
    began = time.process_time()
    work()
    return time.process_time() - began


def row(name, times, scores=None):
    theirs, ours = (statistics.median(own) for own in times)
    accuracies = "" if scores is None else " and ".join(f"{score:.4f}" for score in scores)
    print(
        f"| {name} | {told(theirs)} | {told(ours)} | {theirs / ours:.1f} | {accuracies} |",
        flush=True,
    )


def told(seconds):
    for unit, scale in (("s", 1), ("ms", 1e3)):
        if seconds * scale >= 1:
            return f"{seconds * scale:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"


if __name__ == "__main__":
    main()
