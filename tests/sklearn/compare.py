#!/usr/bin/env python3
"""Trains the tables of `tests/data` with halfplane and with scikit-learn, and prints both scores.

    pip install numpy pandas scikit-learn
    tests/sklearn/compare.py                    # 10 splits of each table, hidden layers of 100 units
    tests/sklearn/compare.py --hidden 64,32 --splits 20 wine digits

Both get the same rows to train on, a quarter of each table that neither has seen to be scored on,
the same layers, and what is the default of each otherwise: nothing is tuned to these tables.
scikit-learn gets what its guide asks for: `SimpleImputer` and `StandardScaler` for numbers,
`OneHotEncoder` for words, `TransformedTargetRegressor` for the numbers to predict. halfplane gets
the table as it is.

Scores are accuracy and, of regressions, R², each the mean over the splits; ± is the standard error
of the mean difference over the splits, which are the same for both. Exits with 1 where halfplane is
behind by more than two of these.

A program other than `target/release/halfplane` is taken from the environment as HALFPLANE.
"""

import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.compose import TransformedTargetRegressor, make_column_selector, make_column_transformer
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

TESTS = Path(__file__).parent.parent
PROGRAM = os.environ.get("HALFPLANE", TESTS.parent / "target/release/halfplane")
TARGETS = {
    "penguins": "species",
    "breast_cancer": "diagnosis",
    "wine": "cultivar",
    "iris": "species",
    "diabetes": "progression",
    "digits": "digit",
}


def load(name):
    """A table, its target last."""
    if name != "digits":
        return pd.read_csv(TESTS / f"data/{name}.csv")
    # IDX: the sizes stand in four bytes each after the first four.
    images = gzip.decompress((TESTS / "data/digits-images-idx3-ubyte.gz").read_bytes())[16:]
    labels = gzip.decompress((TESTS / "data/digits-labels-idx1-ubyte.gz").read_bytes())[8:]
    pixels = np.frombuffer(images, np.uint8).reshape(len(labels), -1)
    table = pd.DataFrame(pixels, columns=[f"x{column + 1}" for column in range(pixels.shape[1])])
    return table.assign(digit=np.frombuffer(labels, np.uint8))


def halfplane(*words):
    done = subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True)
    assert done.returncode == 0, f"halfplane {' '.join(map(str, words))}: {done.stderr}"
    return done.stdout


def our_score(folder, train, test, target, hidden, seed):
    train.to_csv(folder / "train.csv", index=False)
    test.to_csv(folder / "test.csv", index=False)
    model = folder / "model.safetensors"
    halfplane("train", folder / "train.csv", "--target", target, "--hidden", hidden, "--seed", seed,
              "--device", "cpu", "--quiet", "--output", model)
    scores = json.loads(halfplane("evaluate", model, folder / "test.csv", "--device", "cpu", "--json"))
    return scores["r2"] if "r2" in scores else scores["accuracy"]


def their_score(train, test, target, hidden, seed):
    layers = tuple(int(units) for units in hidden.split(","))
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    words = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="missing"), OneHotEncoder(handle_unknown="ignore")
    )
    columns = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (words, make_column_selector(dtype_exclude="number")),
    )
    if target == "progression":
        network = MLPRegressor(hidden_layer_sizes=layers, random_state=seed)
        network = TransformedTargetRegressor(network, transformer=StandardScaler())
    else:
        network = MLPClassifier(hidden_layer_sizes=layers, random_state=seed)
    model = make_pipeline(columns, network)
    with warnings.catch_warnings():
        # Its default of 200 epochs ends some of these early; so does ours.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(train.drop(columns=target), train[target])
    return model.score(test.drop(columns=target), test[target])


def main():
    parser = argparse.ArgumentParser(description="halfplane beside scikit-learn, table by table")
    parser.add_argument("tables", nargs="*", default=list(TARGETS), metavar="TABLE")
    parser.add_argument("--hidden", default="100", help="units of each hidden layer [default: 100]")
    parser.add_argument("--splits", type=int, default=10, help="splits and seeds [default: 10]")
    typed = parser.parse_args()
    print(f"{'table':14}{'halfplane':>10}{'scikit-learn':>14}{'difference':>12}  ±")
    behind = []
    for name in typed.tables:
        table, target = load(name), TARGETS[name]
        pairs = []
        for seed in range(typed.splits):
            classes = None if name == "diabetes" else table[target]
            train, test = train_test_split(table, test_size=0.25, random_state=seed, stratify=classes)
            with tempfile.TemporaryDirectory() as folder:
                ours = our_score(Path(folder), train, test, target, typed.hidden, seed)
            pairs.append((ours, their_score(train, test, target, typed.hidden, seed)))
        ours, theirs = np.mean(pairs, axis=0)
        apart = np.diff(np.array(pairs)[:, ::-1])
        error = apart.std(ddof=1) / np.sqrt(len(pairs)) if len(pairs) > 1 else 0.0
        print(f"{name:14}{ours:10.4f}{theirs:14.4f}{ours - theirs:+12.4f}  {error:.4f}", flush=True)
        if ours - theirs < -2 * error:
            behind.append(name)
    print(f"behind: {', '.join(behind)}" if behind else "at or above scikit-learn's everywhere")
    return 1 if behind else 0


if __name__ == "__main__":
    sys.exit(main())
