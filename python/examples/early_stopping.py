"""Stops by rows of one's own, and by a callback: when the time is over."""

import time

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from halfplane import MLPClassifier

X, y = load_digits(return_X_y=True)
X_train, X_val, y_train, y_val = train_test_split(X / 16, y, random_state=0)

deadline = time.monotonic() + 20


def tell(progress):
    if progress.epoch % 10 == 0:
        print(f"{progress.epoch}: {progress.loss:.4f}, {progress.validation_score:.3f}")
    return time.monotonic() > deadline


model = MLPClassifier(
    (64,), dropout=0.2, learning_rate_init=0.01, early_stopping=True, callbacks=tell, random_state=0
)
model.fit(X_train, y_train, X_val=X_val, y_val=y_val)
print(f"{model.n_iter_} epochs, of which the best was right for {model.best_validation_score_:.3f}")
assert model.best_validation_score_ > 0.96
