"""How many pixels are decoded at once, over all threads of this process."""

import ctypes
import os
import threading
from contextlib import suppress

from ._formats._signatures import MAX_PIXELS

__all__ = ["PixelShare"]

# Pixels from which an image is larger than a digital mammogram.
_LARGE = 20_000_000


def _begin():
    """Start with all of them free: in a fork, too, where no other thread runs."""
    global _free, _changed
    _free = MAX_PIXELS
    _changed = threading.Condition()


_begin()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin)


def _return_memory():
    """Make glibc return what was freed: it keeps it for the thread that had it."""
    with suppress(AttributeError, OSError, TypeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)


class PixelShare:
    """What one reader takes of the pixels that may be decoded at once.

    Together they are as many as the largest image may have: it is decoded alone,
    and smaller ones beside each other. A context manager, which gives back what was
    taken.

    Examples
    --------
    >>> from skfusion.images._pixel_share import PixelShare
    >>> with PixelShare() as share:
    ...     share.take(4096 * 3328)
    """

    def __init__(self):
        self._taken = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._taken > _LARGE:
            _return_memory()
        self._add(-self._taken)

    def take(self, n_pixels):
        """Wait until a number of pixels is free, and take them; once for each share.

        Parameters
        ----------
        n_pixels : int
            Pixels of the image that is about to be decoded.
        """
        with _changed:
            _changed.wait_for(lambda: n_pixels <= _free or _free == MAX_PIXELS)
            self._add(n_pixels)

    def _add(self, n_pixels):
        global _free
        with _changed:
            _free -= n_pixels
            self._taken += n_pixels
            _changed.notify_all()
