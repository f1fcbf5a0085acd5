"""From images to breasts, and from breasts to patients."""

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils import check_consistent_length, column_or_1d, get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from .._validation._fitting import all_or_nothing
from .._validation._images import check_target
from .._validation._private import (
    HasMethods,
    StrOptions,
    _fit_context,
    _routing_enabled,
    validate_params,
)
from .._validation._units import level_of_rows
from .._validation._unreadable import names_unreadable_images
from ..metrics._aggregation import METHODS, combine_scores
from ..metrics._summary import warn_of_positive_class
from ._composition import MostProbable, route_fit, router_of

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
        What each image belongs to.

    method : {"mean", "max", "noisy_or"}, default="mean"
        "mean" of the images; "max", the most suspicious one; "noisy_or", the
        probability that at least one is malignant if all were independent [1]_. Views
        of one breast are not: it is too sure of itself, and more so the more images
        there are.

    Returns
    -------
    y_score : Series of float64
        A score for each of what `by` names, in the order in which these first
        appear; they are its index.

    Raises
    ------
    ValueError
        If a score is not in [0, 1], or a row of `by` is missing.

    See Also
    --------
    LevelAggregator : The same, behind a classifier.

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
            f"Expected what each image belongs to. Got none in row {missing[0]} of by."
        )


def _can_score(aggregator):
    getattr(aggregator.estimator, "predict_proba")  # noqa: B009 (raises what is wrong)
    return True


class LevelAggregator(MostProbable, MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """Classifier whose predictions are those of a breast or of a patient.

    A model of images predicts each image; what belongs together is combined, and each
    image is given what its breast, or its patient, was given. So there is still a row
    an image, as ``cross_val_predict`` asks for. What belongs together must be predicted
    together.

    Parameters
    ----------
    estimator : classifier
        Of images, with ``predict_proba``.

    by : str, default="breast"
        "breast": the columns ``group`` and ``laterality`` of X. Else a column of X,
        such as "group", the patient.

    method : {"mean", "max", "noisy_or"}, default="mean"
        As in :func:`aggregate_scores`. All but the mean depend on which class is
        positive: of two labels the greater one, and a warning says which one that is
        where it is but the last in the alphabet.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        Class labels; the second is the positive one.

    estimator_ : classifier
        The fitted model of images.

    n_features_in_ : int
        Number of columns that the model uses, if it tells.

    feature_names_in_ : ndarray of str
        Columns that the model uses, if it tells.

    See Also
    --------
    skfusion.metrics.make_level_scorer : Counts each breast or patient once.

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
        "by": [str],
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
        """Fit the model of images.

        Parameters
        ----------
        X : DataFrame of shape (n_samples, n_columns)
            With the columns that `by` names.

        y : array-like of shape (n_samples,)
            Class of each image.

        **fit_params : dict
            Passed on to the model; with metadata routing, what it asked for.

        Returns
        -------
        self : object
            Fitted classifier.
        """
        # What defines predictions; parameters may change after fit.
        self._by, self._method = self.by, self.method
        level_of_rows(X, self._by)
        y = check_target(X, y)
        if _routing_enabled():
            fit_params = route_fit(self, fit_params)["estimator"]["fit"]
        self.estimator_ = clone(self.estimator).fit(X, y, **fit_params)
        self.classes_ = self.estimator_.classes_
        if len(self.classes_) != 2:
            raise ValueError(
                f"{type(self).__name__} combines probabilities of 2 classes. Got "
                f"{len(self.classes_)} classes in y."
            )
        if self._method != "mean":  # which is the same from both sides
            name = type(self).__name__
            warn_of_positive_class(self.classes_, name, "Else pass y of 0 and 1.")
        return self

    @property
    def n_features_in_(self):
        """Number of columns that the model uses, if it tells."""
        return self.estimator_.n_features_in_

    @property
    def feature_names_in_(self):
        """Columns that the model uses, if it tells."""
        return self.estimator_.feature_names_in_

    @available_if(_can_score)
    @names_unreadable_images
    def predict_proba(self, X):
        """Predict the probabilities of what each image belongs to.

        Parameters
        ----------
        X : DataFrame of shape (n_samples, n_columns)
            As in ``fit``.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, 2), dtype float64
            The same for all images of one breast, or patient.
        """
        check_is_fitted(self)
        codes = pd.factorize(level_of_rows(X, self._by))[0]
        y_score = self.estimator_.predict_proba(X)[:, 1]
        combined = combine_scores(y_score, codes, self._method)[codes]
        return np.column_stack([1 - combined, combined])

    def get_metadata_routing(self):
        """Say which metadata of ``fit`` the model asks for.

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
