from os import PathLike

from ._classifier import MLPClassifier
from ._regressor import MLPRegressor

def load(path: str | PathLike[str]) -> MLPClassifier | MLPRegressor: ...
