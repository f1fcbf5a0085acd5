"""The difference of two kappas on the same samples."""

import numpy as np
import pandas as pd
from sklearn.utils import check_random_state

from ..exceptions import DataQualityWarning, warn_user
from ._bootstrap import resample_groups
from ._measures import confusion_measures

__all__ = ["holm", "paired_gain", "paired_kappa_gain", "warn_of_few_groups"]

_FEW_GROUPS = 20


def paired_kappa_gain(
    y_true, y_pred, y_reference, groups, *, n_resamples=1000, random_state=0
):
    """Compute the difference of two kappas on the same samples, with an interval.

    Both kappas are computed on the same resamples of whole groups, so that samples that
    are difficult for both do not count as a difference [1]_.

    Parameters
    ----------
    y_true, y_pred, y_reference : ndarray of shape (n_samples,)
        True labels, predictions, and the predictions of the reference.

    groups : ndarray of shape (n_samples,)
        Group of each sample. Whole groups are resampled.

    n_resamples : int, default=1000
        Number of bootstrap resamples.

    random_state : int, RandomState instance or None, default=0
        Determines the resamples.

    Returns
    -------
    gain : dict of str to float
        "gain", "lower" and "upper" (95 %), and "p", two-sided: twice the share of
        resamples on the other side of 0, at least 2 / (n_resamples + 1). All except the
        gain are NaN with a single group, and if no resample has both kappas.

    Warns
    -----
    DataQualityWarning
        If there are fewer than 20 groups. The p-values are then too small: without a
        gain, p is below 0.05 in more than 5 % of cases.

    References
    ----------
    .. [1] Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 16.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.metrics._paired import paired_kappa_gain
    >>> y = np.tile([0, 1], 20)
    >>> gain = paired_kappa_gain(y, y, np.repeat([0, 1], 20), np.arange(40))
    >>> round(gain["gain"], 3), gain["p"] < 0.01
    (1.0, True)
    """
    warn_of_few_groups(groups)
    return paired_gain(
        y_true,
        y_pred,
        y_reference,
        groups,
        n_resamples=n_resamples,
        random_state=random_state,
    )


def warn_of_few_groups(groups):
    """Warn where a paired bootstrap has too few groups for a p-value.

    Parameters
    ----------
    groups : ndarray of shape (n_samples,)
    """
    n_groups = len(pd.unique(np.asarray(groups)))
    if n_groups >= _FEW_GROUPS:
        return
    fault = "too small, and intervals too narrow" if n_groups > 1 else "not defined"
    warn_user(
        f"Expected {_FEW_GROUPS} groups or more for a bootstrap. Got {n_groups}: "
        f"p-values are {fault}. Report the number of groups and no p-value, or test on "
        "more patients.",
        DataQualityWarning,
    )


def paired_gain(
    y_true, y_pred, y_reference, groups, *, n_resamples=1000, random_state=0
):
    """Compute the same as :func:`paired_kappa_gain`, without its warning.

    Parameters
    ----------
    y_true, y_pred, y_reference, groups, n_resamples, random_state
        The same as in :func:`paired_kappa_gain`.

    Returns
    -------
    gain : dict of str to float
    """
    classes, codes = np.unique([y_true, y_pred, y_reference], return_inverse=True)
    true, pred, reference = codes.reshape(3, -1)
    group = pd.factorize(np.asarray(groups))[0]
    counts = [_confusion(true, p, group, len(classes)) for p in (pred, reference)]
    estimate = _difference(np.ones((1, group.max() + 1)), counts)[0]
    rng = check_random_state(random_state)
    blocks = resample_groups(group.max() + 1, n_resamples, len(true), rng)
    values = np.concatenate([_difference(weights, counts) for weights in blocks])
    values = values[~np.isnan(values)]
    if group.max() == 0 or not len(values):
        lower = upper = p = np.nan
    else:
        lower, upper = np.quantile(values, [0.025, 0.975])
        beyond = min((values <= 0).sum(), (values >= 0).sum())
        p = min(1.0, 2 * (beyond + 1) / (len(values) + 1))
    return {
        "gain": float(estimate),
        "lower": float(lower),
        "upper": float(upper),
        "p": float(p),
    }


def _confusion(true, pred, group, n_classes):
    """Flattened confusion matrix of each group."""
    counts = np.zeros((group.max() + 1, n_classes**2))
    np.add.at(counts, (group, n_classes * true + pred), 1)
    return counts


def _difference(weights, counts):
    """Difference of both kappas, once for each row of weights."""
    n_classes = int(np.sqrt(counts[0].shape[1]))
    kappas = [
        confusion_measures((weights @ c).reshape(-1, n_classes, n_classes))["kappa"]
        for c in counts
    ]
    return kappas[0] - kappas[1]


def holm(p_values):
    """Correct p-values for their number by Holm's step-down method [1]_.

    Parameters
    ----------
    p_values : array-like of shape (n_tests,)

    Returns
    -------
    corrected : ndarray of shape (n_tests,)

    References
    ----------
    .. [1] Holm, "A Simple Sequentially Rejective Multiple Test Procedure",
       Scandinavian Journal of Statistics 6, 1979.

    Examples
    --------
    >>> from skfusion.metrics._paired import holm
    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    p_values = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p_values)
    factors = len(order) - np.arange(len(order))
    corrected = np.empty(len(order))
    stepped = np.maximum.accumulate(p_values[order] * factors)
    corrected[order] = np.minimum(stepped, 1)
    return corrected
