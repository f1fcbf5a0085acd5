"""Decode in worker processes that may be killed."""

import atexit
import os
import threading
from contextlib import contextmanager
from functools import cache

from ..exceptions import ImageReadError
from ._decode import unreadable
from ._worker import Worker

__all__ = ["TIME_LIMIT", "can_isolate", "decode_isolated"]

#: Seconds that one image may take in a worker.
TIME_LIMIT = 60.0


def _begin():
    """Start without workers: in a fork, too, where the parent's are not its own."""
    global _idle, _slots
    _idle = []  # workers that wait for a file
    _slots = threading.BoundedSemaphore(os.cpu_count() or 1)


_begin()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin)


@contextmanager
def _lent_worker():
    """Lend an idle worker, or a new one; never more than there are cores."""
    with _slots:
        worker = _pop_idle() or Worker()
        try:
            yield worker
        finally:
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
    """Tell whether worker processes start here; tried once.

    Returns
    -------
    can_isolate : bool
    """
    try:
        with _lent_worker():
            return True
    except (OSError, RuntimeError):
        return False


def decode_isolated(path, frame, min_side=None):
    """Decode one frame of a file in a worker process.

    A worker is started where none is idle, one a core at most; they are kept for the
    next calls. After a crash or a time-out another one takes its place.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    frame : int
        Which frame, from 0.

    min_side : int, default=None
        Sides in pixels that are enough.

    Returns
    -------
    image : float32 ndarray of shape (H, W), in [0, 1]

    Raises
    ------
    ImageReadError
        For everything that fails; it names the file.
    """
    with _lent_worker() as worker:
        return _decode_in_time(worker, path, frame, min_side)


def _decode_in_time(worker, path, frame, min_side):
    """Let the worker decode; kill it when its time is over or it did not answer."""
    timed_out = threading.Event()
    timer = threading.Timer(TIME_LIMIT, lambda: (timed_out.set(), worker.kill()))
    answered = False
    timer.start()
    try:
        answer = worker.decode(path, frame, min_side)
        answered = True
    except (EOFError, OSError, ValueError):
        reason = "its decoder crashed, or needed more memory than it may have"
        if timed_out.is_set():
            reason = f"its decoder did not end within {TIME_LIMIT:g} seconds"
        raise unreadable(path, reason) from None
    finally:
        timer.cancel()
        timer.join()  # a kill that has begun must not meet the next file
        if not answered or timed_out.is_set():
            worker.stop()
    if isinstance(answer, str):
        raise ImageReadError(answer)
    return answer


@atexit.register
def _stop_workers():
    for worker in _idle:
        worker.stop()
