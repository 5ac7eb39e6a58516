"""Networks and options as the extension takes them: the library's plain data."""

import warnings
from numbers import Integral, Real

import numpy as np
from sklearn.utils._param_validation import Interval, Options, StrOptions

from ._threads import threads

# scikit-learn's name, and the extension's.
ACTIVATIONS = {
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


class OptionsMixin:
    """From scikit-learn's parameters to the library's."""

    _parameter_constraints: dict = {
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "activation": [StrOptions(set(ACTIVATIONS))],
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
            "activation": ACTIVATIONS[self.activation],
            "output": output,
        }

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
