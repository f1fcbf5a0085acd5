"""Brier score and calibration error of probabilities, with their intervals."""

import numpy as np
from sklearn.utils import check_random_state

from ._bootstrap import resample_groups
from ._score_interval import bootstrap_variance, score_interval

__all__ = ["assign_bins", "group_errors", "summarise_errors"]


def assign_bins(y_prob, n_bins):
    """Assign probabilities to bins that hold about equal numbers of them.

    Parameters
    ----------
    y_prob : ndarray of shape (n_samples,)

    n_bins : int

    Returns
    -------
    codes : ndarray of shape (n_samples,), dtype int64
        Bin of each sample, from 0 without gaps; fewer bins if many values are equal.
    """
    edges = np.quantile(y_prob, np.linspace(0, 1, n_bins + 1))
    return np.unique(np.searchsorted(edges[1:-1], y_prob), return_inverse=True)[1]


def group_errors(is_positive, y_prob, group, n_bins):
    """Add up the errors of each group, for :func:`summarise_errors`.

    Parameters
    ----------
    is_positive : ndarray of shape (n_samples,), dtype bool

    y_prob : ndarray of shape (n_samples,)

    group : ndarray of shape (n_samples,), dtype int64
        Number of the group of each sample, from 0 without gaps.

    n_bins : int

    Returns
    -------
    sums : ndarray of shape (n_groups, 2 + n_bins), dtype float64
        Number of samples, sum of squared errors, and sum of errors in each bin.
    """
    error = is_positive - y_prob
    codes = assign_bins(y_prob, n_bins)
    in_bin = codes[:, np.newaxis] == np.arange(codes.max() + 1)
    columns = [np.ones(len(error)), error**2, *(error[:, np.newaxis] * in_bin).T]
    return np.column_stack([np.bincount(group, column) for column in columns])


def summarise_errors(sums, *, n_resamples, level, random_state):
    """Compute the Brier score and the calibration error, with intervals.

    The calibration error is too great by chance. Its interval is that of the error
    without the mean excess of the resamples, and begins at 0 if a calibrated model
    has as great an error by chance.

    Parameters
    ----------
    sums : ndarray of shape (n_groups, 2 + n_bins)
        The same as in :func:`group_errors`.

    n_resamples, level, random_state
        The same as in :func:`calibration_summary`.

    Returns
    -------
    estimate, lower, upper : ndarray of shape (2,)
    """
    n_groups = len(sums)
    means = _mean(np.ones((1, n_groups)), sums)
    estimate = _errors(means)[0]
    if n_resamples < 2 or n_groups < 2:
        return estimate, *np.full((2, 2), np.nan)
    rng = check_random_state(random_state)
    blocks = resample_groups(n_groups, n_resamples, n_groups, rng)
    drawn = np.concatenate([_mean(weights, sums) for weights in blocks])
    values = _errors(drawn)
    excess = np.array([0.0, values[:, 1].mean() - estimate[1]])
    n_counted = np.full(2, n_groups)
    lower, upper = score_interval(
        np.maximum(estimate - excess, 0),
        bootstrap_variance(values, n_counted),
        n_counted,
        limits=(0.0, 1.0),
        has_certain_middle=False,
        n_groups=n_groups,
        level=level,
    )
    by_chance = _errors(drawn - means)[:, 1] * np.sqrt(n_groups / (n_groups - 1))
    if estimate[1] <= np.quantile(by_chance, (1 + level) / 2):
        lower[1] = 0.0
    return estimate, np.minimum(lower, estimate), np.maximum(upper, estimate)


def _mean(weights, sums):
    """Mean squared error, and mean error in each bin as a share of all samples."""
    total = weights @ sums
    return total[:, 1:] / total[:, :1]


def _errors(means):
    """Brier score and calibration error."""
    return np.column_stack([means[:, 0], np.abs(means[:, 1:]).sum(axis=1)])
