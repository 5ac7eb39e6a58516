"""A search shared out by HyperQueue, or by MPI, comes to the same end as one process.

    pip install -r tests/exports/requirements.txt
    python tests/cluster/check.py

`tests/run.sh` does both. A cluster of two workers is begun on this machine; four blocks of a search are its
tasks, begun as the guide has it, and are joined once they have ended. MPICH's `mpiexec` then does a search
with pruning and TPE by four processes, which is cut short and gone on with by three.

A program other than `target/release/halfplane` is taken from the environment as HALFPLANE. Exits
with 1 where anything is off.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from hyperqueue import Job, LocalCluster
from hyperqueue.cluster import WorkerConfig

HERE = Path(__file__).resolve().parent
PROGRAM = Path(os.environ.get("HALFPLANE", HERE.parent.parent / "target/release/halfplane")).resolve()
BLOCKS = 4
SEARCH = [
    "sweep",
    str(HERE.parent / "data/penguins.csv"),
    *"--target species --hidden taper:1..2x4..16 --lr 1e-3..0.1 --epochs 9".split(),
    *"--folds 3 --trials 25 --device cpu --threads 1".split(),
]


def halfplane(folder, *words):
    run = subprocess.run([PROGRAM, *words], cwd=folder, capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"halfplane {' '.join(words)}: {run.stderr}")
    return run.stdout


def share_out(folder):
    """Runs each block as a task of a cluster with two workers."""
    # The path of the server's sockets must be short.
    with tempfile.TemporaryDirectory() as server, LocalCluster(server) as cluster:
        for _ in range(2):
            cluster.start_worker(WorkerConfig(cores=1))
        client = cluster.client()
        job = Job(default_workdir=folder, max_fails=0)
        for block in range(1, BLOCKS + 1):
            words = [str(PROGRAM), *SEARCH, "--block", f"{block}/{BLOCKS}", "--quiet"]
            output = {"stdout": folder / f"{block}.out", "stderr": folder / f"{block}.err"}
            job.program(words, **output)
        if not client.wait_for_jobs([client.submit(job)], raise_on_error=False):
            errors = [file.read_text() for file in sorted(folder.glob("*.err"))]
            sys.exit(f"a block has failed: {' '.join(errors)}")


def without_seconds(journal):
    events = [json.loads(line) for line in journal.read_text().splitlines()]
    for event in events:
        event.pop("seconds", None)
        event.pop("arguments", None)
    return events


def same(folder, one, other):
    models = [(folder / own / "best.safetensors").read_bytes() for own in (one, other)]
    journals = [without_seconds(folder / own / "journal.jsonl") for own in (one, other)]
    if models[0] != models[1] or journals[0] != journals[1]:
        sys.exit(f"{one} and {other} are not the same")


def by_mpi(folder):
    """The same search by one process and by several."""
    mpiexec = Path(sys.executable).parent / "mpiexec"

    def run(processes, *words, code=0):
        command = [mpiexec, "-n", str(processes), PROGRAM, *words]
        run = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        if run.returncode != code:
            sys.exit(f"mpiexec -n {processes} halfplane {' '.join(words)}: {run.stderr}")
        return run

    halfplane(folder, *SEARCH, "--output", "one", "--quiet")
    told = run(4, *SEARCH, "--output", "four").stdout
    if told.count("chosen: trial") != 1:
        sys.exit(f"one process of four is to say what was found: {told}")
    same(folder, "one", "four")
    journal = folder / "four/journal.jsonl"
    journal.write_text("".join(journal.read_text().splitlines(keepends=True)[:12]))
    run(3, "sweep", "--resume", "four", "--quiet")
    same(folder, "one", "four")
    # Only the first process sees the table.
    for name in ("first", "others"):
        (folder / name).mkdir()
    shutil.copy(SEARCH[1], folder / "first/table.csv")
    apart = 'if [ "$PMI_RANK" = 0 ]; then cd first; else cd others; fi; exec "$0" "$@"'
    words = ["sh", "-c", apart, PROGRAM, "sweep", "table.csv", *SEARCH[2:], "--output", "seen"]
    done = subprocess.run([mpiexec, "-n", "3", *words, "--quiet"], cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"a table that only the first process sees: {done.stderr}")
    same(folder, "one", "first/seen")
    # What fails on the first ends the others, and is said once.
    for words, problem in [
        (["--output", "four"], "there is a search in four already"),
        (["--output", "blocks", "--block", "1/2"], "--block is what one process does"),
    ]:
        refused = run(2, *SEARCH, *words, code=2).stderr
        if refused.count(problem) != 1:
            sys.exit(f"instead of '{problem}' once, two processes said: '{refused}'")
    print("a search by 4 processes of MPI, and gone on with by 3: as one process does it")


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        share_out(folder)
        blocks = [f"sweep/block-{block}-of-{BLOCKS}" for block in range(1, BLOCKS + 1)]
        joined = json.loads(halfplane(folder, "sweep", "--merge", *blocks, "--json"))
        alone = ["--sampler", "sobol", "--pruning", "off", "--output", "alone", "--json"]
        alone = json.loads(halfplane(folder, *SEARCH, *alone))
        for key in ("trials", "trial", "parameters", "epochs", "mean", "folds"):
            if joined[key] != alone[key]:
                sys.exit(f"{key}: {joined[key]} from blocks, {alone[key]} from one process")
        models = [(folder / own / "best.safetensors").read_bytes() for own in ("sweep", "alone")]
        if models[0] != models[1]:
            sys.exit("the models differ")
        by_mpi(folder)
        print(f"{joined['trials']} trials in {BLOCKS} blocks on 2 workers: as one process finds them")


main()
