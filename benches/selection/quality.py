"""How good the network is that `halfplane sweep` chooses, on rows that were set apart.

    pip install -r benches/selection/requirements.txt -r benches/tables/requirements.txt
    cargo build --release
    python benches/tables/tables.py prepare
    python benches/selection/quality.py [--time 60s] [--tables wine,digits]

Of each table 30 % of the rows are set apart. Beside the model of the search (and the mean of the networks that it
scored) stand what `halfplane train` trains by default, and scikit-learn's `GridSearchCV` over a grid of the same
hyper-parameters. Scores are accuracy for classes and R² for numbers; the standard error is that of the rows set
apart.
"""

import argparse
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
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAM = os.environ.get("HALFPLANE", ROOT / "target/release/halfplane")
PREPARED = ROOT / "benches/tables/work"
OWN = {"breast_cancer": "diagnosis", "penguins": "species", "diabetes": "progression"}
CLASSES = ["digits", "wine", "biopsy", "pima", "hawks", "olive", "crabs", "college"]
NUMBERS = ["boston", "concrete", "caschools", "gpa1", "prestige"]


def halves(name, folder):
    """The rows to train on and those set apart, as files, the target, and whether it is a number."""
    if name not in OWN:
        sys.path.insert(0, str(ROOT / "benches/tables"))
        import tables

        [entry] = tables.catalog([name])
        part = PREPARED / name / "1"
        return part / "train.csv", part / "test.csv", entry["target"], entry["task"] == "r"
    rows = pd.read_csv(ROOT / "tests/data" / f"{name}.csv", dtype=str, keep_default_na=False)
    target = OWN[name] if OWN[name] in rows else rows.columns[-1]
    is_number = name == "diabetes"
    kept = None if is_number else rows[target]
    training, apart = train_test_split(rows, test_size=0.3, random_state=1, stratify=kept)
    paths = [folder / "train.csv", folder / "test.csv"]
    training.to_csv(paths[0], index=False)
    apart.to_csv(paths[1], index=False)
    return *paths, target, is_number


def halfplane(*words):
    run = subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))}: {run.stderr}")
    return run.stdout


def score(model, apart, is_number):
    return json.loads(halfplane("evaluate", model, apart, "--json"))["r2" if is_number else "accuracy"]


def grid_search(training, apart, target, is_number):
    warnings.simplefilter("ignore")
    os.environ["PYTHONWARNINGS"] = "ignore"
    parts = [pd.read_csv(path).dropna(subset=target) for path in (training, apart)]
    (x, y), (new, truth) = [(rows.drop(columns=target), rows[target]) for rows in parts]
    numbers = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    columns = make_column_transformer(
        (numbers, make_column_selector(dtype_include=["number", "bool"])),
        (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude=["number", "bool"])),
    )
    network = (MLPRegressor if is_number else MLPClassifier)(random_state=1, early_stopping=len(x) > 500)
    estimator = make_pipeline(columns, network)
    name = "mlpregressor" if is_number else "mlpclassifier"
    grid = {
        f"{name}__hidden_layer_sizes": [(32,), (128,), (64, 32), (128, 64)],
        f"{name}__learning_rate_init": [0.001, 0.01],
        f"{name}__alpha": [1e-4, 1e-1],
    }
    if is_number:
        estimator = TransformedTargetRegressor(estimator, transformer=StandardScaler())
        grid = {f"regressor__{key}": values for key, values in grid.items()}
    search = GridSearchCV(estimator, grid, n_jobs=2).fit(x, y)
    return search.score(new, truth)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--time", default="60s")
    parser.add_argument("--tables", default=",".join([*OWN, *CLASSES, *NUMBERS]))
    arguments = parser.parse_args()
    found = {}
    print("| table | train | sweep | scored ones' mean | GridSearchCV | ± | trials |\n|---|---|---|---|---|---|---|")
    for name in arguments.tables.split(","):
        with tempfile.TemporaryDirectory() as own:
            folder = Path(own)
            training, apart, target, is_number = halves(name, folder)
            task = ["--task", "regression"] if is_number else []
            words = [training, "--target", target, *task, "--device", "cpu"]
            halfplane("train", *words, "--output", folder / "model", "--quiet")
            words += ["--time", arguments.time, "--keep", "folds", "--json"]
            told = halfplane("sweep", *words, "--output", folder / "sweep")
            models = [folder / "model", folder / "sweep/best.safetensors", folder / "sweep/ensemble.safetensors"]
            scores = [score(model, apart, is_number) for model in models]
            scores.append(grid_search(training, apart, target, is_number))
            rows = len(pd.read_csv(apart))
        # Of R² it is taken as that of a share, too, which is somewhat too large.
        error = np.sqrt(max(scores[0] * (1 - scores[0]), 0.25 / rows) / rows)
        found[name] = scores
        shown = " | ".join(f"{own:.4f}" for own in scores)
        print(f"| {name} | {shown} | {error:.4f} | {json.loads(told)['trials']} |", flush=True)
    means = np.mean(list(found.values()), axis=0)
    print("| mean | " + " | ".join(f"{own:.4f}" for own in means) + " | | |")


main()
