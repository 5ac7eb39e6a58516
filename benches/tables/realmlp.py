"""RealMLP-TD of pytabkit on the tables of tables.py, with its defaults on one thread: slow, so a command of its own.

    pip install -r benches/tables/requirements.txt pytabkit==1.8.0
    python benches/tables/tables.py prepare
    python benches/tables/realmlp.py                          small tables first; goes on where it was interrupted
    python benches/tables/tables.py score
    python benches/tables/tables.py compare last realmlp      the tables that both have

--splits N takes the first N of each table's splits; --only a,b takes these tables only.
"""

import argparse
import json
import time

import numpy as np
import pandas as pd
from tables import WORK, catalog, scores, splits


def rows(entry):
    return (splits(entry)[0] / "train.csv").stat().st_size


def read(folder, target, is_class):
    """Training and test rows: numbers as floats, words as categories, which is what RealMLP asks for."""
    parts = [pd.read_csv(folder / f"{name}.csv", low_memory=False) for name in ("train", "test")]
    if is_class:
        for part, name in zip(parts, ("train", "test")):
            part[target] = pd.read_csv(folder / f"{name}.csv", dtype=str, usecols=[target])[target].values
    x, x_test = (part.drop(columns=target) for part in parts)
    x = x[[name for name in x if x[name].notna().any()]]
    x_test = x_test[x.columns].copy()
    for name in x:
        if pd.api.types.is_numeric_dtype(x[name]):
            # It takes no missing numbers: the mean, and a column that tells of them.
            mean, some = x[name].astype(float).mean(), x[name].isna().any()
            for part in (x, x_test):
                numbers = pd.to_numeric(part[name], errors="coerce").astype(float)
                if some:
                    part[f"{name} is missing"] = numbers.isna().astype(float)
                part[name] = numbers.fillna(mean)
        else:
            for part in (x, x_test):
                part[name] = part[name].fillna("missing").astype(str).astype("category")
    kind = str if is_class else float
    return x, parts[0][target].astype(kind), x_test, parts[1][target].astype(kind)


def fit(folder, entry):
    from pytabkit import RealMLP_TD_Classifier, RealMLP_TD_Regressor

    is_class = entry["task"] == "c"
    x, y, x_test, truth = read(folder, entry["target"], is_class)
    model = (RealMLP_TD_Classifier if is_class else RealMLP_TD_Regressor)(
        device="cpu", n_threads=1, random_state=int(folder.name), verbosity=0
    )
    begun = time.time()
    model.fit(x, y)
    seconds = time.time() - begun
    if is_class:
        found = scores("c", truth, model.predict_proba(x_test), model.classes_)
    else:
        found = scores("r", truth, numbers=np.asarray(model.predict(x_test)).ravel())
    return found | {"seconds": seconds}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=lambda text: set(text.split(",")))
    parser.add_argument("--splits", type=int, default=3)
    own = parser.parse_args()
    place = WORK / "realmlp.json"
    every = json.loads(place.read_text()) if place.exists() else {}
    for entry in sorted(filter(splits, catalog(own.only)), key=rows):
        for folder in splits(entry)[:own.splits]:
            key = f"{entry['name']}/{folder.name}"
            if key in every:
                continue
            try:
                every[key] = fit(folder, entry)
            except Exception as error:
                every[key] = {"error": repr(error)[:120]}
            place.write_text(json.dumps(every))
            print(key, every[key], flush=True)


if __name__ == "__main__":
    main()
