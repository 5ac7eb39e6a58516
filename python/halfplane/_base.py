"""What the classifier and the regressor share."""

import json
import warnings
from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, Options, StrOptions
from sklearn.utils.validation import (
    _check_feature_names,
    _check_n_features,
    _check_sample_weight,
    _check_y,
    check_array,
    check_consistent_length,
    check_is_fitted,
    validate_data,
)

from . import _frames, _halfplane, _training
from ._device import quiet_mesa
from ._threads import threads
from ._training import Rows

quiet_mesa()

# scikit-learn's name, and the extension's.
_ACTIVATIONS = {
    "logistic": "sigmoid",
    "tanh": "tanh",
    "relu": "relu",
    "leaky_relu": "leaky-relu",
    "elu": "elu",
    "gelu": "gelu",
    "silu": "silu",
    "softplus": "softplus",
}

_INITIALIZATIONS = {
    "pytorch",
    "xavier-uniform",
    "xavier-normal",
    "he-uniform",
    "he-normal",
    "lecun-uniform",
    "lecun-normal",
    "orthogonal",
}

_SCHEDULES = {
    "constant": "constant",
    "cosine": {"cosine": {"floor": 0.0}},
    "one-cycle": {"one-cycle": {"rise": 0.3, "div": 25.0, "final_div": 1e4}},
}


