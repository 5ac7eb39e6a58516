"""The classifier."""

from numbers import Real

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils import compute_sample_weight
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.multiclass import (
    _check_partial_fit_first_call,
    check_classification_targets,
    type_of_target,
    unique_labels,
)
from sklearn.utils.validation import column_or_1d

from ._base import BaseMLP
from ._docs import ATTRIBUTES, OWN_PARAMETERS, PARAMETERS
from ._training import Target


class MLPClassifier(ClassifierMixin, BaseMLP):
    __doc__ = f"""A multi-layer perceptron that classifies: scikit-learn's, and more.

    Two classes or many, or several labels of each row (`y` of 0 and 1 with a column for each).

    Parameters
    ----------
{PARAMETERS}\
    class_weight : dict or "balanced", default=None
        The weight of each class in the loss; "balanced" gives all classes the same in all.
    label_smoothing : float, default=0.0
        The share of the truth that is spread over all classes.
{OWN_PARAMETERS}
    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes.
{ATTRIBUTES}
    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from halfplane import MLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = MLPClassifier(learning_rate_init=0.01, random_state=0).fit(X, y)
    >>> model.score(X, y) > 0.95
    True
    """

    _parameter_constraints: dict = {
        **BaseMLP._parameter_constraints,
        "class_weight": [StrOptions({"balanced"}), dict, None],
        "label_smoothing": [Interval(Real, 0, 1, closed="left")],
    }
    _y_numeric = False

    def __init__(
        self,
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
        class_weight=None,
        dropout=0.0,
        layer_norm=False,
        schedule=None,
        weight_decay=None,
        label_smoothing=0.0,
        clip_norm=None,
        initialization="scikit-learn",
        preprocess="auto",
        categorical_features="from_dtype",
        device="auto",
        n_jobs=None,
        callbacks=None,
    ):
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
        self.class_weight = class_weight
        self.dropout = dropout
        self.layer_norm = layer_norm
        self.schedule = schedule
        self.weight_decay = weight_decay
        self.label_smoothing = label_smoothing
        self.clip_norm = clip_norm
        self.initialization = initialization
        self.preprocess = preprocess
        self.categorical_features = categorical_features
        self.device = device
        self.n_jobs = n_jobs
        self.callbacks = callbacks

    def partial_fit(self, X, y, sample_weight=None, *, classes=None):
        """Update the network with a single pass over the rows.

        The optimizer goes on where it is. Rows of another number than in the call before take a new
        plan; to give as many each time is faster.

        Parameters
        ----------
        X : array-like, sparse matrix or DataFrame of shape (n_samples, n_features)
            The rows.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their labels.
        sample_weight : array-like of shape (n_samples,), default=None
            How much each row counts: at least 0.
        classes : array-like of shape (n_classes,), default=None
            All classes that will come. Required in the first call; may be left out then.

        Returns
        -------
        self : object
        """
        if _check_partial_fit_first_call(self, classes):
            self._many_labels = type_of_target(y).startswith("multilabel")
        return self._partial_fit(X, y, sample_weight)

    def predict(self, X):
        """Predict classes.

        Parameters
        ----------
        X : array-like, sparse matrix or DataFrame of shape (n_samples, n_features)

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_classes)
            Of rows with several labels each is 0 or 1.
        """
        outputs = self._outputs(X)
        if self._many_labels:
            return (outputs > 0.5).astype(int)
        return self.classes_[self._likeliest(outputs)]

    def predict_proba(self, X):
        """Predict the probability of each class.

        Parameters
        ----------
        X : array-like, sparse matrix or DataFrame of shape (n_samples, n_features)

        Returns
        -------
        p : ndarray of float32 of shape (n_samples, n_classes)
            In the order of `classes_`.
        """
        outputs = self._outputs(X)
        if self.n_outputs_ > 1 or self._many_labels:
            return outputs
        return np.hstack([1.0 - outputs, outputs])

    def predict_log_proba(self, X):
        """Predict the logarithm of each class's probability: see `predict_proba`."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def _likeliest(self, outputs):
        if outputs.shape[1] > 1:
            return outputs.argmax(axis=1)
        # Of a single class there is no second one.
        least = 0.5 if len(self.classes_) > 1 else np.inf
        return (outputs[:, 0] > least).view(np.uint8)

    def _encoded(self, y, reset, incremental):
        """Numbers of classes [N], or labels 0 and 1 [N, columns]."""
        if hasattr(y, "toarray"):
            y = y.toarray()
        y = np.asarray(y)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        # A few whole numbers or truth values are classes, which need no long look.
        found = np.unique(y) if y.ndim == 1 and y.dtype.kind in "biu" else None
        is_plain = found is not None and 2 * len(found) < len(y)
        if not is_plain:
            check_classification_targets(y)
        many = not is_plain and type_of_target(y).startswith("multilabel")
        if reset and not incremental or not hasattr(self, "classes_"):
            self._many_labels = many
            if many:
                found = np.arange(y.shape[1])
            self.classes_ = np.unique(y) if found is None else found
        elif many != self._many_labels or many and y.shape[1] != len(self.classes_):
            raise ValueError("`y` has other labels than in the call before")
        elif not many:
            classes = unique_labels(y)
            if not incremental and set(classes) != set(self.classes_):
                raise ValueError(
                    "warm_start can only be used where `y` has the same classes as in the previous "
                    f"call to fit. Previously got {self.classes_}, `y` has {classes}"
                )
            if len(np.setdiff1d(classes, self.classes_)):
                raise ValueError(
                    "`y` has classes not in `self.classes_`. "
                    f"`self.classes_` has {self.classes_}. 'y' has {classes}."
                )
        classes = len(self.classes_)
        self.n_outputs_ = classes if many or classes > 2 else 1
        self.out_activation_ = "logistic" if many or classes <= 2 else "softmax"
        if many:
            return y.astype(np.float32)
        return np.searchsorted(self.classes_, y).astype(np.uint32)

    def _encoded_plain(self, y):
        """Numbers of known classes; None where some are not known, or are of another kind."""
        if self._many_labels or y.dtype.kind != self.classes_.dtype.kind:
            return None
        codes = np.minimum(np.searchsorted(self.classes_, y), len(self.classes_) - 1)
        return codes.astype(np.uint32) if (self.classes_[codes] == y).all() else None

    def _weighs_classes(self):
        return self.class_weight is not None

    def _with_class_weight(self, y, sample_weight):
        if self.class_weight is None:
            return sample_weight
        weights = self.class_weight
        if isinstance(weights, dict) and not self._many_labels:
            weights = {
                int(np.searchsorted(self.classes_, label)): weight
                for label, weight in weights.items()
                if label in self.classes_
            }
        weights = compute_sample_weight(weights, y).astype(np.float32)
        return weights if sample_weight is None else weights * sample_weight

    def _target(self, y):
        if self.out_activation_ == "softmax":
            return Target("classes", y, len(self.classes_))
        return Target("binary", y.astype(np.float32).reshape(len(y), -1))

    def _stratification(self, y):
        return None if self._many_labels else y

    def _loss_and_scales(self):
        if self.out_activation_ == "softmax":
            return "cross-entropy", 1.0, 1.0
        # scikit-learn adds the losses of labels up; here they are averaged.
        return "bce", float(self.n_outputs_), float(self.n_outputs_)

    def _scores_alike(self):
        return not self._many_labels

    def _score_of_evaluation(self, evaluation):
        return evaluation[1]

    def _score_of_outputs(self, outputs, y, sample_weight):
        found = outputs > 0.5 if self._many_labels else self._likeliest(outputs)
        return accuracy_score(y, found, sample_weight=sample_weight)

    def _class_names(self):
        if self._many_labels:
            return ["0", "1"]
        names = [str(label) for label in self.classes_]
        return names if len(names) > 1 else [*names, f"not {names[0]}"]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
