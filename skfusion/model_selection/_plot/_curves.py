"""Curves of the folds, averaged, and their intervals over patients."""

import numpy as np
import pandas as pd
from sklearn.utils import check_random_state

from ..._validation._columns import GROUP
from ...metrics._bootstrap import resample_groups
from ...metrics._score_interval import bootstrap_variance, score_interval

__all__ = ["FoldCurves", "group_codes", "resample_patients", "share_bounds"]

_TINY = 1e-12  # rounding errors of a share


def resample_patients(table, statistic, *, n_resamples, random_state):
    """Compute a statistic on resamples of whole groups.

    Parameters
    ----------
    table : DataFrame of shape (n_rows, n_columns)
        Predictions of one model.

    statistic : callable
        It takes weights of shape (n_resamples_in_block, n_rows) and returns an array
        with a row for each resample.

    n_resamples : int

    random_state : int, RandomState instance or None

    Returns
    -------
    values : ndarray of shape (n_resamples, ...)
        A single row of NaN without resamples, and with a single group.
    """
    codes = group_codes(table)
    if n_resamples == 0 or codes.max() == 0:
        return np.full_like(statistic(np.ones((1, len(table)))), np.nan)
    rng = check_random_state(random_state)
    blocks = resample_groups(codes.max() + 1, n_resamples, len(table), rng)
    return np.concatenate([statistic(weights[:, codes]) for weights in blocks])


def group_codes(table):
    """Number of the group of each prediction.

    Parameters
    ----------
    table : DataFrame of shape (n_rows, n_columns)
        Predictions of one model. Without a column ``group``, every row of X is a group.

    Returns
    -------
    codes : ndarray of shape (n_rows,), dtype int64
    """
    return pd.factorize(table[GROUP] if GROUP in table else table["row"])[0]


def share_bounds(table, shares, resamples, n_counted):
    """Bounds of the 95 % score intervals of shares, the same as in the summary.

    Parameters
    ----------
    table : DataFrame of shape (n_rows, n_columns)
        Predictions of one model.

    shares : ndarray of shape (n_shares,)
        Between 0 and 1.

    resamples : ndarray of shape (n_resamples, n_shares)
        Of whole groups; NaN where a share is not defined.

    n_counted : int or ndarray of shape (n_shares,)
        Number of groups that hold what each share counts.

    Returns
    -------
    lower, upper : ndarray of shape (n_shares,)
        NaN without resamples.
    """
    n_counted = np.broadcast_to(n_counted, shares.shape)
    return score_interval(
        shares,
        bootstrap_variance(resamples, n_counted),
        n_counted,
        limits=(0, 1),
        has_certain_middle=False,
        n_groups=group_codes(table).max() + 1,
        level=0.95,
    )


