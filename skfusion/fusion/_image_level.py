"""A classifier of single images, asked about samples with several."""

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils.validation import check_is_fitted

from .._validation._columns import is_present
from .._validation._fitting import all_or_nothing
from .._validation._images import check_labels, check_target
from .._validation._private import HasMethods, _check_method_params, _fit_context
from .._validation._samples import (
    check_columns,
    column_table,
    remember_columns,
)
from .._validation._unreadable import names_unreadable_images
from ._composition import MostProbable, route_fit, router_of

__all__ = ["ImageLevelClassifier"]


class ImageLevelClassifier(
    MostProbable, MetaEstimatorMixin, ClassifierMixin, BaseEstimator
):
    """One classifier of single images for samples that have several.

    It learns from all images of the columns, a row an image with the column's name as
    its modality. A sample gets the mean of the probabilities of its images. With one
    column it is that modality alone; with all of them, one model of both (pooled); with
    a :class:`PerModalityClassifier` inside, a model for each. Fusion is worth what it
    does better.

    Parameters
    ----------
    estimator : classifier
        Of single images, with ``predict_proba``.

    columns : list of str
        Columns of paths that it sees.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels.

    estimator_ : classifier
        The fitted classifier of images.

    n_features_in_ : int
        Number of columns.

    feature_names_in_ : ndarray of str
        The columns.

    prior_ : ndarray of shape (n_classes,)
        Share of each class in ``fit``: what is said of a sample without any image in
        these columns.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.dummy import DummyClassifier
    >>> from skfusion.fusion import ImageLevelClassifier
    >>> X = pd.DataFrame({"mammogram": ["a.png", "b.png", None]})
    >>> alone = ImageLevelClassifier(DummyClassifier(), ["mammogram"])
    >>> alone.fit(X, [0, 1, 0]).predict_proba(X).round(2).tolist()
    [[0.5, 0.5], [0.5, 0.5], [0.67, 0.33]]
    """

    _parameter_constraints: dict = {
        "estimator": [HasMethods(["fit", "predict_proba"])],
        "columns": [list],
    }

    def __init__(self, estimator, columns):
        self.estimator = estimator
        self.columns = columns

    @_fit_context(prefer_skip_nested_validation=False)
    @all_or_nothing
    @names_unreadable_images
    def fit(self, X, y, **params):
        """Fit the classifier to all images of the columns.

        Parameters
        ----------
        X : DataFrame of shape (n_samples, n_columns)
            With a column of paths for each modality; None or NaN where it is missing.

        y : array-like of shape (n_samples,)
            Class labels.

        **params : dict
            Metadata, such as `groups`, for the classifier: each image gets that of its
            sample. Only with metadata routing enabled.

        Returns
        -------
        self : object
            Fitted classifier.
        """
        check_columns(X, self.columns, type(self).__name__, any_image=False)
        remember_columns(self, self.columns)
        y = check_target(X, y)
        self.classes_, codes = check_labels(y, type(self).__name__)
        self.prior_ = np.bincount(codes) / len(codes)
        table, samples = self._images(X)
        params = route_fit(self, params)["estimator"]["fit"]
        params = _check_method_params(X, params, indices=samples)
        self.estimator_ = clone(self.estimator).fit(table, y[samples], **params)
        return self

    @names_unreadable_images
    def predict_proba(self, X):
        """Predict the mean of the probabilities of each sample's images.

        Parameters
        ----------
        X : DataFrame of shape (n_samples, n_columns)
            As in ``fit``.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes), dtype float64
        """
        check_is_fitted(self)
        columns = self.feature_names_in_.tolist()
        check_columns(X, columns, type(self).__name__, any_image=False)
        table, samples = self._images(X)
        probabilities = np.tile(self.prior_, (len(X), 1))
        if len(table):
            columns = np.searchsorted(self.classes_, self.estimator_.classes_)
            own = np.zeros((len(table), len(self.classes_)))
            own[:, columns] = self.estimator_.predict_proba(table)
            means = pd.DataFrame(own).groupby(samples).mean()
            probabilities[means.index] = means
        return probabilities

    def get_metadata_routing(self):
        """Say which metadata of ``fit`` the classifier of images asks for.

        Returns
        -------
        routing : MetadataRouter
        """
        return router_of(self, {"estimator": self.estimator})

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.allow_nan = True
        return tags

    def _images(self, X):
        """A row an image, and the sample of each."""
        columns = self.feature_names_in_.tolist()
        tables = [
            column_table(X, column, columns).assign(modality=column)
            for column in columns
        ]
        samples = [np.flatnonzero(is_present(X[column])) for column in columns]
        return pd.concat(tables, ignore_index=True), np.concatenate(samples)
