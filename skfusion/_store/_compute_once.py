"""Rows that several processes need, each computed once."""

import time
from contextlib import suppress

import numpy as np

from ..exceptions import CacheWarning, warn_user

__all__ = ["compute_once"]

_WINDOW = 500
_PAUSE = 0.02  # seconds before the rows of other processes are read again


def compute_once(store, keys, compute, batch_size, n=None):
    """Return rows from a store, and compute those that it does not hold.

    It waits for rows that another process is computing. Processes that need the same
    rows at the same time share the work, a batch at a time.

    Parameters
    ----------
    store : RowStore

    keys : list of bytes
        Key of each row; equal keys stand for equal rows.

    compute : callable
        From an array of positions in `keys` to their rows, an iterable of arrays.

    batch_size : int
        Rows that are claimed, computed and written at once.

    n : int, default=None
        Length of each row; a stored row of another length is damaged.

    Returns
    -------
    rows : ndarray of shape (n_keys, n)
    """
    positions = {key: position for position, key in reversed(list(enumerate(keys)))}
    rows = {}
    try:
        _fill(rows, store, positions, compute, batch_size, n)
    except OSError as error:
        warn_user(
            f"{type(store).__name__} is not used, and its rows are computed: {error}",
            CacheWarning,
        )
        missing = [key for key in positions if key not in rows]
        _compute(rows, missing, positions, compute)
    return np.stack([rows[key] for key in keys])


def _fill(rows, store, positions, compute, batch_size, n):
    """Read, compute and wait until every row is present."""
    missing = list(positions)
    while missing:
        rows |= store.read(missing, n)
        missing = [key for key in positions if key not in rows]
        n_found = len(rows)
        for start in range(0, len(missing), _WINDOW):
            window = missing[start : start + _WINDOW]
            while claimed := store.claim(window, batch_size):
                _compute_claimed(rows, store, claimed, positions, compute)
        if missing and len(rows) == n_found:
            time.sleep(_PAUSE)
        missing = [key for key in missing if key not in rows]


def _compute_claimed(rows, store, claimed, positions, compute):
    try:
        _compute(rows, claimed, positions, compute)
        store.write(claimed, [rows[key] for key in claimed])
    except BaseException:
        # An error of the release must not replace this one: a claim that is not
        # released expires.
        with suppress(OSError):
            store.release(claimed)
        raise


def _compute(rows, keys, positions, compute):
    if keys:
        computed = compute(np.array([positions[key] for key in keys]))
        rows.update(zip(keys, computed, strict=True))
