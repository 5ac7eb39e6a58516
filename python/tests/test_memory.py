"""Rows are not copied beyond what the device holds."""

import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys, warnings
import numpy as np
from halfplane import MLPClassifier

warnings.simplefilter("ignore")
model = MLPClassifier((8,), max_iter=1, batch_size=10_000, device="cpu")
rows = 400_000
y = np.arange(rows) % 2
model.fit(np.zeros((20_000, 100), np.float32), y[:20_000])
X = np.ones((rows, 100), sys.argv[1])
X[:, 0] = y

def peak():
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

before = peak()
model.fit(X, y)
model.predict(X)
print((peak() - before) / X.nbytes)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="peaks are told in other units elsewhere")
@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_training_takes_the_rows_once_more_at_most(kind):
    told = subprocess.run([sys.executable, "-c", PROGRAM, kind], capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    assert float(told.stdout) < 1.2
