"""The workloads' data and initial weights, by a formula that gives the same bits in every language.

A number is 24 bits of a hash of its index: `mix` is a hash of 32-bit integers (Chris Wellons'
lowbias32), and

    signed(stream, i) = (mix(i + mix(SEED + stream)) >> 8) / 2**23 - 1

lies in [-1, 1) and is exact in float32. Features are stream 0, row by row; the weights of layer
l, [outputs, inputs] row by row, are stream 1 + 2l and its biases stream 2 + 2l, both times the
float32 nearest to 1/sqrt(inputs). Targets follow from the features by rules that a network can
learn, and that float64 carries out exactly.
"""

import json
import math
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
SEED = 777
WORKLOADS = {workload["name"]: workload for workload in json.loads((HERE / "workloads.json").read_text())}


def mix(words):
    words = np.asarray(words, np.uint32)
    with np.errstate(over="ignore"):
        words = (words ^ (words >> np.uint32(16))) * np.uint32(0x7FEB352D)
        words = (words ^ (words >> np.uint32(15))) * np.uint32(0x846CA68B)
    return words ^ (words >> np.uint32(16))


def signed(stream, count):
    with np.errstate(over="ignore"):
        words = mix(np.arange(count, dtype=np.uint32) + mix(SEED + stream))
    return (words >> np.uint32(8)).astype(np.float32) * np.float32(2**-23) - np.float32(1)


def data(workload):
    """Features [rows, inputs] and targets: float32 [rows, outputs], or int64 [rows] for classes."""
    rows, inputs, outputs = workload["rows"], workload["widths"][0], workload["widths"][-1]
    if inputs == 2:
        return np.float32([[0, 0], [0, 1], [1, 0], [1, 1]]), np.float32([[0], [1], [1], [0]])
    x = signed(0, rows * inputs).reshape(rows, inputs)
    match workload["loss"]:
        case "bce":
            exact = x[:, :3].astype(np.float64)
            return x, (exact[:, 0] * exact[:, 1] + exact[:, 2] > 0).astype(np.float32)[:, None]
        case "cross-entropy":
            return x, x[:, :outputs].argmax(1)
        case "mse":
            return x, x[:, :outputs] * x[:, 1 : outputs + 1]


def weights(workload):
    """W [outputs, inputs] and b [outputs] of each layer, float32."""
    layers = []
    for index, (inputs, outputs) in enumerate(zip(workload["widths"], workload["widths"][1:])):
        bound = np.float32(1 / math.sqrt(inputs))
        weight = signed(1 + 2 * index, outputs * inputs).reshape(outputs, inputs)
        layers.append((weight * bound, signed(2 + 2 * index, outputs) * bound))
    return layers
