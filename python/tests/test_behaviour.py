"""Threads, processes, pickles, interrupts."""

import copy
import io
import os
import pickle
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, cross_val_score, cross_validate
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from halfplane import MLPClassifier, MLPRegressor, _training

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("batch_size", [32, 200])
def test_the_model_does_not_depend_on_threads(batch_size):
    random = np.random.default_rng(1)
    X = random.normal(size=(3000, 40)).astype(np.float32)
    y = (X[:, :5].sum(axis=1) > 0).astype(int)
    models = [
        MLPClassifier((64, 64), batch_size=batch_size, max_iter=2, random_state=5, n_jobs=count)
        for count in (1, 2, 7)
    ]
    for model in models:
        model.fit(X, y)
        for own, first in zip(model.coefs_, models[0].coefs_):
            np.testing.assert_array_equal(own, first)


def test_pickles_know_no_device(circle):
    X, y = circle
    model = MLPClassifier(max_iter=20, random_state=0).fit(X, y)
    model.predict(X)
    for copied in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        np.testing.assert_array_equal(copied.predict_proba(X), model.predict_proba(X))
    assert not hasattr(clone(model), "coefs_")


def test_partial_fit_goes_on_after_a_pickle(circle):
    X, y = circle
    one = MLPClassifier(random_state=0).partial_fit(X, y, classes=[0, 1])
    other = pickle.loads(pickle.dumps(one))
    for model in (one, other):
        model.partial_fit(X, y)
    # The order of the rows differs, the optimizer's state does not.
    assert other.loss_ == pytest.approx(one.loss_, rel=1e-3)
    assert other._state()[0] == one._state()[0] == 4


def test_in_scikit_learns_hands(circle):
    X, y = circle
    model = MLPClassifier((32,), max_iter=60, learning_rate_init=0.02, random_state=0)
    piped = make_pipeline(StandardScaler(), model)
    assert cross_val_score(piped, X, y, cv=3, n_jobs=2).mean() > 0.9
    search = GridSearchCV(model, {"hidden_layer_sizes": [(1,), (16,)]}, cv=3).fit(X, y)
    assert search.best_params_ == {"hidden_layer_sizes": (16,)}


def test_callbacks_see_epochs_and_may_stop(circle):
    seen = []

    def stop(progress):
        seen.append((progress.epoch, progress.loss))
        return progress.epoch == 3

    model = MLPClassifier(callbacks=stop, max_iter=50).fit(*circle)
    assert [epoch for epoch, _ in seen] == [1, 2, 3] and model.n_iter_ == 3
    assert [loss for _, loss in seen] == model.loss_curve_


def test_verbose_says_it_on_the_standard_error(circle, capsys):
    MLPClassifier(verbose=True, max_iter=2).fit(*circle)
    told = capsys.readouterr()
    assert told.out == "" and "Iteration 2, loss = " in told.err


class NotebookStream(io.StringIO):
    """What notebooks have for the standard error: no terminal, and a line can be overwritten."""

    __module__ = "ipykernel.iostream"


def test_terminals_and_notebooks_show_a_bar(circle, monkeypatch):
    stream = NotebookStream()
    monkeypatch.setattr(sys, "stderr", stream)
    with pytest.warns(ConvergenceWarning):
        MLPClassifier(verbose=True, max_iter=4).fit(*circle)
    lines = stream.getvalue().split("\r")[1:]
    assert [line.count("█") for line in lines] == [5, 10, 15, 20]
    assert "\n" not in "".join(lines[:3]) and lines[3].split("\n")[0].startswith("█" * 20)


def test_a_device_that_fails_in_mid_fit_is_told_of():
    # Which failures there are, and how training goes on, is for the library's own tests.
    class Failing:
        def epoch(self):
            return 0.5, None, "the device was lost: going on with cpu"

    model = MLPClassifier()
    model.t_, model.loss_curve_ = 0, []
    with pytest.warns(RuntimeWarning, match="failed in mid-fit: the device was lost: going on"):
        _training.one_epoch(model, Failing(), 10, 2.0)
    assert (model.t_, model.loss_curve_) == (10, [1.0])


def test_other_threads_run_meanwhile():
    random = np.random.default_rng(1)
    X, y = random.normal(size=(20000, 100)).astype(np.float32), random.normal(size=20000)
    model = MLPRegressor(hidden_layer_sizes=(200, 200), max_iter=3, n_jobs=1)
    turns = 0
    training = threading.Thread(target=model.fit, args=(X, y))
    training.start()
    while training.is_alive():
        turns += 1
        time.sleep(0.001)
    assert turns > 20 and model.n_iter_ == 3


