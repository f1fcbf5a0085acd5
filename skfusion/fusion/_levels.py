"""Predictions of breasts and patients from those of their images."""

from numbers import Integral

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils import check_consistent_length, column_or_1d, get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from .._validation._fitting import all_or_nothing
from .._validation._images import check_target
from .._validation._named_columns import name_columns
from .._validation._private import (
    HasMethods,
    Interval,
    StrOptions,
    _fit_context,
    _routing_enabled,
    validate_params,
)
from .._validation._units import level_of_rows
from .._validation._unreadable import names_unreadable_images
from ..metrics._aggregation import METHODS, combine_scores
from ._composition import (
    MostProbable,
    check_positive_class,
    check_two_classes,
    copy_input_attributes,
    route_fit,
    router_of,
)

__all__ = ["LevelAggregator", "aggregate_scores"]


@validate_params(
    {
        "y_score": ["array-like"],
        "by": ["array-like"],
        "method": [StrOptions(set(METHODS))],
    },
    prefer_skip_nested_validation=True,
)
def aggregate_scores(y_score, by, method="mean"):
    """Combine the scores of the images of each breast, or of each patient.

    Parameters
    ----------
    y_score : array-like of shape (n_samples,)
        Probability of malignant of each image, in [0, 1].

    by : array-like of shape (n_samples,)
        The breast, or the patient, of each image.

    method : {"mean", "max", "noisy_or"}, default="mean"
        "mean" is the mean of the images; "max" is the most suspicious image;
        "noisy_or" is the probability that at least one image is malignant if all were
        independent [1]_. Views of one breast are not independent: its scores are too
        extreme, and more so the more images there are.

    Returns
    -------
    y_score : Series of float64
        One score for each breast, or patient. The index holds the values of `by`, in
        the order in which they first appear.

    Raises
    ------
    ValueError
        If a score is not in [0, 1], or a row of `by` is missing.

    See Also
    --------
    LevelAggregator : Classifier that combines its scores in this way.

    References
    ----------
    .. [1] Pearl, "Probabilistic Reasoning in Intelligent Systems", 1988, 4.3.2.

    Examples
    --------
    >>> from skfusion.fusion import aggregate_scores
    >>> aggregate_scores([0.5, 0.5, 0.1], ["anna", "anna", "berta"], "noisy_or")
    anna     0.75
    berta    0.10
    dtype: float64
    """
    y_score, by = column_or_1d(y_score), column_or_1d(by)
    check_consistent_length(y_score, by)
    _check_probabilities(y_score)
    _check_none_missing(by)
    codes, names = pd.factorize(by)
    return pd.Series(combine_scores(y_score, codes, method), index=names)


def _check_probabilities(y_score):
    wrong = np.flatnonzero(~((y_score >= 0) & (y_score <= 1)))
    if len(wrong):
        raise ValueError(
            "Expected probabilities in [0, 1] in y_score. Got "
            f"{y_score[wrong[0]]!r} in row {wrong[0]}. Calibrate decision values first "
            "(sklearn.calibration)."
        )


def _check_none_missing(by):
    missing = np.flatnonzero(pd.isna(by))
    if len(missing):
        raise ValueError(
            "Expected the breast, or the patient, of each image in by. Got none in row "
            f"{missing[0]} of by."
        )


def _can_score(aggregator):
    getattr(aggregator.estimator, "predict_proba")  # noqa: B009 (it raises the error)
    return True


