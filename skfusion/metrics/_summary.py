"""A summary of predictions with intervals."""

from numbers import Integral, Real

from sklearn.utils import column_or_1d

from .._validation._blanks import warn_of_blanks, warn_of_blanks_in_groups
from .._validation._positive_class import warn_of_positive_class
from .._validation._private import Interval, validate_params
from ..exceptions import DataQualityWarning, warn_user
from ._intervals import summarise
from ._predictions import check_predictions, describe_lone_folds

__all__ = ["classification_summary"]

_NAME = "classification_summary"


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
    r"""Summarise predictions, each measure with an interval over patients.

    The images of one patient are not independent of each other. The variance of each
    measure is therefore that of resamples of whole groups, drawn with
    replacement [1]_ [2]_. The interval is Wilson's score interval [4]_ with the number
    of independent samples that would have this variance [5]_.

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
        Group of each sample, usually the patient. Whole groups are resampled. If
        None, every sample is a group of its own.

    folds : array-like of shape (n_samples,), default=None
        Fold in which each sample was predicted, where the predictions of several
        folds are pooled. Folds of different repetitions need different names. The AUC
        then compares a positive and a negative sample of the same fold only, because
        each fold has its own model. If None, it compares all of them.

    labels : array-like of shape (n_classes,), default=None
        All classes, in order; of two, the second is the positive one. If None,
        the sorted labels of `y_true` and `y_pred`, so that malignant is positive
        if it is the greater label. Pass `labels` if a class may be absent.

    n_resamples : int, default=1000
        Number of bootstrap resamples. With 0 or 1 the bounds are NaN.

    confidence_level : float, default=0.95
        Coverage of the intervals, in (0, 1).

    random_state : int, RandomState instance or None, default=0
        Determines the resamples.

    Returns
    -------
    summary : DataFrame of shape (n_measures, 3)
        The columns are ``estimate``, ``lower`` and ``upper``, float64. The index
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
    skfusion.model_selection.compare_models : Summaries of several models.

    Notes
    -----
    A measure that is not defined is NaN: the PPV if no sample was predicted
    positive, kappa if both the labels and the predictions are of one class, the
    balanced accuracy if a class never occurs in `y_true`. A resample in which a
    measure is not defined is left out of its interval.

    Each fold has its own model. A fold that holds many malignant images leaves few to
    learn from, so its model tends to give lower scores. Scores of two folds are
    therefore not compared if `folds` is given. Without `folds` they are compared: a
    model without any information then tends to an AUC below 0.5, which can reach 0
    where each fold is one patient. With `folds`, the AUC is the mean of the AUCs of the
    folds, each weighted by its number of pairs of a positive and a negative sample. A
    fold of one class has no pair and is left out, with a warning that counts its
    samples. If no fold has a pair, the AUC is NaN.

    The groups are not stratified by class, so that prevalence varies as it would
    in another sample of patients, and PPV and NPV with it. With a single group
    there is no interval.

    A rate :math:`p` with the variance :math:`v` has :math:`n = p (1 - p) / v` effective
    samples. The interval holds the values :math:`q` with
    :math:`(p - q)^2 \le t^2 q (1 - q) / n`, where :math:`t` is the quantile of
    Student's distribution with one degree of freedom less than there are groups. Kappa,
    which is between -1 and 1, is rescaled to a rate. The bootstrap variance is
    multiplied by :math:`m / (m - 1)`, where :math:`m` is the number of groups that hold
    what the measure counts: positive samples for the sensitivity, samples that are
    predicted positive for the PPV, samples of the rarest class for the AUC and the
    balanced accuracy, any sample for the other measures. Where all samples agree, as
    with a sensitivity of 1, :math:`n` is :math:`m`. Only a measure that has its chance
    value in every resample, such as the kappa of a model that predicts one class, has
    an interval without width. The bounds never leave the range of the measure.

    In simulations of 20, 40 and 100 patients the intervals have the coverage that the
    user guide reports, while percentiles of the resamples are too narrow.

    References
    ----------
    .. [1] B. Efron and R. J. Tibshirani, "An Introduction to the Bootstrap",
       Chapman & Hall, 1993.

    .. [2] C. A. Field and A. H. Welsh, "Bootstrapping clustered data", Journal of
       the Royal Statistical Society B, 69(3):369-390, 2007.

    .. [3] J. Cohen, "A coefficient of agreement for nominal scales", Educational
       and Psychological Measurement, 20(1):37-46, 1960.

    .. [4] E. B. Wilson, "Probable inference, the law of succession, and statistical
       inference", Journal of the American Statistical Association, 22:209-212, 1927.

    .. [5] N. Dean and M. Pagano, "Evaluating confidence interval methods for binomial
       proportions in clustered surveys", Journal of Survey Statistics and Methodology,
       3(4):484-503, 2015.

    Examples
    --------
    >>> from skfusion.metrics import classification_summary
    >>> y_true = [0, 0, 0, 0, 1, 1, 1, 1]
    >>> y_pred = [0, 0, 0, 1, 0, 1, 1, 1]
    >>> patient = ["a", "a", "b", "b", "c", "c", "d", "d"]
    >>> summary = classification_summary(y_true, y_pred, groups=patient)
    >>> summary.loc["kappa", "estimate"].item()
    0.5
    >>> summary.loc["accuracy"].round(2).tolist()
    [0.75, 0.28, 0.96]
    """
    predictions = check_predictions(
        y_true, y_pred, y_score=y_score, groups=groups, folds=folds, labels=labels
    )
    warn_of_blanks(predictions.present, _NAME)
    if groups is not None:
        warn_of_blanks_in_groups(column_or_1d(groups))
    if labels is None:
        warn_of_positive_class(predictions.present, _NAME)
    reason = describe_lone_folds(predictions)
    if reason:
        warn_user(reason, DataQualityWarning)
    return summarise(
        predictions,
        n_resamples=n_resamples,
        confidence_level=confidence_level,
        random_state=random_state,
    )
