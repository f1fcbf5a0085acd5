"""The test of DeLong for two areas under the ROC curve."""

from numbers import Real

import numpy as np
from scipy.stats import norm
from sklearn.utils import Bunch, column_or_1d

from .._validation._blanks import warn_of_blanks_in_groups
from .._validation._positive_class import warn_of_positive_class
from .._validation._private import Interval, validate_params
from ..exceptions import DataQualityWarning, warn_user
from ._predictions import check_predictions, describe_lone_folds

__all__ = ["compare_areas", "delong_test"]

_NAME = "delong_test"


@validate_params(
    {
        "y_true": ["array-like"],
        "y_score": ["array-like"],
        "y_score_reference": ["array-like"],
        "groups": ["array-like", None],
        "folds": ["array-like", None],
        "labels": ["array-like", None],
        "confidence_level": [Interval(Real, 0, 1, closed="neither")],
    },
    prefer_skip_nested_validation=True,
)
def delong_test(
    y_true,
    y_score,
    y_score_reference,
    *,
    groups=None,
    folds=None,
    labels=None,
    confidence_level=0.95,
):
    """Compare two areas under the ROC curve on the same samples.

    Without `groups` it is the test of DeLong [1]_. With `groups` it is that of
    Obuchowski [2]_, which allows the images of a patient to depend on each other.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels, of two classes.

    y_score, y_score_reference : array-like of shape (n_samples,)
        Scores of the positive class by a model and by its reference, probabilities or
        decision values.

    groups : array-like of shape (n_samples,), default=None
        Group of each sample, usually the patient. If None, every sample is a group of
        its own.

    folds : array-like of shape (n_samples,), default=None
        Fold in which each sample was predicted. Only samples of the same fold are then
        compared, as in :func:`classification_summary`. If None, all are compared.

    labels : array-like of shape (2,), default=None
        Negative and positive class. If None, the sorted labels of `y_true`.

    confidence_level : float, default=0.95
        Coverage of the interval, in (0, 1).

    Returns
    -------
    result : :class:`~sklearn.utils.Bunch`
        Floats: ``auc`` and ``auc_reference``, their ``difference`` with its interval
        ``lower`` and ``upper``, the statistic ``z``, which is standard normal without a
        difference, and ``p``, two-sided.

    Raises
    ------
    ValueError
        If lengths differ, there are more than two classes, a score is missing, or a
        group or a fold is missing.

    Warns
    -----
    DataQualityWarning
        If the alphabet alone decides which class is positive, two groups differ in
        blanks at their ends only, or a fold of one class leaves its samples out.

    See Also
    --------
    classification_summary : The area with its interval.
    skfusion.model_selection.ModelComparison.tests : Tests of all pairs of models.

    Notes
    -----
    The areas are NaN if no fold holds both classes. The interval, ``z`` and ``p`` are
    NaN if a class is in fewer than two groups. Without any variance, as between equal
    scores, ``z`` is 0 and ``p`` is 1 if the areas are equal, and otherwise ``z`` is
    infinite. With `folds`, the components of DeLong are sums over the samples of the
    same fold, and the difference is that of the mean areas of the folds, weighted by
    their number of pairs.

    References
    ----------
    .. [1] E. R. DeLong, D. M. DeLong and D. L. Clarke-Pearson, "Comparing the areas
       under two or more correlated receiver operating characteristic curves: a
       nonparametric approach", Biometrics, 44(3):837-845, 1988.

    .. [2] N. A. Obuchowski, "Nonparametric analysis of clustered ROC curve data",
       Biometrics, 53(2):567-578, 1997.

    Examples
    --------
    Ten copies of each image look like more evidence, but not by patient:

    >>> import numpy as np
    >>> from skfusion.metrics import delong_test
    >>> rng = np.random.default_rng(0)
    >>> y = np.tile([0, 1], 20)
    >>> good, poor = y + rng.normal(size=40), 0.5 * y + rng.normal(size=40)
    >>> patient = np.repeat(np.arange(40), 10)
    >>> images = [np.repeat(values, 10) for values in (y, good, poor)]
    >>> delong_test(*images).p < 0.001
    True
    >>> clustered = delong_test(*images, groups=patient)
    >>> round(clustered.p, 4) == round(delong_test(y, good, poor).p, 4)
    True
    """
    options = {"groups": groups, "folds": folds, "labels": labels}
    scores = {"y_score": y_score, "y_score_reference": y_score_reference}
    both = [
        check_predictions(y_true, y_true, y_score=score, score_name=name, **options)
        for name, score in scores.items()
    ]
    if groups is not None:
        warn_of_blanks_in_groups(column_or_1d(groups))
    if labels is None:
        warn_of_positive_class(both[0].present, _NAME)
    reason = describe_lone_folds(both[0])
    if reason:
        warn_user(reason, DataQualityWarning)
    return compare_areas(*both, confidence_level=confidence_level)


