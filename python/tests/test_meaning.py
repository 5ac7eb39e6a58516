"""Parameters mean what they mean in scikit-learn."""

import warnings

import numpy as np
import pytest
import sklearn.neural_network
from sklearn.datasets import make_multilabel_classification, make_regression
from sklearn.exceptions import ConvergenceWarning

from halfplane import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def pair(name, X, y, **parameters):
    """scikit-learn's estimator and ours, trained from the same initial weights."""
    parameters = {"random_state": 3, "shuffle": False, **parameters}
    theirs = getattr(sklearn.neural_network, name)(**parameters).fit(X, y)
    ours = {"MLPClassifier": MLPClassifier, "MLPRegressor": MLPRegressor}[name](**parameters)
    return theirs, ours.fit(X, y)


def assert_same_weights(theirs, ours):
    """Adam makes much of gradients near 0, so that a few weights may differ."""
    for expected, found in zip(theirs.coefs_, ours.coefs_):
        differences = np.abs(found - expected) / np.abs(expected).max()
        assert np.quantile(differences, 0.99) < 1e-3


# As strong a penalty as shows.
@pytest.mark.parametrize("alpha", [0.0, 20.0])
@pytest.mark.parametrize(
    "solver", [{"solver": "adam"}, {"solver": "sgd", "learning_rate_init": 0.02}]
)
@pytest.mark.parametrize("activation", ["tanh", "logistic"])
def test_weights_go_the_same_way(digits, solver, alpha, activation):
    X, y = digits
    theirs, ours = pair(
        "MLPClassifier", X[:600], y[:600], alpha=alpha, activation=activation, max_iter=3, **solver
    )
    assert_same_weights(theirs, ours)


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_so_they_do_for_several_numbers(solver):
    X, y = make_regression(400, 8, n_targets=3, random_state=0)
    y /= y.std(axis=0)
    theirs, ours = pair(
        "MLPRegressor", X, y, solver=solver, alpha=5.0, activation="tanh", max_iter=4
    )
    assert_same_weights(theirs, ours)
    assert ours.predict(X).shape == (400, 3)


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_so_they_do_for_several_labels(solver):
    X, y = make_multilabel_classification(400, 10, n_classes=4, random_state=0)
    X = X / 10
    theirs, ours = pair(
        "MLPClassifier", X, y, solver=solver, alpha=5.0, activation="tanh", max_iter=4
    )
    assert_same_weights(theirs, ours)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-3)
    theirs, ours = pair("MLPClassifier", X, y, solver=solver, alpha=0, max_iter=4)
    np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=1e-3)


@pytest.mark.parametrize("learning_rate", ["constant", "invscaling", "adaptive"])
def test_learning_rates_fall_alike(circle, learning_rate):
    X, y = circle
    theirs, ours = pair(
        "MLPClassifier",
        X,
        y,
        solver="sgd",
        activation="tanh",
        learning_rate=learning_rate,
        learning_rate_init=0.1,
        tol=1e-2,
        n_iter_no_change=3,
        max_iter=60,
    )
    assert ours.n_iter_ == theirs.n_iter_
    np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=1e-2)


def test_it_stops_when_scikit_learn_does(circle):
    X, y = circle
    theirs, ours = pair("MLPClassifier", X, y, tol=1e-3, max_iter=500)
    assert abs(ours.n_iter_ - theirs.n_iter_) <= 1
    assert ours.best_loss_ == min(ours.loss_curve_)


def test_a_short_training_warns(circle):
    with pytest.warns(ConvergenceWarning, match="Maximum iterations"):
        MLPClassifier(max_iter=2).fit(*circle)


def test_early_stopping_keeps_the_best_weights(digits):
    X, y = digits
    model = MLPClassifier(early_stopping=True, max_iter=60, random_state=0).fit(X, y)
    assert model.best_validation_score_ == max(model.validation_scores_)
    assert model.best_loss_ is None and len(model.validation_scores_) == model.n_iter_
    assert model.n_iter_ < 60


