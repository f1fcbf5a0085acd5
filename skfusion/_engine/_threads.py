"""What threads of one process do in turns.

A process has one generator of torch's from which layers such as dropout draw, and they
take no other: while a fit has seeded it, no other thread may draw from it. And while
torch.fx traces a network, those that other threads run would fail: it replaces how any
module is called. (What another program does with torch in threads of its own is beyond
our reach.)
"""

import os
import threading
from contextlib import ExitStack, contextmanager
from weakref import WeakSet

__all__ = ["running", "seeding", "while_none_runs"]


def _begin():
    """Make the locks; in a fork, too, where no thread is left that could open them."""
    global _seeding, _gate, _own, _of_all
    _seeding = threading.RLock()
    _gate = threading.Lock()
    _own = threading.local()  # the lock of a thread that runs networks
    _of_all = WeakSet()


_begin()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin)


def seeding():
    """Return the lock of the thread that has seeded torch's generator."""
    return _seeding


@contextmanager
def running():
    """Context in which a thread runs a network.

    Each thread has a lock of its own, so that any number of them run networks at once.
    """
    if getattr(_own, "is_running", False):  # a network inside another one
        yield
        return
    with _gate:
        if not hasattr(_own, "lock"):
            _own.lock = threading.RLock()
            _of_all.add(_own.lock)
    with _own.lock:
        _own.is_running = True
        try:
            yield
        finally:
            _own.is_running = False


@contextmanager
def while_none_runs():
    """Context in which no thread runs a network."""
    with _gate, ExitStack() as stack:
        for lock in list(_of_all):
            stack.enter_context(lock)
        yield
