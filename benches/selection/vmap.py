"""The search of grid_search.py by `halfplane sweep` and by JAX, in turn: `vmap` over the networks of one shape.

    pip install -r benches/selection/requirements.txt jax
    cargo build --release
    python benches/selection/vmap.py [--rounds 3] [--tables breast_cancer,digits,penguins]

Sixty configurations, five folds, 50 epochs of Adam with batches of 32 rows. JAX trains the 25 networks of a shape
(five rates, five folds) as one: `vmap` over them, `scan` over their steps, `jit` over all of it; one shape after
the other, as the sizes of its arrays ask for. Preparing the rows is not in its time. `compiled` is the second run in
one process, which finds every shape compiled; a user pays for the first. The best mean accuracies may differ by 0.02
at most, or the script ends with 1.
"""

import os
import statistics
import time

os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from grid_search import RATES, SHAPES, columns, in_turn
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import LabelEncoder

EPOCHS, BATCH, FOLDS = 50, 32, 5
BETAS, EPSILON = (0.9, 0.999), 1e-8


def prepared(table, target):
    """Per fold: its rows [N, I] prepared by its training rows, their classes, the training and the held-out rows."""
    rows = pd.read_csv(table)
    x, y = rows.drop(columns=target), LabelEncoder().fit_transform(rows[target])
    folds = []
    for training, held_out in StratifiedKFold(FOLDS, shuffle=True, random_state=777).split(x, y):
        inputs = columns().fit(x.iloc[training])
        folds.append((inputs.transform(x).astype(np.float32), training, held_out))
    # Folds may know other words and have other holes: inputs of zeros fill up.
    width = max(own.shape[1] for own, _, _ in folds)
    padded = [np.pad(own, ((0, 0), (0, width - own.shape[1]))) for own, _, _ in folds]
    return jnp.asarray(np.stack(padded)), jnp.asarray(y), [own[1:] for own in folds]


def filled(lists):
    """Lists of rows as one array, filled up with row 0, and which of them count."""
    width = max(map(len, lists))
    rows = np.stack([np.pad(own, (0, width - len(own))) for own in lists])
    counts = np.stack([np.arange(width) < len(own) for own in lists])
    return jnp.asarray(rows), jnp.asarray(counts, jnp.float32)


def initial(key, sizes):
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        key, own = jax.random.split(key)
        bound = np.sqrt(6 / (inputs + outputs))
        weight = jax.random.uniform(own, (inputs, outputs), minval=-bound, maxval=bound)
        layers.append((weight, jnp.zeros(outputs)))
    return layers


def outputs(layers, x):
    for weight, bias in layers[:-1]:
        x = jax.nn.relu(x @ weight + bias)
    weight, bias = layers[-1]
    return x @ weight + bias


def loss(layers, x, y, counts):
    each = -jnp.take_along_axis(jax.nn.log_softmax(outputs(layers, x)), y[:, None], 1)[:, 0]
    return (each * counts).sum() / counts.sum()


def trained(key, lr, x, y, rows, counts, sizes):
    """One network after all epochs. Rows that do not count come last in each epoch's order."""
    first, shuffles = jax.random.split(key)
    layers = initial(first, sizes)
    zeros = jax.tree.map(jnp.zeros_like, layers)
    steps = -(-rows.shape[0] // BATCH)
    room = steps * BATCH

    def step(state, batch):
        layers, mean, square, t = state
        own, weights = batch
        gradient = jax.grad(loss)(layers, x[own], y[own], weights)
        t = t + 1
        mean = jax.tree.map(lambda m, g: BETAS[0] * m + (1 - BETAS[0]) * g, mean, gradient)
        square = jax.tree.map(lambda v, g: BETAS[1] * v + (1 - BETAS[1]) * g * g, square, gradient)
        scales = [1 - beta**t for beta in BETAS]
        update = lambda w, m, v: w - lr * (m / scales[0]) / (jnp.sqrt(v / scales[1]) + EPSILON)
        return (jax.tree.map(update, layers, mean, square), mean, square, t), None

    def epoch(state, key):
        order = jnp.argsort(jax.random.uniform(key, rows.shape) + (1 - counts))
        batches = jnp.pad(order, (0, room - len(order)))
        weights = jnp.pad(counts[order], (0, room - len(order)))
        shaped = rows[batches].reshape(steps, BATCH), weights.reshape(steps, BATCH)
        return jax.lax.scan(step, state, shaped)[0], None

    state = (layers, zeros, zeros, 0.0)
    return jax.lax.scan(epoch, state, jax.random.split(shuffles, EPOCHS))[0][0]


def search(x, y, folds):
    """The best mean accuracy over the folds."""
    classes = int(y.max()) + 1
    rows, counts = filled([own for own, _ in folds])
    apart, apart_counts = filled([own for _, own in folds])
    fold = jnp.tile(jnp.arange(FOLDS), len(RATES))
    rates = jnp.repeat(jnp.asarray(RATES), FOLDS)
    best = 0.0
    for number, shape in enumerate(SHAPES):
        sizes = (x.shape[2], *map(int, shape.split(",")), classes)
        keys = jax.random.split(jax.random.key(number), len(fold))

        def member(key, lr, at, sizes=sizes):
            layers = trained(key, lr, x[at], y, rows[at], counts[at], sizes)
            found = outputs(layers, x[at][apart[at]]).argmax(1) == y[apart[at]]
            return (found * apart_counts[at]).sum() / apart_counts[at].sum()

        # One function for each shape and table: what is compiled is found again.
        run = COMPILED.setdefault((x.shape, sizes), jax.jit(jax.vmap(member)))
        scores = np.asarray(run(keys, rates, fold)).reshape(len(RATES), FOLDS)
        best = max(best, float(scores.mean(1).max()))
    return best


COMPILED = {}


def search_of(table, target):
    data = prepared(table, target)

    def run():
        began = time.perf_counter()
        best = search(*data)
        return time.perf_counter() - began, best

    return run


def main():
    for name, ours, theirs in in_turn("JAX", search_of):
        ours = statistics.median(ours)
        # In the first round every shape is compiled.
        first, *compiled = theirs
        told = f"{name}: {ours / first:.2f} of JAX's time"
        if compiled:
            told += f", {ours / statistics.median(compiled):.2f} of what it takes compiled"
        print(told)


if __name__ == "__main__":
    main()
