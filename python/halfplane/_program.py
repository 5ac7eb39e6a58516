"""The command line's run, from Python."""

import os
import subprocess
import sys
import tempfile


def train(data, *, output=None, verbose=True, **flags):
    """Train on a table in a file, as `halfplane train` does, and return the model.

    Everything that the command line infers is inferred: the task, the columns' types, missing values,
    the length of the training. By default it is the mean of five networks, each stopped early by rows
    of its own.

    Parameters
    ----------
    data : str or path-like
        The table: CSV, Parquet, `.npy`, `.npz` or IDX. For data in memory there are `MLPClassifier`
        and `MLPRegressor`, which take DataFrames.
    output : str or path-like, default=None
        Where to keep the model's file.
    verbose : bool, default=True
        Whether the program's output is passed on, to the standard error.
    **flags
        What `halfplane train --help` lists, with underscores: `target="species"`,
        `target=["width", "height"]`, `hidden=(64, 32)`, `layer_norm=True`.

    Returns
    -------
    model : MLPClassifier or MLPRegressor
        As `load` reads it.

    Raises
    ------
    ValueError
        Where the file or a flag cannot be used, with the program's words.
    RuntimeError
        Where the training fails.
    """
    from ._files import load

    if not isinstance(data, (str, os.PathLike)):
        raise TypeError(
            f"train reads a file, and got a {type(data).__name__}: fit MLPClassifier or MLPRegressor "
            "to data in memory"
        )
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.safetensors") if output is None else os.fspath(output)
        words = ["train", os.fspath(data), "--output", path, *_words(flags)]
        _run(words if verbose else [*words, "--quiet"], verbose)
        return load(path)


def _words(flags):
    for name, value in flags.items():
        flag = "--" + name.replace("_", "-")
        if value is True:
            yield flag
        elif isinstance(value, (list, tuple)):
            yield from (flag, ",".join(map(_item, value)))
        elif value is not None and value is not False:
            yield from (flag, str(value))


def _item(value):
    """A name or number in a list: one that holds a comma stands in quotes."""
    text = str(value)
    quoted = '"' + text.replace('"', '""') + '"'
    return quoted if "," in text or '"' in text else text


def _run(words, verbose):
    program = [sys.executable, "-m", "halfplane", *words]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    told = []
    with subprocess.Popen(program, text=True, encoding="utf-8", **pipes) as child:
        try:
            for line in child.stdout:
                told.append(line)
                if verbose:
                    sys.stderr.write(line)
        except KeyboardInterrupt:
            # The program has had the signal, too, and saves what it has.
            child.wait()
            raise
    if child.returncode:
        kind = ValueError if child.returncode == 2 else RuntimeError
        raise kind("".join(told).strip() or f"halfplane ended with code {child.returncode}")
