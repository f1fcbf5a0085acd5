"""Area under the ROC curve of weighted groups."""

import numpy as np

__all__ = ["WeightedAUC"]

_BLOCK_SIZE = 250_000  # weights of samples at once, which fit into a cache


class WeightedAUC:
    """Area under the ROC curve of fixed scores with changing weights of the groups.

    Only positive and negative samples of the same fold are compared. A tie between them
    counts one half.

    Parameters
    ----------
    is_positive : ndarray of shape (n_samples,), dtype bool
        Whether each sample is of the positive class.

    y_score : ndarray of shape (n_samples,)
        Finite scores, greater for the positive class.

    group : ndarray of shape (n_samples,), dtype int64
        Number of the group of each sample.

    fold : ndarray of shape (n_samples,), dtype int64, default=None
        Number of the fold of each sample. If None, all samples are of one fold.

    n_groups : int
        Number of groups.
    """

    def __init__(self, is_positive, y_score, group, fold=None, *, n_groups):
        fold = np.zeros(len(y_score), dtype=np.int64) if fold is None else fold
        # All samples get one scale of whole numbers, on which folds do not overlap.
        rank = np.unique(y_score, return_inverse=True)[1]
        place = fold * (len(rank) + 1) + rank
        negative, positive = (np.flatnonzero(is_positive == c) for c in (False, True))
        negative = negative[np.argsort(place[negative])]
        self._negative, self._positive = group[negative], group[positive]
        self._start, self._left = (
            np.searchsorted(place[negative], values[positive])
            for values in (fold * (len(rank) + 1), place)
        )
        self._right = np.searchsorted(place[negative], place[positive], side="right")
        shape = (n_groups, fold.max() + 1)
        self._n_positive, self._n_negative = np.zeros((2, *shape))
        np.add.at(self._n_positive, (self._positive, fold[positive]), 1)
        np.add.at(self._n_negative, (self._negative, fold[negative]), 1)

    def __call__(self, weights):
        """Compute the area, once for each row of weights.

        Parameters
        ----------
        weights : ndarray of shape (n_resamples, n_groups), dtype float64
            Weight of each group.

        Returns
        -------
        area : ndarray of shape (n_resamples,)
            NaN where no fold has weight in both classes.
        """
        size = max(1, _BLOCK_SIZE // (len(self._negative) + len(self._positive)))
        blocks = [weights[i : i + size].T for i in range(0, len(weights), size)]
        above = np.concatenate([self._count_above(block) for block in blocks])
        n_pairs = (weights @ self._n_positive) * (weights @ self._n_negative)
        with np.errstate(invalid="ignore"):
            return above / n_pairs.sum(axis=1)

    def _count_above(self, weights):
        """Weight of the pairs in the right order, once for each column of weights."""
        weights = np.ascontiguousarray(weights)
        below = np.zeros((len(self._negative) + 1, weights.shape[1]))
        np.cumsum(weights[self._negative], axis=0, out=below[1:])
        less = (below[self._left] + below[self._right]) / 2 - below[self._start]
        return np.einsum("ij,ij->j", weights[self._positive], less)
