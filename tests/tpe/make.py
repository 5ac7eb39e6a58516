"""Golden points: what Optuna's TPESampler proposes after some results.

    pip install optuna && python tests/tpe/make.py

writes `optuna.json` next to this script: for each case its space in the notation of sweeps,
the results that were told, the seed of the generator, and the point that comes next.
"""

import json
import math
from functools import partial
from pathlib import Path

import numpy
import optuna
from optuna.distributions import CategoricalDistribution as Choices
from optuna.distributions import FloatDistribution as Float
from optuna.distributions import IntDistribution as Int
from optuna.trial import TrialState, create_trial

optuna.logging.set_verbosity(optuna.logging.ERROR)
# Which of equal whole numbers has the nearer neighbour is left open by NumPy's default sort, and
# differs between processors.
numpy.argsort = partial(numpy.argsort, kind="stable")

# Names ascend: Optuna sorts them.
SPACES = {
    "linear": {"a": Float(-1.0, 2.0)},
    "log": {"a": Float(1e-5, 0.1, log=True), "b": Float(0.0, 0.5)},
    "whole": {"a": Int(1, 9), "b": Int(4, 512, log=True)},
    "choices": {"a": Choices(["relu", "silu", "tanh"]), "b": Choices(["x", "y"])},
    "mixed": {
        "a": Choices(["relu", "silu", "tanh"]),
        "b": Float(1e-4, 1.0, log=True),
        "c": Int(1, 4),
        "d": Choices(["sgd"]),
        "e": Float(0.0, 1.0),
        "f": Choices(["u", "v"]),
    },
}
COUNTS = [10, 14, 24, 26, 27, 40, 120]


class Generator:
    """A 64-bit linear congruential generator: the same everywhere."""

    def __init__(self, state):
        self.state = state

    def __call__(self):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 11) / 2**53


def drawn(own, u):
    if isinstance(own, Choices):
        return own.choices[int(u * len(own.choices))]
    if isinstance(own, Int):
        return own.low + int(u * (own.high - own.low + 1))
    if own.log:
        return short(own.low * math.exp(u * math.log(own.high / own.low)))
    return short(own.low + u * (own.high - own.low))


def short(number):
    return float(f"{number:.5g}")


def notation(own):
    if isinstance(own, Choices):
        return list(own.choices)
    scale = "log" if own.log else "linear"
    return {"from": own.low, "to": own.high, "scale": scale, "int": isinstance(own, Int)}


def case(name, count, seed):
    space = SPACES[name]
    generator = Generator(seed)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    told = []
    for number in range(count):
        point = {key: drawn(own, generator()) for key, own in space.items()}
        value, kind = short(generator()), generator()
        common = {"params": point, "distributions": space}
        # A few are pruned or still being trained, as in batches.
        if kind < 0.15:
            epochs = 1 + int(value * 9)
            values = {epochs: value}
            study.add_trial(
                create_trial(state=TrialState.PRUNED, intermediate_values=values, **common)
            )
            told.append({"point": point, "pruned": [epochs, value]})
        elif kind < 0.2 and number >= 10:
            study.add_trial(create_trial(state=TrialState.RUNNING, **common))
            told.append({"point": point})
        else:
            study.add_trial(create_trial(state=TrialState.COMPLETE, value=value, **common))
            told.append({"point": point, "value": value})
    return {
        "space": {key: notation(own) for key, own in space.items()},
        "told": told,
        "seed": seed,
        "next": study.ask(space).params,
    }


cases = [
    case(name, count, 100 * index + count)
    for index, name in enumerate(SPACES)
    for count in COUNTS
]
path = Path(__file__).with_name("optuna.json")
path.write_text(json.dumps({"optuna": optuna.__version__, "cases": cases}) + "\n")
print(f"{path}: {len(cases)} cases, {path.stat().st_size} bytes")
