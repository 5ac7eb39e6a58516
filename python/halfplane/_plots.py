"""Pictures of networks, by matplotlib."""

import numpy as np


def plot_loss(estimator, ax=None):
    """Plot an estimator's loss, and its validation scores, over the epochs."""
    ax = ax or _axes()
    epochs = np.arange(1, len(estimator.loss_curve_) + 1)
    ax.plot(epochs, estimator.loss_curve_, label="training loss")
    ax.set_xlabel("epoch")
    ax.set_ylabel("loss")
    scores = estimator.validation_scores_
    if scores is not None:
        other = ax.twinx()
        other.plot(epochs, scores, color="tab:orange", label="validation score")
        other.set_ylabel("validation score")
    return ax


def plot_regions(estimator, ax=None, bounds=None, resolution=200):
    """Plot what an estimator of two features predicts in the plane."""
    if estimator.n_features_in_ != 2 or estimator.__dict__.get("_preprocessing") is not None:
        raise ValueError(
            f"regions are plotted in the plane of two numbers, and there are "
            f"{estimator.n_features_in_} features"
        )
    if estimator.n_outputs_ > 1 and not hasattr(estimator, "classes_"):
        raise ValueError(f"there are {estimator.n_outputs_} outputs, and one is plotted")
    ax = ax or _axes()
    if bounds is None:
        # Of an empty picture the limits are 0 and 1.
        bounds = [(-1.0, 1.0)] * 2 if not ax.has_data() else [ax.get_xlim(), ax.get_ylim()]
    sides = [np.linspace(*bound, resolution) for bound in bounds]
    across, up = np.meshgrid(*sides)
    points = np.column_stack([across.ravel(), up.ravel()]).astype(np.float32)
    outputs = estimator._predicted(points)
    if not hasattr(estimator, "classes_"):
        drawn = ax.contourf(across, up, outputs.reshape(across.shape), levels=20, zorder=-1)
        ax.figure.colorbar(drawn, ax=ax)
    elif estimator.n_outputs_ == 1:
        shares = outputs.reshape(across.shape)
        levels = np.linspace(0.0, 1.0, 11)
        ax.contourf(across, up, shares, levels=levels, cmap="RdBu_r", alpha=0.6, zorder=-1)
        ax.contour(across, up, shares, levels=[0.5], colors="black", linewidths=1)
    else:
        likeliest = outputs.argmax(axis=1).reshape(across.shape)
        classes = len(estimator.classes_)
        levels = np.arange(classes + 1) - 0.5
        ax.contourf(across, up, likeliest, levels=levels, cmap="tab10", alpha=0.4, zorder=-1)
    names = getattr(estimator, "feature_names_in_", None)
    if names is not None:
        ax.set_xlabel(names[0])
        ax.set_ylabel(names[1])
    return ax


def _axes():
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError("plots need matplotlib: pip install halfplane-nn[plots]") from error
    return pyplot.gca()
