"""Measures at one operating point of the ROC curve, or on a part of it."""

from numbers import Real

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import roc_auc_score, roc_curve

from .._validation._private import Interval, validate_params
from ..exceptions import warn_user
from ._binary_scores import check_binary_scores

__all__ = ["partial_auc", "sensitivity_at_specificity", "specificity_at_sensitivity"]

_TINY = 1e-9  # rounding errors of a rate
_SCORES = {
    "y_true": ["array-like"],
    "y_score": ["array-like"],
    "pos_label": [Real, str, "boolean", None],
}


@validate_params(
    {**_SCORES, "specificity": [Interval(Real, 0, 1, closed="both")]},
    prefer_skip_nested_validation=True,
)
def sensitivity_at_specificity(y_true, y_score, *, specificity, pos_label=None):
    """Compute the greatest sensitivity at a specificity, or at a greater one.

    Read more in the :ref:`User Guide <measures_at_a_point>`.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels, of two classes.

    y_score : array-like of shape (n_samples,)
        Scores of the positive class, probabilities or decision values.

    specificity : float
        Least specificity, in [0, 1].

    pos_label : int, float, bool or str, default=None
        The positive class. If None, the greater label, such as 1 or "malignant".

    Returns
    -------
    sensitivity : float
        In [0, 1]. It is 0 if only a threshold above all scores reaches the specificity,
        and NaN if `y_true` holds one class only.

    Raises
    ------
    ValueError
        If lengths differ, there are more than two classes, or a score is NaN or
        infinite.

    Warns
    -----
    DataQualityWarning
        If the alphabet alone decides which class is positive.

    UndefinedMetricWarning
        If `y_true` holds one class only.

    See Also
    --------
    make_operating_point_scorer : Scorer for model selection.
    specificity_at_sensitivity : The other way round.
    partial_auc : Mean sensitivity at all such specificities.

    Notes
    -----
    A threshold calls all images positive whose score is at least as high. Images of
    equal score cannot be separated, and the ROC curve is not interpolated, so that some
    threshold has the result on these images. This threshold is known only afterwards:
    on other images, neither the specificity nor the sensitivity need be reached.

    Examples
    --------
    At the threshold 0.4, one of four benign images is called malignant:

    >>> from skfusion.metrics import sensitivity_at_specificity
    >>> y_true = [0, 0, 0, 0, 1, 1, 1, 1]
    >>> y_score = [0.1, 0.2, 0.3, 0.6, 0.2, 0.4, 0.7, 0.8]
    >>> sensitivity_at_specificity(y_true, y_score, specificity=0.75)
    0.75
    >>> sensitivity_at_specificity(y_true, y_score, specificity=0.9)
    0.5
    """
    options = {"pos_label": pos_label, "name": "sensitivity_at_specificity"}
    rates = _rates(y_true, y_score, **options)
    return np.nan if rates is None else _best(rates[0], rates[1], specificity)


@validate_params(
    {**_SCORES, "sensitivity": [Interval(Real, 0, 1, closed="both")]},
    prefer_skip_nested_validation=True,
)
def specificity_at_sensitivity(y_true, y_score, *, sensitivity, pos_label=None):
    """Compute the greatest specificity at a sensitivity, or at a greater one.

    Read more in the :ref:`User Guide <measures_at_a_point>`.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels, of two classes.

    y_score : array-like of shape (n_samples,)
        Scores of the positive class, probabilities or decision values.

    sensitivity : float
        Least sensitivity, in [0, 1].

    pos_label : int, float, bool or str, default=None
        The positive class. If None, the greater label, such as 1 or "malignant".

    Returns
    -------
    specificity : float
        In [0, 1]. It is 0 if only a threshold that calls every image positive reaches
        the sensitivity, and NaN if `y_true` holds one class only.

    Raises
    ------
    ValueError
        If lengths differ, there are more than two classes, or a score is NaN or
        infinite.

    Warns
    -----
    DataQualityWarning
        If the alphabet alone decides which class is positive.

    UndefinedMetricWarning
        If `y_true` holds one class only.

    See Also
    --------
    make_operating_point_scorer : Scorer for model selection.
    sensitivity_at_specificity : The other way round, and notes on thresholds.

    Examples
    --------
    >>> from skfusion.metrics import specificity_at_sensitivity
    >>> y_true = [0, 0, 0, 0, 1, 1, 1, 1]
    >>> y_score = [0.1, 0.2, 0.3, 0.6, 0.2, 0.4, 0.7, 0.8]
    >>> specificity_at_sensitivity(y_true, y_score, sensitivity=0.75)
    0.75
    >>> specificity_at_sensitivity(y_true, y_score, sensitivity=0.95)
    0.25
    """
    options = {"pos_label": pos_label, "name": "specificity_at_sensitivity"}
    rates = _rates(y_true, y_score, **options)
    return np.nan if rates is None else _best(rates[1], rates[0], sensitivity)


