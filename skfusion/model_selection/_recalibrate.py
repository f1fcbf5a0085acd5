"""Probabilities that are right again after the classes were balanced."""

from numbers import Real

import numpy as np
from scipy.special import expit, logit
from sklearn.utils.validation import check_is_fitted

from .._validation._fitting import all_or_nothing
from .._validation._private import Interval, _fit_context
from .._validation._unreadable import names_unreadable_images
from ..exceptions import DataQualityWarning, warn_user
from ..fusion._calibration import calibrate
from ..fusion._composition import MostProbable
from ._fit_fold import positive_score
from ._inner_scores import InnerScoresClassifier

__all__ = ["RecalibratedClassifier", "recalibrate"]


class RecalibratedClassifier(MostProbable, InnerScoresClassifier):
    r"""Classifier whose probabilities are corrected in inner folds.

    A classifier that learnt from balanced classes predicts the probabilities of a
    population in which half of the samples are positive. Here a line from its log-odds
    to the log-odds of the training data, as they were before they were balanced, is
    learnt from inner folds that no group crosses, and the classifier is fitted to all
    rows. The intercept of the line is the shift of the prior, whatever sampler or class
    weights caused it [1]_. Its slope is the inverse temperature: it is below 1 where
    the probabilities are too extreme [2]_.

    The balancing must be a part of the classifier, such as ``class_weight`` or a step
    of a pipeline of imbalanced-learn, so that the inner folds score rows of the
    original prevalence.

    Read more in the :ref:`User Guide <recalibration>`.

    Parameters
    ----------
    estimator : classifier
        Classifier of two classes with ``predict_proba`` or ``decision_function``.

    prevalence : float, default=None
        Share of positive samples in the population that is predicted, in (0, 1). If
        None, that of the training data.

    cv : int, default=5
        Number of inner folds. The classifier is fitted once in each, and once to all
        rows.

    random_state : int, RandomState instance or None, default=None
        Controls the inner folds.

    Attributes
    ----------
    calibrator_ : LogisticRegression
        The line from the log-odds, or the decision values, of the classifier to the
        log-odds of the training data. It is flat, with a warning, if positive samples
        do not have higher scores in the inner folds.

    prevalence_ : float
        Share of positive samples for which probabilities are predicted.

    estimator_ : classifier
        The classifier, fitted to all rows.

    classes_ : ndarray of shape (2,)
        Class labels; the second is the positive one.

    n_features_in_ : int
        Number of columns that the classifier uses, if it has this attribute.

    feature_names_in_ : ndarray of str
        Names of these columns, if they have names.

    See Also
    --------
    recalibrate : Makes this classifier.
    TargetThresholdClassifier : Classifier with another threshold than 0.5.
    sklearn.calibration.CalibratedClassifierCV : With ``method="temperature"`` it learns
        a slope without an intercept, which cannot undo a balancing.

    Notes
    -----
    ``predict`` returns the most probable class. Where the positive class is rare, this
    undoes the balancing: fewer samples are predicted as positive. To choose the
    operating point, pass this classifier to :class:`TargetThresholdClassifier`.

    Another prevalence :math:`q` than that of the training data, :math:`p`, adds
    :math:`\operatorname{logit} q - \operatorname{logit} p` to all log-odds. It is
    right if the two populations differ in nothing but the prevalence [1]_.

    Probabilities below :math:`1 / (n + 2)`, where the training data have :math:`n`
    rows, count as this value, and so do those that are as close to 1. The order of all
    others stays as it was.

    References
    ----------
    .. [1] M. Saerens, P. Latinne and C. Decaestecker, "Adjusting the outputs of a
       classifier to new a priori probabilities", Neural Computation, 14(1):21-41, 2002.

    .. [2] C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, "On calibration of modern
       neural networks", ICML 2017, https://arxiv.org/abs/1706.04599

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skfusion.model_selection import RecalibratedClassifier
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat([0, 1], [400, 100])
    >>> X = y[:, np.newaxis] + rng.normal(size=(500, 2))
    >>> balanced = LogisticRegression(class_weight="balanced")
    >>> model = RecalibratedClassifier(balanced, random_state=0).fit(X, y)
    >>> bool(model.calibrator_.intercept_[0] < -1)
    True
    """

    _parameter_constraints: dict = {
        **InnerScoresClassifier._parameter_constraints,
        "prevalence": [Interval(Real, 0, 1, closed="neither"), None],
    }

    def __init__(self, estimator, *, prevalence=None, cv=5, random_state=None):
        self.estimator = estimator
        self.prevalence = prevalence
        self.cv = cv
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    @all_or_nothing
    @names_unreadable_images
    def fit(self, X, y, groups=None):
        """Learn the line in inner folds, and fit the classifier to all rows.

        Parameters
        ----------
        X : DataFrame, list or ndarray
            Samples in any form that the classifier accepts, not balanced.

        y : array-like of shape (n_samples,)
            Class labels, two of them.

        groups : array-like of shape (n_samples,), default=None
            Groups that no inner fold splits, such as the patient. If None, the column
            ``group`` of X; without it, rows of one file in the column ``image``, or in
            a list of paths, stay together.

        Returns
        -------
        self : object
            Fitted classifier.

        Raises
        ------
        ValueError
            If there are fewer groups than inner folds, the rows that an inner fold
            learns from are of one class, or a score is NaN or infinite.
        """
        scores, codes = self._fit_inner(X, y, groups)
        self._n_learnt = len(codes)
        self.calibrator_ = calibrate(self._scale(scores), codes)
        self._warn_of_chance()
        prevalence = codes.mean()
        self.prevalence_ = prevalence if self.prevalence is None else self.prevalence
        self._shift = logit(self.prevalence_) - logit(prevalence)
        return self

    @names_unreadable_images
    def decision_function(self, X):
        """Return the corrected log-odds of the positive class.

        Parameters
        ----------
        X : DataFrame, list or ndarray
            Samples in the form of those of ``fit``.

        Returns
        -------
        log_odds : ndarray of shape (n_samples,), dtype float64
        """
        check_is_fitted(self)
        scores = self._scale(positive_score(self.estimator_, X, self.classes_))
        return self.calibrator_.decision_function(scores[:, np.newaxis]) + self._shift

    @names_unreadable_images
    def predict_proba(self, X):
        """Return the corrected probabilities.

        Parameters
        ----------
        X : DataFrame, list or ndarray
            Samples in the form of those of ``fit``.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, 2), dtype float64
        """
        positive = expit(self.decision_function(X))
        return np.column_stack([1 - positive, positive])

    def _warn_of_chance(self):
        if self.calibrator_.coef_[0, 0] == 0:
            warn_user(
                "In the inner folds, positive samples do not have higher scores than "
                f"others. {type(self).__name__} predicts the same probability for all "
                "samples. It needs more samples, or a better classifier.",
                DataQualityWarning,
            )

    def _scale(self, scores):
        """Return log-odds of probabilities; decision values are returned as they are.

        The number of rows that were learnt from bounds the log-odds.
        """
        if not hasattr(self.estimator_, "predict_proba"):
            return scores
        most = np.log(self._n_learnt + 1)
        with np.errstate(divide="ignore"):
            return np.clip(logit(scores), -most, most)


