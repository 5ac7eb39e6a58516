from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import RegressorMixin

from ._base import BaseMLP
from ._training import Callback

class MLPRegressor(RegressorMixin, BaseMLP):
    loss: str
    hidden_layer_sizes: int | Sequence[int]
    activation: str
    solver: str
    alpha: float
    batch_size: int | str
    learning_rate: str
    learning_rate_init: float
    power_t: float
    max_iter: int
    shuffle: bool
    random_state: int | np.random.RandomState | None
    tol: float
    verbose: bool | int
    warm_start: bool
    momentum: float
    nesterovs_momentum: bool
    early_stopping: bool
    validation_fraction: float
    beta_1: float
    beta_2: float
    epsilon: float
    n_iter_no_change: float
    dropout: float | Sequence[float]
    layer_norm: bool
    schedule: str | dict[str, Any] | None
    weight_decay: float | None
    clip_norm: float | None
    initialization: str
    preprocess: str
    categorical_features: str | Sequence[str]
    device: str
    n_jobs: int | None
    callbacks: Callback | Sequence[Callback] | None
    def __init__(
        self,
        loss: str = "squared_error",
        hidden_layer_sizes: int | Sequence[int] = ...,
        activation: str = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: int | np.random.RandomState | None = None,
        tol: float = 0.0001,
        verbose: bool | int = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-08,
        n_iter_no_change: float = 10,
        dropout: float | Sequence[float] = 0.0,
        layer_norm: bool = False,
        schedule: str | dict[str, Any] | None = None,
        weight_decay: float | None = None,
        clip_norm: float | None = None,
        initialization: str = "scikit-learn",
        preprocess: str = "auto",
        categorical_features: str | Sequence[str] = "from_dtype",
        device: str = "auto",
        n_jobs: int | None = None,
        callbacks: Callback | Sequence[Callback] | None = None,
    ) -> None: ...
    def predict(self, X: ArrayLike) -> NDArray[np.floating[Any]]: ...
