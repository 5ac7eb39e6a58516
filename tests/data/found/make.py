#!/usr/bin/env python3
"""Writes one table in the files of several programs (`same-*`), one with dates (`dates-*`), and three arrays
in two layouts.

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


def dates() -> pd.DataFrame:
    """Moments over some years (some missing), moments with a time zone, days, and a number."""
    random = np.random.default_rng(2)
    seconds = random.integers(-200_000_000, 1_700_000_000, ROWS)
    when = pd.Series(pd.to_datetime(seconds, unit="s")).astype("datetime64[us]")
    when[[3, 40]] = pd.NaT
    return pd.DataFrame({
        "when": when,
        "zoned": pd.Series(pd.to_datetime(seconds + 7, unit="s")).dt.tz_localize("UTC")
        .dt.tz_convert("Europe/Berlin").astype("datetime64[us, Europe/Berlin]"),
        "day": pd.Series(pd.to_datetime(seconds // 86400 * 86400, unit="s")).dt.date,
        "x": random.integers(0, 100, ROWS),
        "y": random.random(ROWS) < 0.5,
    })


def write_dates() -> None:
    own = dates()
    own.to_csv(HERE / "dates-pandas.csv", index=False)
    own.to_parquet(HERE / "dates-pandas.parquet", index=False)
    for name, unit in ("millis", "ms"), ("nanos", "ns"):
        of_unit = own.assign(**{
            column: own[column].dt.as_unit(unit) for column in ("when", "zoned")
        })
        of_unit.to_parquet(HERE / f"dates-{name}.parquet", index=False)
    pq.write_table(
        pa.Table.from_pandas(own, preserve_index=False), HERE / "dates-int96.parquet",
        use_deprecated_int96_timestamps=True,
    )
    utc = pl.from_pandas(own).with_columns(pl.col("zoned").dt.convert_time_zone("UTC"))
    utc.write_csv(HERE / "dates-polars.csv")
    utc.write_parquet(HERE / "dates-polars.parquet", statistics=False)
    duckdb.sql("SET TimeZone = 'UTC'")
    duckdb.sql(f"COPY (SELECT * FROM own) TO '{HERE}/dates-duckdb.csv' (HEADER)")
    duckdb.sql(f"COPY (SELECT * FROM own) TO '{HERE}/dates-duckdb.parquet' (FORMAT parquet)")
    # As people write them: days first with points, months first with AM and PM, names of months.
    texts = own.assign(
        when=own["when"].dt.strftime("%d.%m.%Y %H:%M:%S"),
        zoned=own["zoned"].dt.tz_convert("UTC").dt.strftime("%m/%d/%Y, %I:%M:%S %p"),
        day=pd.to_datetime(own["day"]).dt.strftime("%d %b %Y"),
    )
    texts.to_csv(HERE / "dates-people.csv", index=False)
    np.savez(
        HERE / "dates-numpy.npz", when=own["when"].to_numpy("datetime64[us]"),
        zoned=own["zoned"].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[ms]"),
        day=own["day"].to_numpy("datetime64[D]"), x=own["x"].to_numpy(), y=own["y"].to_numpy(),
    )
    # What pandas makes of them, for the parts.
    parts = {}
    for name in "when", "zoned", "day":
        column = pd.to_datetime(own[name], utc=True)
        parts |= {
            f"{name} days": (column - pd.Timestamp("1970-01-01", tz="UTC")) // pd.Timedelta(days=1),
            f"{name} year": column.dt.year, f"{name} month": column.dt.month,
            f"{name} weekday": column.dt.weekday, f"{name} hour": column.dt.hour,
            f"{name} minute": column.dt.hour * 60 + column.dt.minute + column.dt.second / 60,
        }
    pd.DataFrame(parts).to_csv(HERE / "dates-parts.csv", index=False, float_format="%.9g")


def write_arrays() -> None:
    random = np.random.default_rng(3)
    parts = {}
    for part, rows in ("train", 40), ("test", 20):
        x = random.normal(size=(rows, 3)).astype(np.float32)
        parts |= {f"x_{part}": x, f"y_{part}": (x[:, 0] > 0).astype(np.int64)}
    np.savez(HERE / "split.npz", **parts)
    # Records, with padding and a field of several values.
    kind = np.dtype([("when", "<M8[h]"), ("flag", "?"), ("at", "<f4", (2,)), ("word", "<U5"), ("y", "<i2")],
                    align=True)
    records = np.zeros(60, kind)
    for row, record in enumerate(records):
        when = np.datetime64("NaT") if row == 7 else np.datetime64("2024-01-01T00", "h") + 37 * row
        word = ["red", "green"][row % 2]
        records[row] = (when, row % 3 == 0, (row / 4, row % 5), word, row % 2)
    np.save(HERE / "records.npy", records)
    np.savez(HERE / "records.npz", all=records)
    frame = pd.DataFrame({name: records[name] for name in ("when", "flag")})
    frame["at1"], frame["at2"] = records["at"].T
    frame["word"], frame["y"] = records["word"], records["y"]
    frame.to_csv(HERE / "records.csv", index=False)


def main() -> None:
    write_arrays()
    write_dates()
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
