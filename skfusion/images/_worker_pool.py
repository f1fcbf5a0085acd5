"""Decode images in worker processes that can be killed."""

import atexit
import os
import threading
from contextlib import contextmanager
from functools import cache, partial

from ..exceptions import ImageReadError
from ._formats._decode import unreadable
from ._worker import Worker

__all__ = ["TIME_LIMIT", "can_isolate", "decode_isolated", "stop_busy_workers"]

#: Maximum time in seconds for one image in a worker.
TIME_LIMIT = 60.0

# Errors that occur here if a worker ended, or if its answer is not valid.
_BROKEN = (EOFError, LookupError, MemoryError, OSError, TypeError, ValueError)


def _begin():
    """Start without workers; a forked process does not use those of its parent."""
    global _busy, _idle, _slots
    _busy = {}  # maps each working worker to the thread that waits for it
    _idle = []  # workers without a task
    _slots = threading.BoundedSemaphore(os.cpu_count() or 1)


_begin()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin)


@contextmanager
def _lent_worker():
    """Lend an idle worker or a new one, up to one per core."""
    with _slots:
        worker = _pop_idle() or Worker()
        _busy[worker] = threading.get_ident()
        try:
            worker.wait_until_ready()
            yield worker
        finally:
            del _busy[worker]
            if worker.usable:
                _idle.append(worker)


def _pop_idle():
    while _idle:
        try:
            worker = _idle.pop()
        except IndexError:  # another thread was faster
            return None
        if worker.usable:
            return worker
        worker.stop()
    return None


@cache
def can_isolate():
    """Return whether worker processes can be started; this is tried only once.

    Returns
    -------
    can_isolate : bool
    """
    try:
        with _lent_worker():
            return True
    except (OSError, RuntimeError):
        return False


def decode_isolated(path, frame, min_side, admit):
    """Decode one frame of a file in a worker process.

    If no worker is idle, a new one is started, up to one per core. Workers are kept for
    the next calls. After a crash or a time-out, a worker is replaced by a new one.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    frame : int
        Index of the frame.

    min_side : int or None
        Smallest side, in pixels, that is sufficient.

    admit : callable
        Called with the number of pixels before they are decoded. It may wait.

    Returns
    -------
    image : float32 ndarray of shape (H, W), in [0, 1]

    Raises
    ------
    ImageReadError
        For every failure; the message gives the name of the file.
    """
    if not path.name:  # the absolute path would have the name of a folder
        raise unreadable(path, "it is not a file")
    with _lent_worker() as worker:
        return _decode_in_time(worker, path, frame, min_side, admit)


def _decode_in_time(worker, path, frame, min_side, admit):
    """Let the worker decode; kill it after the time limit, or if it did not answer."""
    limit = _TimeLimit(worker)
    answered = False
    try:
        answer = worker.decode(path, frame, min_side, partial(limit.pause, admit))
        answered = True
    except _BROKEN:
        reason = "its decoder crashed, or needed more memory than allowed"
        if limit.is_over:
            reason = f"its decoder did not end within {TIME_LIMIT:g} seconds"
        raise unreadable(path, reason) from None
    finally:
        limit.stop()
        if not answered or limit.is_over:
            worker.stop()
    if isinstance(answer, str):
        raise ImageReadError(answer)
    return answer


class _TimeLimit:
    """Kill a worker after the time limit, which excludes its wait for admission."""

    def __init__(self, worker):
        self.is_over = False
        self._worker = worker
        self._start()

    def _start(self):
        self._timer = threading.Timer(TIME_LIMIT, self._end)
        self._timer.daemon = True  # Python can exit without waiting for it
        self._timer.start()

    def _end(self):
        self.is_over = True
        self._worker.kill()

    def stop(self):
        self._timer.cancel()
        self._timer.join()  # a kill in progress must not hit the next file

    def pause(self, admit, n_pixels):
        self.stop()
        admit(n_pixels)
        self._start()


def stop_busy_workers(threads):
    """Stop the workers of threads that no longer need their images.

    Parameters
    ----------
    threads : set of int
        Identifiers of the threads.
    """
    for worker, thread in list(_busy.items()):
        if thread in threads:
            worker.kill()


@atexit.register
def _stop_workers():
    for worker in _idle:
        worker.stop()
    for worker in list(_busy):  # threads still read from them, so keep the pipes open
        worker.kill()
