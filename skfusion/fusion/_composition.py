"""Parts that the composite estimators of this package share."""

from numbers import Integral

from sklearn.utils import Bunch
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)

from .._validation._positive_class import warn_of_positive_class
from .._validation._private import _BaseComposition, _raise_for_params, visual_block

__all__ = [
    "MostProbable",
    "NamedEstimators",
    "check_positive_class",
    "check_two_classes",
    "copy_input_attributes",
    "route_fit",
    "router_of",
]


class MostProbable:
    """Mixin of classifiers that predict the class of the greatest probability.

    Warning: this class should not be used directly. Use derived classes instead.
    """

    def predict(self, X):
        """Predict the class of each row of X, which is the most probable one.

        Parameters
        ----------
        X : DataFrame of shape (n_samples, n_columns)
            The same columns as in ``fit``.

        Returns
        -------
        y : ndarray of shape (n_samples,)
        """
        # First, because it raises the NotFittedError.
        probabilities = self.predict_proba(X)
        return self.classes_[probabilities.argmax(axis=1)]


def check_two_classes(classes, name):
    """Raise a ValueError unless there are two classes.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        Sorted labels.

    name : str
        Name of the estimator that combines scores.
    """
    if len(classes) != 2:
        raise ValueError(
            f"Only binary classification is supported. {name} combines the scores of 2 "
            f"classes. Got {len(classes)} classes in y."
        )


def check_positive_class(classes, name):
    """Check that there are two classes, and warn if the alphabet alone orders them.

    Parameters
    ----------
    classes, name
        The same as in :func:`check_two_classes`.
    """
    check_two_classes(classes, name)
    advice = "If it is not, pass y of 0 and 1."
    warn_of_positive_class(classes, name, advice)


class NamedEstimators(_BaseComposition):
    """Base class of estimators that hold a list of named estimators.

    Warning: this class should not be used directly. Use derived classes instead.
    """

    _list = "estimators"  # the parameter with the list
    _forms = "(column, classifier) or (name, classifier, column)"  # of its items
    _lengths = (2, 3)

    def get_params(self, deep=True):
        """Return the parameters, those of the estimators by ``name__parameter``.

        Parameters
        ----------
        deep : bool, default=True
            Whether to include the parameters of the estimators.

        Returns
        -------
        params : dict
        """
        return self._get_params("_pairs", deep=deep)

    def set_params(self, **params):
        """Set parameters, those of the estimators by ``name__parameter``.

        Parameters
        ----------
        **params : dict

        Returns
        -------
        self : object
        """
        if "_pairs" in params:
            raise ValueError(f"Invalid parameter '_pairs' for {type(self).__name__}.")
        if self._list in params:  # before its items
            setattr(self, self._list, params.pop(self._list))
        return self._set_params("_pairs", **params)

    @property
    def _pairs(self):
        """Names and estimators, by which scikit-learn sets nested parameters."""
        items = getattr(self, self._list)
        if not isinstance(items, list) or not all(map(self._is_item, items)):
            return []  # fit raises the error
        return [(name, estimator) for name, estimator, *_ in items]

    @_pairs.setter
    def _pairs(self, pairs):
        items = zip(pairs, getattr(self, self._list), strict=True)
        setattr(self, self._list, [(*pair, *item[2:]) for pair, item in items])

    def _by_name(self, estimators):
        return Bunch(**dict(zip(self._names, estimators, strict=True)))

    def _sk_visual_block_(self):
        self._check_items()
        names, estimators = zip(*self._pairs, strict=True)
        return visual_block("parallel", estimators, names)

    def _store_names(self):
        """Store names and columns in ``fit``, since parameters may change later."""
        self._check_items()
        items = getattr(self, self._list)
        self._names = [item[0] for item in items]
        self._columns = [item[2] if len(item) == 3 else item[0] for item in items]
        self._validate_names(self._names)

    def _is_item(self, item):
        return isinstance(item, tuple | list) and len(item) in self._lengths

    def _check_items(self):
        if not getattr(self, self._list):
            raise ValueError(
                f"Expected {self._list} to be a list of {self._forms}. Got an empty "
                "list."
            )
        for item in getattr(self, self._list):
            is_named = self._is_item(item) and isinstance(item[0], str)
            if not is_named or not all(isinstance(c, str | Integral) for c in item[2:]):
                raise ValueError(
                    f"Expected {self._list} to be a list of {self._forms}. Got "
                    f"{item!r} in it."
                )


def copy_input_attributes(composite, estimator):
    """Copy what ``fit`` learnt of the columns of X from an inner estimator.

    Parameters
    ----------
    composite : estimator
        Gets ``n_features_in_`` and ``feature_names_in_``, and loses those of an earlier
        fit.

    estimator : estimator
        Fitted inner estimator, which may lack them.
    """
    for name in ("n_features_in_", "feature_names_in_"):
        vars(composite).pop(name, None)
        if hasattr(estimator, name):
            setattr(composite, name, getattr(estimator, name))


def router_of(composite, estimators):
    """Route metadata of ``fit`` to the ``fit`` of inner estimators.

    Parameters
    ----------
    composite : estimator

    estimators : dict
        Inner estimators by their name.

    Returns
    -------
    routing : MetadataRouter
    """
    mapping = MethodMapping().add(caller="fit", callee="fit")
    return MetadataRouter(owner=composite).add(method_mapping=mapping, **estimators)


def route_fit(composite, params):
    """Return the metadata of ``fit`` that each inner estimator requests.

    Parameters
    ----------
    composite : estimator
        With ``get_metadata_routing``.

    params : dict
        Metadata. Any metadata is an error where routing is not enabled.

    Returns
    -------
    routed : Bunch
        ``routed[name]["fit"]`` is for the inner estimator of that name.
    """
    _raise_for_params(params, composite, "fit")
    return process_routing(composite, "fit", **params)
