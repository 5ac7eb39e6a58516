"""Tables whose preprocessing has everything that there is: each with what to train on it with, new
rows that have words the training never saw, and the fields that are missing values."""

import datetime
import gzip
from pathlib import Path

import numpy as np

DATA = Path(__file__).parent.parent / "data"

rng = np.random.default_rng(777)


def write(path, columns):
    """A table of columns by name, as CSV."""
    lines = [",".join(columns)] + [",".join(map(str, row)) for row in zip(*columns.values())]
    path.write_text("\n".join(lines) + "\n")
    return path


def numbers(rows, scale=1.0, offset=0.0, missing=0.0, word=""):
    values = [f"{value:.5g}" for value in offset + scale * rng.normal(size=rows)]
    return [word if hole else value for value, hole in zip(values, rng.random(rows) < missing)]


def words(rows, choices, missing=0.0, word=""):
    picked = rng.choice(choices, rows)
    return [word if hole else str(value) for value, hole in zip(picked, rng.random(rows) < missing)]


def mixed(rows, extra=()):
    """Numbers with and without holes, words with and without, rare words, a constant column."""
    islands = ["Biscoe", "Dream", "Torgersen", *extra]
    return {
        "bill length": numbers(rows, 5, 44, missing=0.1, word="NA"),
        "mass": numbers(rows, 800, 4200),
        "island": words(rows, islands),
        "sex": words(rows, ["female", "male"], missing=0.1, word="NA"),
        "colour": words(rows, ["red"] * 40 + ["green"] * 40 + ["teal", "plum", "rust"]),
        "planet": ["earth"] * rows,
    }


