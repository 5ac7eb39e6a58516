"""The same search by `halfplane sweep` and by scikit-learn's `GridSearchCV`, in turn.

    pip install -r benches/selection/requirements.txt
    cargo build --release
    python benches/selection/grid_search.py [--rounds 3] [--tables breast_cancer,digits,penguins]

Sixty configurations (twelve shapes of one and two layers of 16 to 128 units, five learning rates), each trained
on five folds for 50 epochs of batches of 32 rows, and the best on all rows; two processes or two threads. Both
must find networks that are as good: the best mean accuracies may differ by 0.02 at most, or the script ends
with 1. It prints the seconds of each round and the ratio of the medians.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from functools import partial
from pathlib import Path

import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.datasets import load_digits
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAM = os.environ.get("HALFPLANE", ROOT / "target/release/halfplane")
TARGETS = {"breast_cancer": "diagnosis", "digits": "digit", "penguins": "species"}
SHAPES = ["16", "32", "64", "128", "16,16", "32,16", "32,32", "64,32", "64,64", "128,32", "128,64", "128,128"]
RATES = [0.0003, 0.001, 0.003, 0.01, 0.03]
CORES = 2


def path_of(name):
    """The table as a file: scikit-learn has the digits (1,797 × 64)."""
    if name != "digits":
        return ROOT / "tests/data" / f"{name}.csv"
    path = Path(tempfile.gettempdir()) / "digits.csv"
    load_digits(as_frame=True).frame.rename(columns={"target": "digit"}).to_csv(path, index=False)
    return path


def halfplane(table, target, folder):
    words = [PROGRAM, "sweep", table, "--target", target, "--folds", "5", "--epochs", "50", "--refit", "all"]
    words += ["--batch-size", "32", "--optimizer", "adam", "--hidden", "|".join(SHAPES)]
    words += ["--lr", "|".join(map(str, RATES)), "--sampler", "grid", "--pruning", "off"]
    words += ["--bins", "none", "--device", "cpu", "--threads", str(CORES)]
    words += ["--output", folder, "--json"]
    started = time.perf_counter()
    run = subprocess.run(words, capture_output=True, text=True)
    seconds = time.perf_counter() - started
    if run.returncode != 0:
        sys.exit(run.stderr)
    return seconds, json.loads(run.stdout)["mean"]


def columns():
    """What makes inputs of a table: numbers standardised, holes filled and told of, words one-hot."""
    numbers = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    return make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude="number")),
        sparse_threshold=0,
    )


def scikit_learn(table, target):
    # Warnings tell that 50 epochs are not all that could be trained.
    os.environ["PYTHONWARNINGS"] = "ignore"
    warnings.simplefilter("ignore")
    started = time.perf_counter()
    rows = pd.read_csv(table)
    x, y = rows.drop(columns=target), rows[target]
    # No early end: all 50 epochs, as halfplane trains them.
    network = MLPClassifier(max_iter=50, batch_size=32, n_iter_no_change=1_000, random_state=777)
    search = GridSearchCV(
        make_pipeline(columns(), network),
        {
            "mlpclassifier__hidden_layer_sizes": [
                tuple(map(int, shape.split(","))) for shape in SHAPES
            ],
            "mlpclassifier__learning_rate_init": RATES,
        },
        cv=StratifiedKFold(5, shuffle=True, random_state=777),
        n_jobs=CORES,
    )
    search.fit(x, y)
    return time.perf_counter() - started, search.best_score_


def in_turn(peer, search_of):
    """Searches each table by both programs in turn, as often as the command line says. Yields the table's name, our
    seconds and the peer's, of each round; `search_of(table, target)` makes the peer's search, which returns seconds
    and best score. Ends with an error where the best networks are not as good as each other."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tables", default=",".join(TARGETS))
    arguments = parser.parse_args()
    off = False
    for name in arguments.tables.split(","):
        table = path_of(name)
        search = search_of(table, TARGETS[name])
        seconds, best = ([], []), ([], [])
        for number in range(arguments.rounds):
            with tempfile.TemporaryDirectory() as folder:
                ours = halfplane(table, TARGETS[name], Path(folder) / "search")
            theirs = search()
            for own, (time_taken, score) in enumerate((ours, theirs)):
                seconds[own].append(time_taken)
                best[own].append(score)
            print(
                f"{name} round {number + 1}: halfplane {ours[0]:.2f} s, accuracy {ours[1]:.4f};"
                f" {peer} {theirs[0]:.1f} s, {theirs[1]:.4f}",
                flush=True,
            )
        yield name, *seconds
        off |= abs(best[0][0] - best[1][0]) > 0.02
    if off:
        sys.exit("the best networks are not as good as each other")


def main():
    for name, ours, theirs in in_turn("scikit-learn", partial(partial, scikit_learn)):
        ratio = statistics.median(theirs) / statistics.median(ours)
        print(f"{name}: 1/{ratio:.1f} of scikit-learn's time")


if __name__ == "__main__":
    main()
