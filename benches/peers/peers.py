"""The six workloads under PyTorch, JAX and scikit-learn: one JSON line per sample.

    python benches/peers/peers.py torch --workload mnist --samples 3
    python benches/peers/peers.py torch-cuda-graphs
    python benches/peers/peers.py reference        # writes losses.json, in float64

`benches/peers/run` installs the requirements and runs this in turn with halfplane. README.md
describes the protocol.
"""

import argparse
import json
import sys
import time

import formula
import losses
from frameworks import PROGRAMS, Torch, full_float32

# Steps of the untimed check: few, so that rounding errors stay small.
EARLY = 8


def timed(work):
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def early(peer):
    """The loss after a few steps, on which all programs must agree."""
    peer.start()
    peer.train(EARLY)
    return peer.loss()


def sample(peer, steps):
    """One sample: a warm-up run from the initial weights, then as many steps again, timed."""
    upload = timed(peer.start)
    warm_up = timed(lambda: peer.train(steps))
    found = {"once": peer.loss()}
    restarts = getattr(peer, "restarts", False)
    if restarts:
        upload = timed(peer.start)
    seconds = timed(lambda: peer.train(steps))
    download = timed(peer.weights)
    found["once" if restarts else "twice"] = peer.loss()
    total = upload + seconds + download
    return {"seconds": seconds, "total_seconds": total, "warm_up_seconds": warm_up, "losses": found}


def reference():
    """Writes losses.json: the losses in float64, and the error of float32."""
    found = {}
    for name, workload in formula.WORKLOADS.items():
        runs = []
        for dtype in ("float64", "float32"):
            peer = Torch(workload, dtype=dtype)
            peer.start()
            run = {"initial": peer.loss(), "early": early(peer)}
            peer.start()
            for moment in ("once", "twice"):
                peer.train(workload["steps"])
                run[moment] = peer.loss()
            runs.append(run)
        found[name] = losses.with_tolerance(*runs)
    losses.EXACT.write_text(json.dumps(found, indent=2) + "\n")


def gemm(device):
    """Times the matrix products on standard input, which `workloads --dispatches` prints."""
    import torch

    full_float32(torch)
    ready = torch.cuda.synchronize if device == "cuda" else lambda: None
    for line in sys.stdin:
        record = json.loads(line)
        m, n, k = record["m"], record["n"], record["k"]
        a, b = torch.rand(m, k, device=device), torch.rand(k, n, device=device)
        # The operands have the memory layout of training.
        if record["operation"] == "dense_forward":
            b = b.T.contiguous().T
        if record["operation"] == "dense_backward_weight":
            a = a.T.contiguous().T
        out = torch.empty(m, n, device=device)
        times, repeats = 0.0, 1
        while times < 0.2:
            ready()
            times = timed(lambda: ([torch.mm(a, b, out=out) for _ in range(repeats)], ready()))
            repeats, done = 2 * repeats, repeats
        seconds = times / done
        yield {**record, "seconds": seconds, "gflops": 2e-9 * m * n * k / seconds}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", choices=[*PROGRAMS, "reference"])
    parser.add_argument("--workload", action="append", choices=formula.WORKLOADS, help="default: all")
    parser.add_argument("--samples", type=int, default=1)
    parser.add_argument("--describe", action="store_true", help="version and device, and nothing else")
    parser.add_argument("--gemm", action="store_true", help="time the matrix products on standard input")
    arguments = parser.parse_args()
    if arguments.program == "reference":
        return reference()
    make, options = PROGRAMS[arguments.program]
    about = {"program": arguments.program, **make.describe(**options)}
    emit = lambda record: print(json.dumps(record), flush=True)
    if arguments.describe:
        return emit(about)
    if arguments.gemm:
        for record in gemm(options.get("device", "cpu")):
            emit({**record, **about})
        return
    for name in arguments.workload or formula.WORKLOADS:
        workload = formula.WORKLOADS[name]
        peer = make(workload, **options)
        checked = early(peer)
        for _ in range(arguments.samples):
            record = sample(peer, workload["steps"])
            record["losses"]["early"] = checked
            tell({**about, "workload": name, "steps": workload["steps"], **record})


if __name__ == "__main__":
    main()
