"""Search for hyper-parameters on folds."""

import json
import sys
from numbers import Integral, Real
from typing import NamedTuple

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone, is_classifier
from sklearn.model_selection import check_cv
from sklearn.utils import _safe_indexing, check_random_state, get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_is_fitted

from . import _halfplane
from ._classifier import MLPClassifier
from ._regressor import MLPRegressor
from ._threads import threads

_SCORES = {
    "accuracy",
    "balanced_accuracy",
    "f1_macro",
    "log_loss",
    "brier",
    "roc_auc",
    "r2",
    "rmse",
    "mae",
}


class _Options(NamedTuple):
    metric: str
    trials: int
    time: float | None
    sampler: str | None
    pruning: str
    seed: int
    device: str
    threads: int | None


class SearchCV(MetaEstimatorMixin, BaseEstimator):
    """Search for hyper-parameters of a network on folds, all networks as one job.

    Each point is trained on all folds, many networks at once. The number of epochs, up to the
    estimator's `max_iter`, is chosen by the mean curve over the folds, together with the point: `tol` and
    `n_iter_no_change` end nothing here. Of more than 20 trials those that fall behind are stopped early.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor, default=None
        Whose parameters are searched. By default a classifier where `y` holds classes, otherwise a
        regressor.
    space : dict, default=None
        What each parameter can be: a list of alternatives, or a range as a tuple of its two ends. A range
        that spans a factor of 100 or more is searched on a logarithmic scale. May be given as keywords
        instead: `SearchCV(hidden_layer_sizes=[(32,), (128, 64)], learning_rate_init=(1e-4, 1e-1))`.
    cv : int, cross-validation generator or iterable, default=5
        Folds, as scikit-learn takes them.
    n_iter : int, default=100
        Trials at most.
    max_time : float, default=None
        Seconds after which no further trials begin.
    scoring : str, default=None
        By what trials are compared; by default accuracy or R².
    sampler : {"grid", "random", "sobol", "tpe"}, default=None
        How points are proposed; by default a grid where it has no more points than `n_iter`.
    pruning : {"auto", "on", "off"}, default="auto"
        Whether trials that fall behind are stopped early.
    random_state : int, RandomState instance or None, default=None
        The same number comes to the same end on any number of threads.
    n_jobs : int, default=None
        Threads, of which each trains a network; by default as many as the process may use.
    device : str, default="auto"
        Where to train; "auto" takes the CPU unless networks are large.
    verbose : bool, default=False
        Whether the number of trials done is told, on the standard error.

    Attributes
    ----------
    best_params_ : dict
        The point that was chosen.
    best_score_ : float
        Its mean score over the folds. It was chosen by that, so that it is somewhat too good.
    best_estimator_ : MLPClassifier or MLPRegressor
        Trained on all rows, for as many epochs as were chosen.
    cv_results_ : dict of lists
        Of each trial `params`, `mean_test_score`, `std_test_score`, `epochs` and `state` ("complete",
        "pruned", "diverged" or "refused").

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from halfplane import SearchCV
    >>> X, y = load_iris(return_X_y=True)
    >>> search = SearchCV(hidden_layer_sizes=[(4,), (32,)], learning_rate_init=(1e-3, 1e-1), n_iter=8)
    >>> search.fit(X, y).best_score_ > 0.9
    True
    """

    def __init__(
        self,
        estimator=None,
        space=None,
        *,
        cv=5,
        n_iter=100,
        max_time=None,
        scoring=None,
        sampler=None,
        pruning="auto",
        random_state=None,
        n_jobs=None,
        device="auto",
        verbose=False,
        **more_space,
    ):
        self.estimator = estimator
        self.space = {**(space or {}), **more_space} if more_space else space
        self.cv = cv
        self.n_iter = n_iter
        self.max_time = max_time
        self.scoring = scoring
        self.sampler = sampler
        self.pruning = pruning
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.device = device
        self.verbose = verbose

    def fit(self, X, y, sample_weight=None, **fit_params):
        """Search, and train the best point on all rows.

        Parameters
        ----------
        X : array-like, sparse matrix or DataFrame of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), default=None
        **fit_params
            `groups`, for folds that need it.

        Returns
        -------
        self : object
        """
        groups = fit_params.pop("groups", None)
        if fit_params:
            raise TypeError(f"fit takes no {sorted(fit_params)[0]}; there is groups")
        estimator = self._base(y)
        axes = [_Axis(name, values) for name, values in (self.space or {}).items()]
        if not axes:
            raise ValueError("there is nothing to search: give parameters what they can be")
        known = estimator.get_params()
        for axis in axes:
            if axis.name not in known:
                raise ValueError(
                    f"Invalid parameter {axis.name!r} for estimator {type(estimator).__name__}."
                )
        random_state = check_random_state(self.random_state)
        seed = int(random_state.randint(np.iinfo(np.int32).max))
        scored = self.scoring or ("accuracy" if is_classifier(estimator) else "r2")
        if scored not in _SCORES:
            raise ValueError(f"scoring must be one of {sorted(_SCORES)}. Got {scored!r} instead.")
        whole = clone(estimator)
        X_all, y_all, weight = whole._checked(X, y, sample_weight, reset=True, incremental=False)
        cv = check_cv(self.cv, y, classifier=is_classifier(estimator))
        folds = []
        for training, validation in cv.split(X, y, groups):
            # What is prepared is fitted to the training rows of each fold.
            own = clone(estimator)
            X_train = own._validated(_safe_indexing(X, training), y[training], reset=True)[0]
            X_val = own._validated(_safe_indexing(X, validation))
            weights = [None, None] if weight is None else [weight[training], weight[validation]]
            folds.append(
                (
                    whole._rows(X_train, y_all[training], weights[0]),
                    whole._rows(X_val, y_all[validation], weights[1]),
                )
            )

        candidates = {}

        def describe(point, rows, weight, inputs):
            # Of all folds of a point the network is the same, where their inputs are as many.
            own = candidates.get((point, inputs))
            if own is None:
                candidates.clear()
                own = clone(estimator).set_params(**self._parameters(axes, json.loads(point)))
                own = candidates[point, inputs] = _Candidate(own, whole, inputs)
            return own.described(rows, weight)

        options = _Options(
            scored,
            int(self.n_iter),
            self.max_time,
            self.sampler,
            self.pruning,
            seed,
            self.device,
            threads(self.n_jobs),
        )
        records, chosen, model = _halfplane.search(
            whole._rows(X_all, y_all, weight),
            folds,
            [(axis.name, axis.given) for axis in axes],
            options,
            describe,
            self._observe,
        )
        records = [json.loads(record) for record in records]
        self._tell(axes, records, chosen)
        epochs = records[self.best_index_]["epochs"]
        best = clone(estimator).set_params(**self.best_params_)
        best._checked(X, y, sample_weight, reset=True, incremental=False)
        best._units(X_all.shape[1])
        best.n_layers_ = len(best._hidden()) + 2
        best.n_iter_, best.t_ = epochs, epochs * X_all.shape[0]
        best._take_weights(model.members[0])
        self.best_estimator_ = best
        self.n_features_in_ = best.n_features_in_
        if hasattr(best, "feature_names_in_"):
            self.feature_names_in_ = best.feature_names_in_
        return self

    def _base(self, y):
        estimator = self.estimator
        if estimator is None:
            is_numeric = type_of_target(y).startswith("continuous")
            estimator = (MLPRegressor if is_numeric else MLPClassifier)(random_state=0)
        if estimator.early_stopping or estimator.callbacks is not None:
            raise ValueError(
                "SearchCV chooses the number of epochs by the folds: leave out early_stopping and "
                "callbacks"
            )
        if estimator.solver == "sgd" and estimator.learning_rate != "constant":
            raise ValueError("SearchCV trains with learning_rate='constant', or with a schedule")
        return estimator

    def _parameters(self, axes, point):
        return {axis.name: axis.value(point[axis.name]) for axis in axes}

    def _observe(self, trials):
        if self.verbose:
            print(f"{trials} trials", file=sys.stderr)

    def _tell(self, axes, records, chosen):
        known = [[np.nan if own is None else own for own in record["scores"]] for record in records]
        scores = [np.array(own, dtype=float) for own in known]
        self.cv_results_ = {
            "params": [self._parameters(axes, record["parameters"]) for record in records],
            "mean_test_score": [float(own.mean()) if len(own) else np.nan for own in scores],
            "std_test_score": [float(own.std()) if len(own) else np.nan for own in scores],
            "epochs": [record["epochs"] for record in records],
            "state": [record["state"] for record in records],
        }
        self.best_index_ = next(at for at, own in enumerate(records) if own["trial"] == chosen)
        self.best_params_ = self.cv_results_["params"][self.best_index_]
        self.best_score_ = self.cv_results_["mean_test_score"][self.best_index_]

    def predict(self, X):
        """Predict by the best estimator."""
        check_is_fitted(self, "best_estimator_")
        return self.best_estimator_.predict(X)

    @available_if(lambda self: is_classifier(self))
    def predict_proba(self, X):
        """Predict probabilities by the best estimator."""
        check_is_fitted(self, "best_estimator_")
        return self.best_estimator_.predict_proba(X)

    def score(self, X, y, sample_weight=None):
        """The best estimator's score: accuracy or R²."""
        check_is_fitted(self, "best_estimator_")
        return self.best_estimator_.score(X, y, sample_weight)

    @property
    def classes_(self):
        """The classes, of a classifier."""
        check_is_fitted(self, "best_estimator_")
        return self.best_estimator_.classes_

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        estimator = getattr(self, "best_estimator_", self.estimator)
        of = get_tags(MLPClassifier() if estimator is None else estimator)
        tags.estimator_type = of.estimator_type
        tags.classifier_tags, tags.regressor_tags = of.classifier_tags, of.regressor_tags
        tags.input_tags.sparse = True
        return tags