def compare_areas(predictions, reference, *, confidence_level=0.95):
    """Compute the same as :func:`delong_test` from checked predictions.

    Parameters
    ----------
    predictions, reference : CheckedPredictions
        Scores of both models, with the same samples, classes, groups and folds.

    confidence_level : float, default=0.95

    Returns
    -------
    result : :class:`~sklearn.utils.Bunch`
    """
    is_positive = predictions.true == 1
    above, n_others = _count_above(predictions)
    above_reference = _count_above(reference)[0]
    n_pairs = n_others[is_positive].sum()
    with np.errstate(invalid="ignore"):
        areas = [each[is_positive].sum() / n_pairs for each in (above, above_reference)]
    difference = areas[0] - areas[1]
    residual = above - above_reference - n_others * difference
    has_pair = n_others > 0
    error = np.sqrt(_variance(residual, is_positive, predictions.group, has_pair))
    error = error / n_pairs if n_pairs else np.nan
    z = 0.0 if difference == 0 and error == 0 else _divide(difference, error)
    reach = norm.ppf((1 + confidence_level) / 2) * error
    return Bunch(
        auc=float(areas[0]),
        auc_reference=float(areas[1]),
        difference=float(difference),
        lower=float(difference - reach),
        upper=float(difference + reach),
        z=float(z),
        p=float(2 * norm.sf(abs(z))),
    )


def _divide(difference, error):
    with np.errstate(divide="ignore"):
        return np.float64(difference) / np.float64(error)


def _count_above(predictions):
    """Count the pairs of each sample that are in order, and all its pairs.

    The pairs of a sample are those with the samples of the other class in its fold. A
    tie counts one half.
    """
    is_positive, score = predictions.true == 1, predictions.score
    fold = np.zeros(len(score), int) if predictions.fold is None else predictions.fold
    # All samples get one scale of whole numbers, on which folds do not overlap.
    rank, width = np.unique(score, return_inverse=True)[1], len(score) + 1
    place = fold * width + rank
    below, n_others = np.zeros((2, len(score)))
    for side in (True, False):
        own, others = is_positive == side, np.sort(place[is_positive != side])
        start, end = (
            np.searchsorted(others, each[own] * width) for each in (fold, fold + 1)
        )
        left, right = (
            np.searchsorted(others, place[own], side) for side in ("left", "right")
        )
        below[own] = (left + right) / 2 - start
        n_others[own] = end - start
    return np.where(is_positive, below, n_others - below), n_others


def _variance(residual, is_positive, group, has_pair):
    """Variance of the sum of the differences, by Obuchowski's sums over groups."""
    positive, negative = (
        np.bincount(group, np.where(side, residual, 0), minlength=group.max() + 1)
        for side in (is_positive, ~is_positive)
    )
    n_positive, n_negative, n_groups = (
        len(np.unique(group[has_pair & side]))
        for side in (is_positive, ~is_positive, True)
    )
    if min(n_positive, n_negative) < 2:
        return np.nan
    variance = (
        n_positive / (n_positive - 1) * (positive**2).sum()
        + n_negative / (n_negative - 1) * (negative**2).sum()
        + n_groups / (n_groups - 1) * 2 * (positive * negative).sum()
    )
    return max(variance, 0.0)
