#!/usr/bin/env python3
"""Writes the tables in this folder, from the packages that ship them, and one table in every format.

    pip install numpy pandas palmerpenguins pyarrow scikit-learn
    tests/data/make.py

Their licences are in README.md.
"""

import gzip
import io
import struct
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from palmerpenguins import load_penguins
from sklearn import datasets
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder, StandardScaler

HERE = Path(__file__).parent


def packed(data: bytes) -> bytes:
    """Gzip without a time stamp, so that the same data give the same file."""
    return gzip.compress(data, mtime=0)


def column(name: str) -> str:
    return str(name).removesuffix(" (cm)").replace(" ", "_").replace("/", "_")


def bundled(load, name: str, target: str, labels=None) -> None:
    """One of scikit-learn's tables as CSV, its target last."""
    bunch = load()
    frame = pd.DataFrame(bunch.data, columns=[column(n) for n in bunch.feature_names])
    frame[target] = bunch.target if labels is None else [labels[int(t)] for t in bunch.target]
    # Integers are written without a decimal point.
    text = frame.to_csv(index=False, lineterminator="\n", float_format="%.10g")
    (HERE / f"{name}.csv").write_text(text)


def prepared(penguins: pd.DataFrame) -> None:
    """The penguins' features as scikit-learn encodes them: every tenth row."""
    columns = {}
    for name in penguins.columns.drop("species"):
        own = penguins[[name]]
        missing = own[name].isna()
        if own[name].dtype.kind in "if":
            filled = SimpleImputer(strategy="mean").fit(own).transform(own)
            # Mean and deviation of the numbers that are not missing.
            scaler = StandardScaler().fit(own.dropna().to_numpy())
            columns[name] = scaler.transform(filled)[:, 0]
        else:
            encoder = OneHotEncoder(sparse_output=False).fit(own.dropna())
            words = encoder.categories_[0]
            hot = np.zeros((len(own), len(words)))
            hot[~missing] = encoder.transform(own.dropna())
            columns |= {f"{name}={word}": hot[:, i] for i, word in enumerate(words)}
        if missing.any():
            columns[f"{name} missing"] = missing.astype(float)
    frame = pd.DataFrame(columns).iloc[::10]
    text = frame.to_csv(index=False, lineterminator="\n", float_format="%.9g")
    (HERE / "penguins-prepared.csv").write_text(text)


def idx(values: np.ndarray) -> bytes:
    """The format of the MNIST files."""
    code = {"uint8": 0x08, "float32": 0x0D}[values.dtype.name]
    head = struct.pack(f">HBB{values.ndim}I", 0, code, values.ndim, *values.shape)
    return head + values.astype(values.dtype.newbyteorder(">")).tobytes()


