"""The workloads under PyTorch, JAX and scikit-learn, for `peers.py`.

Each has `start` (data, weights and a fresh optimizer on the device), `train` (so many steps more,
done when it returns), `loss` (the mean over all rows) and `weights` (on the host).
"""

import sys
import warnings

import formula


def full_float32(torch):
    """No TF32 on the GPU: full float32, as in all other programs."""
    torch.set_float32_matmul_precision("highest")
    torch.backends.cuda.matmul.allow_tf32 = False


class Torch:
    """Eager PyTorch as its tutorials write it: no loss is read back while steps run."""

    def __init__(self, workload, device="cpu", dtype="float32"):
        import torch

        self.torch, self.workload, self.device = torch, workload, device
        self.dtype = getattr(torch, dtype)
        full_float32(torch)
        self.host = formula.data(workload)
        self.initial = formula.weights(workload)

    @staticmethod
    def describe(device="cpu"):
        import torch

        name = torch.cuda.get_device_name() if device == "cuda" else "cpu"
        driver = f"CUDA {torch.version.cuda}" if device == "cuda" else None
        return {"version": torch.__version__, "device": name, "driver": driver}

    def start(self):
        torch, nn, workload = self.torch, self.torch.nn, self.workload
        x, t = (torch.from_numpy(part).to(self.device) for part in self.host)
        self.x, self.t = x.to(self.dtype), t if workload["loss"] == "cross-entropy" else t.to(self.dtype)
        activation = {"sigmoid": nn.Sigmoid, "relu": nn.ReLU}[workload["activation"]]
        layers = []
        for weight, bias in self.initial:
            dense = nn.Linear(weight.shape[1], weight.shape[0], device=self.device, dtype=self.dtype)
            with torch.no_grad():
                dense.weight.copy_(torch.from_numpy(weight))
                dense.bias.copy_(torch.from_numpy(bias))
            layers += [dense, activation()]
        self.net = nn.Sequential(*layers[:-1])
        criteria = {"bce": nn.BCEWithLogitsLoss, "cross-entropy": nn.CrossEntropyLoss, "mse": nn.MSELoss}
        self.criterion = criteria[workload["loss"]]()
        self.optimizer = self.make_optimizer()
        self.step = 0
        self.ready()

    def make_optimizer(self, **options):
        optimizers = {"sgd": self.torch.optim.SGD, "adam": self.torch.optim.Adam}
        make = optimizers[self.workload["optimizer"]]
        return make(self.net.parameters(), lr=self.workload["lr"], **options)

    def ready(self):
        if self.device == "cuda":
            self.torch.cuda.synchronize()

    def update(self, x, t):
        self.optimizer.zero_grad()
        self.criterion(self.net(x), t).backward()
        self.optimizer.step()

    def train(self, steps):
        batch, per_epoch = self.workload["batch"], -(-self.workload["rows"] // self.workload["batch"])
        for _ in range(steps):
            first = self.step % per_epoch * batch
            self.update(self.x[first : first + batch], self.t[first : first + batch])
            self.step += 1
        self.ready()

    def weights(self):
        return [parameter.detach().cpu().numpy() for parameter in self.net.parameters()]

    def loss(self):
        with self.torch.no_grad():
            rows = zip(self.x.split(8192), self.t.split(8192))
            return sum(self.criterion(self.net(x), t).item() * len(x) for x, t in rows) / len(self.x)


class TorchGraphs(Torch):
    """PyTorch with each step replayed from a CUDA graph, by the recipe of PyTorch's manual."""

    def start(self):
        super().start()
        sizes = {min(self.workload["batch"], len(self.x)), len(self.x) % self.workload["batch"]} - {0}
        self.graphs = {size: self.capture(size) for size in sizes}
        with self.torch.no_grad():
            values = [value for layer in self.initial for value in layer]
            for parameter, value in zip(self.net.parameters(), values):
                parameter.copy_(self.torch.from_numpy(value))
        # The optimizer state keeps its addresses, which the graphs use, and is reset to zero.
        for state in self.optimizer.state.values():
            for value in filter(self.torch.is_tensor, state.values()):
                value.zero_()
        self.ready()

    def make_optimizer(self):
        capturable = {"capturable": True} if self.workload["optimizer"] == "adam" else {}
        return super().make_optimizer(**capturable)

    def capture(self, size):
        cuda = self.torch.cuda
        x, t = self.x[:size].clone(), self.t[:size].clone()
        side = cuda.Stream()
        side.wait_stream(cuda.current_stream())
        with cuda.stream(side):
            for _ in range(3):
                super().update(x, t)
        cuda.current_stream().wait_stream(side)
        self.optimizer.zero_grad(set_to_none=True)
        graph = cuda.CUDAGraph()
        with cuda.graph(graph):
            self.criterion(self.net(x), t).backward()
            self.optimizer.step()
        return graph, x, t

    def update(self, x, t):
        graph, static_x, static_t = self.graphs[len(x)]
        static_x.copy_(x)
        static_t.copy_(t)
        graph.replay()


class Jax:
    """JAX, all steps in one compiled `lax.scan`, which returns the loss of every step."""

    def __init__(self, workload):
        import jax

        jax.config.update("jax_platforms", "cpu")
        self.jax, self.workload = jax, workload
        self.host = formula.data(workload)
        self.initial = formula.weights(workload)
        self.compiled = jax.jit(self.steps, static_argnums=3, donate_argnums=0)

    @staticmethod
    def describe():
        import jax

        return {"version": jax.__version__, "device": "cpu", "driver": None}

    def start(self):
        import jax.numpy as jnp

        zeros = [(jnp.zeros_like(weight), jnp.zeros_like(bias)) for weight, bias in self.initial]
        layers = self.jax.tree.map(jnp.array, self.initial)
        moments = (zeros, self.jax.tree.map(jnp.copy, zeros)) if self.workload["optimizer"] == "adam" else ()
        self.state = (layers, moments, jnp.zeros((), jnp.int32))
        self.x, self.t = (self.jax.device_put(part) for part in self.host)
        self.jax.block_until_ready((self.state, self.x, self.t))

    def mean_loss(self, layers, x, t):
        import jax.numpy as jnp

        nn = self.jax.nn
        activation = {"sigmoid": nn.sigmoid, "relu": nn.relu}[self.workload["activation"]]
        for weight, bias in layers[:-1]:
            x = activation(x @ weight.T + bias)
        z = x @ layers[-1][0].T + layers[-1][1]
        match self.workload["loss"]:
            case "bce":
                return jnp.mean(nn.softplus(z) - t * z)
            case "cross-entropy":
                return -jnp.mean(jnp.take_along_axis(nn.log_softmax(z), t[:, None], 1))
            case "mse":
                return jnp.mean((z - t) ** 2)

    def update(self, state, x, t):
        import jax.numpy as jnp

        layers, moments, step = state
        loss, gradient = self.jax.value_and_grad(self.mean_loss)(layers, x, t)
        map_, lr = self.jax.tree.map, self.workload["lr"]
        if self.workload["optimizer"] == "sgd":
            return (map_(lambda p, g: p - lr * g, layers, gradient), moments, step + 1), loss
        m = map_(lambda m, g: 0.9 * m + 0.1 * g, moments[0], gradient)
        v = map_(lambda v, g: 0.999 * v + 0.001 * g * g, moments[1], gradient)
        time_ = (step + 1).astype(jnp.float32)
        rate, root = lr / (1 - 0.9**time_), jnp.sqrt(1 - 0.999**time_)
        layers = map_(lambda p, m, v: p - rate * m / (jnp.sqrt(v) / root + 1e-8), layers, m, v)
        return (layers, (m, v), step + 1), loss

    def steps(self, state, x, t, steps):
        """Begins at the first row: every run but the check's is a whole number of epochs."""
        lax, jnp, batch = self.jax.lax, self.jax.numpy, self.workload["batch"]
        full, tail = divmod(len(x), batch)
        epochs, rest = divmod(steps, full + (tail > 0))

        def scan(body, state, length):
            return lax.scan(body, state, jnp.arange(length))

        if full == 1:
            return scan(lambda state, _: self.update(state, x, t), state, steps)

        def step(state, i):
            rows = [lax.dynamic_slice_in_dim(part, i * batch, batch) for part in (x, t)]
            return self.update(state, *rows)

        def epoch(state, _):
            state, losses = scan(step, state, full)
            if tail:
                state, loss = self.update(state, x[full * batch :], t[full * batch :])
                losses = jnp.append(losses, loss)
            return state, losses

        state, losses = scan(epoch, state, epochs)
        state, last = scan(step, state, rest)
        return state, jnp.append(losses, last)

    def train(self, steps):
        out = self.compiled(self.state, self.x, self.t, steps)
        self.state, self.history = self.jax.block_until_ready(out)

    def weights(self):
        return self.jax.device_get(self.state[0])

    def loss(self):
        return float(self.jax.jit(self.mean_loss)(self.state[0], self.x, self.t))


class Sklearn:
    """scikit-learn's MLPClassifier and MLPRegressor, through their own `fit`.

    It supports all six workloads. Its squared error is half the sum over outputs where the others
    take the mean: a constant factor, to which Adam is invariant. `fit` resets Adam's moments, so
    every run starts from the initial weights.
    """

    restarts = True

    def __init__(self, workload):
        self.workload = workload
        self.host = formula.data(workload)
        self.initial = formula.weights(workload)

    @staticmethod
    def describe():
        import sklearn

        return {"version": sklearn.__version__, "device": "cpu", "driver": None}

    def start(self):
        from sklearn import neural_network

        kind = "MLPRegressor" if self.workload["loss"] == "mse" else "MLPClassifier"
        initial = iter([(weight.T.copy(), bias.copy()) for weight, bias in self.initial])

        class Net(getattr(neural_network, kind)):
            def _init_coef(self, fan_in, fan_out, dtype):
                return next(initial)

        self.net = Net(
            hidden_layer_sizes=self.workload["widths"][1:-1],
            activation={"sigmoid": "logistic", "relu": "relu"}[self.workload["activation"]],
            solver=self.workload["optimizer"], learning_rate_init=self.workload["lr"], alpha=0.0,
            batch_size=self.workload["batch"], shuffle=False, momentum=0.0, nesterovs_momentum=False,
            tol=0.0, n_iter_no_change=sys.maxsize,
        )
        x, t = self.host
        self.x, self.t = x, t if self.workload["loss"] == "mse" else t.ravel()

    def train(self, steps):
        batch, rows = self.workload["batch"], len(self.x)
        per_epoch = -(-rows // batch)
        epochs, rest = divmod(steps, per_epoch)
        if rest:
            assert epochs == 0, "fit takes whole epochs"
            rows, epochs = rest * batch, 1
        self.net.max_iter = epochs
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.net.fit(self.x[:rows], self.t[:rows])

    def weights(self):
        return self.net.coefs_, self.net.intercepts_

    def loss(self):
        import numpy as np

        if self.workload["loss"] == "mse":
            return float(np.mean((self.net.predict(self.x).astype(np.float64) - self.t) ** 2))
        log_p = np.log(np.maximum(self.net.predict_proba(self.x).astype(np.float64), 1e-30))
        return float(-log_p[np.arange(len(log_p)), self.t.astype(int)].mean())


PROGRAMS = {
    "torch": (Torch, {}),
    "torch-cuda": (Torch, {"device": "cuda"}),
    "torch-cuda-graphs": (TorchGraphs, {"device": "cuda"}),
    "jax": (Jax, {}),
    "sklearn": (Sklearn, {}),
}
