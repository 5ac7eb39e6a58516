"""@TITLE@

    python this_file.py new.csv      prints the predictions for a table, as CSV

From Python, `net` is the network, `preprocess(rows)` turns rows of `csv.DictReader` into its inputs
[N, I], and `predict(rows)` returns predictions [N, O].
"""

import csv
import re
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

WEIGHTS = @WEIGHTS@
HEADER = @HEADER@
CLASSES = @CLASSES@
# Texts that mean a missing value.
MISSING = @MISSING@
MISSING_PATTERN = @PATTERN@
# Numbers that mean a missing value.
MISSING_NUMBERS = @NUMBERS@

net = nn.Sequential(
@LAYERS@)
# The file numbers dense layers and norms separately: `layers.1.weight` is that of the second Linear.
positions = {
    name: [index for index, module in enumerate(net) if isinstance(module, kind)]
    for name, kind in {"layers": nn.Linear, "norms": nn.LayerNorm}.items()
}
weights = {}
for name, value in load_file(WEIGHTS).items():
    kind, number, tensor = name.split(".")
    weights[f"{positions[kind][int(number)]}.{tensor}"] = value
net.load_state_dict(weights)
net.eval()


def as_is(fields):
    """One input: the number, unchanged."""
    return torch.tensor([[float(field)] for field in fields])


def numeric(fields, mean, scale, indicator):
    """The standardised number, missing ones imputed with the mean; optionally a missing indicator."""
    numbers = torch.tensor([[mean if field in MISSING else float(field)] for field in fields])
    missing = torch.tensor([[field in MISSING] for field in fields])
    for number in MISSING_NUMBERS:
        missing |= numbers == number
    standardised = (torch.where(missing, mean, numbers) - mean) / scale
    return torch.cat([standardised, missing.float()], dim=1) if indicator else standardised


def categorical(fields, categories, other, missing):
    """One-hot: one input per category, a regular expression of what means the same (`True`, `true`);
    optionally one for all other values and one for missing."""
    patterns = [*enumerate(map(re.compile, categories))]
    others = len(categories) if other else None
    absent = len(categories) + other if missing else others
    rows = torch.zeros(len(fields), len(categories) + other + missing)
    inputs = {}
    for field in set(fields):
        found = [index for index, pattern in patterns if pattern.fullmatch(field)]
        unknown = absent if re.fullmatch(MISSING_PATTERN, field) else others
        inputs[field] = found[0] if found else unknown
    for row, field in zip(rows, fields):
        index = inputs[field]
        if index is not None:
            row[index] = 1.0
    return rows


def preprocess(rows):
    """Rows of a table, as dictionaries by column, as the network's inputs [N, I]."""

    def column(name):
        return [str(row[name] if row[name] is not None else "").strip(" \t\n\r\f") for row in rows]

    return torch.cat([
@COLUMNS@    ], dim=1)


@torch.no_grad()
def predict(rows):
    """Predictions [N, O]: one probability per class (of two, the second's only), or numbers."""
    return @ANSWER@


def main():
    with open(sys.argv[1], newline="", encoding="utf-8-sig") as file:
        answers = predict(list(csv.DictReader(file))).tolist()
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(HEADER)
    for answer in answers:
        if len(HEADER) > len(answer):
            # The last column is the most probable class.
            every = answer if len(answer) > 1 else [0.5, answer[0]]
            answer.append(CLASSES[every.index(max(every))])
        out.writerow(answer)


if __name__ == "__main__":
    main()
