"""Checks of the scores and probabilities of a positive class, and of groups."""

import numpy as np
import pandas as pd
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import unique_labels

from .._validation._blanks import warn_of_blanks_in_groups
from .._validation._groups import find_groups
from .._validation._positive_class import warn_of_positive_class
from ._predictions import check_score

__all__ = ["check_binary_scores", "check_probabilities", "code_groups"]


def check_binary_scores(y_true, y_score, pos_label=None, *, name, score_name="y_score"):
    """Check labels of two classes and scores of the positive one.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels.

    y_score : array-like of shape (n_samples,)
        Scores of the positive class.

    pos_label : int, float, bool or str, default=None
        The positive class. If None, the greater label of two.

    name : str
        Name of the function, for a warning.

    score_name : str, default="y_score"
        Name of the scores, for errors.

    Returns
    -------
    is_positive : ndarray of shape (n_samples,), dtype bool

    y_score : ndarray of shape (n_samples,), dtype float64

    Raises
    ------
    ValueError
        If lengths differ, there are no samples or more than two classes, `pos_label` is
        another class or has to be passed, or a score is NaN.

    Warns
    -----
    DataQualityWarning
        If the alphabet alone decides which class is positive.
    """
    y_true = column_or_1d(y_true)
    if len(y_true) == 0:
        raise ValueError("Expected at least one sample. Got y_true of length 0.")
    y_score = check_score(y_score, y_true, score_name)
    classes = unique_labels(y_true)
    if len(classes) > 2:
        raise ValueError(f"Expected two classes. Got {classes.tolist()!r} in y_true.")
    if pos_label is None:
        pos_label = _find_positive(classes, name)
    elif len(classes) == 2 and pos_label not in classes.tolist():
        raise ValueError(
            f"Expected pos_label to be one of the classes {classes.tolist()!r}. Got "
            f"{pos_label!r}."
        )
    return y_true == pos_label, y_score


def _find_positive(classes, name):
    if len(classes) == 2:
        advice = (
            f"Pass pos_label={str(classes[1])!r} to confirm this, or "
            f"pos_label={str(classes[0])!r}."
        )
        warn_of_positive_class(classes, name, advice)
        return classes[1]
    if classes[0] in (-1, 0, 1):
        return 1
    raise ValueError(
        f"Expected pos_label where y_true holds one class only. Got {classes[0]!r} as "
        "the only class: pass pos_label."
    )


def check_probabilities(y_prob, name="y_prob"):
    """Raise a ValueError unless all values are between 0 and 1.

    Parameters
    ----------
    y_prob : ndarray of shape (n_samples,), dtype float64

    name : str, default="y_prob"
        Name of the probabilities, for the error.
    """
    strange = np.flatnonzero((y_prob < 0) | (y_prob > 1))
    if len(strange):
        raise ValueError(
            f"Expected probabilities, in [0, 1]. {name}[{strange[0]}] is "
            f"{y_prob[strange[0]]:g}: use predict_proba, or calibrate decision values, "
            "for example with skfusion.model_selection.recalibrate."
        )


def code_groups(groups, y_true):
    """Number the groups; without groups, every sample is one.

    Parameters
    ----------
    groups : array-like of shape (n_samples,) or None

    y_true : ndarray of shape (n_samples,)

    Returns
    -------
    codes : ndarray of shape (n_samples,), dtype int64
    """
    if groups is None:
        return np.arange(len(y_true))
    warn_of_blanks_in_groups(column_or_1d(groups))
    return pd.factorize(find_groups(y_true, groups))[0]
