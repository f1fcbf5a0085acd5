"""Fits on the workers of a Dask cluster, which may be lost at any moment."""

import time
import traceback
import warnings
from contextlib import suppress
from functools import partial
from uuid import uuid4

from joblib.parallel import get_active_backend
from sklearn import get_config

__all__ = ["active_cluster", "run_on_cluster"]

_PAUSE = 0.02  # seconds between two looks at the results
_SECONDS_OF_CHECKS = 1.0  # between two looks at the workers
_SECONDS_OF_RESULT = 10.0  # until a result is sent that is there
_KILLED = (
    "KilledWorker: each worker that ran this fit died. It may need more memory than a "
    "worker has."
)
_LEAST_WAIT = 60.0  # seconds in which a worker that died may start again


def active_cluster():
    """Return joblib's backend for Dask if it is the active one, or None."""
    backend, _ = get_active_backend()
    return backend if hasattr(backend, "client") else None


def run_on_cluster(backend, jobs, data, *, error_score, alone=False):
    """Run jobs on the workers of a cluster.

    joblib's own loop is not used: it waits for ever for a job whose workers died, and
    fails if the only worker that holds its data dies. Here the data are a task, which
    the scheduler repeats. Each worker receives them once.

    Parameters
    ----------
    backend : DaskDistributedBackend
        Backend of joblib.

    jobs : list of tuple
        As by ``delayed`` of scikit-learn.

    data : CheckedData
        The argument that all jobs share.

    error_score : "raise" or float
        Whether an error is raised or returned for a job of which workers died.

    alone : bool, default=False
        Whether the jobs run one after the other, and once more if their workers died.
        Without it, the result of such a job is None: Dask also counts jobs that only
        waited there, and workers that were closed.

    Yields
    ------
    number : int
        Number of a job, in the order in which they end.

    result : dict or None

    Raises
    ------
    TimeoutError
        If the cluster has had no worker for a minute, or for the seconds of
        ``wait_for_workers_timeout``, a parameter of the backend, if they are more.
    """
    from distributed import KilledWorker

    shared = _send(backend.client, data)
    sent = [(n, _sent(job, data, shared)) for n, job in enumerate(jobs)]
    with backend.retrieval_context():
        for batch in [[job] for job in sent] if alone else [sent]:
            for number, result in _results(backend, batch):
                if isinstance(result, KilledWorker) and alone:
                    result = _run_again(backend, jobs[number], data)
                elif isinstance(result, KilledWorker):
                    result = None
                if isinstance(result, KilledWorker) and error_score != "raise":
                    result = {"error": _KILLED}
                elif isinstance(result, Exception):
                    raise result
                yield number, result


def _run_again(backend, job, data):
    """Return the result of a job whose workers died, with data that are sent anew."""
    job = _sent(job, data, _send(backend.client, data))
    [(_, result)] = _results(backend, [(0, job)])
    return result


def _send(client, data):
    with warnings.catch_warnings():
        # It is of some megabytes, and advises to read the data by Dask.
        warnings.filterwarnings("ignore", message="Sending large graph")
        return client.submit(_identity, data, key=f"data-{uuid4().hex}")


def _identity(data):
    return data


def _sent(job, data, shared):
    """Return a job with the place of the data, and with the settings of this thread."""
    function, args, kwargs = job
    function.with_config_and_warning_filters(get_config(), warnings.filters)
    return function, [shared if each is data else each for each in args], kwargs


def _run(function, args, kwargs):
    """Return the result, or the error: Dask would log the arguments of the job."""
    try:
        return function(*args, **kwargs)
    except Exception as error:
        error.add_note(f"In a worker of the cluster:\n{traceback.format_exc()}")
        return error


def _results(backend, jobs):
    """Yield the results as the jobs end; raise an error if there is no worker."""
    submit = partial(backend.client.submit, _run, pure=False)
    futures = {number: submit(*job) for number, job in jobs}
    check = _check_of_workers(backend)
    try:
        while futures:
            results = _fetch(futures)
            for number, result in results.items():
                del futures[number]
                yield number, result
            if not results:
                time.sleep(_PAUSE)
            check(len(futures))
    finally:
        for future in futures.values():
            future.release()


def _check_of_workers(backend):
    """Return the function that raises an error if there are no workers for long."""
    wait = max(_LEAST_WAIT, backend.wait_for_workers_timeout or 0)
    seen = checked = time.monotonic()

    def check(n_missing):
        nonlocal seen, checked
        now = time.monotonic()
        if now - checked < _SECONDS_OF_CHECKS:
            return
        checked = now
        if backend.client.nthreads():
            seen = now
        elif now - seen > wait:
            raise TimeoutError(
                f"Expected workers on the Dask cluster. Got none for {wait:.0f} "
                f"seconds, while {n_missing} fits were missing. Start workers and "
                "repeat the call: with a store it computes only what is missing. "
                "parallel_config('dask', wait_for_workers_timeout=600) waits longer."
            )

    return check


def _fetch(futures):
    """Return the results that are there, by the number of the job."""
    results = {}
    for number, future in futures.items():
        # If a worker dies before its result is read, the job is computed again.
        with suppress(TimeoutError):
            if future.done():
                results[number] = _result_of(future)
    return results


def _result_of(future):
    from distributed import KilledWorker

    try:
        return future.result(timeout=_SECONDS_OF_RESULT)
    except KilledWorker as error:
        return error
