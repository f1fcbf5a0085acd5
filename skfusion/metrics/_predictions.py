"""Checks of predictions: labels, scores, groups and folds."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.utils import check_consistent_length, column_or_1d
from sklearn.utils.multiclass import unique_labels

from .._validation._groups import find_groups

__all__ = [
    "CheckedPredictions",
    "check_predictions",
    "check_score",
    "describe_lone_folds",
]


@dataclass(frozen=True)
class CheckedPredictions:
    """Predictions as codes that agree in length.

    Attributes
    ----------
    true, pred : ndarray of shape (n_samples,), dtype int64
        Position of each true and predicted label in all classes.

    n_classes : int
        Number of classes.

    group : ndarray of shape (n_samples,), dtype int64
        Code of the group of each sample.

    score : ndarray of shape (n_samples,) or None
        Score of the positive class.

    fold : ndarray of shape (n_samples,) or None
        Code of the fold of each sample; None, too, where there are no scores.

    present : ndarray
        Sorted labels that occur.
    """

    true: np.ndarray
    pred: np.ndarray
    n_classes: int
    group: np.ndarray
    score: np.ndarray | None
    fold: np.ndarray | None
    present: np.ndarray


def check_predictions(
    y_true,
    y_pred,
    *,
    y_score=None,
    groups=None,
    folds=None,
    labels=None,
    score_name="y_score",
):
    """Check predictions and encode them.

    Parameters
    ----------
    y_true, y_pred, y_score, groups, folds, labels
        The same as in :func:`classification_summary`.

    score_name : str, default="y_score"
        Name of the scores in errors.

    Returns
    -------
    predictions : CheckedPredictions

    Raises
    ------
    ValueError
        If lengths differ, labels or scores cannot be used, or groups or folds are
        missing.
    """
    y_true = column_or_1d(y_true)
    _check_no_scores(y_pred, y_true if labels is None else labels)
    y_pred = column_or_1d(y_pred)
    check_consistent_length(y_true, y_pred)
    if len(y_true) == 0:
        raise ValueError("Expected at least one sample. Got y_true of length 0.")
    present = _present_labels(y_true, y_pred, labels)
    labels = column_or_1d(_two_classes(present) if labels is None else labels)
    code_of = _code_labels(labels, present)
    true, pred = (np.array([code_of[v] for v in y.tolist()]) for y in (y_true, y_pred))
    group = np.arange(len(true)) if groups is None else _code_groups(groups, y_true)
    score = fold = None
    if y_score is not None:
        _check_two_classes(labels, score_name)
        score = check_score(y_score, true, score_name)
        fold = None if folds is None else _code_folds(folds, true)
    return CheckedPredictions(true, pred, len(labels), group, score, fold, present)


def _check_no_scores(y_pred, labels):
    """Raise where y_pred holds probabilities instead of predicted labels."""
    y_pred = np.asarray(y_pred)
    if y_pred.dtype.kind != "f":
        return
    is_matrix = y_pred.ndim == 2 and y_pred.shape[1] > 1
    strange = pd.Series(y_pred.ravel()).dropna()
    strange = strange[~strange.isin(list(labels))]
    if is_matrix or (strange % 1 != 0).any():
        raise ValueError(
            "Expected class labels in y_pred. Got continuous numbers, such as "
            "probabilities: pass those of the positive class as y_score, and labels, "
            "such as those of predict, as y_pred."
        )


def _present_labels(y_true, y_pred, labels):
    """Sorted labels that occur."""
    together = pd.Series(np.concatenate([y_true, y_pred]))
    known = y_true if labels is None else labels
    is_finite = together.dtype.kind == "f" and np.isfinite(together).all()
    if is_finite and together.isin(list(known)).all():
        return np.unique(together)  # scikit-learn rejects 0.5 and 1.5 as labels
    return unique_labels(y_true, y_pred)


def _two_classes(present):
    """Return 0 and 1 where only one of them occurs, and else the labels that occur."""
    if len(present) == 1 and present[0] in (0, 1):
        return np.array([0, 1])
    return present


def _code_labels(labels, present):
    """Code of each label, by label."""
    strange = np.setdiff1d(present, labels)
    if len(strange):
        raise ValueError(
            f"Expected every label in labels={labels.tolist()!r}. Got "
            f"{strange.tolist()[0]!r} in y_true or y_pred: add it to labels, or leave "
            "its samples out."
        )
    code_of = {label: code for code, label in enumerate(labels.tolist())}
    if len(code_of) < len(labels):
        raise ValueError(f"Expected distinct labels. Got labels={labels.tolist()!r}.")
    return code_of


def _code_groups(groups, y_true):
    return pd.factorize(find_groups(y_true, groups))[0]


def _code_folds(folds, true):
    folds = column_or_1d(folds)
    check_consistent_length(true, folds)
    codes = pd.factorize(folds)[0]
    if (codes < 0).any():
        row = int(np.argmax(codes < 0))
        raise ValueError(f"Expected a fold for every sample. Got none in row {row}.")
    return codes


def _check_two_classes(labels, name):
    if len(labels) != 2:
        raise ValueError(
            f"Expected no {name} unless there are two classes. Got {name} with "
            f"labels={labels.tolist()!r}."
        )


def check_score(y_score, y_true, name="y_score"):
    """Check scores of the positive class.

    Parameters
    ----------
    y_score : array-like of shape (n_samples,)

    y_true : ndarray of shape (n_samples,)
        Of which only the length counts.

    name : str, default="y_score"
        Name of the scores in errors.

    Returns
    -------
    y_score : ndarray of shape (n_samples,), dtype float64

    Raises
    ------
    ValueError
        If the shape is another one, or a score is NaN.
    """
    y_score = np.asarray(y_score, dtype=np.float64)
    if y_score.ndim != 1:
        raise ValueError(
            f"Expected {name} of shape (n_samples,), the score of the positive class. "
            f"Got shape {y_score.shape!r}: of predict_proba, pass the column [:, 1]."
        )
    check_consistent_length(y_true, y_score)
    if np.isnan(y_score).any():
        row = int(np.flatnonzero(np.isnan(y_score))[0])
        raise ValueError(f"Expected a score for every sample. {name}[{row}] is NaN.")
    return y_score


def describe_lone_folds(predictions):
    """Describe which samples the AUC leaves out, because their folds hold one class.

    Parameters
    ----------
    predictions : CheckedPredictions

    Returns
    -------
    warning : str
        Empty where no sample is left out, all samples are of one class, or there are
        no scores or no folds.
    """
    true, fold = predictions.true, predictions.fold
    if fold is None or len(np.unique(true)) < 2:
        return ""
    is_lone = pd.Series(true).groupby(fold).nunique() == 1
    if not is_lone.any():
        return ""
    if is_lone.all():
        return (
            "The AUC is NaN: no fold holds both classes, and scores of different folds "
            "cannot be compared. Use fewer or stratified folds."
        )
    return (
        f"{is_lone.sum()} of {len(is_lone)} folds hold one class only: their "
        f"{int(is_lone[fold].sum())} of {len(fold)} samples are left out of the AUC, "
        "which compares scores within a fold. Use fewer or stratified folds."
    )