class _Axis:
    """What one parameter can be, as the extension takes it."""

    def __init__(self, name, values):
        self.name, self.values = name, values
        self.is_range = isinstance(values, tuple)
        if not self.is_range:
            self.given = len(values)
            return
        if len(values) != 2 or not all(isinstance(value, Real) for value in values):
            raise ValueError(f"{name}: a range is a tuple of two numbers; alternatives are a list")
        low, high = values
        is_log = low > 0 and high >= 100 * low
        whole = all(isinstance(value, Integral) for value in values)
        kind = int if whole else float
        self.given = (kind(low), kind(high), is_log)

    def value(self, found):
        return found if self.is_range else self.values[int(found)]


class _Candidate:
    """A point's network and options as JSON, and its initial weights."""

    def __init__(self, own, whole, inputs):
        own._validate_params()
        for name in ("n_outputs_", "out_activation_", "classes_", "_many_labels"):
            if name in whole.__dict__:
                setattr(own, name, getattr(whole, name))
        random_state = check_random_state(own.random_state)
        own._initialize(np.empty((0, inputs)), random_state)
        self.estimator = own
        self.seed = int(random_state.randint(np.iinfo(np.int32).max))
        self.network = json.dumps(own._network())

    def described(self, rows, weight):
        options, _ = self.estimator._options(rows, weight, self.seed)
        return self.network, json.dumps(options), self.estimator._initial
