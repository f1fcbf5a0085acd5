"""A limit on the pixels that all threads of this process decode at the same time."""

import ctypes
import os
import threading
from contextlib import suppress

from ._formats._signatures import MAX_PIXELS

__all__ = ["PixelShare"]

# An image with more pixels than this is larger than a digital mammogram.
_LARGE = 20_000_000


def _begin():
    """Mark all pixels as free; also in a forked process, which has a single thread."""
    global _free, _changed
    _free = MAX_PIXELS
    _changed = threading.Condition()


_begin()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin)


def _return_memory():
    """Make glibc return freed memory, which it keeps for the thread that used it."""
    with suppress(AttributeError, OSError, TypeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)


class PixelShare:
    """Share of one reader in the pixels that may be decoded at the same time.

    The total is the number of pixels that the largest image may have. An image of
    this size is decoded alone, and smaller ones are decoded in parallel. The share is
    a context manager, which releases the pixels at the end.

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
        """Wait until the given number of pixels is free, and take them.

        Call it only once per share.

        Parameters
        ----------
        n_pixels : int
            Number of pixels of the image that will be decoded.
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
