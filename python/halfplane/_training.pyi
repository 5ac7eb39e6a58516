from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

class Target(NamedTuple):
    kind: str
    values: NDArray[Any]
    classes: int = 0

class Rows(NamedTuple):
    x: NDArray[np.floating[Any]]
    y: Target
    weights: NDArray[np.float32] | None = None

class Progress(NamedTuple):
    epoch: int
    loss: float
    validation_score: float | None
    estimator: Any

Callback = Callable[[Progress], bool | None]
