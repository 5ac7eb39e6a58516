"""What a search takes beside training: `halfplane sweep` and Optuna, 1,000 trials by TPE of the same space.

    pip install -r benches/selection/requirements.txt
    cargo build --release
    python benches/selection/overhead.py [--trials 1000]

halfplane trains five folds of iris for one epoch each, on one thread; what its trials took is taken off.
Optuna's objective returns at once.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import optuna

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAM = os.environ.get("HALFPLANE", ROOT / "target/release/halfplane")


def halfplane(trials):
    with tempfile.TemporaryDirectory() as folder:
        search = Path(folder) / "search"
        words = [PROGRAM, "sweep", ROOT / "tests/data/iris.csv", "--target", "species"]
        words += ["--hidden", "2..8", "--lr", "1e-4..1e-1", "--dropout", "0..0.5"]
        words += ["--activation", "relu|tanh|silu", "--epochs", "1", "--folds", "5"]
        words += ["--trials", str(trials), "--sampler", "tpe", "--pruning", "off"]
        words += ["--device", "cpu", "--threads", "1", "--output", search, "--quiet"]
        started = time.perf_counter()
        run = subprocess.run(words, capture_output=True, text=True)
        seconds = time.perf_counter() - started
        if run.returncode != 0:
            sys.exit(run.stderr)
        lines = (search / "journal.jsonl").read_text().splitlines()[1:]
        training = sum(json.loads(line)["seconds"] for line in lines)
        assert len(lines) == trials
    return seconds, training


def with_optuna(trials):
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=777))

    def objective(trial):
        trial.suggest_int("hidden", 2, 8)
        trial.suggest_float("lr", 1e-4, 1e-1, log=True)
        trial.suggest_float("dropout", 0.0, 0.5)
        trial.suggest_categorical("activation", ["relu", "tanh", "silu"])
        return trial.number % 7

    started = time.perf_counter()
    study.optimize(objective, n_trials=trials)
    return time.perf_counter() - started


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=1_000)
    trials = parser.parse_args().trials
    seconds, training = halfplane(trials)
    ours, theirs = (seconds - training) / trials, with_optuna(trials) / trials
    print(f"halfplane: {seconds:.2f} s, of which {training:.2f} s of training")
    print(f"beside training: {1e3 * ours:.2f} ms a trial; Optuna {1e3 * theirs:.2f} ms; 1/{theirs / ours:.1f}")


main()
