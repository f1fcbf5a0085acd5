"""A classifier of single images for samples that have several."""

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils.validation import check_is_fitted

from .._validation._columns import IMAGE
from .._validation._fitting import all_or_nothing
from .._validation._images import check_labels, check_target
from .._validation._private import HasMethods, _check_method_params, _fit_context
from .._validation._samples import check_samples
from .._validation._unreadable import names_unreadable_images
from ._composition import MostProbable, route_fit, router_of

__all__ = ["ImageLevelClassifier"]


class ImageLevelClassifier(
    MostProbable, MetaEstimatorMixin, ClassifierMixin, BaseEstimator
):
    """Classifier of samples by one classifier of their single images.

    The classifier learns from a table of all images of the columns, one row per image,
    with the image in the column ``image`` and the name of its column in the column
    ``modality``. The probabilities of a sample are the mean of those of its images.
    With one column this is a model of one modality; with several, one model of all
    (pooled); with a :class:`PerModalityClassifier` inside, one model per modality. They
    are the models with which to compare a fusion.

    Parameters
    ----------
    estimator : classifier
        Classifier of single images, with ``predict_proba``.

    columns : list of str or list of int
        Columns of paths of images, by name or position. Columns that are all given by
        position may hold values instead, of which the classifier gets one column alone.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels.

    estimator_ : classifier
        The fitted classifier of images.

    n_features_in_ : int
        Number of columns: of those used if they have names, else of all.

    feature_names_in_ : ndarray of str
        Names of these columns, if they have names.

    prior_ : ndarray of shape (n_classes,)
        Share of each class in ``fit``. It is the probability for a sample that has no
        image in these columns.

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
        X : DataFrame or array-like of shape (n_samples, n_columns)
            With one column for each modality; None or NaN where it is missing. It is a
            DataFrame where columns are given by name.

        y : array-like of shape (n_samples,)
            Class labels.

        **params : dict
            Metadata, such as `groups`, for the classifier: each image gets that of its
            sample. It requires metadata routing to be enabled.

        Returns
        -------
        self : object
            Fitted classifier.
        """
        self._columns = list(self.columns)
        checked = check_samples(self, X, self._columns, reset=True, any_image=False)
        y = check_target(X, y)
        self.classes_, codes = check_labels(y, type(self).__name__)
        self.prior_ = np.bincount(codes) / len(codes)
        table, samples = self._images(checked)
        params = route_fit(self, params)["estimator"]["fit"]
        params = _check_method_params(X, params, indices=samples)
        self.estimator_ = clone(self.estimator).fit(table, y[samples], **params)
        return self

    @names_unreadable_images
    def predict_proba(self, X):
        """Predict the mean of the probabilities of each sample's images.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_columns)
            The same columns as in ``fit``.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes), dtype float64
        """
        check_is_fitted(self)
        checked = check_samples(self, X, self._columns, any_image=False)
        table, samples = self._images(checked)
        probabilities = np.tile(self.prior_, (len(checked.table), 1))
        if len(table):
            places = np.searchsorted(self.classes_, self.estimator_.classes_)
            of_images = np.zeros((len(table), len(self.classes_)))
            of_images[:, places] = self.estimator_.predict_proba(table)
            means = pd.DataFrame(of_images).groupby(samples).mean()
            probabilities[means.index] = means
        return probabilities

    def get_metadata_routing(self):
        """Get the metadata of ``fit`` that the classifier of images requests.

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

    def _images(self, samples):
        """Return a table of one row per image, and the sample of each row."""
        tables = []
        for place, column in enumerate(samples.columns):
            table = samples.part(place).rename(columns={column: IMAGE})
            if not all(samples.of_values):
                table = table.assign(modality=column)
            tables.append(table)
        rows = [np.flatnonzero(rows) for rows in samples.present.T]
        return pd.concat(tables, ignore_index=True), np.concatenate(rows)
