"""@TITLE@

    python this_file.py new.csv      prints the predictions for a table, as CSV

From Python, `net` is the network, `preprocess(rows)` turns rows of `csv.DictReader` into its inputs
[N, I], and `predict(rows)` returns predictions [N, O].
"""

import csv
import datetime
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


def network():
    return nn.Sequential(
@LAYERS@    )


@NET@
# The file numbers dense layers and norms separately: `layers.1.weight` is that of the second Linear.
positions = {
    name: [index for index, module in enumerate(network()) if isinstance(module, kind)]
    for name, kind in {"layers": nn.Linear, "norms": nn.LayerNorm}.items()
}
weights = {}
for name, value in load_file(WEIGHTS).items():
    *member, kind, number, tensor = name.split(".")
    weights[".".join([*member, str(positions[kind][int(number)]), tensor])] = value
net.load_state_dict(weights)
net.eval()


def as_is(fields):
    """One input: the number, unchanged."""
    return torch.tensor([[float(field)] for field in fields])


def numeric(fields, mean, scale, indicator, bins=()):
    """The standardised number, missing ones imputed with the mean; for each bin of its range (from, to,
    mean, scale) the number clamped to it, standardised; optionally a missing indicator."""
    numbers = torch.tensor([[mean if field in MISSING else float(field)] for field in fields])
    missing = torch.tensor([[field in MISSING] for field in fields])
    for number in MISSING_NUMBERS:
        missing |= numbers == number
    numbers = torch.where(missing, mean, numbers)
    inputs = [(numbers - mean) / scale]
    inputs += [(numbers.clamp(low, high) - mean) / scale for low, high, mean, scale in bins]
    return torch.cat([*inputs, missing.float()] if indicator else inputs, dim=1)


MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
NAME = (r"jan(?:u(?:a(?:r(?:y)?)?)?)?|feb(?:r(?:u(?:a(?:r(?:y)?)?)?)?)?|mar(?:c(?:h)?)?|apr(?:i(?:l)?)?|may|"
        r"june?|july?|aug(?:u(?:s(?:t)?)?)?|sep(?:t(?:e(?:m(?:b(?:e(?:r)?)?)?)?)?)?|"
        r"oct(?:o(?:b(?:e(?:r)?)?)?)?|nov(?:e(?:m(?:b(?:e(?:r)?)?)?)?)?|dec(?:e(?:m(?:b(?:e(?:r)?)?)?)?)?")
NAME, GAP = rf"(?P<name>{NAME})\.?", r"(?:[,/-] *| +)"
YEAR = r"(?P<year>\d{4}|\d\d)"
DATES = {
    "iso": r"(?P<year>\d{4})(?P<mark>[-/.])(?P<month>\d\d?)(?P=mark)(?P<day>\d\d?)",
    "ymd": r"(?P<year>\d\d)(?P<mark>[-/.])(?P<month>\d\d?)(?P=mark)(?P<day>\d\d?)",
    "dmy": rf"(?P<day>\d\d?)(?P<mark>[-/.])(?P<month>\d\d?)(?P=mark){YEAR}",
    "mdy": rf"(?P<month>\d\d?)(?P<mark>[-/.])(?P<day>\d\d?)(?P=mark){YEAR}",
    "named": rf"(?P<day>\d\d?){GAP}{NAME}{GAP}{YEAR}",
    "english": rf"{NAME}{GAP}(?:(?P<day>\d\d?){GAP})?(?P<year>\d{{4}})",
}
TIME = (r"(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d)(?:[.,]\d{1,9})?)?"
        r"(?: *(?P<half>[AP])M)?")
ZONE = r" *(?:Z|UTC|GMT|(?P<sign>[+-])(?P<hours>[01]\d|2[0-3])(?::?(?P<minutes>[0-5]\d))?)?"
CLOCK = rf"(?:{TIME}|(?P<h>[01]?\d|2[0-3])\.(?P<m>[0-5]\d)(?: *(?P<ap>[AP])M)?) ?(?:Z|UTC)?"


def moment(field, order):
    """The seconds from 1970, or from midnight, to a date or time; None where the field is none."""

    def clock(hour, minute, second, half):
        hour = int(hour)
        if half and not 1 <= hour <= 12:
            raise ValueError(field)
        hour = hour % 12 + 12 * (half in "Pp") if half else hour
        return 3600 * hour + 60 * int(minute) + int(second or 0)

    try:
        if order == "clock":
            found = re.fullmatch(CLOCK, field, re.I | re.A)
            own = found.group("hour", "minute", "second", "half")
            return clock(*own) if own[0] else clock(*found.group("h", "m"), 0, found["ap"])
        for name in ["iso", order, "named", "english"]:
            found = re.fullmatch(rf"{DATES[name]}(?:(?:T|,? +){TIME}{ZONE})?", field, re.I | re.A)
            if found:
                break
        own = found.groupdict()
        year = int(own["year"])
        if len(own["year"]) == 2:
            year += 2000 if year < 69 else 1900
        month = int(own["month"]) if own.get("month") else MONTHS.index(own["name"][:3].lower()) + 1
        days = datetime.date(year, month, int(own["day"] or 1)).toordinal() - 719163
        seconds = clock(*found.group("hour", "minute", "second", "half")) if own["hour"] else 0
        ahead = 3600 * int(own["hours"] or 0) + 60 * int(own["minutes"] or 0)
        return 86400 * days + seconds - (-ahead if own["sign"] == "-" else ahead)
    except (AttributeError, TypeError, ValueError):
        return None


def dates(fields, order, parts, indicator):
    """The standardised parts of dates, missing ones imputed with their means; optionally a missing
    indicator."""

    def part(moment, name):
        days, seconds = divmod(moment, 86400)
        if name in ("year", "month"):
            return getattr(datetime.date.fromordinal(days + 719163), name)
        return {"days": days, "weekday": (days + 3) % 7, "hour": seconds // 3600, "minute": seconds}[name]

    moments = [None if field in MISSING else moment(field, order) for field in fields]
    missing = torch.tensor([[own is None] for own in moments])
    inputs = []
    for name, mean, scale in parts:
        numbers = torch.tensor([[float(0 if own is None else part(own, name))] for own in moments])
        numbers = numbers / 60 if name == "minute" else numbers
        inputs.append(torch.where(missing, 0.0, (numbers - mean) / scale))
    return torch.cat([*inputs, missing.float()] if indicator else inputs, dim=1)


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

    def column(name, missing=""):
        fields = [str(row[name] if row[name] is not None else "").strip(" \t\n\r\f") for row in rows]
        return ["" if re.fullmatch(missing, field) else field for field in fields]

    return torch.cat([
@COLUMNS@    ], dim=1)


@torch.no_grad()
def predict(rows):
    """Predictions [N, O]: one probability per class (of two, the second's only), or numbers; of several
    targets one for each."""
    return @ANSWER@


def main():
    with open(sys.argv[1], newline="", encoding="utf-8-sig") as file:
        answers = predict(list(csv.DictReader(file))).tolist()
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(HEADER)
    for answer in answers:
@CHOICE@        out.writerow(answer)


if __name__ == "__main__":
    main()
