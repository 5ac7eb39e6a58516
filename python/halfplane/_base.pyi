from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from typing_extensions import Self

class BaseMLP(BaseEstimator):
    coefs_: list[NDArray[np.float32]]
    intercepts_: list[NDArray[np.float32]]
    loss_: float
    best_loss_: float | None
    loss_curve_: list[float]
    validation_scores_: list[float] | None
    best_validation_score_: float | None
    n_iter_: int
    t_: int
    n_features_in_: int
    feature_names_in_: NDArray[Any]
    n_layers_: int
    n_outputs_: int
    out_activation_: str
    device_: str

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: ArrayLike | None = None,
        y_val: ArrayLike | None = None,
        sample_weight_val: ArrayLike | None = None,
    ) -> Self: ...
    def partial_fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self: ...
    def save(self, path: str | PathLike[str]) -> None: ...
    def to_onnx(self, path: str | PathLike[str] | None = None) -> bytes: ...
    def plot_loss(self, ax: Any = None) -> Any: ...
    def plot_regions(
        self,
        ax: Any = None,
        *,
        bounds: tuple[tuple[float, float], tuple[float, float]] | None = None,
        resolution: int = 200,
    ) -> Any: ...
