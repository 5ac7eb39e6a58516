from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, MetaEstimatorMixin
from typing_extensions import Self

from ._classifier import MLPClassifier
from ._regressor import MLPRegressor

class SearchCV(MetaEstimatorMixin, BaseEstimator):
    estimator: MLPClassifier | MLPRegressor | None
    space: dict[str, Any] | None
    cv: Any
    n_iter: int
    max_time: float | None
    scoring: str | None
    sampler: str | None
    pruning: str
    random_state: int | np.random.RandomState | None
    n_jobs: int | None
    device: str
    verbose: bool
    best_params_: dict[str, Any]
    best_score_: float
    best_index_: int
    best_estimator_: MLPClassifier | MLPRegressor
    cv_results_: dict[str, list[Any]]

    def __init__(
        self,
        estimator: MLPClassifier | MLPRegressor | None = None,
        space: dict[str, Any] | None = None,
        *,
        cv: Any = 5,
        n_iter: int = 100,
        max_time: float | None = None,
        scoring: str | None = None,
        sampler: str | None = None,
        pruning: str = "auto",
        random_state: int | np.random.RandomState | None = None,
        n_jobs: int | None = None,
        device: str = "auto",
        verbose: bool = False,
        **more_space: Any,
    ) -> None: ...
    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None, **fit_params: Any
    ) -> Self: ...
    def predict(self, X: ArrayLike) -> NDArray[Any]: ...
    def predict_proba(self, X: ArrayLike) -> NDArray[np.float32]: ...
    def score(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float: ...
    @property
    def classes_(self) -> NDArray[Any]: ...
