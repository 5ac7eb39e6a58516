"""Searches on folds."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_classifier, is_regressor

from halfplane import MLPClassifier, MLPRegressor, SearchCV

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_a_search_finds_what_is_better(circle):
    X, y = circle
    search = SearchCV(hidden_layer_sizes=[(1,), (32,)], learning_rate_init=(1e-3, 1e-1), n_iter=12)
    search.set_params(random_state=0).fit(X, y)
    assert search.best_params_["hidden_layer_sizes"] == (32,)
    assert search.best_score_ == max(
        score
        for score, state in zip(*(search.cv_results_[key] for key in ("mean_test_score", "state")))
        if state == "complete"
    )
    assert search.score(X, y) > 0.95 and is_classifier(search)
    assert len(search.cv_results_["params"]) == 12
    assert search.predict_proba(X).shape == (400, 2)
    # The chosen network is an estimator as others are.
    search.best_estimator_.partial_fit(X, y)


def test_the_end_does_not_depend_on_threads(circle):
    X, y = circle
    of = MLPClassifier(max_iter=20, random_state=0)
    ends = [
        SearchCV(of, alpha=(1e-5, 1.0), n_iter=6, random_state=1, n_jobs=count).fit(X, y)
        for count in (1, 3)
    ]
    assert ends[0].cv_results_ == ends[1].cv_results_
    np.testing.assert_array_equal(ends[0].predict_proba(X), ends[1].predict_proba(X))


def test_scores_are_those_of_networks_trained_one_by_one(circle):
    X, y = circle
    of = MLPClassifier((16,), max_iter=15, random_state=0, tol=0, n_iter_no_change=100)
    folds = [(np.arange(100, 400), np.arange(100)), (np.arange(300), np.arange(300, 400))]
    search = SearchCV(of, learning_rate_init=[0.001, 0.02], cv=folds, pruning="off").fit(X, y)
    for number, parameters in enumerate(search.cv_results_["params"]):
        epochs = search.cv_results_["epochs"][number]
        alone = clone(of).set_params(max_iter=epochs, **parameters)
        scores = [alone.fit(X[own], y[own]).score(X[held], y[held]) for own, held in folds]
        assert search.cv_results_["mean_test_score"][number] == pytest.approx(np.mean(scores))


def test_numbers_and_tables_are_searched_too():
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"kind": random.choice(["a", "b"], 200), "size": random.normal(size=200)})
    y = np.where(frame.kind == "a", frame["size"], -frame["size"])
    search = SearchCV(
        MLPRegressor(max_iter=40, random_state=0),
        {"learning_rate_init": (0.003, 0.1)},
        n_iter=5,
        random_state=0,
    ).fit(frame, y)
    assert is_regressor(search) and search.best_score_ > 0.8
    assert search.predict(frame).shape == (200,)
    assert clone(search).space == search.space


def test_what_makes_no_sense_is_an_error(circle):
    X, y = circle
    for search, told in [
        (SearchCV(), "nothing to search"),
        (SearchCV(alpha=[1e-4]), "nothing to search"),
        (SearchCV(units=[1, 2]), "Invalid parameter 'units'"),
        (SearchCV(alpha=(1, 2, 3)), "a range is a tuple of two numbers"),
        (SearchCV(alpha=[0, 1], scoring="luck"), "scoring must be one of"),
        (SearchCV(alpha=[0, 1], sampler="luck"), "luck"),
        (SearchCV(MLPClassifier(early_stopping=True), alpha=[0, 1]), "early_stopping"),
        (SearchCV(activation=["identity", "cube"]), "activation"),
    ]:
        with pytest.raises(ValueError, match=told):
            search.fit(X, y)
