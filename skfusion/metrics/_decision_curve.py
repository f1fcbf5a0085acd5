"""What the probabilities of a model are worth for decisions."""

from numbers import Integral, Real

import numpy as np
import pandas as pd
from sklearn.utils import check_random_state

from .._validation._private import Interval, validate_params
from ._binary_scores import check_binary_scores, check_probabilities, code_groups
from ._bootstrap import resample_groups
from ._score_interval import bootstrap_variance, score_interval

__all__ = ["check_thresholds", "decision_curve", "net_benefits"]


@validate_params(
    {
        "y_true": ["array-like"],
        "y_prob": ["array-like"],
        "thresholds": ["array-like", None],
        "groups": ["array-like", None],
        "pos_label": [Real, str, "boolean", None],
        "n_resamples": [Interval(Integral, 0, None, closed="left")],
        "confidence_level": [Interval(Real, 0, 1, closed="neither")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def decision_curve(
    y_true,
    y_prob,
    *,
    thresholds=None,
    groups=None,
    pos_label=None,
    n_resamples=1000,
    confidence_level=0.95,
    random_state=0,
):
    r"""Compute the net benefit of decisions at each threshold probability.

    A threshold probability :math:`t` states what a person prefers: whoever wants a
    biopsy from a risk of 10 % on accepts nine biopsies of benign lesions for a cancer
    that is found. The net benefit of a model at :math:`t` weighs its false positives
    accordingly [1]_. Read more in the :ref:`User Guide <decision_curves>`.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels, of two classes.

    y_prob : array-like of shape (n_samples,)
        Probability of the positive class, in [0, 1].

    thresholds : array-like of shape (n_thresholds,), default=None
        Threshold probabilities, in [0, 1). If None, 0.01, 0.02 to 0.99.

    groups : array-like of shape (n_samples,), default=None
        Group of each sample, usually the patient. If None, every sample is a group of
        its own.

    pos_label : int, float, bool or str, default=None
        The positive class. If None, the greater label, such as 1 or "malignant".

    n_resamples : int, default=1000
        Number of bootstrap resamples. With 0 or 1 the bounds are NaN.

    confidence_level : float, default=0.95
        Coverage of the interval at each threshold by itself, in (0, 1).

    random_state : int, RandomState instance or None, default=0
        Determines the resamples.

    Returns
    -------
    curve : DataFrame of shape (n_thresholds, 6)
        The columns are ``threshold``, in increasing order, ``net_benefit`` of the
        model with its interval ``lower`` and ``upper``, and the net benefits of the two
        strategies without a model, ``treat_all`` and ``treat_none``, float64.

    Raises
    ------
    ValueError
        If lengths differ, there are more than two classes, a probability is NaN or not
        in [0, 1], a threshold is not in [0, 1), or a group is missing.

    Warns
    -----
    DataQualityWarning
        If the alphabet alone decides which class is positive, or two groups differ in
        blanks at their ends only.

    See Also
    --------
    skfusion.model_selection.DecisionCurveDisplay : Drawing.
    calibration_summary : Whether the probabilities are right.

    Notes
    -----
    With :math:`n` samples, of which TP are true and FP false positives at the
    threshold, the net benefit is
    :math:`\mathrm{TP} / n - \mathrm{FP} / n \cdot t / (1 - t)`. A sample whose
    probability equals the threshold counts as positive. A model is worth using at
    :math:`t` if its net benefit is above those of both strategies without a model. The
    net benefit depends on the prevalence: where a study has more cancers than the
    clinic, it is too high. It assumes calibrated probabilities, and punishes others.

    The interval combines those of the shares of true and of false positives, which are
    of the same kind as in :func:`classification_summary`, and their correlation between
    resamples of whole groups [2]_.

    References
    ----------
    .. [1] A. J. Vickers and E. B. Elkin, "Decision curve analysis: a novel method for
       evaluating prediction models", Medical Decision Making, 26(6):565-574, 2006.

    .. [2] G. Y. Zou and A. Donner, "Construction of confidence limits about effect
       measures: a general approach", Statistics in Medicine, 27(10):1693-1702, 2008.

    Examples
    --------
    Of 750 men, 105 have cancer. A relative had it in 24 of these and in 91 others. A
    biopsy of men with such a relative only is worse than one of all men at the
    threshold 5 %, and better at 15 %:

    >>> import numpy as np
    >>> from skfusion.metrics import decision_curve
    >>> cancer = np.repeat([1, 1, 0, 0], [24, 81, 91, 554])
    >>> family = np.repeat([1, 0, 1, 0], [24, 81, 91, 554])
    >>> curve = decision_curve(cancer, family, thresholds=[0.05, 0.15])
    >>> curve[["threshold", "net_benefit", "treat_all", "treat_none"]].round(3)
       threshold  net_benefit  treat_all  treat_none
    0       0.05        0.026      0.095         0.0
    1       0.15        0.011     -0.012         0.0
    """
    is_positive, y_prob = check_binary_scores(
        y_true, y_prob, pos_label, name="decision_curve", score_name="y_prob"
    )
    check_probabilities(y_prob)
    return net_benefits(
        is_positive,
        y_prob,
        code_groups(groups, is_positive),
        check_thresholds(thresholds),
        n_resamples=n_resamples,
        level=confidence_level,
        random_state=random_state,
    )


def check_thresholds(thresholds=None):
    """Check threshold probabilities.

    Parameters
    ----------
    thresholds : array-like of shape (n_thresholds,), default=None

    Returns
    -------
    thresholds : ndarray of shape (n_thresholds,), dtype float64
        In increasing order.

    Raises
    ------
    ValueError
        If they are not in one dimension, there is none, or one of them is not in
        [0, 1).
    """
    if thresholds is None:
        return np.arange(1, 100) / 100
    if np.ndim(thresholds) != 1:
        raise ValueError(
            "Expected thresholds of shape (n_thresholds,). Got an array of shape "
            f"{np.shape(thresholds)!r}."
        )
    thresholds = np.unique(np.asarray(thresholds, dtype=np.float64))
    strange = thresholds[~((thresholds >= 0) & (thresholds < 1))]
    if len(strange) or not len(thresholds):
        raise ValueError(
            "Expected thresholds to be at least one probability, each in [0, 1). Got "
            f"{strange.tolist()[0] if len(strange) else 'an empty one'}."
        )
    return thresholds


def net_benefits(
    is_positive, y_prob, group, thresholds, *, n_resamples, level, random_state
):
    """Compute the same as :func:`decision_curve` from checked arrays.

    Parameters
    ----------
    is_positive : ndarray of shape (n_samples,), dtype bool

    y_prob : ndarray of shape (n_samples,)

    group : ndarray of shape (n_samples,), dtype int64
        Number of the group of each sample, from 0 without gaps.

    thresholds : ndarray of shape (n_thresholds,)

    n_resamples, level, random_state
        The same as in :func:`decision_curve`.

    Returns
    -------
    curve : DataFrame of shape (n_thresholds, 6)
    """
    odds = thresholds / (1 - thresholds)
    sums = _count_in_groups(is_positive, y_prob, group, thresholds)
    n_groups = len(sums)
    true, false = _shares(np.ones((1, n_groups)), sums)[0]
    lower, upper = np.full((2, len(thresholds)), np.nan)
    if n_resamples > 0 and n_groups > 1:
        rng = check_random_state(random_state)
        blocks = resample_groups(n_groups, n_resamples, n_groups, rng)
        values = np.concatenate([_shares(weights, sums) for weights in blocks])
        lower, upper = _bounds(true, false, odds, values, n_groups, level)
    prevalence = is_positive.mean()
    return pd.DataFrame(
        {
            "threshold": thresholds,
            "net_benefit": true - odds * false,
            "lower": lower,
            "upper": upper,
            "treat_all": prevalence - odds * (1 - prevalence),
            "treat_none": 0.0,
        }
    )


def _count_in_groups(is_positive, y_prob, group, thresholds):
    """Samples of each group, and its true and false positives at each threshold."""
    counts = [np.bincount(group)]
    for mask in (is_positive, ~is_positive):
        for threshold in thresholds:
            counts.append(np.bincount(group, mask & (y_prob >= threshold)))
    return np.column_stack(counts).astype(np.float64)


def _shares(weights, sums):
    """Shares of true and false positives, of shape (n_resamples, 2, n_thresholds)."""
    total = weights @ sums
    return (total[:, 1:] / total[:, :1]).reshape(len(weights), 2, -1)


def _bounds(true, false, odds, values, n_groups, level):
    """Bounds of the difference of two shares, of which one has a weight."""
    n_counted = np.full(2 * len(odds), n_groups)
    estimate = np.concatenate([true, false])
    variance = bootstrap_variance(values.reshape(len(values), -1), n_counted)
    options = {"limits": (0.0, 1.0), "has_certain_middle": False, "level": level}
    low, high = score_interval(
        estimate, variance, n_counted, n_groups=n_groups, **options
    )
    (down, down_false), (up, up_false) = (
        np.abs(each - estimate).reshape(2, -1) for each in (low, high)
    )
    correlation = _correlation(values)
    centre = true - odds * false
    lower = centre - _combine(down, odds * up_false, correlation)
    return lower, centre + _combine(up, odds * down_false, correlation)


def _combine(first, second, correlation):
    """Length of one side of the interval of a difference, by Zou and Donner."""
    return np.sqrt(first**2 + second**2 - 2 * correlation * first * second)


def _correlation(values):
    """Correlation of both shares between resamples; 0 where one does not vary."""
    centred = values - values.mean(axis=0)
    product = (centred[:, 0] * centred[:, 1]).mean(axis=0)
    spread = np.sqrt((centred**2).mean(axis=0).prod(axis=0))
    return np.divide(product, spread, out=np.zeros_like(spread), where=spread > 0)
