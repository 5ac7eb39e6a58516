"""What a fitted network gives: predictions, files, pictures."""

import json

import numpy as np
from sklearn.utils.validation import check_is_fitted

from . import _halfplane
from ._threads import threads


class Loaded:
    """The extension's model, once it was needed: predicting does not change the estimator."""

    def __init__(self, model=None):
        self.model = model


class OutputMixin:
    """Predictions, files, pictures."""

    def _find_fast_path(self):
        """How many columns a plain array may have that needs no validation but the extension's."""
        is_table = self.__dict__.get("_preprocessing") is not None
        has_names = hasattr(self, "feature_names_in_")
        self._plain = None if has_names or is_table else self.n_features_in_

    def _outputs(self, X):
        """The network's outputs for rows: float32 [N, O]."""
        plain = self.__dict__.get("_plain")
        if type(X) is np.ndarray and plain is not None and X.ndim == 2 and X.dtype.char in "fd":
            if X.shape[1] == plain and X.shape[0] > 0:
                try:
                    return self._predicted(X)
                except ValueError:
                    # Said in scikit-learn's words.
                    pass
        check_is_fitted(self)
        return self._predicted(self._validated(X))

    def _predicted(self, X):
        # A row or a few are done before another thread has begun.
        count = 1 if X.shape[0] < 16 else threads(self.n_jobs)
        return self._model().predict(X, self.device, count)

    def _model(self):
        """The extension's model of the present weights."""
        if self._loaded.model is not None:
            return self._loaded.model
        names = getattr(self, "feature_names_in_", None)
        if names is None:
            names = [f"x{column + 1}" for column in range(self._inputs)]
        self._loaded.model = _halfplane.Model(
            json.dumps(self._network()),
            self._weights,
            [str(name) for name in names],
            self._preprocessing,
            "y",
            self._class_names(),
        )
        return self._loaded.model

    def save(self, path):
        """Write the model to a file, which `halfplane.load` and the command line read.

        Parameters
        ----------
        path : str or path-like
            Where: safetensors, with the tensors' names as `torch.nn.Linear` has them.

        Raises
        ------
        OSError
            Where it cannot be written.
        """
        check_is_fitted(self)
        self._model().save(path)

    def to_onnx(self, path=None):
        """Export the model, with its preprocessing, as an ONNX graph.

        Parameters
        ----------
        path : str or path-like, default=None
            Where to write it.

        Returns
        -------
        graph : bytes
        """
        check_is_fitted(self)
        graph = self._model().onnx()
        if path is not None:
            with open(path, "wb") as file:
                file.write(graph)
        return graph

    def plot_loss(self, ax=None):
        """Plot the loss over the epochs, and the validation scores where there are such.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Where; by default the current one.

        Returns
        -------
        ax : matplotlib.axes.Axes

        Raises
        ------
        ImportError
            Where there is no matplotlib.
        """
        check_is_fitted(self, "loss_curve_")
        from ._plots import plot_loss

        return plot_loss(self, ax)

    def plot_regions(self, ax=None, *, bounds=None, resolution=200):
        """Plot what the network predicts in the plane of its two features.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Where; by default the current one. What is drawn there already stays above.
        bounds : pair of pairs of float, default=None
            The smallest and the largest value of each feature; by default the limits of `ax`.
        resolution : int, default=200
            Points in each direction.

        Returns
        -------
        ax : matplotlib.axes.Axes

        Raises
        ------
        ValueError
            Where there are not two features.
        ImportError
            Where there is no matplotlib.
        """
        check_is_fitted(self)
        from ._plots import plot_regions

        return plot_regions(self, ax, bounds, resolution)
