"""Opens what `halfplane export` writes in the programs that it is written for.

    pip install -r tests/exports/requirements.txt
    python tests/exports/check.py

`tests/run.sh` does both. Every golden case of `tests/golden` is trained by PyTorch and stored as a
model file, and models of mixed tables (`tables.py`) are trained by halfplane. Of each model:

- the ONNX file passes `onnx.checker` with full check, and declares a version of 2023 or newer,
- ONNX Runtime's answers are those of `halfplane predict`, to 1e-5,
- the PyTorch script's answers are, too,
- and for the golden cases both are what PyTorch's own network says.

Last, TensorBoard reads a run's event files and finds what `--metrics` says.

Where there is no PyTorch, the golden cases' networks have random weights instead, and what only
PyTorch can answer is left out, which the last lines say.

A program other than `target/release/halfplane` is taken from the environment as HALFPLANE. Exits
with 1 where anything is off.
"""

import csv
import datetime
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from safetensors.numpy import save_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

try:
    import torch
except ImportError:
    torch = None

HERE = Path(__file__).parent
PROGRAM = os.environ.get("HALFPLANE", HERE.parent.parent / "target/release/halfplane")
TOLERANCE = 1e-5


def load(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


golden = load("make", HERE.parent / "golden/make.py") if torch else None
tables = load("tables", HERE / "tables.py")


def halfplane(*words):
    done = subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True)
    assert done.returncode == 0, f"halfplane {' '.join(map(str, words))}: {done.stderr}"
    return done.stdout


