"""Pictures."""

import matplotlib
import pytest
from sklearn.datasets import make_blobs

from halfplane import MLPClassifier, MLPRegressor

matplotlib.use("Agg")

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture
def ax():
    from matplotlib import pyplot

    figure, ax = pyplot.subplots()
    yield ax
    pyplot.close(figure)


def test_regions_of_two_classes_of_three_and_of_numbers(ax, circle):
    X, y = circle
    ax.scatter(*X.T, c=y)
    limits = ax.get_xlim()
    assert MLPClassifier(max_iter=5).fit(X, y).plot_regions(ax) is ax
    assert ax.get_xlim() == limits
    X, y = make_blobs(60, centers=3, random_state=0)
    MLPClassifier(max_iter=5).fit(X, y).plot_regions(ax, bounds=[(-5, 5), (-2, 8)])
    MLPRegressor(max_iter=5).fit(X, y).plot_regions(ax, resolution=20)
    assert len(ax.collections) > 3


def test_the_course_of_the_loss(ax, circle):
    model = MLPClassifier(max_iter=5, early_stopping=True).fit(*circle)
    model.plot_loss(ax)
    assert len(ax.lines[0].get_xdata()) == 5


def test_more_than_a_plane_is_refused(digits):
    model = MLPClassifier(max_iter=1).fit(*digits)
    with pytest.raises(ValueError, match="plane of two numbers"):
        model.plot_regions()
