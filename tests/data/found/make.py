#!/usr/bin/env python3
"""Writes one table in the files of several programs (`same-*`), and three arrays in two layouts.

    pip install numpy pandas polars duckdb pyarrow
    tests/data/found/make.py

The other files here are as people have them: small tables that a reader may misunderstand.
"""

from decimal import Decimal
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).parent
ROWS = 60


def table() -> pd.DataFrame:
    """Truth values, whole numbers (some missing), words, numbers; the target is a truth value."""
    random = np.random.default_rng(1)
    flag = random.random(ROWS) < 0.5
    level = random.integers(1, 4, ROWS).astype(float)
    level[[5, 17]] = np.nan
    return pd.DataFrame({
        "flag": flag,
        "level": level,
        "word": random.choice(["red", "green", "blue"], ROWS),
        "size": random.integers(0, 100, ROWS),
        "price": random.integers(100, 999, ROWS) / 4,
        "y": flag ^ (random.random(ROWS) < 0.2),
    })


def main() -> None:
    own = table()
    own.to_csv(HERE / "same-pandas.csv", index=False)
    own.to_parquet(HERE / "same-pandas.parquet", index=False)
    pl.from_pandas(own).write_csv(HERE / "same-polars.csv")
    pl.from_pandas(own).write_parquet(HERE / "same-polars.parquet", statistics=False)
    duckdb.sql(f"COPY (SELECT * FROM own) TO '{HERE}/same-duckdb.csv' (HEADER)")
    duckdb.sql(f"COPY (SELECT * FROM own) TO '{HERE}/same-duckdb.parquet' (FORMAT parquet)")
    # As R's write.csv does: row names, words in quotes, TRUE, NA.
    lines = ['"","flag","level","word","size","price","y"']
    for row, (flag, level, word, size, price, y) in enumerate(own.itertuples(index=False), 1):
        level = "NA" if np.isnan(level) else f"{level:g}"
        lines.append(
            f'"{row}",{str(flag).upper()},{level},"{word}",{size},{price:g},{str(y).upper()}'
        )
    (HERE / "same-r.csv").write_text("\n".join(lines) + "\n")
    np.savez(HERE / "same-numpy.npz", **{
        name: own[name].to_numpy(str if name == "word" else None) for name in own
    })
    # Widths of decimals, up to the largest, and categories that are numbers.
    decimals = {
        f"d{digits}": pa.array([Decimal(n) / 4 for n in range(-6, 6)], pa.decimal128(digits, 2))
        for digits in (5, 12, 38)
    }
    decimals["d76"] = decimals["d38"].cast(pa.decimal256(76, 2))
    frame = pa.table(decimals | {"y": pa.array([n % 2 for n in range(12)])})
    pq.write_table(frame, HERE / "decimals.parquet")
    pd.DataFrame({
        "kind": pd.Categorical([1, 2, 3] * 4), "a": range(12), "y": ["no", "yes"] * 6,
    }).to_parquet(HERE / "categories.parquet", index=False)
    # [N, 2, 3], the rows' axis first, in both orders; and rows of bytes that are no pictures.
    cube = np.arange(24.0).reshape(4, 2, 3)
    np.save(HERE / "cube-c.npy", cube)
    np.save(HERE / "cube-fortran.npy", np.asfortranarray(cube))
    np.save(HERE / "bytes.npy", np.array([[1, 200, 0], [2, 250, 1], [3, 100, 1], [4, 150, 0]], np.uint8))


if __name__ == "__main__":
    main()
