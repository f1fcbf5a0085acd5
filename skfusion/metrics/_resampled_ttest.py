"""The corrected resampled t-test for the scores of folds."""

from numbers import Real

import numpy as np
from scipy.stats import t as student_t
from sklearn.utils import Bunch, check_array, check_consistent_length

from .._validation._private import Interval, validate_params

__all__ = ["corrected_resampled_ttest"]


@validate_params(
    {
        "scores": ["array-like"],
        "reference": ["array-like"],
        "n_train": [Interval(Real, 0, None, closed="neither")],
        "n_test": [Interval(Real, 0, None, closed="neither")],
        "confidence_level": [Interval(Real, 0, 1, closed="neither")],
    },
    prefer_skip_nested_validation=True,
)
def corrected_resampled_ttest(
    scores, reference, *, n_train, n_test, confidence_level=0.95
):
    """Compare the scores of two models on the same folds.

    The training sides of folds overlap, so that the scores of folds vary less than
    those of independent samples would. Nadeau and Bengio [1]_ multiply the variance of
    the mean difference by ``1 + n_folds * n_test / n_train``.

    Parameters
    ----------
    scores, reference : array-like of shape (n_folds,)
        Scores of a model and of its reference, one for each fold. With repeated folds,
        all folds of all repetitions.

    n_train, n_test : int or float
        Number of training and test samples of a fold, or their means over the folds.

    confidence_level : float, default=0.95
        Coverage of the interval, in (0, 1).

    Returns
    -------
    result : :class:`~sklearn.utils.Bunch`
        Floats: the mean ``difference`` with its interval ``lower`` and ``upper``, the
        statistic ``t``, which has ``n_folds - 1`` degrees of freedom, and ``p``,
        two-sided.

    Raises
    ------
    ValueError
        If lengths differ, there are fewer than two folds, or a score is missing or
        infinite.

    See Also
    --------
    scipy.stats.ttest_rel : The test without the correction, whose p-values are too
        small for folds.
    skfusion.model_selection.ModelComparison.tests : Tests of all pairs of models.

    Notes
    -----
    If the differences of all folds are equal, ``p`` is 1 if they are 0, and otherwise
    ``t`` is infinite and ``p`` is 0.

    References
    ----------
    .. [1] C. Nadeau and Y. Bengio, "Inference for the generalization error", Machine
       Learning, 52(3):239-281, 2003.

    Examples
    --------
    >>> from scipy.stats import ttest_rel
    >>> from skfusion.metrics import corrected_resampled_ttest
    >>> scores = [0.82, 0.85, 0.80, 0.86, 0.83]
    >>> reference = [0.80, 0.82, 0.81, 0.82, 0.80]
    >>> result = corrected_resampled_ttest(scores, reference, n_train=80, n_test=20)
    >>> round(result.difference, 3), round(result.p, 3)
    (0.022, 0.163)
    >>> round(ttest_rel(scores, reference).pvalue.item(), 3)
    0.063
    """
    scores, reference = (
        check_array(values, ensure_2d=False, dtype=np.float64, input_name=name)
        for values, name in ((scores, "scores"), (reference, "reference"))
    )
    check_consistent_length(scores, reference)
    if scores.ndim != 1 or reference.ndim != 1 or len(scores) < 2:
        raise ValueError(
            "Expected scores and reference of shape (n_folds,), with two folds or "
            f"more. Got shapes {scores.shape!r} and {reference.shape!r}."
        )
    differences = scores - reference
    mean = differences.mean()
    factor = 1 / len(differences) + n_test / n_train
    error = np.sqrt(factor * differences.var(ddof=1))
    with np.errstate(divide="ignore"):
        t = 0.0 if mean == 0 else mean / error
    reach = student_t.ppf((1 + confidence_level) / 2, len(differences) - 1) * error
    return Bunch(
        difference=float(mean),
        lower=float(mean - reach),
        upper=float(mean + reach),
        t=float(t),
        p=float(2 * student_t.sf(abs(t), len(differences) - 1)),
    )