class FoldCurves:
    """ROC and precision-recall curves of one model in several folds.

    Scores of two folds are not compared, because each fold has its own model. Folds
    that hold one class only are left out, as in the AUC.

    Parameters
    ----------
    table : DataFrame of shape (n_rows, n_columns)
        Predictions of one model, with ``is_positive``, ``y_score`` and ``fold``.

    Raises
    ------
    ValueError
        If no fold holds both classes.
    """

    def __init__(self, table):
        self._is_positive = table["is_positive"].to_numpy()
        self._group = group_codes(table)
        score = table["y_score"].to_numpy()
        positions = pd.Series(np.arange(len(table)))
        self._folds = []
        for _, rows in positions.groupby(table["fold"].to_numpy()):
            rows = rows.to_numpy()[np.argsort(-score[rows], kind="stable")]
            if self._is_positive[rows].any() and not self._is_positive[rows].all():
                ends = np.r_[np.flatnonzero(np.diff(score[rows])), len(rows) - 1]
                self._folds.append((rows, ends))
        if not self._folds:
            raise ValueError(
                "Expected a fold that holds both classes. Got none, and scores of "
                "different folds cannot be compared: use fewer or stratified folds."
            )
        self._once = np.ones((1, len(table)))

    def _counts(self, weights):
        """Yield true and false positives at each threshold of each fold, from 0 up."""
        for rows, ends in self._folds:
            part, is_positive = weights[:, rows], self._is_positive[rows]
            yield tuple(
                np.pad(np.cumsum(part * mask, axis=1)[:, ends], ((0, 0), (1, 0)))
                for mask in (is_positive, ~is_positive)
            )

    def n_rarest(self):
        """Count the groups of the rarer class, as for the AUC.

        Returns
        -------
        n_groups : int
        """
        rows = np.concatenate([rows for rows, _ in self._folds])
        is_positive = self._is_positive[rows]
        masks = is_positive, ~is_positive
        return min(len(np.unique(self._group[rows[mask]])) for mask in masks)

    def n_reaching(self, recall):
        """Count the groups that are predicted positive at each recall.

        Parameters
        ----------
        recall : ndarray of shape (n_points,)
            Increasing recalls above 0.

        Returns
        -------
        n_groups : ndarray of shape (n_points,), dtype int64
        """
        first = np.full(self._group.max() + 1, len(recall))  # point of each group
        counts = self._counts(self._once)
        for (rows, _), (true, false) in zip(self._folds, counts, strict=True):
            at = np.searchsorted(true[0] / true[0, -1], recall - _TINY)
            n_rows = (true + false)[0, at]
            points = np.searchsorted(n_rows, np.arange(len(rows)), side="right")
            np.minimum.at(first, self._group[rows], points)
        return (first[:, np.newaxis] <= np.arange(len(recall))).sum(axis=0)

    def mean_tpr(self, weights, fpr, side="right"):
        """Average the ROC curves of the folds at the same false positive rates.

        Each fold is weighted by its number of pairs of a positive and a negative
        sample, so that the area under the average is the AUC of the summary.

        Parameters
        ----------
        weights : ndarray of shape (n_resamples, n_rows)

        fpr : ndarray of shape (n_points,)
            False positive rates.

        side : {"left", "right"}, default="right"
            The end of a vertical line of the curve.

        Returns
        -------
        tpr : ndarray of shape (n_resamples, n_points)
        """
        total, pairs = np.zeros((len(weights), len(fpr))), np.zeros((len(weights), 1))
        for true, false in self._counts(weights):
            n_pairs = true[:, -1:] * false[:, -1:]
            pairs += n_pairs
            for number in np.flatnonzero(n_pairs):
                x, y = (each[number] / each[number, -1] for each in (false, true))
                total[number] += n_pairs[number] * _interpolate(fpr, x, y, side)
        with np.errstate(invalid="ignore"):
            return total / pairs

    def roc(self):
        """Compute the ROC curve without any approximation.

        Returns
        -------
        fpr, tpr : ndarray of shape (n_points,)
        """
        rates = [false[0] / false[0, -1] for _, false in self._counts(self._once)]
        fpr = np.unique(np.concatenate(rates))
        sides = [self.mean_tpr(self._once, fpr, side)[0] for side in ("left", "right")]
        return np.repeat(fpr, 2), np.column_stack(sides).ravel()

    def pooled_precision(self, weights, recall):
        """Compute the precision of all folds together at the same recalls.

        In each fold the threshold is the highest one that reaches the recall. The
        predictions at these thresholds are counted together.

        Parameters
        ----------
        weights : ndarray of shape (n_resamples, n_rows)

        recall : ndarray of shape (n_points,)
            Recalls above 0.

        Returns
        -------
        precision : ndarray of shape (n_resamples, n_points)
        """
        hits, alarms = np.zeros((2, len(weights), len(recall)))
        for true, false in self._counts(weights):
            for number in np.flatnonzero(true[:, -1] * false[:, -1]):
                reached = true[number] / true[number, -1]
                at = np.searchsorted(reached, recall - _TINY)
                hits[number] += true[number, at]
                alarms[number] += false[number, at]
        with np.errstate(invalid="ignore"):
            return hits / (hits + alarms)

    def precision_recall(self):
        """Compute the precision-recall curve without any approximation.

        Returns
        -------
        precision, recall : ndarray of shape (n_points,)
            From recall 1 down to recall 0, as those of scikit-learn.
        """
        rates = [true[0] / true[0, -1] for true, _ in self._counts(self._once)]
        recall = np.unique(np.concatenate(rates))[:0:-1]
        precision = self.pooled_precision(self._once, recall)[0]
        return np.r_[precision, precision[-1]], np.r_[recall, 0.0]


def _interpolate(grid, x, y, side):
    """Interpolate an increasing curve with vertical lines."""
    if side == "right":
        return np.interp(grid, x, y)
    return 1 - np.interp(1 - grid, 1 - x[::-1], 1 - y[::-1])