@validate_params(
    {
        **_SCORES,
        "min_specificity": [Interval(Real, 0, 1, closed="left"), None],
        "min_sensitivity": [Interval(Real, 0, 1, closed="left"), None],
    },
    prefer_skip_nested_validation=True,
)
def partial_auc(
    y_true, y_score, *, min_specificity=None, min_sensitivity=None, pos_label=None
):
    """Compute the standardised area under a part of the ROC curve.

    The part holds high specificities [1]_ or high sensitivities [2]_. As in
    scikit-learn, the area is standardised: it is 1 for a perfect model and 0.5 for the
    diagonal, whatever the part. Read more in the
    :ref:`User Guide <measures_at_a_point>`.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels, of two classes.

    y_score : array-like of shape (n_samples,)
        Scores of the positive class, probabilities or decision values.

    min_specificity : float, default=None
        Least specificity of the part, in [0, 1).

    min_sensitivity : float, default=None
        Least sensitivity of the part, in [0, 1). Pass exactly one of the two.

    pos_label : int, float, bool or str, default=None
        The positive class. If None, the greater label, such as 1 or "malignant".

    Returns
    -------
    area : float
        At most 1, and below 0.5 if the model is worse than chance. NaN if `y_true`
        holds one class only.

    Raises
    ------
    ValueError
        If none or both of `min_specificity` and `min_sensitivity` are passed, lengths
        differ, there are more than two classes, or a score is NaN or infinite.

    Warns
    -----
    DataQualityWarning
        If the alphabet alone decides which class is positive.

    UndefinedMetricWarning
        If `y_true` holds one class only.

    See Also
    --------
    sklearn.metrics.roc_auc_score : With ``max_fpr=1 - min_specificity`` the same as
        with `min_specificity`.
    sensitivity_at_specificity : One point of the curve.

    Notes
    -----
    Images of equal score are joined by a straight line, as in the whole area, and the
    curve is interpolated at the end of the part. An area :math:`A` of the part of the
    width :math:`w` is standardised as
    :math:`(1 + (A - w^2 / 2) / (w - w^2 / 2)) / 2`.

    References
    ----------
    .. [1] D. K. McClish, "Analyzing a portion of the ROC curve", Medical Decision
       Making, 9(3):190-195, 1989.

    .. [2] Y. Jiang, C. E. Metz and R. M. Nishikawa, "A receiver operating
       characteristic partial area index for highly sensitive diagnostic tests",
       Radiology, 201(3):745-750, 1996.

    Examples
    --------
    The model is good at a high sensitivity, and poor at a high specificity:

    >>> from skfusion.metrics import partial_auc
    >>> y_true = [0, 0, 0, 0, 1, 1, 1, 1]
    >>> y_score = [0.1, 0.2, 0.3, 0.9, 0.5, 0.6, 0.7, 0.8]
    >>> round(partial_auc(y_true, y_score, min_sensitivity=0.5), 2)
    0.83
    >>> round(partial_auc(y_true, y_score, min_specificity=0.8), 2)
    0.44
    """
    if (min_specificity is None) == (min_sensitivity is None):
        raise ValueError(
            "Expected exactly one of min_specificity and min_sensitivity. Got "
            f"min_specificity={min_specificity!r} and "
            f"min_sensitivity={min_sensitivity!r}."
        )
    options = {"pos_label": pos_label, "name": "partial_auc"}
    is_positive, y_score = check_binary_scores(y_true, y_score, **options)
    if _is_of_one_class(is_positive, "partial_auc"):
        return np.nan
    if min_specificity is not None:
        area = roc_auc_score(is_positive, y_score, max_fpr=1 - min_specificity)
    else:  # with the classes exchanged, sensitivity and specificity are exchanged
        area = roc_auc_score(~is_positive, -y_score, max_fpr=1 - min_sensitivity)
    return float(area)


def _rates(y_true, y_score, *, pos_label, name):
    """Specificity and sensitivity at each threshold, or None if there is one class."""
    is_positive, y_score = check_binary_scores(y_true, y_score, pos_label, name=name)
    if _is_of_one_class(is_positive, name):
        return None
    fpr, tpr, _ = roc_curve(is_positive, y_score, drop_intermediate=False)
    return 1 - fpr, tpr


def _is_of_one_class(is_positive, name):
    """Whether there is one class only, with a warning."""
    is_lone = is_positive.all() or not is_positive.any()
    if is_lone:
        warn_user(
            f"{name} is NaN, because y_true holds one class only. Use fewer or "
            "stratified folds.",
            UndefinedMetricWarning,
        )
    return is_lone


def _best(reached, gained, least):
    """Greatest of one rate where the other one reaches the least value."""
    return float(gained[reached >= least - _TINY].max())
