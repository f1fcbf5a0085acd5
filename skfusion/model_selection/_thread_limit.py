"""The number of threads that compute a fit, for as long as the fit runs."""

import sys
import threading
from contextlib import contextmanager

from joblib import parallel_config
from threadpoolctl import ThreadpoolController

__all__ = ["limited_threads"]

_lock = threading.Lock()
_running = []  # one item for each limit in this process
_before = {}  # each library, with its number before the first of them
_thread = threading.local()  # has the number of this thread, inside a limit


@contextmanager
def limited_threads(n_threads):
    """Let BLAS, OpenMP and torch compute with as many threads, and joblib with none.

    The order of the terms of a sum depends on the number of threads, and so do the last
    digits of all that is learnt. Parallel loops of joblib run one step after the other,
    whatever their ``n_jobs`` is.

    Several threads of a process may be inside at once. OpenMP and torch have a number
    for each thread, which is restored when the thread leaves. BLAS has one for the
    process, and torch one for threads that start later: these two are restored when the
    last thread leaves, so that no fit that still runs changes its number.

    Parameters
    ----------
    n_threads : int

    Examples
    --------
    >>> from joblib import effective_n_jobs
    >>> from skfusion.model_selection._thread_limit import limited_threads
    >>> from threadpoolctl import threadpool_info
    >>> with limited_threads(1):
    ...     {library["num_threads"] for library in threadpool_info()}
    ...     effective_n_jobs(2)
    {1}
    1
    """
    outer = getattr(_thread, "n_threads", None)
    libraries = _enter(n_threads)
    try:
        with _lock:
            _set(libraries, n_threads)
        with parallel_config("sequential"):
            yield
    finally:
        _leave(libraries, outer)


class _Torch:
    """Torch in the form of a library of threadpoolctl, which cannot see all of it."""

    filepath = user_api = "torch"

    def __init__(self, torch):
        self.set_num_threads = torch.set_num_threads
        self.num_threads = torch.get_num_threads()


def _find_libraries():
    libraries = ThreadpoolController().lib_controllers
    # A model that uses torch has imported it with its class.
    torch = sys.modules.get("torch")
    # Last, because it sets OpenMP, too.
    return libraries if torch is None else [*libraries, _Torch(torch)]


def _enter(n_threads):
    with _lock:
        libraries = _find_libraries()
        before = [(each.filepath, (each, each.num_threads)) for each in libraries]
        _running.append(n_threads)
        _thread.n_threads = n_threads
        for path, library in before:
            _before.setdefault(path, library)
    return libraries


def _leave(libraries, outer):
    with _lock:
        _running.pop()
        _thread.n_threads = outer
        if outer is not None:
            _set(libraries, outer)
        elif not _running:
            for library, n_threads in _before.values():
                _set([library], n_threads)
            _before.clear()
        else:
            for library in libraries:
                if library.user_api == "openmp":
                    library.set_num_threads(_before[library.filepath][1])


def _set(libraries, n_threads):
    for library in libraries:
        # Newer versions of threadpoolctl let the first thread alone set the number of
        # OpenBLAS, until it is cleared. Here the lock prevents what this prevents.
        clear = getattr(library, "clear_controlling_thread", _do_nothing)
        clear(force=True)
        library.set_num_threads(n_threads)
        clear(force=True)


def _do_nothing(force):
    pass