LONG = {
    "fit": """
model = MLPRegressor(hidden_layer_sizes=(300, 300), max_iter=1000, batch_size=1000)
print("go", flush=True)
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    model.fit(X, X[:, 0])
assert any("interrupted by user" in str(own.message) for own in told), told
assert np.isfinite(model.predict(X[:5])).all()
""",
    "search": """
search = SearchCV(MLPRegressor(hidden_layer_sizes=(200, 200), max_iter=500), alpha=(1e-5, 1.0))
print("go", flush=True)
try:
    search.fit(X, X[:, 0])
except KeyboardInterrupt:
    pass
""",
    "predict": """
model = MLPRegressor(hidden_layer_sizes=(500, 500, 500), max_iter=1).fit(X[:1000], X[:1000, 0])
print("go", flush=True)
try:
    while True:
        model.predict(X)
except KeyboardInterrupt:
    pass
""",
    "validation": """
model = MLPRegressor(hidden_layer_sizes=(500, 500), early_stopping=True, n_iter_no_change=1000)
print("go", flush=True)
model.fit(X[:2000], X[:2000, 0], X_val=X, y_val=X[:, 0])
""",
}


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
@pytest.mark.parametrize("work", LONG)
def test_ctrl_c_is_heard_within_a_second(work):
    program = f"""
import time, warnings
import numpy as np
from halfplane import MLPRegressor, SearchCV
warnings.simplefilter("ignore")
X = np.random.default_rng(0).normal(size=(200000, 100)).astype(np.float32)
{LONG[work]}
print(time.time(), flush=True)
"""

    def heard_after():
        child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
        assert child.stdout.readline() == "go\n"
        time.sleep(2)
        child.send_signal(signal.SIGINT)
        sent = time.time()
        told, _ = child.communicate(timeout=60)
        assert child.returncode == 0
        return float(told) - sent

    # Other programs may keep the processors from it, but hardly three times.
    assert any(heard_after() < 1.0 for _ in range(3))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_process_trains_as_its_parent(digits):
    X, y = digits
    fit = MLPClassifier((256, 256), max_iter=3, random_state=0, n_jobs=3).fit
    expected = fit(X, y).predict_proba(X)
    for _ in range(3):
        child = os.fork()
        if child == 0:
            same = np.array_equal(fit(X, y).predict_proba(X), expected)
            os._exit(0 if same else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert np.array_equal(fit(X, y).predict_proba(X), expected)


def test_metadata_is_routed(circle):
    X, y = circle
    weights = np.where(y == 1, 3.0, 1.0)
    with config_context(enable_metadata_routing=True):
        model = MLPClassifier(max_iter=5, random_state=0).set_fit_request(sample_weight=True)
        model.set_score_request(sample_weight=True)
        routed = cross_validate(
            model, X, y, cv=3, params={"sample_weight": weights}, return_estimator=True
        )
        plain = cross_validate(
            model.set_fit_request(sample_weight=False), X, y, cv=3, return_estimator=True
        )
        one, other = routed["estimator"][0], plain["estimator"][0]
        assert not np.array_equal(one.coefs_[0], other.coefs_[0])
        stopped = MLPClassifier(early_stopping=True, max_iter=5, random_state=0)
        stopped.set_fit_request(X_val=True, y_val=True)
        piped = Pipeline([("scale", StandardScaler()), ("net", stopped)], transform_input=["X_val"])
        piped.fit(X[:300], y[:300], X_val=X[300:], y_val=y[300:])
        assert len(piped[-1].validation_scores_) == 5


def test_notebooks_show_the_estimator(circle):
    model = MLPClassifier((7, 5), max_iter=3).fit(*circle)
    assert "MLPClassifier" in model._repr_html_() and "(7, 5)" in model._repr_html_()


def test_partial_fit_takes_rows_of_any_number(circle):
    X, y = circle
    model = MLPRegressor(random_state=0)
    for rows in (50, 200, 200, 50, 1):
        model.partial_fit(X[:rows], y[:rows])
    assert model.t_ == 501 and model._state()[0] == 5
    with pytest.raises(ValueError, match="Input X contains NaN"):
        model.partial_fit(X[:50] * np.float32("nan"), y[:50])
    with pytest.raises(ValueError, match="expecting 2 features"):
        model.partial_fit(X[:50, :1], y[:50])
    with pytest.raises(ValueError, match="learning_rate_init"):
        model.set_params(learning_rate_init=-1.0).partial_fit(X[:50], y[:50])
    labels = MLPClassifier(random_state=0).partial_fit(X, y, classes=[0, 1])
    with pytest.raises(ValueError, match="classes not in"):
        labels.partial_fit(X, y + 1)
