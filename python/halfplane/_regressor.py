"""The regressor."""

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import column_or_1d

from ._base import BaseMLP
from ._docs import ATTRIBUTES, OWN_PARAMETERS, PARAMETERS
from ._training import Target

# Of each loss the extension's name, and the factors to scikit-learn's loss and gradient.
_LOSSES = {
    "squared_error": ("mse", 0.5),
    "absolute_error": ("mae", 1.0),
    "huber": ({"huber": {"delta": 1.0}}, 1.0),
}


class MLPRegressor(RegressorMixin, BaseMLP):
    __doc__ = f"""A multi-layer perceptron for numbers: scikit-learn's, and more.

    Parameters
    ----------
    loss : {{"squared_error", "absolute_error", "huber"}}, default="squared_error"
        What is minimised; for "squared_error" half of it, as in scikit-learn.
{PARAMETERS}{OWN_PARAMETERS}
    Attributes
    ----------
{ATTRIBUTES}
    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.preprocessing import scale
    >>> from halfplane import MLPRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = MLPRegressor(max_iter=500, random_state=0).fit(scale(X), scale(y))
    >>> model.score(scale(X), scale(y)) > 0.5
    True
    """

    _parameter_constraints: dict = {
        **BaseMLP._parameter_constraints,
        "loss": [StrOptions(set(_LOSSES))],
    }
    _y_numeric = True

    def __init__(
        self,
        loss="squared_error",
        hidden_layer_sizes=(100,),
        activation="relu",
        *,
        solver="adam",
        alpha=0.0001,
        batch_size="auto",
        learning_rate="constant",
        learning_rate_init=0.001,
        power_t=0.5,
        max_iter=200,
        shuffle=True,
        random_state=None,
        tol=1e-4,
        verbose=False,
        warm_start=False,
        momentum=0.9,
        nesterovs_momentum=True,
        early_stopping=False,
        validation_fraction=0.1,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        n_iter_no_change=10,
        dropout=0.0,
        layer_norm=False,
        schedule=None,
        weight_decay=None,
        clip_norm=None,
        initialization="scikit-learn",
        preprocess="auto",
        categorical_features="from_dtype",
        device="auto",
        n_jobs=None,
        callbacks=None,
    ):
        self.loss = loss
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.dropout = dropout
        self.layer_norm = layer_norm
        self.schedule = schedule
        self.weight_decay = weight_decay
        self.clip_norm = clip_norm
        self.initialization = initialization
        self.preprocess = preprocess
        self.categorical_features = categorical_features
        self.device = device
        self.n_jobs = n_jobs
        self.callbacks = callbacks

    out_activation_ = "identity"

    def predict(self, X):
        """Predict numbers.

        Parameters
        ----------
        X : array-like, sparse matrix or DataFrame of shape (n_samples, n_features)

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Of float32 where `X` is, otherwise of float64.
        """
        outputs = self._outputs(X)
        if getattr(X, "dtype", None) != np.float32:
            outputs = outputs.astype(np.float64)
        return outputs[:, 0] if outputs.shape[1] == 1 else outputs

    def _encoded(self, y, reset, incremental):
        y = np.asarray(y)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        y = y.astype(np.float32).reshape(len(y), -1)
        if not reset and y.shape[1] != self.n_outputs_:
            raise ValueError(f"`y` has {y.shape[1]} outputs, but the network has {self.n_outputs_}")
        self.n_outputs_ = y.shape[1]
        return y

    def _encoded_plain(self, y):
        """Numbers [N, 1]; None where they are none, or one is not finite."""
        if self.n_outputs_ != 1 or y.dtype.kind not in "fiu" or not np.isfinite(y.sum()):
            return None
        return y.astype(np.float32).reshape(-1, 1)

    def _target(self, y):
        return Target("numbers", y)

    def _stratification(self, y):
        return None

    def _loss_and_scales(self):
        name, scale = _LOSSES[self.loss]
        # scikit-learn's gradient of the squared error is that of a sum over the outputs.
        return name, scale, self.n_outputs_ * scale

    def _scores_alike(self):
        return self.n_outputs_ == 1

    def _score_of_evaluation(self, evaluation):
        return np.nan if evaluation[2] is None else evaluation[2]

    def _score_of_outputs(self, outputs, y, sample_weight):
        return r2_score(y, outputs, sample_weight=sample_weight)

    def _class_names(self):
        return []

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