def main() -> None:
    penguins = load_penguins()
    text = penguins.to_csv(index=False, lineterminator="\n", na_rep="NA", float_format="%.10g")
    (HERE / "penguins.csv").write_text(text)
    prepared(penguins)
    iris = datasets.load_iris()
    bundled(datasets.load_iris, "iris", "species", iris.target_names)
    bundled(datasets.load_wine, "wine", "cultivar")
    cancer = datasets.load_breast_cancer()
    bundled(datasets.load_breast_cancer, "breast_cancer", "diagnosis", cancer.target_names)
    bundled(lambda: datasets.load_diabetes(scaled=False), "diabetes", "progression")

    # Digits in the layout of MNIST: images of bytes, and labels in a separate file.
    digits = datasets.load_digits()
    (HERE / "digits-images-idx3-ubyte.gz").write_bytes(packed(idx(digits.images.astype(np.uint8))))
    (HERE / "digits-labels-idx1-ubyte.gz").write_bytes(packed(idx(digits.target.astype(np.uint8))))

    # One table of every kind of column, in every format.
    rows = 12
    table = pd.DataFrame(
        {
            "whole": np.arange(rows, dtype=np.int64) * 3 - 5,
            "real": np.linspace(-1, 1, rows, dtype=np.float32),
            "gap": [None if row % 5 == 2 else row / 4 for row in range(rows)],
            "word": [["red", "green", None, "blue"][row % 4] for row in range(rows)],
            "flag": [row % 3 == 0 for row in range(rows)],
            "y": [row % 2 for row in range(rows)],
        }
    )
    formats = HERE / "formats"
    formats.mkdir(exist_ok=True)
    # Booleans as Parquet's are read, and missing values as empty fields.
    csv = table.assign(flag=table.flag.map({True: "true", False: "false"}))
    (formats / "table.csv").write_text(csv.to_csv(index=False, lineterminator="\n"))
    (formats / "table.tsv").write_text(csv.to_csv(index=False, lineterminator="\n", sep="\t"))
    (formats / "table.csv.gz").write_bytes(packed((formats / "table.csv").read_bytes()))
    arrow = pa.Table.from_pandas(table, preserve_index=False)
    for codec in ["none", "snappy", "gzip", "zstd"]:
        # Several row groups; with and without dictionaries.
        pq.write_table(
            arrow, formats / f"table-{codec}.parquet", compression=codec,
            row_group_size=5, use_dictionary=codec != "gzip",
        )  # fmt: skip
    pq.write_table(arrow, formats / "table-v2.parquet", compression="zstd", data_page_version="2.0")
    for name, version in [("v1", "1.0"), ("v2", "2.0")]:
        pq.write_table(
            arrow, formats / f"checksums-{name}.parquet", compression="zstd", row_group_size=7,
            data_page_version=version, write_page_checksum=True,
        )  # fmt: skip
    # Compressions that are not built in.
    for name, codec, version in [
        ("brotli", "brotli", "1.0"), ("brotli-v2", "brotli", "2.0"), ("lz4", "lz4", "1.0"),
    ]:  # fmt: skip
        pq.write_table(
            arrow, formats / f"{name}.parquet", compression=codec, data_page_version=version
        )
    # BYTE_STREAM_SPLIT stores the first bytes of all numbers, then the second ones, and so on.
    numeric = [field.name for field in arrow.schema if pa.types.is_primitive(field.type)
               and field.type.bit_width in (32, 64)]  # fmt: skip
    pq.write_table(
        arrow, formats / "table-split.parquet", compression="snappy",
        use_dictionary=False, use_byte_stream_split=numeric,
    )  # fmt: skip
    when = pd.to_datetime(["2024-01-31", "2024-02-01", "2024-02-02"])
    dates = pa.table({"when": pa.array(when), "a": [1.5, 2.5, 3.5], "y": [0, 1, 0]})
    pq.write_table(dates, formats / "dates.parquet", compression="none")
    lists = pa.table({"a": [1, 2, 3], "list": [[1], [2, 3], []], "y": [0, 1, 0]})
    pq.write_table(lists, formats / "lists.parquet", compression="none")
    kinds = pa.table(
        {
            "small": pa.array([1, -2, 3], pa.int8()),
            "unsigned": pa.array([4_000_000_000, 1, 2], pa.uint32()),
            "half": pa.array(np.array([0.5, -2, 4], np.float16)),
            "decimal": pa.array([Decimal("1.25"), Decimal("-3.5"), None], pa.decimal128(9, 2)),
            "dictionary": pa.array(["a", "b", "a"]).dictionary_encode(),
            "y": [0.5, 1.5, 2.5],
        }
    )
    pq.write_table(kinds, formats / "kinds.parquet", compression="none")

    numbers = table[["whole", "real", "y"]].to_numpy(np.float64)
    np.save(formats / "rows-f8.npy", numbers)
    np.save(formats / "columns-f4.npy", np.asfortranarray(numbers.astype(np.float32)))
    np.save(formats / "big-endian-i2.npy", (numbers * 6).round().astype(">i2"))
    np.save(formats / "half-f2.npy", numbers.astype(np.float16))
    np.save(formats / "words.npy", np.array(["ab", "c", "déf"] * 4))
    with open(formats / "version-2.npy", "wb") as file:
        np.lib.format.write_array(file, numbers, version=(2, 0))
    whole = table.whole.to_numpy()
    np.savez(formats / "arrays.npz", X=numbers[:, :2], whole=whole, y=table.y.to_numpy())
    packed_npz = io.BytesIO()
    np.savez_compressed(packed_npz, X=numbers[:, :2], whole=whole, y=table.y.to_numpy())
    (formats / "packed.npz").write_bytes(packed_npz.getvalue())
    np.savez(formats / "uneven.npz", a=np.zeros(3), b=np.zeros(4))
    np.save(formats / "objects.npy", np.array([{"a": 1}, None], dtype=object))
    (formats / "floats-idx2").write_bytes(idx(numbers.astype(np.float32)))


if __name__ == "__main__":
    main()
