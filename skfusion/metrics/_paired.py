"""Differences of two models on the same samples."""

import numpy as np
import pandas as pd
from sklearn.utils import check_random_state

from ..exceptions import DataQualityWarning, warn_user
from ._bootstrap import resample_groups
from ._grouped_measures import GroupedMeasures
from ._predictions import check_predictions
from ._score_interval import bootstrap_variance, score_interval, score_p_value

__all__ = [
    "holm",
    "paired_differences",
    "paired_gain",
    "paired_kappa_gain",
    "warn_of_few_groups",
]

_FEW_GROUPS = 20
_FEW_GROUPS_OF_A_CLASS = 5


def paired_differences(
    predictions, reference, *, n_resamples=1000, confidence_level=0.95, random_state=0
):
    """Compute the difference of every measure of two models on the same samples.

    The measures of both models are computed on the same resamples of whole groups, so
    that samples that are difficult for both do not count as a difference [1]_. Interval
    and p-value are those of a score test, as in :func:`classification_summary`, of a
    difference between -1 and 1 (kappa: -2 and 2).

    Parameters
    ----------
    predictions, reference : CheckedPredictions
        Predictions of both models, with the same classes and numbers of the groups. A
        group may have samples of one model only.

    n_resamples, confidence_level, random_state
        The same as in :func:`classification_summary`.

    Returns
    -------
    differences : DataFrame of shape (n_measures, 4)
        The columns are ``difference``, ``lower``, ``upper`` and ``p``, two-sided. The
        p-value is below 0.05 exactly where the 95 % interval leaves out 0. All except
        the difference are NaN with a single group.

    References
    ----------
    .. [1] Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 16.
    """
    n_groups = 1 + max(each.group.max() for each in (predictions, reference))
    both = [GroupedMeasures(each, n_groups) for each in (predictions, reference)]
    first = both[0]
    difference = first.estimate() - both[1].estimate()
    lower, upper, p = np.full((3, len(difference)), np.nan)
    if n_groups > 1:
        rng = check_random_state(random_state)
        blocks = resample_groups(n_groups, n_resamples, n_groups, rng)
        values = np.concatenate([both[0](w) - both[1](w) for w in blocks])
        # What makes the rarest class uncertain is common to both models.
        n_counted = np.minimum(*(each.n_counted(of_rarest=False) for each in both))
        reach = first.limits[1] - first.limits[0]
        settings = {"limits": (-reach, reach), "n_groups": n_groups}
        variance = bootstrap_variance(values, n_counted)
        variance[first.n_counted() < 2] = np.nan
        found = difference, variance, n_counted
        # Two models that never differ have a difference of exactly 0.
        lower, upper = score_interval(
            *found, has_certain_middle=True, level=confidence_level, **settings
        )
        p = score_p_value(*found, **settings)
    return pd.DataFrame(
        {"difference": difference, "lower": lower, "upper": upper, "p": p},
        index=pd.Index(first.names, name="measure"),
    )


def paired_kappa_gain(
    y_true, y_pred, y_reference, groups, *, n_resamples=1000, random_state=0
):
    """Compute the difference of two kappas on the same samples, with an interval.

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
        "gain", "lower" and "upper" (95 %), and "p", two-sided, of
        :func:`paired_differences`.

    Warns
    -----
    DataQualityWarning
        If there are fewer than 20 groups, or fewer than 5 of a class.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.metrics._paired import paired_kappa_gain
    >>> y = np.tile([0, 1], 20)
    >>> gain = paired_kappa_gain(y, y, np.repeat([0, 1], 20), np.arange(40))
    >>> round(gain["gain"], 3), gain["p"] < 0.01
    (1.0, True)
    """
    warn_of_few_groups(groups, y_true)
    return paired_gain(
        y_true,
        y_pred,
        y_reference,
        groups,
        n_resamples=n_resamples,
        random_state=random_state,
    )


def warn_of_few_groups(groups, y_true):
    """Warn where a paired test has too few groups for a p-value.

    Parameters
    ----------
    groups, y_true : ndarray of shape (n_samples,)
    """
    rows = pd.DataFrame({"group": np.asarray(groups), "y": np.asarray(y_true)})
    n_groups = rows["group"].nunique()
    fewest = rows.groupby("y")["group"].nunique().min()
    if n_groups >= _FEW_GROUPS and fewest >= _FEW_GROUPS_OF_A_CLASS:
        return
    fault = "and intervals are not reliable" if n_groups > 1 else "are not defined"
    warn_user(
        f"Expected {_FEW_GROUPS} groups or more, and {_FEW_GROUPS_OF_A_CLASS} or more "
        f"of each class, for a test. Got {n_groups} groups, and {fewest} of the rarest "
        f"class: p-values {fault}. Report the number of groups and no p-value, or test "
        "on more patients.",
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
    labels = np.unique([y_true, y_pred, y_reference])
    if len(labels) == 1:
        return dict.fromkeys(["gain", "lower", "upper", "p"], np.nan)
    both = (
        check_predictions(y_true, each, groups=groups, labels=labels)
        for each in (y_pred, y_reference)
    )
    table = paired_differences(
        *both, n_resamples=n_resamples, random_state=random_state
    )
    return table.rename(columns={"difference": "gain"}).loc["kappa"].to_dict()


def holm(p_values):
    """Correct p-values for their number by Holm's step-down method [1]_.

    Parameters
    ----------
    p_values : array-like of shape (n_tests,)
        NaN is a test that is not defined. It does not count.

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
    corrected = np.full(len(p_values), np.nan)
    order = np.argsort(p_values)[: np.isfinite(p_values).sum()]  # NaN is sorted last
    factors = np.arange(len(order), 0, -1)
    stepped = np.maximum.accumulate(p_values[order] * factors)
    corrected[order] = np.minimum(stepped, 1)
    return corrected
