"""Weights of a cluster bootstrap."""

import numpy as np

__all__ = ["resample_groups"]

_BLOCK_SIZE = 4_000_000  # weights in memory at once


def resample_groups(n_groups, n_resamples, n_rows, random_state):
    """Draw whole groups with replacement, in blocks of resamples.

    Parameters
    ----------
    n_groups : int
        Number of groups, and of draws in each resample.

    n_resamples : int
        Number of resamples.

    n_rows : int
        Number of rows to which the caller assigns the weights; it only limits the
        number of resamples in a block.

    random_state : RandomState
        Source of the draws.

    Yields
    ------
    weights : ndarray of shape (n_resamples_in_block, n_groups), dtype float64
        Number of times that each group was drawn.
    """
    block = max(1, _BLOCK_SIZE // max(n_groups, n_rows))
    for start in range(0, n_resamples, block):
        size = min(block, n_resamples - start)
        drawn = random_state.randint(n_groups, size=(size, n_groups))
        drawn += n_groups * np.arange(size)[:, np.newaxis]
        counts = np.bincount(drawn.ravel(), minlength=size * n_groups)
        yield counts.reshape(size, n_groups).astype(np.float64)
