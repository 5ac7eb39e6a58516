"""Golden numbers: what PyTorch's ReduceLROnPlateau makes of some losses.

    pip install torch && python tests/plateau/make.py

writes `pytorch.json` next to this script: for each case its settings, the losses
of the epochs, and the learning rate after each of them.
"""

import json
from pathlib import Path

import torch

CASES = [
    {"factor": 0.1, "patience": 2},
    {"factor": 0.5, "patience": 0, "threshold": 0.01},
    {"factor": 0.3, "patience": 1, "cooldown": 2, "min_lr": 0.0005},
    {"factor": 0.7, "patience": 3, "threshold": 0.0, "min_lr": 0.004},
]


def losses():
    """Falling, then wavering, then flat, by a 64-bit linear congruential generator."""
    state, values = 7, []
    for epoch in range(60):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        noise = (state >> 40) / 2**24
        values.append(max(0.2, 1.5 - 0.05 * epoch) + 0.08 * noise)
    return values + [values[-1]] * 10


def run(settings):
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([weight], lr=0.01)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **settings)
    rates = []
    for loss in losses():
        scheduler.step(loss)
        rates.append(optimizer.param_groups[0]["lr"])
    full = {"threshold": 1e-4, "cooldown": 0, "min_lr": 0.0} | settings
    return full | {"lr": 0.01, "losses": losses(), "rates": rates}


if __name__ == "__main__":
    made = {"pytorch": torch.__version__.split("+")[0], "cases": [run(case) for case in CASES]}
    path = Path(__file__).with_name("pytorch.json")
    path.write_text(json.dumps(made, indent=1) + "\n")
