"""How many threads read images."""

import multiprocessing
import os

import joblib

__all__ = ["n_reading_threads"]


def n_reading_threads():
    """Return the number of threads that read images at once.

    Returns
    -------
    n_threads : int
        As many as there are cores. In a process that is one of several workers, its
        part of them: joblib and dask set it as ``OMP_NUM_THREADS``. Without it, 1.

    Examples
    --------
    >>> from joblib import cpu_count
    >>> from skfusion.images._reading_threads import n_reading_threads
    >>> n_reading_threads() == cpu_count()
    True
    """
    if multiprocessing.parent_process() is None:
        return joblib.cpu_count()
    part = os.environ.get("OMP_NUM_THREADS", "")
    return min(int(part), joblib.cpu_count()) if part.isdigit() and int(part) else 1
