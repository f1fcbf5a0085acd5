"""Rows that several processes need, each computed once."""

import time
from collections import deque
from contextlib import closing, suppress

import numpy as np

from ..exceptions import CacheWarning, warn_user

__all__ = ["compute_once", "each_once", "fill_once"]

_WINDOW = 32  # keys that are looked up at once
_PAUSE = 0.02  # seconds before the rows of other processes are looked up again


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

    def compute_each(batches):
        for batch in batches:
            yield from (row for _, row in zip(batch, compute(batch), strict=True))

    rows = None if n is None else np.empty((len(keys), n), store.dtype)
    for positions, row in each_once(store, keys, compute_each, batch_size, n=n):
        if rows is None:
            rows = np.empty((len(keys), len(row)), store.dtype)
        rows[positions] = row
    return rows


def each_once(store, keys, compute, batch_size, *, n=None, together=None):
    """Yield rows as soon as they are found in a store, or computed.

    Parameters
    ----------
    store, keys, n
        The same as in :func:`compute_once`.

    compute : callable
        A generator, from an iterable of batches, which are arrays of positions in
        `keys`, to the row of each position, in their order. It may take batches before
        it has yielded the rows of earlier ones: they are claimed when it takes them.

    batch_size : int
        Smallest number of rows that are claimed, and number that are written, at once.

    together : ndarray of shape (n_keys,), default=None
        Rows with the same number are computed in one batch. By default, each row can
        be computed alone.

    Yields
    ------
    positions : list of int
        All positions of one key.

    row : ndarray of shape (n,)

    Warns
    -----
    CacheWarning
        If the store cannot be used. All rows are then computed.
    """
    work = _Work(keys, together)
    found = _find_or_compute(
        store, work, compute, batch_size, look=lambda window: store.read(window, n)
    )
    try:
        for key, row in found:
            yield work.missing.pop(key), row
    except OSError as error:
        warn_user(
            f"{type(store).__name__} is not used, and its rows are computed: {error}",
            CacheWarning,
        )
        missing = list(work.missing.values())
        batch = np.array([positions[0] for positions in missing], dtype=int)
        yield from zip(missing, compute([batch] if missing else []), strict=True)


def fill_once(store, keys, compute, batch_size, *, together=None):
    """Compute and store the rows that a store does not hold, without reading others.

    Parameters
    ----------
    store, keys, compute, batch_size, together
        The same as in :func:`each_once`.

    Yields
    ------
    positions : list of int
        All positions of one key, whose row is stored or will be written next.

    Raises
    ------
    OSError
        If the store cannot be used.
    """
    work = _Work(keys, together)

    def look(window):
        return dict.fromkeys(store.stored(window))

    for key, _ in _find_or_compute(store, work, compute, batch_size, look):
        yield work.missing.pop(key)


class _Work:
    """Keys whose rows are missing, in the order in which they will be computed."""

    def __init__(self, keys, together):
        if together is None:
            together = np.arange(len(keys))
        self.together = together
        self.missing = {}  # maps each key to its positions
        for position in np.argsort(together, kind="stable").tolist():
            self.missing.setdefault(keys[position], []).append(position)

    def batches(self, size):
        """Yield lists of `size` keys or more: what belongs together is not divided."""
        batch, last = [], None
        for key, positions in list(self.missing.items()):
            part = self.together[positions[0]]
            if len(batch) >= size and part != last:
                yield batch
                batch = []
            batch.append(key)
            last = part
        if batch:
            yield batch

    def first(self, keys):
        """Return the first position of each key."""
        return np.array([self.missing[key][0] for key in keys])


def _find_or_compute(store, work, compute, batch_size, look):
    """Yield keys and rows, which the caller removes from the work, until all are done.

    Rows that other processes have claimed come last, when these have written them.
    """
    while n_missing := len(work.missing):
        keys = list(work.missing)
        for start in range(0, n_missing, _WINDOW):
            yield from look(keys[start : start + _WINDOW]).items()
        if work.missing:
            yield from _compute_claimed(store, work, compute, batch_size)
        if len(work.missing) == n_missing:
            time.sleep(_PAUSE)


def _compute_claimed(store, work, compute, batch_size):
    """Yield keys that nobody has claimed, and their rows, which are written."""
    claimed, rows = deque(), []  # what is claimed, and what is computed of it

    def batches():
        for batch in work.batches(batch_size):
            if keys := store.claim(batch, len(batch)):
                claimed.extend(keys)
                yield work.first(keys)

    try:
        with closing(compute(batches())) as computed:
            for row in computed:
                rows.append(row)
                yield claimed[len(rows) - 1], row
                if len(rows) == batch_size:
                    _write(store, claimed, rows)
        _write(store, claimed, rows)
    except BaseException:
        # An error of the release must not replace this one: a claim that is not
        # released expires.
        with suppress(OSError):
            store.release(list(claimed))
        raise


def _write(store, claimed, rows):
    """Store rows, those of the oldest claims, and forget them."""
    store.write([claimed[number] for number in range(len(rows))], rows)
    for _ in rows:
        claimed.popleft()
    rows.clear()
