from ._classifier import MLPClassifier as MLPClassifier
from ._files import load as load
from ._program import train as train
from ._regressor import MLPRegressor as MLPRegressor
from ._search import SearchCV as SearchCV
from ._training import Progress as Progress

__all__: list[str]
__version__: str
