"""@TITLE@

    python this_file.py new.csv      prints the predictions for a table, as CSV

or, from Python, `net` is the network, `preprocess(rows)` makes its inputs [N, I] of rows as
`csv.DictReader` gives them, and `predict(rows)` its answers [N, O].
"""

import csv
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

WEIGHTS = @WEIGHTS@
HEADER = @HEADER@
CLASSES = @CLASSES@
# Fields that say that a value is missing.
MISSING = @MISSING@
# Numbers that say so, too.
MISSING_NUMBERS = @NUMBERS@

net = nn.Sequential(
@LAYERS@)
# The file numbers dense layers and norms apart: `layers.1.weight` is the second nn.Linear's.
places = {
    name: [place for place, module in enumerate(net) if isinstance(module, kind)]
    for name, kind in {"layers": nn.Linear, "norms": nn.LayerNorm}.items()
}
weights = {}
for name, value in load_file(WEIGHTS).items():
    kind, number, tensor = name.split(".")
    weights[f"{places[kind][int(number)]}.{tensor}"] = value
net.load_state_dict(weights)
net.eval()


def as_is(fields):
    """One input: the number as it stands."""
    return torch.tensor([[float(field)] for field in fields])


def numeric(fields, mean, scale, indicator):
    """The number, standardised; a missing one counts as the mean. Perhaps whether it is missing."""
    numbers = torch.tensor([[mean if field in MISSING else float(field)] for field in fields])
    missing = torch.tensor([[field in MISSING] for field in fields])
    for number in MISSING_NUMBERS:
        missing |= numbers == number
    standardised = (torch.where(missing, mean, numbers) - mean) / scale
    return torch.cat([standardised, missing.float()], dim=1) if indicator else standardised


def categorical(fields, categories, other, missing):
    """One input for each category, then perhaps one for all other words and one for missing."""
    places = {word: place for place, word in enumerate(categories)}
    others = len(categories) if other else None
    absent = len(categories) + other if missing else others
    rows = torch.zeros(len(fields), len(categories) + other + missing)
    for row, field in zip(rows, fields):
        place = places.get(field, absent if field in MISSING else others)
        if place is not None:
            row[place] = 1.0
    return rows


def preprocess(rows):
    """Rows of a table, as dictionaries by column, to the network's inputs [N, I]."""

    def column(name):
        return [str(row[name] if row[name] is not None else "").strip() for row in rows]

    return torch.cat([
@COLUMNS@    ], dim=1)


@torch.no_grad()
def predict(rows):
    """Probabilities of the classes, of "yes" alone for two, or numbers for regression: [N, O]."""
    return @ANSWER@


def main():
    with open(sys.argv[1], newline="", encoding="utf-8-sig") as file:
        answers = predict(list(csv.DictReader(file))).tolist()
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(HEADER)
    for answer in answers:
        if len(HEADER) > len(answer):
            # The likeliest class has the last word.
            every = answer if len(answer) > 1 else [0.5, answer[0]]
            answer.append(CLASSES[every.index(max(every))])
        out.writerow(answer)


if __name__ == "__main__":
    main()