def recalibrate(estimator, *, prevalence=None, cv=5, random_state=None):
    """Correct the probabilities of a classifier that learnt from balanced classes.

    Read more in the :ref:`User Guide <recalibration>`.

    Parameters
    ----------
    estimator : classifier
        Classifier of two classes, which balances them itself: by ``class_weight``, or
        in a pipeline of imbalanced-learn.

    prevalence : float, default=None
        Share of positive samples in the population that is predicted, in (0, 1). If
        None, that of the training data before they are balanced.

    cv : int, default=5
        Number of inner folds, which no group crosses.

    random_state : int, RandomState instance or None, default=None
        Controls the inner folds.

    Returns
    -------
    classifier : RecalibratedClassifier
        Not fitted.

    See Also
    --------
    TargetThresholdClassifier : Classifier that reaches a sensitivity or specificity.

    Examples
    --------
    A fifth of the samples are positive, and the model with balanced classes predicts
    twice as many.

    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skfusion.model_selection import recalibrate
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat([0, 1], [400, 100])
    >>> X = y[:, np.newaxis] + rng.normal(size=(500, 2))
    >>> balanced = LogisticRegression(class_weight="balanced")
    >>> right = recalibrate(balanced, random_state=0)
    >>> for model in (balanced, right):
    ...     print(f"{model.fit(X, y).predict_proba(X)[:, 1].mean():.2f}")
    0.40
    0.20
    >>> elsewhere = recalibrate(balanced, prevalence=0.01, random_state=0).fit(X, y)
    >>> print(f"{elsewhere.predict_proba(X[:400])[:, 1].mean():.3f}")
    0.010
    """
    return RecalibratedClassifier(
        estimator, prevalence=prevalence, cv=cv, random_state=random_state
    )
