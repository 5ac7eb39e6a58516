from os import PathLike
from typing import Any

from ._classifier import MLPClassifier
from ._regressor import MLPRegressor

def train(
    data: str | PathLike[str],
    *,
    output: str | PathLike[str] | None = None,
    verbose: bool = True,
    **flags: Any,
) -> MLPClassifier | MLPRegressor: ...
