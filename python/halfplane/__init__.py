"""scikit-learn's multi-layer perceptrons on any vendor's GPU, and fast on the CPU.

`MLPClassifier` and `MLPRegressor` have scikit-learn's parameters with its meaning and defaults, and
more; `load` reads any model of halfplane's, `train` is the command line's run.
"""

from importlib import import_module

# scikit-learn takes most of a second to import: it is, with the first name that needs it.
_MODULES = {
    "MLPClassifier": "_classifier",
    "MLPRegressor": "_regressor",
    "Progress": "_training",
    "SearchCV": "_search",
    "load": "_files",
    "train": "_program",
}

__all__ = [*_MODULES, "__version__"]


def __getattr__(name):
    if name == "__version__":
        from importlib.metadata import version

        return version("halfplane-nn")
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__():
    return __all__
