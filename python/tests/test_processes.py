"""Pools of threads and of processes, and what they leave a training."""

import os

import joblib
import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV, cross_val_score
from threadpoolctl import threadpool_info, threadpool_limits

from halfplane import MLPClassifier, SearchCV
from halfplane._threads import threads

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_workers_share_the_processors():
    processors = joblib.cpu_count()
    for backend, expected in [
        ("loky", max(1, processors // 2)),
        ("threading", 1),
        ("multiprocessing", 1),
    ]:
        with joblib.parallel_config(backend, n_jobs=2):
            found = joblib.Parallel()(joblib.delayed(threads)(None) for _ in range(2))
        assert found == [expected] * 2, backend
    assert (threads(3), threads(-1)) == (3, len(os.sched_getaffinity(0)))
    with pytest.raises(ValueError, match="n_jobs == 0"):
        threads(0)


def test_threadpoolctl_limits_a_training():
    assert any(own["internal_api"] == "halfplane" for own in threadpool_info())
    with threadpool_limits(1):
        assert threads(None) == 1
    with threadpool_limits(3, user_api="halfplane"):
        assert threads(None) == 3


def test_scores_are_the_same_in_every_pool(circle):
    X, y = circle
    model = MLPClassifier(max_iter=10, random_state=0)
    expected = cross_val_score(model, X, y, cv=3)
    for backend in ("loky", "threading", "multiprocessing"):
        with joblib.parallel_config(backend, n_jobs=2):
            np.testing.assert_array_equal(cross_val_score(model, X, y, cv=3), expected)


def test_a_grid_on_a_dask_cluster(circle):
    from dask.distributed import Client, LocalCluster

    X, y = circle
    grid = GridSearchCV(
        MLPClassifier(max_iter=30, learning_rate_init=0.02, random_state=0),
        {"hidden_layer_sizes": [(1,), (16,)], "alpha": [1e-4, 1e-2]},
        cv=3,
    )
    expected = grid.fit(X, y).cv_results_["mean_test_score"]
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        with Client(cluster), joblib.parallel_config("dask"):
            found = grid.fit(X, y).cv_results_["mean_test_score"]
    np.testing.assert_array_equal(found, expected)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_forks_after_many_networks_and_after_an_adapter(circle):
    X, y = circle
    search = SearchCV(
        MLPClassifier(max_iter=10, random_state=0), alpha=[1e-4, 1e-2], random_state=0, n_jobs=2
    )
    expected = search.fit(X, y).predict_proba(X)
    on_adapter = MLPClassifier(max_iter=3, random_state=0, device="software").fit(X, y)
    assert "llvmpipe" in on_adapter.device_ or "Software" in on_adapter.device_
    child = os.fork()
    if child == 0:
        code = 1
        try:
            same = np.array_equal(search.fit(X, y).predict_proba(X), expected)
            # The adapter is its parent's; the CPU is its own.
            auto = MLPClassifier(max_iter=1, device="auto").fit(X, y)
            try:
                MLPClassifier(max_iter=1, device="software").fit(X, y)
            except ValueError as error:
                refused = "forked process" in str(error)
            code = 0 if same and refused and auto.device_ else 2
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    assert np.array_equal(search.fit(X, y).predict_proba(X), expected)