def test_validation_rows_of_ones_own(digits):
    X, y = digits
    model = MLPClassifier(early_stopping=True, max_iter=40, random_state=0)
    model.fit(X[:1400], y[:1400], X_val=X[1400:], y_val=y[1400:])
    assert model.score(X[1400:], y[1400:]) == pytest.approx(model.best_validation_score_)
    weighted = MLPClassifier(early_stopping=True, max_iter=40, random_state=0)
    weights = np.ones(len(X) - 1400)
    weighted.fit(X[:1400], y[:1400], X_val=X[1400:], y_val=y[1400:], sample_weight_val=weights)
    np.testing.assert_allclose(weighted.validation_scores_, model.validation_scores_)
    with pytest.raises(ValueError, match="early_stopping"):
        MLPClassifier().fit(X, y, X_val=X, y_val=y)
    with pytest.raises(ValueError, match="y_val was not provided"):
        MLPClassifier(early_stopping=True).fit(X, y, X_val=X)


def test_partial_fit_keeps_the_optimizers_state(digits):
    X, y = digits
    X, y = X[:1000], y[:1000]
    ours = MLPClassifier(random_state=3, shuffle=False, activation="tanh")
    theirs = sklearn.neural_network.MLPClassifier(random_state=3, shuffle=False, activation="tanh")
    for model in (ours, theirs):
        for _ in range(3):
            for part in np.split(np.arange(len(X)), 5):
                model.partial_fit(X[part], y[part], classes=np.unique(y))
    assert_same_weights(theirs, ours)
    assert ours.t_ == theirs.t_ == 3000


def test_fit_goes_on_with_warm_start(circle):
    X, y = circle
    model = MLPClassifier(warm_start=True, max_iter=20, random_state=0)
    first = model.fit(X, y).loss_
    assert model.fit(X, y).loss_ < first


def test_class_weights_count_as_sample_weights(circle):
    X, y = circle
    parameters = {"max_iter": 30, "random_state": 0}
    weighted = MLPClassifier(class_weight={0: 1.0, 1: 3.0}, **parameters).fit(X, y)
    rows = MLPClassifier(**parameters).fit(X, y, sample_weight=np.where(y == 1, 3.0, 1.0))
    np.testing.assert_array_equal(weighted.predict_proba(X), rows.predict_proba(X))
    balanced = MLPClassifier(class_weight="balanced", **parameters).fit(X, y)
    assert not np.array_equal(balanced.predict_proba(X), rows.predict_proba(X))


def test_what_there_is_not_is_an_error(circle):
    with pytest.raises(ValueError, match="'adam'.*Got 'lbfgs'"):
        MLPClassifier(solver="lbfgs").fit(*circle)
    with pytest.raises(ValueError, match="squared_error"):
        MLPRegressor(loss="poisson").fit(*circle)
    with pytest.raises(ValueError, match="'relu'.*Got 'identity'"):
        MLPClassifier(activation="identity").fit(*circle)
    with pytest.raises(ValueError, match="no Vulkan|no adapter|nosuch"):
        MLPClassifier(device="nosuchdevice").fit(*circle)


def test_it_learns_with_what_is_halfplanes(digits):
    X, y = digits
    model = MLPClassifier(
        hidden_layer_sizes=(64, 32),
        activation="gelu",
        solver="adamw",
        dropout=0.1,
        layer_norm=True,
        schedule="one-cycle",
        learning_rate_init=0.01,
        label_smoothing=0.05,
        clip_norm=1.0,
        max_iter=15,
        random_state=0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X[:1300], y[:1300])
    assert model.score(X[1300:], y[1300:]) > 0.9


def test_weights_that_are_not_finite_have_scikit_learns_words(circle):
    X, y = circle
    model = MLPRegressor(solver="sgd", learning_rate_init=1e6, max_iter=50)
    with pytest.raises(ValueError, match="non-finite parameter weights"):
        model.fit(1e4 * X, 1e4 * y)
