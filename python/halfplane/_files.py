"""Model files."""

import json

import numpy as np

from . import _halfplane
from ._classifier import MLPClassifier
from ._options import ACTIVATIONS
from ._regressor import MLPRegressor

_NAMES = {own: name for name, own in ACTIVATIONS.items()}


def load(path):
    """Read a model that an estimator or the command line has saved.

    Parameters
    ----------
    path : str or path-like
        A model's file.

    Returns
    -------
    model : MLPClassifier or MLPRegressor
        Fitted. Class names that are all whole numbers, numbers or truth values become such. Several
        targets are predicted as columns, in the order of the file's model: numbers in their own units, or
        labels, which are 1 for the second of their two classes and 0 for the first. Of several networks
        whose mean predicts there are no `coefs_`.

    Raises
    ------
    OSError
        Where it cannot be read.
    ValueError
        Where it is no such file, or is damaged.
    """
    return of_model(_halfplane.Model.load(path))


def of_model(model):
    """A fitted estimator that predicts as a model of the extension does."""
    network = json.loads(model.network)
    parameters = {
        "hidden_layer_sizes": tuple(network["hidden"]),
        "activation": _NAMES[network["activation"]],
        "layer_norm": network.get("normalization", "none") == "layer-norm",
    }
    if network["output"] == "identity":
        estimator = MLPRegressor(**parameters)
    else:
        estimator = MLPClassifier(**parameters)
        estimator.out_activation_ = "softmax" if network["output"] == "softmax" else "logistic"
        estimator._many_labels = network["output"] == "sigmoid" and network["outputs"] > 1
        estimator.classes_ = (
            np.arange(network["outputs"]) if estimator._many_labels else _labels(model.classes)
        )
    estimator.n_outputs_ = network["outputs"]
    estimator.n_layers_ = len(network["hidden"]) + 2
    estimator._take_model(model, network["inputs"])
    return estimator


def _labels(names):
    """Class names as what they name."""
    if set(names) == {"False", "True"}:
        return np.array([name == "True" for name in names])
    for kind in (np.int64, np.float64):
        try:
            labels = np.array(names, dtype=kind)
        except ValueError:
            continue
        if [str(label) for label in labels] == list(names):
            return labels
    return np.array(names, dtype=object)