class BaseMLP(BaseEstimator):
    """A network with scikit-learn's parameters. Use `MLPClassifier` or `MLPRegressor`."""

    _parameter_constraints: dict = {
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "activation": [StrOptions(set(_ACTIVATIONS))],
        "solver": [StrOptions({"adam", "adamw", "sgd"})],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "learning_rate": [StrOptions({"constant", "invscaling", "adaptive"})],
        "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
        "power_t": [Interval(Real, 0, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "shuffle": ["boolean"],
        "random_state": ["random_state"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "verbose": ["verbose"],
        "warm_start": ["boolean"],
        "momentum": [Interval(Real, 0, 1, closed="left")],
        "nesterovs_momentum": ["boolean"],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="left")],
        "beta_1": [Interval(Real, 0, 1, closed="left")],
        "beta_2": [Interval(Real, 0, 1, closed="left")],
        "epsilon": [Interval(Real, 0, None, closed="neither")],
        "n_iter_no_change": [
            Interval(Integral, 1, None, closed="left"),
            Options(Real, {np.inf}),
        ],
        "dropout": [Interval(Real, 0, 1, closed="left"), "array-like"],
        "layer_norm": ["boolean"],
        "schedule": [StrOptions(set(_SCHEDULES)), dict, None],
        "weight_decay": [Interval(Real, 0, None, closed="left"), None],
        "clip_norm": [Interval(Real, 0, None, closed="neither"), None],
        "initialization": [StrOptions({"scikit-learn"} | _INITIALIZATIONS)],
        "preprocess": [StrOptions({"auto", "always", "never"})],
        "categorical_features": [StrOptions({"from_dtype"}), "array-like"],
        "device": [str],
        "n_jobs": [Integral, None],
        "callbacks": [callable, list, tuple, None],
    }

    def fit(self, X, y, sample_weight=None, *, X_val=None, y_val=None, sample_weight_val=None):
        """Fit the network to rows and their targets.

        Parameters
        ----------
        X : array-like, sparse matrix or DataFrame of shape (n_samples, n_features)
            The rows. Arrays of float32 in C order are not copied; sparse rows are made dense, as
            float32.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their targets.
        sample_weight : array-like of shape (n_samples,), default=None
            How much each row counts: at least 0.
        X_val, y_val, sample_weight_val : array-like, default=None
            Rows for `early_stopping`, instead of some of `X`.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            Where a parameter or the data cannot be used.
        """
        self._validate_params()
        if self.warm_start:
            self._check_goes_on()
        first = not (self.warm_start and hasattr(self, "_weights"))
        X, y, sample_weight = self._checked(X, y, sample_weight, reset=first, incremental=False)
        validation = self._given_validation(X_val, y_val, sample_weight_val)
        random_state = check_random_state(self.random_state)
        if first:
            self._initialize(X, random_state)
        else:
            self._begin_curves()
        self._drop_trainer()
        seed = int(random_state.randint(np.iinfo(np.int32).max))
        if self.early_stopping and validation is None:
            X, y, sample_weight, validation = self._set_apart(X, y, sample_weight, random_state)
        samples = X.shape[0]
        if self._merges(samples):
            X, y, sample_weight = merged(X, y, sample_weight)
        options, scales = self._options(X.shape[0], _mean(sample_weight), seed)
        held_out, score = self._held_out(validation)
        trainer = self._open(X, y, sample_weight, options, held_out)
        if validation is not None and score is None:

            def score(_):
                X_val, y_val, weight_val = validation
                return self._score_of_outputs(trainer.predict(X_val), y_val, weight_val)

        weights = _training.run(self, trainer, samples, scales, score)
        self._take_weights(weights)
        self._optimizer = trainer.state()
        self.device_ = trainer.device
        return self

    def partial_fit(self, X, y, sample_weight=None):
        """Update the network with a single pass over the rows.

        The optimizer goes on where it is. Rows of another number than in the call before take a new
        plan; to give as many each time is faster.

        Parameters
        ----------
        X, y, sample_weight
            As in `fit`.

        Returns
        -------
        self : object
        """
        return self._partial_fit(X, y, sample_weight)

    def _partial_fit(self, X, y, sample_weight):
        first = not hasattr(self, "_weights")
        parameters = [getattr(self, name) for name in self._parameter_constraints]
        if not self._are_known(parameters):
            self._check_partial_fit()
        checked = None if first or sample_weight is not None else self._checked_plain(X, y)
        if checked is None:
            checked = self._checked(X, y, sample_weight, reset=first, incremental=True)
        self._known_parameters = parameters
        X, y, sample_weight = checked
        if first:
            random_state = check_random_state(self.random_state)
            self._initialize(X, random_state)
            self._seed = int(random_state.randint(np.iinfo(np.int32).max))
        elif not hasattr(self, "loss_curve_"):
            # From a file, or from a search.
            self._begin_curves()
        seed = self.__dict__.get("_seed", 0)
        options, scales = self._options(X.shape[0], _mean(sample_weight), seed, epochs=1)
        key = (options, self._network(), self.device, sample_weight is None)
        trainer = self.__dict__.get("_trainer")
        if trainer is not None and self._trainer_key == key:
            trainer.continue_on(self._rows(X, y, sample_weight))
        else:
            state = self._state()
            trainer = self._open(X, y, sample_weight, options)
            if state is not None:
                trainer.take_up(self._tensors(), *state)
        self._trainer, self._trainer_key = trainer, key
        loss, _, recovered = trainer.epoch()
        if recovered is not None:
            warnings.warn(f"the device failed in mid-fit: {recovered}", RuntimeWarning)
        self.n_iter_ = 1
        self.t_ += X.shape[0]
        self.loss_ = loss * scales[0]
        self.loss_curve_.append(self.loss_)
        self.best_loss_ = min(self.best_loss_, self.loss_)
        self._take_weights(trainer.weights())
        self.__dict__.pop("_optimizer", None)
        return self

    def _check_partial_fit(self):
        self._validate_params()
        if self.early_stopping:
            raise ValueError("partial_fit does not support early_stopping=True")
        if self.schedule not in (None, "constant"):
            raise ValueError(
                "partial_fit has no length that a schedule could go by: leave out the schedule"
            )
        self._check_goes_on()

    def _are_known(self, parameters):
        """Whether these are the very parameters of the call before, which need no validation."""
        known = self.__dict__.get("_known_parameters")
        return known is not None and all(own is old for own, old in zip(parameters, known))

    def _checked_plain(self, X, y):
        """What `_checked` makes of plain arrays like those before; None where they are not."""
        if self._weighs_classes() or not (type(X) is type(y) is np.ndarray):
            return None
        is_plain = X.ndim == 2 and X.dtype.char in "fd" and X.shape[1] == self._plain
        if not is_plain or len(X) == 0 or y.shape != (len(X),) or not np.isfinite(X.sum()):
            return None
        y = self._encoded_plain(y)
        return None if y is None else (X, y, None)

    def _merges(self, samples):
        """Whether equal rows become one that counts as often.

        Where a batch holds all rows, that changes nothing but rounding: a weight of 2 is then to the
        last bit the row given twice.
        """
        full = self.batch_size == "auto" or self.batch_size >= samples
        return full and samples <= 200 and not np.any(np.asarray(self.dropout) > 0)

    # What is learned

    def _initialize(self, X, random_state):
        """Draw the initial weights, and forget what was learned before."""
        units = self._units(X.shape[1])
        self.t_ = 0
        self.n_layers_ = len(units)
        self.n_iter_ = 0
        for name in ("_weights", "_optimizer", "_is_read"):
            self.__dict__.pop(name, None)
        self._begin_curves()
        self._initial = None
        if self.initialization == "scikit-learn":
            # Glorot's bound; for biases, too.
            factor = 2.0 if self.activation == "logistic" else 6.0
            self._initial = []
            for inputs, outputs in zip(units, units[1:]):
                bound = np.sqrt(factor / (inputs + outputs))
                weight = random_state.uniform(-bound, bound, (inputs, outputs))
                bias = random_state.uniform(-bound, bound, outputs)
                weight = np.ascontiguousarray(weight.T, dtype=np.float32).reshape(-1)
                self._initial.append((weight, bias.astype(np.float32)))
            if self.layer_norm:
                for outputs in units[1:-1]:
                    ones = np.ones(outputs, dtype=np.float32)
                    self._initial.append((ones, np.zeros(outputs, dtype=np.float32)))

    def _begin_curves(self):
        self.loss_curve_ = []
        if self.early_stopping:
            self.validation_scores_ = []
            self.best_validation_score_ = -np.inf
            self.best_loss_ = None
        else:
            self.validation_scores_ = None
            self.best_validation_score_ = None
            self.best_loss_ = np.inf

    def _take_weights(self, weights):
        layers = len(self._hidden()) + 1
        inputs = self._network()["inputs"]
        for weight, bias in weights:
            if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
                raise ValueError(
                    "Solver produced non-finite parameter weights. The input data may contain "
                    "large values and need to be preprocessed."
                )
        self.coefs_, self.intercepts_ = [], []
        for weight, bias in weights[:layers]:
            self.coefs_.append(weight.reshape(len(bias), inputs).T)
            self.intercepts_.append(bias)
            inputs = len(bias)
        self._weights = weights
        self.__dict__.pop("_initial", None)
        self._loaded = Loaded()
        self._find_fast_path()

    def _tensors(self):
        return self._weights if hasattr(self, "_weights") else self._initial

    def _state(self):
        """The optimizer's state so far, or None."""
        if "_trainer" in self.__dict__:
            return self._trainer.state()
        return self.__dict__.get("_optimizer")

    def _drop_trainer(self):
        for name in ("_trainer", "_trainer_key", "_seed", "_known_parameters"):
            self.__dict__.pop(name, None)

    def _take_model(self, model, inputs):
        """Become what a file's model is."""
        self._inputs = inputs
        preprocessing = json.loads(model.preprocessing)
        encodings = [column["encoding"] for column in preprocessing["columns"]]
        names = model.columns
        self._preprocessing = None
        if any(encoding != "as-is" for encoding in encodings):
            self._preprocessing = model.preprocessing
        self._is_read = True
        self.t_ = 0
        self.n_features_in_ = len(names)
        if names != [f"x{number + 1}" for number in range(len(names))]:
            self.feature_names_in_ = np.array(names, dtype=object)
        members = model.members
        scaled = preprocessing.get("target", "as-is") != "as-is"
        if len(members) == 1:
            self._take_weights(members[0])
        if len(members) > 1 or scaled:
            # Weights alone are not the model.
            self.__dict__.pop("_weights", None)
            self._find_fast_path()
        self._loaded = Loaded(model)

    def _check_goes_on(self):
        if self.__dict__.get("_is_read") and not hasattr(self, "_weights"):
            raise ValueError(
                "training cannot go on from a file's model whose target is scaled, or that is the "
                "mean of several: fit a new one"
            )

    # Networks and options, as the extension takes them

    def _hidden(self):
        hidden = self.hidden_layer_sizes
        hidden = list(hidden) if np.iterable(hidden) else [hidden]
        if any(units <= 0 for units in hidden):
            raise ValueError(f"hidden_layer_sizes must be > 0, got {hidden}.")
        return [int(units) for units in hidden]

    def _units(self, inputs):
        self._inputs = int(inputs)
        return [self._inputs, *self._hidden(), self.n_outputs_]

    def _network(self):
        output = {"logistic": "sigmoid"}.get(self.out_activation_, self.out_activation_)
        return {
            "inputs": self._inputs,
            "hidden": self._hidden(),
            "outputs": self.n_outputs_,
            "normalization": "layer-norm" if self.layer_norm else "none",
            "activation": _ACTIVATIONS[self.activation],
            "output": output,
        }

    def _open(self, X, y, sample_weight, options, held_out=None):
        """The extension's trainer of the present weights."""
        return _halfplane.Trainer(
            json.dumps(self._network()),
            json.dumps(options),
            self.device,
            self._rows(X, y, sample_weight),
            held_out,
            self._tensors(),
        )

    def _held_out(self, validation):
        """Rows that the extension scores after each epoch, and how its scores are read; None where
        scikit-learn would score otherwise."""
        if validation is None:
            return None, None
        X_val, y_val, weight_val = validation
        if weight_val is None and self._scores_alike():
            return Rows(X_val, self._target(y_val)), self._score_of_evaluation
        return None, None

    def _options(self, rows, weight, seed, epochs=None):
        """The extension's options for rows of such a mean weight, and the factors from its loss and
        gradient to scikit-learn's."""
        batch = self.batch_size
        if batch == "auto":
            batch = min(200, rows)
        elif batch > rows:
            warnings.warn(
                "Got `batch_size` less than 1 or larger than sample size. It is going to be clipped"
            )
        batch = int(min(batch, rows))
        loss, loss_scale, gradient_scale = self._loss_and_scales()
        rate = self.learning_rate_init * (gradient_scale if self.solver == "sgd" else 1.0)
        clip = None if self.clip_norm is None else {"norm": self.clip_norm / gradient_scale}
        options = {
            "loss": loss,
            "optimizer": self._optimizer_options(rate, gradient_scale),
            "regularization": {
                # scikit-learn divides by the weight of the batch; its gradients are ours times
                # the scale.
                "l2": self.alpha / max(batch * weight, 1e-30) / gradient_scale,
                "clip": clip,
                "dropout": self._dropout(),
                "label-smoothing": float(getattr(self, "label_smoothing", 0.0)),
            },
            "schedule": self._schedule(),
            "batch-size": {"rows": batch},
            "length": {"epochs": int(self.max_iter if epochs is None else epochs)},
            "seed": seed,
            "shuffle": "every-epoch" if self.shuffle else "never",
            "threads": threads(self.n_jobs),
            "log-every": 2**62,
            "keep": "last",
        }
        if self.initialization != "scikit-learn":
            options["initialization"] = self.initialization
        return options, (loss_scale, gradient_scale)

    def _optimizer_options(self, rate, gradient_scale):
        if self.solver == "sgd":
            return {
                "name": "sgd",
                "lr": rate,
                "momentum": float(self.momentum),
                "nesterov": bool(self.nesterovs_momentum and self.momentum > 0),
                "weight_decay": float(self.weight_decay or 0.0),
            }
        decay = {"adam": 0.0, "adamw": 0.01}[self.solver]
        return {
            "name": self.solver,
            "lr": rate,
            "beta1": float(self.beta_1),
            "beta2": float(self.beta_2),
            "eps": self.epsilon / gradient_scale,
            "weight_decay": decay if self.weight_decay is None else float(self.weight_decay),
        }

    def _dropout(self):
        dropout = self.dropout
        if np.iterable(dropout):
            return [float(share) for share in dropout]
        return [float(dropout)] if dropout > 0 else []

    def _schedule(self):
        schedule = self.schedule or "constant"
        return schedule if isinstance(schedule, dict) else {"decay": _SCHEDULES[schedule]}

    # Data

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

    # Predictions

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

    # Files

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

    # Pictures

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

    def __getstate__(self):
        """What is pickled: no device, and of a training only the optimizer's state."""
        state = dict(super().__getstate__())
        if "_trainer" in state:
            state["_optimizer"] = state["_trainer"].state()
        for name in ("_trainer", "_trainer_key", "_known_parameters"):
            state.pop(name, None)
        if "_weights" in state:
            state["_loaded"] = Loaded()
        return state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


class Loaded:
    """The extension's model, once it was needed: predicting does not change the estimator."""

    def __init__(self, model=None):
        self.model = model


def _mean(sample_weight):
    return 1.0 if sample_weight is None else float(np.mean(sample_weight, dtype=np.float64))


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
