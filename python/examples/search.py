"""The best of forty networks, on five folds each, and a picture of it."""

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot
from sklearn.datasets import make_moons

from halfplane import MLPClassifier, SearchCV

X, y = make_moons(400, noise=0.2, random_state=0)
search = SearchCV(
    MLPClassifier(max_iter=60, random_state=0),
    hidden_layer_sizes=[(8,), (32,), (32, 16)],
    learning_rate_init=(1e-3, 1e-1),
    alpha=(1e-6, 1.0),
    n_iter=40,
    random_state=0,
)
search.fit(X, y)
print(f"{search.best_score_:.3f} with {search.best_params_}")
assert search.best_score_ > 0.95

figure, ax = pyplot.subplots()
ax.scatter(*X.T, c=y, s=10)
search.best_estimator_.plot_regions(ax)
figure.savefig("moons.png")