def all(folder):
    short = ["--epochs", "40", "--hidden", "16,8"]

    def case(name, columns, new, options, missing=("", "NA")):
        table, new = write(folder / f"{name}.csv", columns), write(folder / f"{name}-new.csv", new)
        return name, table, [*options, *short], new, missing

    rows = 400
    table = mixed(rows)
    long = [field not in ("", "NA") and float(field) > 44 for field in table["bill length"]]
    kinds = np.where(long, "Gentoo", np.where([i == "Dream" for i in table["island"]], "Chinstrap", "Adelie"))
    new = mixed(60, extra=["Atlantis"])
    # Blanks around a word are none of it, and what means the same is one category.
    new["island"] = [[word, f" {word}", f"{word} ", f"  {word}\t"][at % 4] for at, word in enumerate(new["island"])]
    yield case("three-species", table | {"species": kinds}, new, ["--target", "species"])
    yield case("normalized", table | {"species": kinds}, new, ["--target", "species", "--layer-norm"])
    yield case("two-kinds", table | {"big": np.where(long, "yes", "no")}, new, ["--target", "big"])
    weights = [f"{1000 * len(island) + 50 * rng.normal():.4g}" for island in table["island"]]
    yield case("price", table | {"price": weights}, new, ["--target", "price", "--task", "regression"])
    both = {"price": weights, '"height, mm"': numbers(rows, 1e-3, 5)}
    yield case("several-numbers", table | both, new, ["--target", 'price,"height, mm"'])
    both = {"big": np.where(long, "yes", "no"), "mean": np.where(kinds == "Adelie", "True", "False")}
    yield case("several-labels", table | both, new, ["--target", "mean,big"])
    yield case("bins-and-words", table | {"price": weights}, new, ["--target", "price", "--bins", "4"])

    flags = {"flag": words(rows, ["True", "False"]), "level": words(rows, ["1", "2", "3"]), "x": numbers(rows)}
    kinds = [str(flag == "True") for flag in flags["flag"]]
    spelled = {"flag": words(60, ["true", "FALSE", " True", "0", "1.0", "other"]),
               "level": words(60, ["1.0", "2", " 3.00", "01", "NA"]), "x": numbers(60)}
    yield case("spellings", flags | {"kind": kinds}, spelled, ["--target", "kind", "--categorical", "level"])

    table = {"a": numbers(rows, 3, 100, missing=0.05), "b": numbers(rows, 0.01), "c": numbers(rows, missing=0.3)}
    y = [f"{float(a or 100) + 50 * float(b):.5g}" for a, b in zip(table["a"], table["b"])]
    new = {name: numbers(40, 3, 100, missing=0.2) for name in "abc"}
    new["b"] = numbers(40, 0.01)
    yield case("numbers-with-holes", table | {"y": y}, new, ["--target", "y", "--task", "regression"])
    yield case("bins", table | {"y": y}, new, ["--target", "y", "--task", "regression", "--bins", "6"])
    # A number that stands for a missing one reaches the graph as it is.
    coded = {name: ["-999" if field == "" else field for field in column] for name, column in new.items()}
    options = ["--target", "y", "--task", "regression", "--na", "NA,-999"]
    yield case("missing-by-number", table | {"y": y}, coded, options, missing=("", "NA"))
    whole = {"a": numbers(rows, 3, 10), "b": numbers(rows, 0.1)}
    y = [f"{float(a) * float(b):.5g}" for a, b in zip(whole["a"], whole["b"])]
    yield case("as-they-stand", whole | {"y": y}, {"a": numbers(40, 3, 10), "b": numbers(40, 0.1)},
               ["--target", "y", "--task", "regression", "--preprocess", "none"])

    def dated(rows):
        days = [datetime.datetime(1960, 1, 1) + datetime.timedelta(seconds=int(own))
                for own in rng.integers(0, 3_000_000_000, rows)]
        holes = rng.random(rows) < 0.1
        return {
            "when": ["" if hole else f"{own:%Y-%m-%d %H:%M:%S}" for own, hole in zip(days, holes)],
            "zoned": [f"{own:%Y-%m-%dT%H:%M:%S}{zone}" for own, zone in
                      zip(days, words(rows, ["Z", "+01:00", "-03:30"]))],
            "day": [f"{own:%d.%m.%Y}" for own in days],
            "clock": [f"{own:%H:%M}" for own in days],
            "x": numbers(rows, missing=0.1),
        }

    # Dates: the graph takes moments, the script the texts themselves.
    table = dated(rows)
    kinds = np.where([clock > "12" for clock in table["clock"]], "late", "early")
    new = dated(60)
    new["when"][:4] = ["soon", "2024-02-30 00:00:00", " 2024-02-29 ", "NA"]
    new["clock"][:3] = ["9.12", "", "24:00"]
    yield case("dates", table | {"kind": kinds}, new, ["--target", "kind"])
    plain = {name: table[name] for name in ("day", "x")}
    y = [f"{int(day[6:]) + 0.1 * int(day[3:5]):.5g}" for day in table["day"]]
    yield case("dates-and-numbers", plain | {"y": y}, {name: new[name] for name in plain},
               ["--target", "y", "--task", "regression"])

    # Words that are missing values in one column only.
    table = {"a": words(rows, range(10)), "b": words(rows, range(10)), "c": words(rows, ["u", "v", "none"])}
    y = [f"{int(a) % 9 + int(b):.5g}" for a, b in zip(table["a"], table["b"])]
    spelled = {"a": words(60, ["9", "9.0", "3"]), "b": words(60, range(10)), "c": words(60, ["u", " none ", "w"])}
    yield case("missing-in-one-column", table | {"y": y}, spelled,
               ["--target", "y", "--task", "regression", "--na", "a=9,c=none"])
    plain = {name: table[name] for name in "ab"}
    yield case("missing-number-in-one-column", plain | {"y": y}, {name: spelled[name] for name in "ab"},
               ["--target", "y", "--task", "regression", "--na", "a=9,a=8,b=7"])

    # Pictures: bytes, all standardised by one mean and deviation. Without their file they are numbers.
    images = DATA / "digits-images-idx3-ubyte.gz"
    pixels = np.frombuffer(gzip.decompress(images.read_bytes())[16:], np.uint8).reshape(-1, 64)[:60]
    new = write(folder / "digits-new.csv", {f"x{column + 1}": pixels[:, column] for column in range(64)})
    yield "digits", images, ["--labels", DATA / "digits-labels-idx1-ubyte.gz", *short], new, ("",)