class LevelAggregator(MostProbable, MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """Classifier that predicts each image as its breast, or its patient.

    A classifier of images predicts each image. The scores of the images of one breast,
    or patient, are combined, and each of these images gets the combined score. There is
    one prediction per image, which ``cross_val_predict`` requires. Pass all images of a
    breast, or a patient, to one ``predict``.

    Parameters
    ----------
    estimator : classifier
        Classifier of images, with ``predict_proba``.

    by : str or int, default="breast"
        "breast" stands for the columns ``group`` and ``laterality`` of X. Else a column
        of X, by name or position, such as "group", the patient.

    method : {"mean", "max", "noisy_or"}, default="mean"
        The same as in :func:`aggregate_scores`. All but the mean depend on which class
        is positive. It is the greater of the two labels, and a warning names it where
        only the alphabet decides.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        Class labels; the second is the positive one.

    estimator_ : classifier
        The fitted classifier of images.

    n_features_in_ : int
        Number of columns that the classifier uses, if it has this attribute; that of X
        where `by` is a position.

    feature_names_in_ : ndarray of str
        Names of these columns, if they have names.

    See Also
    --------
    BreastClassifier : Classifier that learns how to combine the images of a breast.
    skfusion.metrics.make_level_scorer : Scorer that counts each breast or patient once.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.compose import make_column_transformer
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from skfusion.fusion import LevelAggregator
    >>> X = pd.DataFrame({"density": [0, 1, 3, 4], "group": ["a", "a", "b", "b"]})
    >>> images = make_pipeline(
    ...     make_column_transformer(("passthrough", ["density"])), LogisticRegression()
    ... )
    >>> LevelAggregator(images, by="group").fit(X, [0, 0, 1, 1]).predict(X)
    array([0, 0, 1, 1])
    """

    _parameter_constraints: dict = {
        "estimator": [HasMethods(["fit", "predict_proba"])],
        "by": [str, Interval(Integral, 0, None, closed="left")],
        "method": [StrOptions(set(METHODS))],
    }

    def __init__(self, estimator, *, by="breast", method="mean"):
        self.estimator = estimator
        self.by = by
        self.method = method

    @_fit_context(prefer_skip_nested_validation=False)
    @all_or_nothing
    @names_unreadable_images
    def fit(self, X, y, **fit_params):
        """Fit the classifier of images.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_columns)
            With the columns of `by`. It is a DataFrame where these have names.

        y : array-like of shape (n_samples,)
            Class of each image.

        **fit_params : dict
            Metadata for the classifier. With metadata routing, it gets what it
            requests.

        Returns
        -------
        self : object
            Fitted classifier.
        """
        # Predictions depend on these; parameters may change after fit.
        self._by, self._method = self.by, self.method
        self._levels_of(X, reset=True)
        y = check_target(X, y)
        if _routing_enabled():
            fit_params = route_fit(self, fit_params)["estimator"]["fit"]
        self.estimator_ = clone(self.estimator).fit(X, y, **fit_params)
        if isinstance(self._by, str):
            copy_input_attributes(self, self.estimator_)
        self.classes_ = self.estimator_.classes_
        # The mean is the same for both classes.
        check = check_two_classes if self._method == "mean" else check_positive_class
        check(self.classes_, type(self).__name__)
        return self

    @available_if(_can_score)
    @names_unreadable_images
    def predict_proba(self, X):
        """Predict the probabilities of the breast, or patient, of each image.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_columns)
            The same columns as in ``fit``.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, 2), dtype float64
            The same for all images of one breast, or patient.
        """
        check_is_fitted(self)
        codes = pd.factorize(self._levels_of(X))[0]
        y_score = self.estimator_.predict_proba(X)[:, 1]
        combined = combine_scores(y_score, codes, self._method)[codes]
        return np.column_stack([1 - combined, combined])

    def get_metadata_routing(self):
        """Get the metadata of ``fit`` that the classifier requests.

        Returns
        -------
        routing : MetadataRouter
        """
        return router_of(self, {"estimator": self.estimator})

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.string = True
        tags.input_tags.allow_nan = get_tags(self.estimator).input_tags.allow_nan
        return tags

    def _levels_of(self, X, reset=False):
        """Return the breast, or patient, of each row."""
        if isinstance(self._by, Integral):
            X, names = name_columns(self, X, [self._by], reset)
            return level_of_rows(X, names[0])
        return level_of_rows(X, self._by)
