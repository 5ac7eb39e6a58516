"""Rows and targets as arrays for the extension, with scikit-learn's words where they cannot be."""

import json
import warnings

import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.utils.validation import (
    _check_feature_names,
    _check_n_features,
    _check_sample_weight,
    _check_y,
    check_array,
    check_consistent_length,
    validate_data,
)

from . import _frames, _halfplane
from ._training import Rows


class RowsMixin:
    """Checks what `fit` and `predict` are given."""

    def _checked(self, X, y, sample_weight, reset, incremental):
        """Features as an array of floats, targets encoded, weights or None."""
        X, y = self._validated(X, y, reset=reset)
        y = self._encoded(y, reset=reset, incremental=incremental)
        if not reset and X.shape[1] != self._inputs:
            raise ValueError(f"X has {X.shape[1]} inputs, but the network has {self._inputs}")
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, X, dtype=np.float32)
        return X, y, self._with_class_weight(y, sample_weight)

    def _validated(self, X, y="no_validation", reset=False):
        """Rows as an array of floats, one column for each input; and the targets, where there are."""
        is_frame = _frames.is_frame(X)
        if is_frame:
            X = _frames.known(X)
        if reset:
            prepares = self.preprocess == "always"
            if is_frame and (prepares or self.preprocess == "auto" and not _frames.is_numeric(X)):
                return self._validated_frame(X, y, reset)
            self._preprocessing = None
        elif self.__dict__.get("_preprocessing") is not None:
            return (self._validated_frame if is_frame else self._validated_as_frame)(X, y)
        keywords = {"accept_sparse": ["csr", "csc", "coo"], "dtype": (np.float32, np.float64)}
        if isinstance(y, str):
            X = validate_data(self, X, reset=reset, **keywords)
            return _dense(X)
        X, y = validate_data(
            self, X, y, reset=reset, multi_output=True, y_numeric=self._y_numeric, **keywords
        )
        return _dense(X), y

    def _validated_frame(self, X, y, reset=False):
        # A file's model names its columns, and finds them wherever they are.
        if reset or not self.__dict__.get("_is_read"):
            _check_feature_names(self, X, reset=reset)
            _check_n_features(self, X, reset=reset)
        table = _frames.table(X)
        if reset:
            categorical = self.categorical_features
            categorical = [] if isinstance(categorical, str) else [str(own) for own in categorical]
            self._preprocessing, inputs, told = table.fit(categorical)
        else:
            inputs, told = table.apply(self._preprocessing)
        for text in told:
            warnings.warn(text, UserWarning)
        return self._with_checked_targets(inputs, y)

    def _validated_as_frame(self, X, y):
        """Rows of an array for a network that was fitted to a table: columns by their places."""
        X = check_array(X, dtype=None, ensure_all_finite=False)
        _check_n_features(self, X, reset=False)
        names = [column["name"] for column in json.loads(self._preprocessing)["columns"]]
        table = _halfplane.Table(list(_frames.of_array(X, names)))
        inputs, _ = table.apply(self._preprocessing)
        return self._with_checked_targets(inputs, y)

    def _with_checked_targets(self, X, y):
        if isinstance(y, str):
            return X
        if y is None:
            raise ValueError(
                f"This {type(self).__name__} estimator requires y to be passed, but the target y is "
                "None."
            )
        y = _check_y(y, multi_output=True, y_numeric=self._y_numeric, estimator=self)
        check_consistent_length(X, y)
        return X, y

    def _weighs_classes(self):
        return False

    def _with_class_weight(self, y, sample_weight):
        return sample_weight

    def _given_validation(self, X_val, y_val, sample_weight_val):
        if X_val is None and y_val is None:
            if sample_weight_val is not None:
                raise ValueError("sample_weight_val is provided, but X_val was not provided.")
            return None
        if y_val is None:
            raise ValueError("X_val is provided, but y_val was not provided.")
        if X_val is None:
            raise ValueError("y_val is provided, but X_val was not provided.")
        if not self.early_stopping:
            raise ValueError(
                "X_val and y_val are passed to fit while at the same time early_stopping is "
                "False. When passing X_val and y_val to fit, early_stopping should be set to True."
            )
        X_val = self._validated(X_val)
        check_consistent_length(X_val, y_val)
        y_val = self._encoded(np.asarray(y_val), reset=False, incremental=True)
        if sample_weight_val is not None:
            sample_weight_val = _check_sample_weight(sample_weight_val, X_val, dtype=np.float32)
        return X_val, y_val, sample_weight_val

    def _set_apart(self, X, y, sample_weight, random_state):
        """Rows to train on, and rows for the validation score."""
        stratify = self._stratification(y)
        parts = [X, y] if sample_weight is None else [X, y, sample_weight]
        split = train_test_split(
            *parts,
            random_state=random_state,
            test_size=self.validation_fraction,
            stratify=stratify,
        )
        X, X_val, y, y_val = split[:4]
        sample_weight, weight_val = split[4:] if len(split) > 4 else (None, None)
        if X_val.shape[0] < 2:
            raise ValueError(
                "The validation set is too small. Increase 'validation_fraction' or the size of "
                "your dataset."
            )
        return X, y, sample_weight, (X_val, y_val, weight_val)

    def _rows(self, X, y, sample_weight):
        if sample_weight is not None:
            sample_weight = np.ascontiguousarray(sample_weight, dtype=np.float32)
        return Rows(X, self._target(y), sample_weight)

    def _checked_plain(self, X, y):
        """What `_checked` makes of plain arrays like those before; None where they are not."""
        if self._weighs_classes() or not (type(X) is type(y) is np.ndarray):
            return None
        is_plain = X.ndim == 2 and X.dtype.char in "fd" and X.shape[1] == self._plain
        if not is_plain or len(X) == 0 or y.shape != (len(X),) or not np.isfinite(X.sum()):
            return None
        y = self._encoded_plain(y)
        return None if y is None else (X, y, None)


def merged(X, y, sample_weight):
    """The different rows, in an order of their own, each with its weight; those of weight 0 left out."""
    weights = np.ones(len(X)) if sample_weight is None else sample_weight.astype(np.float64)
    counts = weights > 0
    if not counts.any():
        return X, y, sample_weight
    both = np.column_stack([X, y])[counts]
    _, first, which = np.unique(both, axis=0, return_index=True, return_inverse=True)
    weights = np.bincount(which.reshape(-1), weights[counts]).astype(np.float32)
    X, y = X[counts][first], y[counts][first]
    return X, y, None if (weights == 1).all() else weights


def _dense(X):
    if hasattr(X, "toarray"):
        return X.astype(np.float32).toarray()
    return X
