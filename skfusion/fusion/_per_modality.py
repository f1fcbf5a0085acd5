"""One classifier per modality."""

import numpy as np
import pandas as pd
from scipy.sparse import issparse
from sklearn.base import ClassifierMixin, clone
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from .._validation._columns import require_column
from .._validation._fitting import all_or_nothing
from .._validation._images import check_target
from .._validation._private import (
    _check_method_params,
    _fit_context,
    _num_samples,
    _safe_indexing,
)
from .._validation._unreadable import names_unreadable_images
from ._composition import NamedEstimators, route_fit, router_of

__all__ = ["PerModalityClassifier"]


def _have_probabilities(model):
    return all(hasattr(each, "predict_proba") for _, each in model.estimators)


class PerModalityClassifier(ClassifierMixin, NamedEstimators):
    """Classifier that holds one classifier per modality.

    The classifier of a row's modality learns from the row, or predicts it. Compare one
    network of all modalities with this one, to see what it gains by learning from
    the images of all.

    Parameters
    ----------
    estimators : list of (str, classifier)
        Modalities, the same as in the column `by`, and their classifiers.

    by : str, default="modality"
        Column of X with the modality of each row. With a single modality, X may lack
        it.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels of all modalities.

    estimators_ : list of classifier
        Fitted classifiers, in the order of `estimators`.

    named_estimators_ : Bunch
        Fitted classifiers by their modality.

    n_features_in_ : int
        Number of columns that the classifiers use, if they have this attribute.

    feature_names_in_ : ndarray of str
        Columns that the classifiers use, if they have this attribute.

    See Also
    --------
    skfusion.model_selection.compare_models : Its tables have one row for each modality.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.dummy import DummyClassifier
    >>> from skfusion.fusion import PerModalityClassifier
    >>> X = pd.DataFrame({"modality": ["mammography", "ultrasound"] * 2})
    >>> model = PerModalityClassifier(
    ...     [("mammography", DummyClassifier()), ("ultrasound", DummyClassifier())]
    ... )
    >>> model.fit(X, ["benign", "malignant"] * 2).predict(X[:2]).tolist()
    ['benign', 'malignant']
    """

    _parameter_constraints: dict = {"estimators": [list], "by": [str]}

    _forms = "(modality, classifier)"
    _lengths = (2,)

    def __init__(self, estimators, *, by="modality"):
        self.estimators = estimators
        self.by = by

    @_fit_context(prefer_skip_nested_validation=False)
    @all_or_nothing
    @names_unreadable_images
    def fit(self, X, y, **params):
        """Fit the classifier of each modality to its rows.

        Parameters
        ----------
        X : DataFrame of shape (n_samples, n_columns)
            With the column `by`. With a single modality, any X of its classifier.

        y : array-like of shape (n_samples,)
            Class labels.

        **params : dict
            Metadata, such as `groups`, for the classifiers: each gets that of its rows.
            It requires metadata routing to be enabled.

        Returns
        -------
        self : object
            Fitted classifier.
        """
        y = check_target(X, y)
        self._store_names()
        self._by = self.by
        rows, routed = self._rows_of_each(X), route_fit(self, params)
        self._check_each_has_rows(rows)
        self.estimators_ = []
        for name, estimator in self.estimators:
            part, params = rows[name], routed[name]["fit"]
            params = _check_method_params(X, params, indices=part)
            fitted = clone(estimator).fit(self._part(X, part), y[part], **params)
            self.estimators_.append(fitted)
        self.classes_ = np.unique(
            np.concatenate([e.classes_ for e in self.estimators_])
        )
        return self

    @property
    def named_estimators_(self):
        """Fitted classifiers by their modality."""
        return self._by_name(self.estimators_)

    @property
    def n_features_in_(self):
        """Number of columns that the classifiers use, if they have this attribute."""
        return self.estimators_[0].n_features_in_

    @property
    def feature_names_in_(self):
        """Columns that the classifiers use, if they have this attribute."""
        return self.estimators_[0].feature_names_in_

    @available_if(_have_probabilities)
    @names_unreadable_images
    def predict_proba(self, X):
        """Predict the probability of each class.

        Parameters
        ----------
        X : DataFrame of shape (n_samples, n_columns)
            The same columns as in ``fit``.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes), dtype float64
            Probabilities, 0 for a class that a modality did not have in ``fit``.
        """
        check_is_fitted(self)
        probabilities = np.zeros((_num_samples(X), len(self.classes_)))
        for name, rows in self._rows_of_each(X).items():
            model = self.named_estimators_[name]
            columns = np.searchsorted(self.classes_, model.classes_)
            if len(rows):
                found = model.predict_proba(self._part(X, rows))
                probabilities[np.ix_(rows, columns)] = found
        return probabilities

    @names_unreadable_images
    def predict(self, X):
        """Predict the class of each row by the classifier of its modality.

        Parameters
        ----------
        X : DataFrame of shape (n_samples, n_columns)
            The same columns as in ``fit``.

        Returns
        -------
        y : ndarray of shape (n_samples,)
        """
        check_is_fitted(self)
        y = np.empty(_num_samples(X), dtype=self.classes_.dtype)
        for name, rows in self._rows_of_each(X).items():
            if len(rows):
                y[rows] = self.named_estimators_[name].predict(self._part(X, rows))
        return y

    def get_metadata_routing(self):
        """Get the metadata of ``fit`` that the classifiers request.

        Returns
        -------
        routing : MetadataRouter
        """
        return router_of(self, dict(self.estimators))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        return tags

    def _check_each_has_rows(self, rows):
        for name, part in rows.items():
            if not len(part):
                raise ValueError(
                    f"Expected rows of each modality in fit. Got none of {name!r} in "
                    f"the column {self._by!r} of X."
                )

    def _rows_of_each(self, X):
        """Return the rows of each modality."""
        names = self._names
        if not self._has_modalities(X):
            if issparse(X):
                raise TypeError(f"{type(self).__name__} takes no sparse data in X.")
            return {names[0]: np.arange(_num_samples(X))}
        values = require_column(X, self._by, type(self).__name__)
        values = values.to_numpy(dtype=object)
        for row, value in enumerate(values):
            if value not in names:
                raise ValueError(
                    f"Expected one of the modalities {names!r} in the column "
                    f"{self._by!r} of X. Got another one in row {row}."
                )
        return {name: np.flatnonzero(values == name) for name in names}

    def _has_modalities(self, X):
        """Return whether X has to hold the modalities, or does hold them."""
        is_in_x = isinstance(X, pd.DataFrame) and self._by in X.columns
        return len(self._names) > 1 or is_in_x

    def _part(self, X, rows):
        return X if len(self._names) == 1 else _safe_indexing(X, rows)
