"""A summary of the calibration of probabilities."""

from numbers import Integral, Real

import numpy as np
import pandas as pd
from scipy.stats import t as student_t

from .._validation._private import Interval, validate_params
from ..exceptions import DataQualityWarning, warn_user
from ._binary_scores import check_binary_scores, check_probabilities, code_groups
from ._calibration_errors import group_errors, summarise_errors
from ._calibration_line import intercept_of, slope_of

__all__ = ["calibration_summary"]

_BRIER, _ERROR = "Brier score", "calibration error"
_TINY = 1e-12  # rounding errors of a probability
_LINE = ["calibration slope", "calibration intercept"]


@validate_params(
    {
        "y_true": ["array-like"],
        "y_prob": ["array-like"],
        "groups": ["array-like", None],
        "pos_label": [Real, str, "boolean", None],
        "n_bins": [Interval(Integral, 1, None, closed="left")],
        "n_resamples": [Interval(Integral, 0, None, closed="left")],
        "confidence_level": [Interval(Real, 0, 1, closed="neither")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def calibration_summary(
    y_true,
    y_prob,
    *,
    groups=None,
    pos_label=None,
    n_bins=10,
    n_resamples=1000,
    confidence_level=0.95,
    random_state=0,
):
    r"""Summarise the calibration of probabilities, with intervals over patients.

    Read more in the :ref:`User Guide <calibration>`.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels, of two classes.

    y_prob : array-like of shape (n_samples,)
        Probability of the positive class, in [0, 1].

    groups : array-like of shape (n_samples,), default=None
        Group of each sample, usually the patient. If None, every sample is a group of
        its own.

    pos_label : int, float, bool or str, default=None
        The positive class. If None, the greater label, such as 1 or "malignant".

    n_bins : int, default=10
        Number of bins of the calibration error, fewer if many probabilities are equal.

    n_resamples : int, default=1000
        Number of bootstrap resamples for the Brier score and the calibration error.
        With 0 or 1 their bounds are NaN.

    confidence_level : float, default=0.95
        Coverage of the intervals, in (0, 1).

    random_state : int, RandomState instance or None, default=0
        Determines the resamples.

    Returns
    -------
    summary : DataFrame of shape (4, 3)
        The columns are ``estimate``, ``lower`` and ``upper``, float64. The index is:

        - ``Brier score``: mean squared error of the probabilities [1]_. Less is better.
        - ``calibration slope`` [2]_: 1 if the log-odds are neither too extreme (below
          1) nor too flat (above 1).
        - ``calibration intercept`` [2]_: calibration in the large, 0 if the mean
          probability is right, and negative if the probabilities are too high.
        - ``calibration error``: expected calibration error [3]_, the distance of the
          mean probability from the share of positive samples in a bin, averaged over
          samples. Less is better.

    Raises
    ------
    ValueError
        If lengths differ, there are more than two classes, a probability is NaN or not
        in [0, 1], or a group is missing.

    Warns
    -----
    DataQualityWarning
        If slope or intercept are NaN, the alphabet alone decides which class is
        positive, or two groups differ in blanks at their ends only.

    See Also
    --------
    classification_summary : Measures of the predicted classes, and the AUC.
    decision_curve : What the probabilities are worth for decisions.
    skfusion.model_selection.CalibrationDisplay : Drawing, with bins of the same kind.

    Notes
    -----
    The slope is :math:`b` of the logistic regression
    :math:`\operatorname{logit} P(y = 1) = a + b \operatorname{logit} p`. The
    intercept is :math:`a` of the same regression with :math:`b` fixed at 1. Both are
    NaN, with a warning, if `y_true` holds one class only or if a probability is exactly
    0 or 1, because its log-odds are infinite: the result would depend on the number by
    which it is replaced. Choose this number yourself, for example
    ``np.clip(y_prob, 1e-4, 1 - 1e-4)``, and state it. The slope is also NaN if all
    probabilities are equal, or if one threshold separates the classes.

    The bins hold about equal numbers of samples, so that a rare disease fills all of
    them. Even the calibration error of a perfect model is above 0, because the share of
    positive samples in a bin is subject to chance. This excess falls with the number of
    samples and rises with `n_bins`. The estimate contains it, as in other software, but
    the interval does not: it is that of the estimate minus the mean excess of the
    resamples, begins at 0 if a calibrated model has as great an error by chance, and
    contains the estimate.

    The intervals of the Brier score and of the calibration error are otherwise of the
    same kind as in :func:`classification_summary`. Those of slope and intercept, which
    have no limits, are :math:`\pm t` standard errors. The errors are sandwich estimates
    over groups with the usual correction for few groups, and :math:`t` is the quantile
    of Student's distribution with one degree of freedom less than there are groups.
    With a single group there is no interval.

    References
    ----------
    .. [1] G. W. Brier, "Verification of forecasts expressed in terms of probability",
       Monthly Weather Review, 78(1):1-3, 1950.

    .. [2] B. Van Calster, D. J. McLernon, M. van Smeden, L. Wynants and E. W.
       Steyerberg, "Calibration: the Achilles heel of predictive analytics", BMC
       Medicine, 17:230, 2019.

    .. [3] M. P. Naeini, G. F. Cooper and M. Hauskrecht, "Obtaining well calibrated
       probabilities using Bayesian binning", Proceedings of the AAAI Conference on
       Artificial Intelligence, 2015.

    Examples
    --------
    The log-odds of the second model are twice too extreme:

    >>> import numpy as np
    >>> from scipy.special import expit
    >>> from skfusion.metrics import calibration_summary
    >>> rng = np.random.default_rng(2)
    >>> log_odds = rng.normal(size=1000)
    >>> y = rng.random(1000) < expit(log_odds)
    >>> calibration_summary(y, expit(log_odds)).round(2)
                           estimate  lower  upper
    measure
    Brier score                0.21   0.20   0.22
    calibration slope          0.92   0.77   1.08
    calibration intercept      0.02  -0.11   0.16
    calibration error          0.04   0.00   0.06
    >>> extreme = calibration_summary(y, expit(2 * log_odds))
    >>> extreme.loc["calibration slope"].round(2).tolist()
    [0.46, 0.38, 0.54]
    """
    is_positive, y_prob = check_binary_scores(
        y_true, y_prob, pos_label, name="calibration_summary", score_name="y_prob"
    )
    check_probabilities(y_prob)
    group = code_groups(groups, is_positive)
    errors = summarise_errors(
        group_errors(is_positive, y_prob, group, n_bins),
        n_resamples=n_resamples,
        level=confidence_level,
        random_state=random_state,
    )
    line = _summarise_line(is_positive, y_prob, group, level=confidence_level)
    columns = np.insert(np.array(errors), [1, 1], line, axis=1)
    names = pd.Index([_BRIER, *_LINE, _ERROR], name="measure")
    return pd.DataFrame(columns.T, names, ["estimate", "lower", "upper"])


def _summarise_line(is_positive, y_prob, group, *, level):
    """Slope and intercept of the log-odds, with clustered intervals."""
    undefined, reason = _find_undefined(is_positive, y_prob)
    if undefined:
        names = " and ".join(undefined)
        warn_user(f"NaN is returned for the {names}: {reason}", DataQualityWarning)
    found = [
        (np.nan, np.nan) if name in undefined else fit(is_positive, y_prob, group)
        for name, fit in zip(_LINE, (slope_of, intercept_of), strict=True)
    ]
    estimate, error = np.array(found).T
    half = student_t.ppf((1 + level) / 2, max(group.max(), 1)) * error
    return estimate, estimate - half, estimate + half


def _find_undefined(is_positive, y_prob):
    """Names of slope and intercept, if they are not defined, and the reason."""
    positive, negative = y_prob[is_positive], y_prob[~is_positive]
    n_infinite = int(np.isin(y_prob, (0, 1)).sum())
    if not len(positive) or not len(negative):
        return _LINE, "y_true holds one class only."
    if n_infinite:
        return _LINE, (
            f"{n_infinite} of {len(y_prob)} probabilities are exactly 0 or 1, and "
            "their log-odds infinite. Replace them by a number that you choose and "
            "state, for example with np.clip(y_prob, 1e-4, 1 - 1e-4)."
        )
    if np.ptp(y_prob) < _TINY:
        return _LINE[:1], "all probabilities are equal."
    if negative.max() <= positive.min() or positive.max() <= negative.min():
        return _LINE[:1], "a threshold separates the classes, so that it is infinite."
    return [], ""
