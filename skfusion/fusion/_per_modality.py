"""One model a modality, behind one predict."""

import numpy as np
from sklearn.base import ClassifierMixin, clone
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from .._validation._columns import require_column
from .._validation._fitting import all_or_nothing
from .._validation._images import check_target
from .._validation._private import _check_method_params, _fit_context
from .._validation._unreadable import names_unreadable_images
from ._composition import NamedEstimators, route_fit, router_of

__all__ = ["PerModalityClassifier"]


def _have_probabilities(model):
    return all(hasattr(each, "predict_proba") for _, each in model.estimators)


class PerModalityClassifier(ClassifierMixin, NamedEstimators):
    """A model of its own for each modality.

    A row goes to the model of its modality, in ``fit`` and in ``predict``. It is the
    honest comparison with a model that sees both: what one network gains from the
    images of the other modality is what it does better than this.

    Parameters
    ----------
    estimators : list of (str, classifier)
        Modalities, as they stand in the column, and their models.

    by : str, default="modality"
        Column of X with the modality of each row.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels of all modalities.

    estimators_ : list of classifier
        Fitted models, in the order of `estimators`.

    named_estimators_ : dict
        Fitted models by their modality.

    n_features_in_ : int
        Number of columns that the models use, if they tell.

    feature_names_in_ : ndarray of str
        Columns that the models use, if they tell.

    See Also
    --------
    skfusion.model_selection.compare_models : Its tables tell modalities apart.

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

    _pair = "(modality, classifier)"

    def __init__(self, estimators, *, by="modality"):
        self.estimators = estimators
        self.by = by

    @_fit_context(prefer_skip_nested_validation=False)
    @all_or_nothing
    @names_unreadable_images
    def fit(self, X, y, **params):
        """Fit the model of each modality to its rows.

        Parameters
        ----------
        X : DataFrame of shape (n_samples, n_columns)
            With the column that `by` names.

        y : array-like of shape (n_samples,)
            Class labels.

        **params : dict
            Metadata, such as `groups`, for the models: each gets that of its rows.
            Only with metadata routing enabled.

        Returns
        -------
        self : object
            Fitted classifier.
        """
        y = check_target(X, y)
        self._take_names()
        self._by = self.by
        rows, routed = self._rows_of_each(X), route_fit(self, params)
        self._check_each_has_rows(rows)
        self.estimators_ = []
        for name, estimator in self.estimators:
            own, params = rows[name], routed[name]["fit"]
            params = _check_method_params(X, params, indices=own)
            fitted = clone(estimator).fit(X.iloc[own], y[own], **params)
            self.estimators_.append(fitted)
        self.classes_ = np.unique(
            np.concatenate([e.classes_ for e in self.estimators_])
        )
        return self

    @property
    def n_features_in_(self):
        """Number of columns that the models use, if they tell."""
        return self.estimators_[0].n_features_in_

    @property
    def feature_names_in_(self):
        """Columns that the models use, if they tell."""
        return self.estimators_[0].feature_names_in_

    @available_if(_have_probabilities)
    @names_unreadable_images
    def predict_proba(self, X):
        """Predict the probability of each class.

        Parameters
        ----------
        X : DataFrame of shape (n_samples, n_columns)
            As in ``fit``.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes), dtype float64
            0 for a class that a modality did not have in ``fit``.
        """
        check_is_fitted(self)
        probabilities = np.zeros((len(X), len(self.classes_)))
        for name, rows in self._rows_of_each(X).items():
            model = self.named_estimators_[name]
            columns = np.searchsorted(self.classes_, model.classes_)
            if len(rows):
                answers = model.predict_proba(X.iloc[rows])
                probabilities[np.ix_(rows, columns)] = answers
        return probabilities

    @names_unreadable_images
    def predict(self, X):
        """Predict the class of each row by the model of its modality.

        Parameters
        ----------
        X : DataFrame of shape (n_samples, n_columns)
            As in ``fit``.

        Returns
        -------
        y : ndarray of shape (n_samples,)
        """
        check_is_fitted(self)
        y = np.empty(len(X), dtype=self.classes_.dtype)
        for name, rows in self._rows_of_each(X).items():
            if len(rows):
                y[rows] = self.named_estimators_[name].predict(X.iloc[rows])
        return y

    def get_metadata_routing(self):
        """Say which metadata of ``fit`` the models ask for.

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
        for name, own in rows.items():
            if not len(own):
                raise ValueError(
                    f"Expected rows of each modality in fit. Got none of {name!r} in "
                    f"the column {self._by!r} of X."
                )

    def _rows_of_each(self, X):
        """Positions of the rows of each modality."""
        names = self._columns
        values = require_column(X, self._by, type(self).__name__)
        values = values.to_numpy(dtype=object)
        for row, value in enumerate(values):
            if value not in names:
                raise ValueError(
                    f"Expected one of the modalities {names!r} in the column "
                    f"{self._by!r} of X. Got another one in row {row}."
                )
        return {name: np.flatnonzero(values == name) for name in names}
