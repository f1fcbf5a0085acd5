"""Locks of the threads of one process.

Layers such as dropout draw from one torch generator of the process, and from no other:
while a fit has seeded it, no other thread may draw from it. While torch.fx traces a
network, networks in other threads would fail, because it replaces how any module is
called. (Threads of other programs that use torch are not covered.)
"""

import os
import threading
from contextlib import ExitStack, contextmanager
from weakref import WeakSet

__all__ = ["running", "seeding", "while_none_runs"]


def _begin():
    """Make the locks; in a fork, too, where no thread is left to release them."""
    global _seeding, _gate, _thread, _thread_locks
    _seeding = threading.RLock()
    _gate = threading.Lock()
    _thread = threading.local()  # has the lock of a thread that runs networks
    _thread_locks = WeakSet()


_begin()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin)


def seeding():
    """Return the lock for a thread that seeds torch's generator."""
    return _seeding


@contextmanager
def running():
    """Hold the lock of this thread while it runs a network.

    Each thread has its own lock, so that any number of them run networks at once.
    """
    if getattr(_thread, "is_running", False):  # a network inside another one
        yield
        return
    with _gate:
        if not hasattr(_thread, "lock"):
            _thread.lock = threading.RLock()
            _thread_locks.add(_thread.lock)
    with _thread.lock:
        _thread.is_running = True
        try:
            yield
        finally:
            _thread.is_running = False


@contextmanager
def while_none_runs():
    """Hold the locks of all threads, so that none runs a network."""
    with _gate, ExitStack() as stack:
        for lock in list(_thread_locks):
            stack.enter_context(lock)
        yield
