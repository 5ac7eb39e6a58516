"""How many threads an estimator takes, and what others leave it."""

import multiprocessing
import os
import sys


def threads(n_jobs):
    """Threads for `n_jobs`; None for as many as this process may use.

    A number is taken as it is, -1 means all processors, -2 all but one, as in joblib. Without one,
    what limits others limits us: `OMP_NUM_THREADS`, which joblib sets in the workers of loky;
    and a worker of multiprocessing, or a thread of a joblib pool, takes one.
    """
    if n_jobs is not None:
        if n_jobs > 0:
            return int(n_jobs)
        return max(1, _processors() + 1 + int(n_jobs))
    limit = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
    limit = int(limit) if limit.isdigit() and int(limit) > 0 else None
    if multiprocessing.process.current_process().daemon or _in_pool():
        return 1
    return limit


def _in_pool():
    parallel = sys.modules.get("joblib.parallel")
    if parallel is None:
        return False
    backend = parallel.get_active_backend()[0]
    return (backend.nesting_level or 0) > 0


def _processors():
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
