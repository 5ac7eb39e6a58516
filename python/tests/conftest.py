import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.preprocessing import StandardScaler


@pytest.fixture(scope="session")
def digits():
    """Scaled images of digits, and which they are."""
    X, y = load_digits(return_X_y=True)
    # Of pixels that are next to never inked the gradients are rounding errors, which Adam scales up.
    X = X[:, (X > 0).mean(axis=0) > 0.1]
    return StandardScaler().fit_transform(X).astype(np.float32), y


@pytest.fixture(scope="session")
def circle():
    """Points, and whether they lie in a circle."""
    random = np.random.default_rng(0)
    X = random.uniform(-1, 1, (400, 2)).astype(np.float32)
    return X, (np.square(X).sum(axis=1) < 0.5).astype(int)
