"""Scorers for model selection."""

from sklearn.metrics import cohen_kappa_score, make_scorer

from .._validation._private import validate_params

__all__ = ["kappa_scorer", "make_operating_point_scorer"]

#: Cohen's kappa as a scorer, for ``scoring=`` of scikit-learn's model selection,
#: which has no name for it. The scorer can be pickled.
kappa_scorer = make_scorer(cohen_kappa_score)


@validate_params({"metric": [callable]}, prefer_skip_nested_validation=False)
def make_operating_point_scorer(metric, **options):
    """Make a scorer of a metric at one operating point.

    The metric receives the decision values of the estimator, or its probabilities if it
    has no decision values. `options` are checked at once, and not in the first fold.
    Read more in the :ref:`User Guide <measures_at_a_point>`.

    Parameters
    ----------
    metric : callable
        :func:`sensitivity_at_specificity`, :func:`specificity_at_sensitivity`,
        :func:`partial_auc`, or another function of `y_true` and `y_score` of which more
        is better.

    **options
        Keyword arguments of the metric: the operating point, and ``pos_label`` if the
        greater label is not the positive class.

    Returns
    -------
    scorer : callable
        Scorer for the parameter `scoring` of ``cross_val_score``, ``GridSearchCV`` and
        similar tools. It can be pickled.

    Raises
    ------
    TypeError
        If the metric lacks an option, or requires another one.

    ValueError
        If the metric does not allow the value of an option.

    See Also
    --------
    make_level_scorer : Scorer that counts each breast, or each patient, once.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.model_selection import cross_val_score
    >>> from skfusion.metrics import (
    ...     make_operating_point_scorer, specificity_at_sensitivity
    ... )
    >>> y = np.tile([0, 1], 60)
    >>> X = y[:, np.newaxis] + np.random.default_rng(0).normal(size=(120, 1))
    >>> scorer = make_operating_point_scorer(
    ...     specificity_at_sensitivity, sensitivity=0.9
    ... )
    >>> cross_val_score(LogisticRegression(), X, y, cv=3, scoring=scorer)
    array([0.75, 0.25, 0.5 ])
    """
    checked = {key: value for key, value in options.items() if key != "pos_label"}
    metric([0, 1], [0.0, 1.0], **checked)  # raises for options that it does not allow
    responses = ("decision_function", "predict_proba")
    return make_scorer(metric, response_method=responses, **options)