def read(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def labels_of(model):
    """The columns of classes that the program writes for several labels."""
    targets = json.loads(halfplane("inspect", model, "--json")).get("targets", [])
    return [own["name"] for own in targets if "classes" in own]


def classes_in(rows, labels):
    """The classes in rows that the program or a script has written: of several labels those of each."""
    return [tuple(row[name] for name in labels) if labels else row.get("class") for row in rows]


def predictions(model, table):
    """What the program says: numbers [N, O], and the classes' names where it gives them."""
    rows = list(csv.DictReader(halfplane("predict", model, table, "--device", "cpu").splitlines()))
    labels = labels_of(model)
    others = {"class", *labels}
    numbers = [[float(value) for name, value in row.items() if name not in others] for row in rows]
    return np.array(numbers), classes_in(rows, labels)


def moment(field):
    """A date or a time as the graph takes it: seconds since 1970 or since midnight, or NaT."""
    field = field.strip()
    for form in ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%d.%m.%Y", "%H:%M", "%H.%M", "%Y-%m-%dT%H:%M:%S%z"):
        try:
            own = datetime.datetime.strptime(field, form)
        except ValueError:
            continue
        if form in ("%H:%M", "%H.%M"):
            return 3600 * own.hour + 60 * own.minute
        own = own.replace(tzinfo=None) - (own.utcoffset() or datetime.timedelta())
        return np.datetime64(own, "s").astype(np.int64)
    return np.datetime64("NaT", "s").astype(np.int64)


def feeds(session, rows, missing):
    """A table's rows as the graph takes them."""
    columns = json.loads(session.get_modelmeta().custom_metadata_map["columns"])

    def number(field):
        return np.nan if field in missing else np.float32(field)

    inputs = session.get_inputs()
    if len(inputs) == 1 and inputs[0].name == "input":
        return {"input": np.array([[number(row[name]) for name in columns] for row in rows], np.float32)}
    assert [own.name for own in inputs] == columns
    found = {}
    for own in inputs:
        if own.type == "tensor(int64)":
            found[own.name] = np.array([moment(row[own.name]) for row in rows], np.int64).reshape(-1, 1)
            continue
        words = own.type == "tensor(string)"
        values = [row[own.name] if words else number(row[own.name]) for row in rows]
        found[own.name] = np.array(values, object if words else np.float32).reshape(-1, 1)
    return found


def answers(path, rows, missing):
    """What ONNX Runtime says: as `predictions`."""
    whole = onnx.load(path)
    onnx.checker.check_model(whole, full_check=True)
    assert whole.opset_import[0].version >= 19, "an opset of 2023 or newer"
    session = onnxruntime.InferenceSession(path)
    found = dict(zip([o.name for o in session.get_outputs()], session.run(None, feeds(session, rows, missing))))
    targets = json.loads(session.get_modelmeta().custom_metadata_map.get("targets", "[]"))
    if "prediction" in found:
        for place, own in enumerate(targets):
            assert np.array_equal(found[own["name"]], found["prediction"][:, place : place + 1])
        return found["prediction"], None
    if targets:
        return found["probabilities"], list(zip(*[found[own["name"]] for own in targets]))
    classes = json.loads(session.get_modelmeta().custom_metadata_map["classes"])
    if "label" not in found:
        return found["probabilities"], None
    assert found["probabilities"].shape[1] == len(classes)
    assert np.allclose(found["probabilities"].sum(1), 1, atol=1e-5)
    return found["probabilities"], list(found["label"])


def printed(script, table, labels):
    """The classes that a script prints."""
    done = subprocess.run([sys.executable, script, table], capture_output=True, text=True, check=True)
    return classes_in(list(csv.DictReader(done.stdout.splitlines())), labels)


def off(ours, theirs):
    assert ours.shape == theirs.shape, f"{ours.shape} against {theirs.shape}"
    return float((np.abs(ours - theirs) / np.maximum(1, np.abs(ours))).max())


def check(name, model, table, missing=("",), own=None):
    """Exports a model both ways and compares; `own` is what PyTorch's network said of these rows."""
    rows = read(table)
    ours, classes = predictions(model, table)
    halfplane("export", model, model.with_suffix(".onnx"))
    theirs, labels = answers(model.with_suffix(".onnx"), rows, missing)
    if ours.shape[1] == 1 and theirs.shape[1] == 2:
        # With a sigmoid the program tells the probability of the second class alone.
        theirs = theirs[:, 1:]
    found = {"onnx": off(ours, theirs)}
    halfplane("export", model, model.with_suffix(".py"))
    if labels is not None and classes[0] is not None:
        # Where two are as likely as each other to the tolerance, either may come first.
        names = labels_of(model)
        if names:
            clear = (np.abs(ours - 0.5) > TOLERANCE).all(axis=1)
        else:
            best = np.sort(np.hstack([1 - ours, ours]) if ours.shape[1] == 1 else ours, axis=1)
            clear = best[:, -1] - best[:, -2] > 2 * TOLERANCE
        scripts = [printed(model.with_suffix(".py"), table, names)] if torch else []
        for others in [labels, *scripts]:
            assert all(a == b for a, b, sure in zip(classes, others, clear) if sure), f"{name}: labels differ"
    if torch:
        script = load(model.stem.replace("-", "_"), model.with_suffix(".py"))
        found["script"] = off(ours, script.predict(rows).numpy())
    if own is not None:
        found["pytorch"] = off(ours, own.reshape(ours.shape))
    print(f"{name:28} {'  '.join(f'{key} {value:.1e}' for key, value in found.items())}", flush=True)
    return max(found.values()) <= TOLERANCE


def golden_case(folder, path):
    """A golden case's trained network as a model file, its rows as a table; and what PyTorch's network
    says of them. Without PyTorch both are random."""
    case = json.loads(path.read_text())
    network = case["network"]
    if torch:
        trained = golden.train(case, torch.float32)
        weights, outputs = trained["final"], trained["outputs"]
        features = golden.make_data(case["data"], network["inputs"], network["outputs"])[0].numpy()
    else:
        rng, outputs = np.random.default_rng(777), None
        bound = {name: tensor["shape"][-1] ** -0.5 for name, tensor in case["final"].items()}
        weights = {name: rng.uniform(-bound[name], bound[name], tensor["shape"]).astype(np.float32)
                   for name, tensor in case["final"].items()}
        features = rng.uniform(-1, 1, (64, network["inputs"])).astype(np.float32)
    # A linear unit before a softmax may end as a class of two: the file's words are the program's.
    classes = {"softmax": network["outputs"], "sigmoid": 2, "identity": 0}[network["output"]]
    names = [f"x{column + 1}" for column in range(network["inputs"])]
    about = {
        "version": 1,
        "network": network,
        "features": names,
        "target": "y",
        "classes": [str(number) for number in range(classes)],
    }
    model = folder / f"{case['case']}.safetensors"
    save_file({key: np.ascontiguousarray(value) for key, value in weights.items()}, model,
              {"halfplane": json.dumps(about)})
    table = folder / f"{case['case']}.csv"
    lines = [",".join(str(value) for value in row) for row in features]
    table.write_text("\n".join([",".join(names), *lines]) + "\n")
    return case["case"], model, table, outputs


def check_tensorboard(folder):
    """TensorBoard's scalars of a run against its metrics."""
    halfplane("train", "xor", "--steps", 1000, "--device", "cpu", "--quiet",
              "--tensorboard", folder / "board", "--metrics", folder / "metrics.jsonl")
    events = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    board = EventAccumulator(str(folder / "board"), size_guidance={"scalars": 0}).Reload()

    def same(tag, pairs):
        found = [(event.step, event.value) for event in board.Scalars(tag)]
        return found == [(step, np.float32(value)) for step, value in pairs] and len(found) > 0

    end = events[-1]
    good = all([
        same("loss/batch", [(e["step"], e["loss"]) for e in events if e["event"] == "step"]),
        same("loss/train", [(e["epoch"] + 1, e["train_loss"]) for e in events if e["event"] == "epoch"]),
        same("loss/final", [(end["steps"], end["loss"])]),
        same("accuracy/final", [(end["steps"], end["accuracy"])]),
    ])
    print(f"TensorBoard reads {'what the metrics say' if good else 'SOMETHING ELSE than the metrics'}")
    return good


def main():
    if torch:
        torch.set_num_threads(1)
    good = []
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for path in sorted((HERE.parent / "golden").glob("*.json")):
            name, model, table, outputs = golden_case(folder, path)
            good.append(check(name, model, table, own=outputs))
        for name, table, words, new, missing in tables.all(folder):
            model = folder / f"{name}.safetensors"
            halfplane("train", table, *words, "--device", "cpu", "--quiet", "--output", model)
            good.append(check(name, model, new, missing))
        good.append(check_tensorboard(folder))
    print(f"{sum(good)} of {len(good)} models and runs say the same everywhere")
    if not torch:
        print(f"left out: the answers of PyTorch's networks and scripts, for {sys.executable} has no torch")
    return 0 if all(good) and len(good) > 50 else 1


if __name__ == "__main__":
    sys.exit(main())
