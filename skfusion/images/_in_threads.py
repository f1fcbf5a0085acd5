"""Apply a function to many items in threads, a little ahead of their use."""

import threading
from collections import deque
from multiprocessing.pool import ThreadPool

from ._reading_threads import n_reading_threads
from ._worker_pool import stop_busy_workers

__all__ = ["in_threads"]

# Results that may wait for their use, beside two for each core: enough work for the
# threads while a batch is written to disk.
_WAITING = 16


def in_threads(function, items):
    """Yield the results of a function in order, computed in threads.

    An item is taken when a thread will need it soon, so that neither items nor results
    accumulate. Ctrl-C does not wait for the threads, as Python would at its end for
    those of an executor.

    Parameters
    ----------
    function : callable

    items : iterable

    Yields
    ------
    result : object
        What the function returns for an item.

    Examples
    --------
    >>> from skfusion.images._in_threads import in_threads
    >>> list(in_threads(abs, range(-3, 1)))
    [3, 2, 1, 0]
    """
    threads = set()

    def call(item):
        threads.add(threading.get_ident())
        return function(item)

    n_threads = n_reading_threads()
    pool, waiting = ThreadPool(n_threads), deque()
    try:
        for item in items:
            waiting.append(pool.apply_async(call, (item,)))
            if len(waiting) > 2 * n_threads + _WAITING:
                yield waiting.popleft().get()
        while waiting:
            yield waiting.popleft().get()
    except KeyboardInterrupt:
        pool.terminate()
        stop_busy_workers(threads)
        raise
    finally:
        pool.terminate()
