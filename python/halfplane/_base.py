"""The training that the classifier and the regressor share."""

import json

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state

from . import _halfplane, _training
from ._device import quiet_mesa
from ._options import OptionsMixin
from ._output import Loaded, OutputMixin
from ._rows import RowsMixin, merged
from ._training import Rows

quiet_mesa()


class BaseMLP(OptionsMixin, RowsMixin, OutputMixin, BaseEstimator):
    """A network with scikit-learn's parameters. Use `MLPClassifier` or `MLPRegressor`."""

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
        _training.one_epoch(self, trainer, X.shape[0], scales[0])
        self.n_iter_ = 1
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

    def _merges(self, samples):
        """Whether equal rows become one that counts as often.

        Where a batch holds all rows, that changes nothing but rounding: a weight of 2 is then to the
        last bit the row given twice.
        """
        full = self.batch_size == "auto" or self.batch_size >= samples
        return full and samples <= 200 and not np.any(np.asarray(self.dropout) > 0)

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
        units = self._units(X_val.shape[1])
        weights = sum(inputs * outputs for inputs, outputs in zip(units, units[1:]))
        # Ctrl-C is not heard while the extension scores.
        is_short = X_val.shape[0] * weights < 5e9
        if is_short and weight_val is None and self._scores_alike():
            return Rows(X_val, self._target(y_val)), self._score_of_evaluation
        return None, None

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
        if len(members) > 1 or scaled or len(model.targets) > 1:
            # Weights alone are not the model.
            self.__dict__.pop("_weights", None)
            self._find_fast_path()
        self._loaded = Loaded(model)

    def _check_goes_on(self):
        if self.__dict__.get("_is_read") and not hasattr(self, "_weights"):
            raise ValueError(
                "training cannot go on from a file's model whose target is scaled, that has several "
                "targets with names, or that is the mean of several: fit a new one"
            )

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


def _mean(sample_weight):
    return 1.0 if sample_weight is None else float(np.mean(sample_weight, dtype=np.float64))
