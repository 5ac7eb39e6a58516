"""The examples, README's code and the docstrings' run."""

import doctest
import importlib
import pathlib
import re
import subprocess
import sys

import pytest

import halfplane

PACKAGE = pathlib.Path(__file__).parent.parent
EXAMPLES = sorted((PACKAGE / "examples").glob("*.py"))


def run(folder, *words, text=None):
    program = [sys.executable, "-W", "ignore", *words]
    ended = subprocess.run(program, cwd=folder, input=text, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_example(example, tmp_path):
    run(tmp_path, str(example))


def test_there_are_examples():
    assert len(EXAMPLES) >= 4


def test_readme(tmp_path):
    text = (PACKAGE / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    assert len(blocks) >= 3
    run(tmp_path, "-", text="\n".join(blocks))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", ["_classifier", "_regressor", "_search"])
def test_docstrings(name):
    module = importlib.import_module(f"halfplane.{name}")
    found = doctest.testmod(module)
    assert found.attempted > 0 and found.failed == 0


def test_every_public_name_is_typed_and_told():
    stubs = (pathlib.Path(halfplane.__file__).parent / "__init__.pyi").read_text()
    for name in halfplane.__all__:
        assert name in stubs, name
    for estimator in (halfplane.MLPClassifier, halfplane.MLPRegressor, halfplane.SearchCV):
        for parameter in estimator().get_params(deep=False):
            assert parameter in estimator.__doc__, parameter


def test_importing_halfplane_costs_nothing():
    program = """
import time, numpy
began = time.process_time()
import halfplane
assert time.process_time() - began < 0.05
import sys
assert "sklearn" not in sys.modules
"""
    run(".", "-c", program)
