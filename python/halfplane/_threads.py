"""How many threads an estimator takes, and what others leave it."""

import multiprocessing
import os
import sys

import threadpoolctl

from . import _halfplane


class _Controller(threadpoolctl.LibController):
    """Lets threadpoolctl's limits hold here."""

    user_api = "halfplane"
    internal_api = "halfplane"
    filename_prefixes = ("_halfplane",)
    check_symbols = ("halfplane_get_num_threads", "halfplane_set_num_threads")

    def get_num_threads(self):
        return self.dynlib.halfplane_get_num_threads()

    def set_num_threads(self, num_threads):
        self.dynlib.halfplane_set_num_threads(num_threads)

    def get_version(self):
        return None


threadpoolctl.register(_Controller)


def threads(n_jobs):
    """Threads for `n_jobs`; None for as many as this process may use.

    A number is taken as it is, -1 means all processors, -2 all but one, as in joblib. Without one,
    what limits others limits us: `OMP_NUM_THREADS`, which joblib sets in the workers of loky, and
    threadpoolctl; and a worker of multiprocessing, or a thread of a joblib pool, takes one.
    """
    if n_jobs is not None:
        if n_jobs == 0:
            raise ValueError("n_jobs == 0 has no meaning: it must be None, above 0 or below 0")
        if n_jobs > 0:
            return int(n_jobs)
        return max(1, _processors() + 1 + int(n_jobs))
    if multiprocessing.process.current_process().daemon or _in_pool():
        return 1
    limit = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
    limits = [int(limit)] if limit.isdigit() and int(limit) > 0 else []
    told = _halfplane.thread_limit()
    return min(limits + ([] if told is None else [told]), default=None)


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
