"""A summary of predictions with intervals."""

from numbers import Integral, Real

import numpy as np
import pandas as pd
from sklearn.utils import check_consistent_length, check_random_state, column_or_1d
from sklearn.utils.multiclass import unique_labels

from .._validation._blanks import warn_of_blanks
from .._validation._groups import find_groups, known_groups
from .._validation._private import Interval, validate_params
from ..exceptions import DataQualityWarning, warn_user
from ._bootstrap import resample_groups
from ._measures import (
    BINARY_MEASURES,
    MULTICLASS_MEASURES,
    WeightedAUC,
    confusion_measures,
)

__all__ = ["classification_summary", "describe_lone_folds", "summarise"]


@validate_params(
    {
        "y_true": ["array-like"],
        "y_pred": ["array-like"],
        "y_score": ["array-like", None],
        "groups": ["array-like", None],
        "folds": ["array-like", None],
        "labels": ["array-like", None],
        "n_resamples": [Interval(Integral, 0, None, closed="left")],
        "confidence_level": [Interval(Real, 0, 1, closed="neither")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def classification_summary(
    y_true,
    y_pred,
    *,
    y_score=None,
    groups=None,
    folds=None,
    labels=None,
    n_resamples=1000,
    confidence_level=0.95,
    random_state=0,
):
    """Summarise predictions, each measure with a bootstrap interval.

    The intervals are percentiles over resamples of whole groups, drawn with
    replacement, because the images of one patient are not independent of each
    other [1]_ [2]_.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels.

    y_pred : array-like of shape (n_samples,)
        Predicted labels.

    y_score : array-like of shape (n_samples,), default=None
        Score of the positive class, a probability or a decision value, for the
        AUC. Two classes only.

    groups : array-like of shape (n_samples,), default=None
        What is resampled as one, mostly the patient. If None, every sample is a
        group of its own.

    folds : array-like of shape (n_samples,), default=None
        The fold that each sample was predicted in, where the predictions of several
        folds are pooled (number the repetitions on, or combine both in a text). The AUC
        then compares a positive and a negative sample of one fold only, for each fold
        has a model of its own. If None, it compares all of them.

    labels : array-like of shape (n_classes,), default=None
        All classes, in order; of two, the second is the positive one. If None,
        the sorted labels of `y_true` and `y_pred`, so that malignant is positive
        where it is the greater label. Give it where a class may be absent.

    n_resamples : int, default=1000
        Number of bootstrap resamples. With 0 the bounds are NaN.

    confidence_level : float, default=0.95
        Coverage of the intervals, in (0, 1).

    random_state : int, RandomState instance or None, default=0
        Decides the resamples.

    Returns
    -------
    summary : DataFrame of shape (n_measures, 3)
        With the columns ``estimate``, ``lower`` and ``upper``, float64. Its index
        is ``kappa`` [3]_, ``accuracy``, ``balanced accuracy``, ``sensitivity``,
        ``specificity``, ``PPV``, ``NPV``, ``AUC`` and ``prevalence`` for two
        classes, and the first three for more.

    Raises
    ------
    ValueError
        If lengths differ, labels or scores cannot be used, or groups or folds are
        missing.

    Warns
    -----
    DataQualityWarning
        If the alphabet alone decides which class is positive, two labels or two groups
        differ in blanks at their ends only, or a fold of one class leaves its samples
        out of the AUC.

    See Also
    --------
    skfusion.model_selection.compare_models : Such summaries for several models.

    Notes
    -----
    A measure that is not defined is NaN: the PPV where nothing was predicted
    positive, kappa where both the labels and the predictions are of one class, the
    balanced accuracy where a class never occurs in `y_true`. A resample in which
    it is not defined is left out of its interval.

    Each fold has its own model. A fold that holds many malignant images leaves few to
    learn from, so its model tends to give lower scores. Scores of two folds are
    therefore not compared if `folds` is given. Without it they are: a model that knows
    nothing then tends to an AUC below 0.5, and can have one of 0 where each fold is one
    patient. With `folds`, the AUC is the mean of the AUCs of the folds, each weighed by
    its number of pairs of a positive and a negative sample. A fold of one class has no
    pair, and where no fold has one the AUC is NaN. A warning counts the samples that
    this leaves out.

    The groups are not stratified by class, so that prevalence varies as it would
    in another sample of patients, and PPV and NPV with it. With a single group
    there is no interval. Percentile intervals are too narrow for fewer than about
    twenty groups, and of no width where every sample agrees (a sensitivity of 1).

    References
    ----------
    .. [1] B. Efron and R. J. Tibshirani, "An Introduction to the Bootstrap",
       Chapman & Hall, 1993.

    .. [2] C. A. Field and A. H. Welsh, "Bootstrapping clustered data", Journal of
       the Royal Statistical Society B, 69(3):369-390, 2007.

    .. [3] J. Cohen, "A coefficient of agreement for nominal scales", Educational
       and Psychological Measurement, 20(1):37-46, 1960.

    Examples
    --------
    >>> from skfusion.metrics import classification_summary
    >>> y_true = [0, 0, 0, 0, 1, 1, 1, 1]
    >>> y_pred = [0, 0, 0, 1, 0, 1, 1, 1]
    >>> patient = ["a", "a", "b", "b", "c", "c", "d", "d"]
    >>> summary = classification_summary(y_true, y_pred, groups=patient)
    >>> summary.loc["kappa", "estimate"].item()
    0.5
    >>> summary.loc["accuracy"].tolist()
    [0.75, 0.5, 1.0]
    """
    summary = summarise(
        y_true,
        y_pred,
        y_score=y_score,
        groups=groups,
        folds=folds,
        labels=labels,
        n_resamples=n_resamples,
        confidence_level=confidence_level,
        random_state=random_state,
    )
    present = _present_labels(column_or_1d(y_true), column_or_1d(y_pred), labels)
    warn_of_blanks(present, "classification_summary")
    known_groups(y_true, groups)  # for its warning
    if labels is None:
        warn_of_positive_class(present, "classification_summary")
    if y_score is not None and folds is not None:
        warning = describe_lone_folds(y_true, folds)
        if warning:
            warn_user(
                warning,
                DataQualityWarning,
            )
    return summary


def summarise(
    y_true,
    y_pred,
    *,
    y_score=None,
    groups=None,
    folds=None,
    labels=None,
    n_resamples=1000,
    confidence_level=0.95,
    random_state=0,
):
    """As :func:`classification_summary`, without its warnings.

    Parameters
    ----------
    y_true, y_pred, y_score, groups, folds, labels
        As of :func:`classification_summary`.

    n_resamples, confidence_level, random_state
        As of :func:`classification_summary`.

    Returns
    -------
    summary : DataFrame of shape (n_measures, 3)
    """
    y_true, y_pred, labels = _check_labels(y_true, y_pred, labels)
    group, n_groups = _group_codes(groups, y_true)
    measure = _Measures(y_true, y_pred, len(labels), group, n_groups)
    if y_score is not None:
        y_score = _check_score(y_score, y_true, labels)
        fold = None if folds is None else _fold_codes(folds, y_true)
        measure.area = WeightedAUC(y_true == 1, y_score, fold)
    estimate = measure(np.ones((1, n_groups)))[0]
    lower, upper = np.full((2, len(estimate)), np.nan)
    if n_resamples > 0 and n_groups > 1:
        rng = check_random_state(random_state)
        blocks = resample_groups(n_groups, n_resamples, len(y_true), rng)
        values = np.concatenate([measure(weights) for weights in blocks])
        lower, upper = _percentiles(values, confidence_level)
    summary = pd.DataFrame(
        {"estimate": estimate, "lower": lower, "upper": upper},
        index=pd.Index(measure.names, name="measure"),
    )
    return summary.where(summary["estimate"].notna())


def describe_lone_folds(y_true, folds):
    """Describe what the AUC leaves out, because folds hold one class only.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels, of two classes.

    folds : array-like of shape (n_samples,)
        Fold of each sample.

    Returns
    -------
    warning : str
        Empty where nothing is left out, or all samples are of one class.
    """
    y_true = column_or_1d(y_true)
    fold = _fold_codes(folds, y_true)
    n_classes = pd.Series(y_true).groupby(fold).nunique()
    is_lone = n_classes == 1
    if not is_lone.any() or len(np.unique(y_true)) < 2:
        return ""
    if is_lone.all():
        return (
            "The AUC is NaN: no fold holds both classes, and scores of different folds "
            "cannot be compared. Use fewer or stratified folds."
        )
    n_left_out = int(is_lone[fold].sum())
    return (
        f"{is_lone.sum()} of {len(is_lone)} folds hold one class only: their "
        f"{n_left_out} of {len(fold)} samples are left out of the AUC, which compares "
        "scores within a fold. Use fewer or stratified folds."
    )


class _Measures:
    """All measures for each row of group weights."""

    def __init__(self, y_true, y_pred, n_classes, group, n_groups):
        self.names = BINARY_MEASURES if n_classes == 2 else MULTICLASS_MEASURES
        self.area = None
        self.group = group
        self.n_classes = n_classes
        self.counts = np.zeros((n_groups, n_classes * n_classes))
        np.add.at(self.counts, (group, n_classes * y_true + y_pred), 1)

    def __call__(self, weights):
        shape = (len(weights), self.n_classes, self.n_classes)
        measures = confusion_measures((weights @ self.counts).reshape(shape))
        if self.area is not None:
            measures["AUC"] = self.area(weights[:, self.group])
        undefined = np.full(len(weights), np.nan)
        return np.column_stack([measures.get(name, undefined) for name in self.names])


def _check_labels(y_true, y_pred, labels):
    """Encode labels as indices of the classes."""
    y_true = column_or_1d(y_true)
    _check_no_scores(y_pred, y_true if labels is None else labels)
    y_pred = column_or_1d(y_pred)
    check_consistent_length(y_true, y_pred)
    if len(y_true) == 0:
        raise ValueError("Expected at least one sample. Got y_true of length 0.")
    present = _present_labels(y_true, y_pred, labels)
    if labels is None:
        labels = _two_classes(present)
    labels = column_or_1d(labels)
    strange = np.setdiff1d(present, labels)
    if len(strange):
        raise ValueError(
            f"Expected every label in labels={labels.tolist()!r}. Got "
            f"{strange.tolist()[0]!r} in y_true or y_pred: add it to labels, or leave "
            "its samples out."
        )
    code = {label: code for code, label in enumerate(labels.tolist())}
    if len(code) < len(labels):
        raise ValueError(f"Expected distinct labels. Got labels={labels.tolist()!r}.")
    encoded = [
        np.array([code[label] for label in y.tolist()]) for y in (y_true, y_pred)
    ]
    return *encoded, labels


def _present_labels(y_true, y_pred, labels):
    """Sorted labels that occur."""
    together = pd.Series(np.concatenate([y_true, y_pred]))
    known = y_true if labels is None else labels
    is_finite = together.dtype.kind == "f" and np.isfinite(together).all()
    if is_finite and together.isin(list(known)).all():
        return np.unique(together)  # scikit-learn takes 0.5 and 1.5 for no labels
    return unique_labels(y_true, y_pred)


def _check_no_scores(y_pred, labels):
    """Raise where probabilities stand in place of predicted labels."""
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


def warn_of_positive_class(classes, name, advice=None):
    """Warn where which of two class names is positive is but a matter of the alphabet.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        Sorted labels.

    name : str
        Of the function that takes one for positive.

    advice : str, default=None
        What to do. If None, to give the function `labels`.
    """
    is_text = isinstance(classes[-1], str)
    if len(classes) != 2 or not is_text or classes[-1] == "malignant":
        return
    if advice is None:
        advice = (
            f"Pass labels={classes.tolist()!r} if it is, or "
            f"labels={classes[::-1].tolist()!r}."
        )
    warn_user(
        f"{name} takes {str(classes[-1])!r} for the positive class, as the last in the "
        f"alphabet. {advice}",
        DataQualityWarning,
    )


def _two_classes(present):
    """Add the other class of 0 and 1 to a lone one of them, as far as it is known."""
    if len(present) == 1 and present[0] in (0, 1):
        return np.array([0, 1])
    return present


def _group_codes(groups, y_true):
    if groups is None:
        return np.arange(len(y_true)), len(y_true)
    codes, names = pd.factorize(find_groups(y_true, groups))
    return codes, len(names)


def _fold_codes(folds, y_true):
    folds = column_or_1d(folds)
    check_consistent_length(y_true, folds)
    codes = pd.factorize(folds)[0]
    if (codes < 0).any():
        row = int(np.argmax(codes < 0))
        raise ValueError(f"Expected a fold for every sample. Got none in row {row}.")
    return codes


def _check_score(y_score, y_true, labels):
    if len(labels) != 2:
        raise ValueError(
            "Expected y_score=None unless there are two classes. Got y_score with "
            f"labels={labels.tolist()!r}."
        )
    y_score = np.asarray(y_score, dtype=np.float64)
    if y_score.ndim != 1:
        raise ValueError(
            "Expected y_score of shape (n_samples,), the score of the positive class. "
            f"Got shape {y_score.shape!r}: of predict_proba, pass the column [:, 1]."
        )
    check_consistent_length(y_true, y_score)
    if np.isnan(y_score).any():
        row = int(np.flatnonzero(np.isnan(y_score))[0])
        raise ValueError(f"Expected a score for every sample. y_score[{row}] is NaN.")
    return y_score


def _percentiles(values, confidence_level):
    """Bounds over the resamples in which a measure is defined."""
    tails = [(1 - confidence_level) / 2, (1 + confidence_level) / 2]
    bounds = np.full((2, values.shape[1]), np.nan)
    defined = ~np.isnan(values).all(axis=0)
    bounds[:, defined] = np.nanquantile(values[:, defined], tails, axis=0)
    return bounds
