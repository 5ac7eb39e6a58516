"""Golden numbers: the weights that torch.nn.init draws, all of them in one JSON file.

    pip install torch && python tests/golden/initial/make.py

writes `weights.json` next to this script: for every initialisation and a few networks, the weights
of each layer after `torch.manual_seed(seed)` and the function on each layer's weight, first to last.
The layers are full blocks of 16 numbers, ragged ones, and fewer than 16, which PyTorch draws in
another way.
"""

import json
from pathlib import Path

import torch
from torch import nn

FUNCTIONS = {
    "xavier-uniform": nn.init.xavier_uniform_,
    "xavier-normal": nn.init.xavier_normal_,
    "he-uniform": lambda weight: nn.init.kaiming_uniform_(weight, nonlinearity="relu"),
    "he-normal": lambda weight: nn.init.kaiming_normal_(weight, nonlinearity="relu"),
    "lecun-uniform": lambda weight: nn.init.kaiming_uniform_(weight, nonlinearity="linear"),
    "lecun-normal": lambda weight: nn.init.kaiming_normal_(weight, nonlinearity="linear"),
    "orthogonal": nn.init.orthogonal_,
    "zeros": nn.init.zeros_,
}
NETWORKS = [([5, 11, 3, 1, 2], 777), ([4, 8, 13], 1), ([3, 3, 5], 4_294_967_295)]


def draw(function, widths, seed):
    layers = [torch.empty(outputs, inputs) for inputs, outputs in zip(widths, widths[1:])]
    torch.manual_seed(seed)
    return [function(weight).flatten().numpy() for weight in layers]


def main():
    torch.set_num_threads(1)
    lines = []
    for name, function in FUNCTIONS.items():
        for widths, seed in NETWORKS:
            drawn = draw(function, widths, seed)
            layers = ",".join("[" + ",".join(map(str, weight)) + "]" for weight in drawn)
            head = {"initialization": name, "torch": torch.__version__, "widths": widths, "seed": seed}
            lines.append(json.dumps(head)[:-1] + f', "layers": [{layers}]}}')
    (Path(__file__).parent / "weights.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")


if __name__ == "__main__":
    main()
