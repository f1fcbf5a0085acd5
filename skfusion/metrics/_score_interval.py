"""Score intervals and p-values of measures that have a least and a greatest value."""

import numpy as np
from scipy.stats import t as student_t

__all__ = ["bootstrap_variance", "score_interval", "score_p_value"]

_TINY = 1e-12  # a distance that is rounding only


def bootstrap_variance(values, n_counted):
    """Estimate the variance of measures from their resamples.

    Parameters
    ----------
    values : ndarray of shape (n_resamples, n_measures)
        NaN where a measure is not defined.

    n_counted : ndarray of shape (n_measures,)
        Number of groups that hold what each measure counts. The resamples of m groups
        have a variance that is too small by the factor (m - 1) / m.

    Returns
    -------
    variance : ndarray of shape (n_measures,)
        NaN where fewer than two resamples define a measure, and 0 where a single group
        holds what it counts, which shows nothing about other groups.
    """
    variance = np.full(values.shape[1], np.nan)
    defined = (~np.isnan(values)).sum(axis=0) > 1
    variance[defined] = np.nanvar(values[:, defined], axis=0, ddof=1)
    factor = n_counted / np.maximum(n_counted - 1, 1)
    return np.where(n_counted > 1, variance * factor, 0 * variance)


def score_interval(
    estimate, variance, n_counted, *, limits, has_certain_middle, n_groups, level
):
    """Compute Wilson's score interval with the effective number of samples.

    Parameters
    ----------
    estimate, variance : ndarray of shape (n_measures,)
        Estimates, and their variances between sets of patients.

    n_counted : ndarray of shape (n_measures,)
        Number of groups that hold what each measure counts.

    limits : tuple of (ndarray, ndarray)
        Least and greatest value that each measure can have.

    has_certain_middle : bool or ndarray of shape (n_measures,)
        Whether the middle of `limits` is certain where it has no variance, such as the
        kappa of a model that always predicts one class.

    n_groups : int
        Number of groups, two or more.

    level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    lower, upper : ndarray of shape (n_measures,)
    """
    least, greatest = limits
    share = (estimate - least) / (greatest - least)
    n_samples = _effective_samples(estimate, variance, n_counted, limits)
    without = (variance <= _TINY**2) & (np.abs(share - 0.5) < _TINY) & (n_counted > 1)
    n_samples = np.where(without & has_certain_middle, np.inf, n_samples)
    pull = student_t.ppf((1 + level) / 2, n_groups - 1) ** 2 / n_samples
    centre = (share + pull / 2) / (1 + pull)
    half = np.sqrt(pull * share * (1 - share) + pull**2 / 4) / (1 + pull)
    bounds = (
        least + (greatest - least) * each for each in (centre - half, centre + half)
    )
    return tuple(np.clip(each, least, greatest) for each in bounds)


def score_p_value(estimate, variance, n_counted, *, limits, n_groups):
    """Compute the two-sided p-value of measures that are halfway by chance.

    It is below 0.05 exactly where the 95 % interval of :func:`score_interval` leaves
    out the middle of `limits`, which is 0 for a difference.

    Parameters
    ----------
    estimate, variance, n_counted, limits, n_groups
        The same as in :func:`score_interval`.

    Returns
    -------
    p : ndarray of shape (n_measures,)
    """
    distance = np.abs(_from_middle(estimate, limits))
    n_samples = _effective_samples(estimate, variance, n_counted, limits)
    n_samples = np.where(distance < _TINY, 0, n_samples)
    p = 2 * student_t.sf(distance * np.sqrt(n_samples), n_groups - 1)
    return np.where(np.isnan(estimate + variance), np.nan, p)


def _effective_samples(estimate, variance, n_counted, limits):
    """Number of independent samples with which a share has the same variance.

    Without any variance, as where all groups agree, it is the number of groups.
    """
    spread = (limits[1] - limits[0]) ** 2
    middle = _from_middle(estimate, limits)
    share_variance = (1 - middle**2) / 4
    has_variance = (variance > _TINY**2) & (share_variance > _TINY)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = share_variance * spread / variance
    n_samples = np.where(has_variance, found, n_counted)
    return np.where(np.isnan(variance), np.nan, n_samples)


def _from_middle(estimate, limits):
    """Return -1 for the least value, 1 for the greatest, and 0 halfway."""
    return (2 * estimate - limits[0] - limits[1]) / (limits[1] - limits[0])
