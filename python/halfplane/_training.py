"""The loop of a training, epoch by epoch, with scikit-learn's rules of when to stop."""

import sys
import warnings
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning


class Target(NamedTuple):
    """Targets as the extension takes them."""

    kind: str
    values: np.ndarray
    classes: int = 0


class Rows(NamedTuple):
    """Rows as the extension takes them: features, targets, and weights or None."""

    x: np.ndarray
    y: Target
    weights: np.ndarray | None = None


class Progress(NamedTuple):
    """What a callback is told after each epoch.

    Attributes
    ----------
    epoch : int
        Epochs done, from 1.
    loss : float
        The training loss of the epoch, as in `loss_curve_`.
    validation_score : float or None
        The score on the validation rows, where there are such.
    estimator : object
        The estimator in training.
    """

    epoch: int
    loss: float
    validation_score: float | None
    estimator: object


Callback = Callable[[Progress], bool | None]


class Rates:
    """The learning rates of scikit-learn's SGD: constant, invscaling or adaptive."""

    def __init__(self, estimator, scale):
        self.kind = estimator.learning_rate if estimator.solver == "sgd" else "constant"
        self.first = self.now = estimator.learning_rate_init
        self.power = estimator.power_t
        self.scale = scale

    def after_epoch(self, trainer, samples):
        if self.kind == "invscaling":
            self._set(trainer, self.first / (samples + 1) ** self.power)

    def goes_on(self, trainer):
        """Whether training goes on with a lower rate where the loss no longer improves."""
        if self.kind != "adaptive" or self.now <= 1e-6:
            return False
        self._set(trainer, self.now / 5.0)
        return True

    def _set(self, trainer, rate):
        self.now = rate
        trainer.set_lr(rate * self.scale)


def run(estimator, trainer, samples, scales, score):
    """Train until there is an end, and return the weights that are to be kept.

    Parameters
    ----------
    samples : int
        Training rows.
    scales : tuple of float
        Factors from the extension's loss to scikit-learn's, and for the learning rate of SGD.
    score : callable or None
        Makes the validation score of an epoch's evaluation.
    """
    loss_scale, rate_scale = scales
    rates = Rates(estimator, rate_scale)
    callbacks = _callbacks(estimator.callbacks)
    best = None
    unimproved = 0
    told = None
    with _Display(estimator) as display:
        try:
            for epoch in range(1, estimator.max_iter + 1):
                evaluation = one_epoch(estimator, trainer, samples, loss_scale)
                estimator.n_iter_ = epoch
                scored = None
                if score is not None:
                    scored = score(evaluation)
                    estimator.validation_scores_.append(scored)
                    if scored < estimator.best_validation_score_ + estimator.tol:
                        unimproved += 1
                    else:
                        unimproved = 0
                    if scored > estimator.best_validation_score_:
                        estimator.best_validation_score_ = scored
                        best = trainer.weights()
                else:
                    if estimator.loss_ > estimator.best_loss_ - estimator.tol:
                        unimproved += 1
                    else:
                        unimproved = 0
                    estimator.best_loss_ = min(estimator.best_loss_, estimator.loss_)
                display.show(epoch, estimator.loss_, scored)
                progress = Progress(epoch, estimator.loss_, scored, estimator)
                # Each is told, even if another one stops.
                if any([bool(callback(progress)) for callback in callbacks]):
                    break
                rates.after_epoch(trainer, estimator.t_)
                if unimproved > estimator.n_iter_no_change:
                    if not rates.goes_on(trainer):
                        break
                    unimproved = 0
            else:
                told = (
                    f"Stochastic Optimizer: Maximum iterations ({epoch}) reached and the "
                    "optimization hasn't converged yet.",
                    ConvergenceWarning,
                )
        except KeyboardInterrupt:
            told = ("Training interrupted by user.", UserWarning)
    # After the display's line.
    if told is not None:
        warnings.warn(*told)
    return trainer.weights() if best is None else best


def one_epoch(estimator, trainer, samples, loss_scale):
    """Train an epoch, note its loss, and return the evaluation of the validation rows."""
    loss, evaluation, recovered = trainer.epoch()
    if recovered is not None:
        warnings.warn(f"the device failed in mid-fit: {recovered}", RuntimeWarning)
    estimator.t_ += samples
    estimator.loss_ = loss * loss_scale
    estimator.loss_curve_.append(estimator.loss_)
    return evaluation


def _callbacks(callbacks):
    if callbacks is None:
        return []
    return [callbacks] if callable(callbacks) else list(callbacks)


class _Display:
    """A line that tells how far a training is, on the standard error."""

    def __init__(self, estimator):
        self.wanted = bool(estimator.verbose)
        self.most = estimator.max_iter
        stream = sys.stderr
        # Notebooks overwrite a line, too, though they are no terminals.
        self.overwrites = stream.isatty() or type(stream).__module__.startswith("ipykernel")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.wanted and self.overwrites:
            print(file=sys.stderr)

    def show(self, epoch, loss, score):
        if not self.wanted:
            return
        told = f"Iteration {epoch}, loss = {loss:.8f}"
        if score is not None:
            told += f", validation score = {score:.6f}"
        if self.overwrites:
            done = 20 * epoch // self.most
            bar = "█" * done + "·" * (20 - done)
            print(f"\r{bar} {told}", end="", file=sys.stderr, flush=True)
        else:
            print(told, file=sys.stderr)
