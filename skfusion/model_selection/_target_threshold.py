"""A classifier whose threshold reaches a sensitivity or a specificity."""

from sklearn.model_selection import FixedThresholdClassifier
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from .._validation._fitting import all_or_nothing
from .._validation._private import _fit_context
from .._validation._unreadable import names_unreadable_images
from ._inner_scores import InnerScoresClassifier
from ._target import parse_target

__all__ = ["TargetThresholdClassifier"]


def _estimator_has(method):
    def check(self):
        getattr(getattr(self, "estimator_", self.estimator), method)
        return True

    return check


class TargetThresholdClassifier(InnerScoresClassifier):
    """Classifier with the threshold that reaches a sensitivity or a specificity.

    The threshold is learnt from inner folds that no group crosses. In each of them a
    clone of the classifier scores rows that it did not learn from, and the scores of
    all inner folds are pooled. The threshold is the one that reaches the target on them
    with the greatest other measure. The classifier is then fitted to all rows, and
    predicts with this threshold.

    :class:`~sklearn.model_selection.TunedThresholdClassifierCV` maximises a score,
    averaged over folds that split patients. Here the folds keep the groups together,
    and the target is a constraint, as in the protocol of a clinical study.

    Read more in the :ref:`User Guide <operating_points>`.

    Parameters
    ----------
    estimator : classifier
        Classifier of two classes with ``predict_proba`` or ``decision_function``. Its
        threshold applies to the probability of the positive class, if it predicts
        probabilities, or else to the decision values.

    target : str
        "sensitivity>=0.95" or "specificity>=0.9", with any number in (0, 1]. The
        sensitivity is the share of the positive class that is predicted as such, the
        specificity that of the other class.

    cv : int, default=5
        Number of inner folds. The classifier is fitted once in each, and once to all
        rows.

    random_state : int, RandomState instance or None, default=None
        Controls the inner folds.

    Attributes
    ----------
    threshold_ : float
        Rows with this score or a greater one are predicted as positive.

    sensitivity_, specificity_ : float
        What the threshold reaches in the inner folds.

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
    sklearn.model_selection.FixedThresholdClassifier : Classifier with a threshold that
        is known. It makes the predictions here.
    ModelComparison : Its ``summary(at="specificity=0.9")`` is that of every model at an
        operating point.
    recalibrate : Corrects the probabilities instead.

    Notes
    -----
    On other patients of the same population the target is reached within the interval
    of its measure, not exactly: half of such thresholds fall short of it. For a target
    that must not be missed, set a greater one. The final classifier learnt from more
    rows than those of the inner folds, and its scores may be somewhat more extreme.

    A search around this classifier keeps the groups of its own ``fit`` for its own
    folds. The inner folds need the column ``group`` of X, or metadata routing with
    ``set_fit_request(groups=True)``.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skfusion.model_selection import TargetThresholdClassifier
    >>> rng = np.random.default_rng(0)
    >>> patient = np.repeat(np.arange(200), 2)
    >>> y = patient % 4 == 0
    >>> X = y[:, np.newaxis] + rng.normal(size=(400, 3))
    >>> sensitive = TargetThresholdClassifier(
    ...     LogisticRegression(), target="sensitivity>=0.95", random_state=0
    ... )
    >>> sensitive.fit(X, y, groups=patient).sensitivity_
    0.95
    >>> bool(sensitive.threshold_ < 0.5)
    True
    """

    _parameter_constraints: dict = {
        **InnerScoresClassifier._parameter_constraints,
        "target": [str],
    }

    def __init__(self, estimator, *, target, cv=5, random_state=None):
        self.estimator = estimator
        self.target = target
        self.cv = cv
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    @all_or_nothing
    @names_unreadable_images
    def fit(self, X, y, groups=None):
        """Learn the threshold in inner folds, and fit the classifier to all rows.

        Parameters
        ----------
        X : DataFrame, list or ndarray
            Samples in any form that the classifier accepts.

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
            If `target` has another form, there are fewer groups than inner folds, the
            rows that an inner fold learns from are of one class, a score is NaN or
            infinite, or only a threshold that predicts one class for every row reaches
            the target.
        """
        target = parse_target(self.target)
        scores, codes = self._fit_inner(X, y, groups)
        point = target.find(scores, codes == 1)
        self._check_point(point)
        self.threshold_ = point.threshold
        self.sensitivity_ = point.sensitivity
        self.specificity_ = point.specificity
        return self

    @names_unreadable_images
    def predict(self, X):
        """Predict the positive class where the score reaches the threshold.

        Parameters
        ----------
        X : DataFrame, list or ndarray
            Samples in the form of those of ``fit``.

        Returns
        -------
        y : ndarray of shape (n_samples,)
        """
        check_is_fitted(self)
        return FixedThresholdClassifier(
            self.estimator_,
            threshold=self.threshold_,
            pos_label=self.classes_.tolist()[1],
        ).predict(X)

    @available_if(_estimator_has("predict_proba"))
    @names_unreadable_images
    def predict_proba(self, X):
        """Return the probabilities of the fitted classifier, which do not change.

        Parameters
        ----------
        X : DataFrame, list or ndarray
            Samples in the form of those of ``fit``.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, 2)
        """
        check_is_fitted(self)
        return self.estimator_.predict_proba(X)

    @available_if(_estimator_has("decision_function"))
    @names_unreadable_images
    def decision_function(self, X):
        """Return the decision values of the fitted classifier, which do not change.

        Parameters
        ----------
        X : DataFrame, list or ndarray
            Samples in the form of those of ``fit``.

        Returns
        -------
        decision : ndarray of shape (n_samples,)
        """
        check_is_fitted(self)
        return self.estimator_.decision_function(X)

    def _check_point(self, point):
        other = min(point.sensitivity, point.specificity)
        if other == 0:
            only = self.classes_.tolist()[int(point.specificity == 0)]
            raise ValueError(
                f"The target {self.target!r} cannot be reached: in the inner folds, "
                f"only a threshold that predicts {only!r} for every sample reaches it. "
                "Lower the target, or improve the classifier."
            )
