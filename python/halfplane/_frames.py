"""Data frames of pandas, polars, Arrow and their like, as columns for the extension."""

import sys

import numpy as np

from . import _halfplane


def is_frame(X):
    """Whether rows come as a table with named columns."""
    return _is_of("pandas", "DataFrame", X) or hasattr(X, "__arrow_c_stream__")


def known(X):
    """The data frame itself, or what speaks Arrow's C interface as a table of pyarrow's."""
    if _is_of("pandas", "DataFrame", X) or _is_of("polars", "DataFrame", X):
        return X
    return _arrow(X)


def is_numeric(X):
    """Whether a data frame is nothing but numbers, as an array of them is."""
    return all(
        kind == "numbers" and not np.isnan(values).any() for _, kind, values, _ in columns(X)
    )


def table(X):
    """The extension's table of a data frame."""
    return _halfplane.Table(list(columns(X)))


def columns(X):
    """Each column as (name, kind, values, names of categories)."""
    if _is_of("pandas", "DataFrame", X):
        for position, name in enumerate(X.columns):
            yield (str(name), *_of_pandas(X.iloc[:, position]))
    elif _is_of("polars", "DataFrame", X):
        for series in X.iter_columns():
            yield (series.name, *_of_polars(series))
    else:
        for name, column in zip(X.column_names, X.columns):
            yield (name, *_of_arrow(column))


def of_array(X, names):
    """An array's columns under a model's names, for models that expect a table."""
    X = np.asarray(X)
    for position, name in enumerate(names):
        values = X[:, position]
        if values.dtype.kind in "biuf":
            yield name, "numbers", np.asarray(values, dtype=np.float64), []
        else:
            yield (name, *_objects(values.tolist()))


def _is_of(package, name, X):
    module = sys.modules.get(package)
    return module is not None and isinstance(X, getattr(module, name))


def _arrow(X):
    try:
        import pyarrow
    except ImportError as error:
        raise ValueError(
            f"a {type(X).__name__} speaks Arrow's C interface, which takes pyarrow to read: install "
            "it, or give a DataFrame of pandas or polars"
        ) from error
    return X if isinstance(X, pyarrow.Table) else pyarrow.table(X)


def _of_pandas(series):
    import pandas

    dtype = series.dtype
    if isinstance(dtype, pandas.CategoricalDtype):
        codes = series.cat.codes.to_numpy(dtype=np.int64)
        return "categories", codes, [str(name) for name in series.cat.categories]
    if pandas.api.types.is_bool_dtype(dtype):
        return "booleans", [_boolean(value) for value in series.tolist()], []
    if pandas.api.types.is_numeric_dtype(dtype) and not pandas.api.types.is_complex_dtype(dtype):
        return "numbers", _numbers(series.to_numpy(dtype=np.float64, na_value=np.nan)), []
    if pandas.api.types.is_datetime64_any_dtype(dtype):
        if getattr(dtype, "tz", None) is not None:
            series = series.dt.tz_localize(None)
        return _moments(series.to_numpy(dtype="datetime64[s]"))
    missing = series.isna().to_numpy()
    return _objects([None if gone else value for value, gone in zip(series.tolist(), missing)])


def _of_polars(series):
    import polars

    dtype = series.dtype
    if dtype == polars.Boolean:
        return "booleans", series.to_list(), []
    if dtype.is_numeric() or dtype == polars.Decimal:
        return "numbers", _numbers(series.cast(polars.Float64).to_numpy()), []
    if dtype in (polars.Categorical, polars.Enum):
        return _categories(series.cast(polars.String).to_list())
    if dtype == polars.Date or dtype == polars.Datetime:
        return _moments(series.cast(polars.Datetime("ms")).to_numpy().astype("datetime64[s]"))
    return _objects(series.to_list())


def _of_arrow(column):
    import pyarrow

    kind = column.type
    if pyarrow.types.is_boolean(kind):
        return "booleans", column.to_pylist(), []
    if pyarrow.types.is_dictionary(kind):
        return _categories([None if own is None else str(own) for own in column.to_pylist()])
    if pyarrow.types.is_integer(kind) or pyarrow.types.is_floating(kind):
        numbers = column.cast(pyarrow.float64(), safe=False)
        return "numbers", _numbers(numbers.to_numpy()), []
    if pyarrow.types.is_timestamp(kind) or pyarrow.types.is_date(kind):
        return _moments(column.cast(pyarrow.timestamp("s"), safe=False).to_numpy())
    return _objects(column.to_pylist())


def _numbers(values):
    return np.ascontiguousarray(values, dtype=np.float64)


def _moments(values):
    """Seconds since the beginning of 1970; NaT is the least integer, as in NumPy."""
    return "moments", np.ascontiguousarray(values.astype("datetime64[s]").view(np.int64)), []


def _categories(values):
    names = sorted({value for value in values if value is not None})
    codes = {name: code for code, name in enumerate(names)}
    return "categories", np.array([codes.get(value, -1) for value in values], np.int64), names


def _objects(values):
    """Python's objects: all numbers, all truth values, or texts."""
    known = [value for value in values if value is not None]
    if known and all(isinstance(value, (bool, np.bool_)) for value in known):
        return "booleans", [_boolean(value) for value in values], []
    numbers = (int, float, np.integer, np.floating)
    if all(isinstance(value, numbers) and not isinstance(value, bool) for value in known):
        return "numbers", np.array([np.nan if own is None else own for own in values], float), []
    return "texts", [None if own is None or own != own else str(own) for own in values], []


def _boolean(value):
    return bool(value) if isinstance(value, (bool, np.bool_)) else None
