"""What the composite estimators of this package share."""

from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)

from .._validation._private import _BaseComposition, _raise_for_params, visual_block

__all__ = ["MostProbable", "NamedEstimators", "route_fit", "router_of"]


class MostProbable:
    """Mixin of classifiers that decide by the greatest probability.

    Warning: this class should not be used directly. Use derived classes instead.
    """

    def predict(self, X):
        """Predict the class of each row of X, the most probable one.

        Parameters
        ----------
        X : DataFrame of shape (n_samples, n_columns)
            As in ``fit``.

        Returns
        -------
        y : ndarray of shape (n_samples,)
        """
        # Asked first, because it says so where there was no fit.
        probabilities = self.predict_proba(X)
        return self.classes_[probabilities.argmax(axis=1)]


class NamedEstimators(_BaseComposition):
    """Base class of estimators that hold a list of (name, estimator).

    Warning: this class should not be used directly. Use derived classes instead.
    """

    _named = "estimators"  # the parameter with the list
    _pair = "(column, classifier)"  # what is in it

    def get_params(self, deep=True):
        """Return the parameters, those of the estimators by ``name__parameter``.

        Parameters
        ----------
        deep : bool, default=True
            Whether the parameters of the estimators are among them.

        Returns
        -------
        params : dict
        """
        return self._get_params(self._named, deep=deep)

    def set_params(self, **params):
        """Set parameters, those of the estimators by ``name__parameter``.

        Parameters
        ----------
        **params : dict

        Returns
        -------
        self : object
        """
        return self._set_params(self._named, **params)

    @property
    def named_estimators_(self):
        """Fitted estimators by their name."""
        fitted = getattr(self, f"{self._named}_")
        return dict(zip(self._columns, fitted, strict=True))

    def _sk_visual_block_(self):
        names, estimators = zip(*self._pairs(), strict=True)
        return visual_block("parallel", estimators, names)

    def _take_names(self):
        """Keep the names, in ``fit``: parameters may change afterwards."""
        self._columns = [name for name, _ in self._pairs()]
        self._validate_names(self._columns)

    def _pairs(self):
        """Return the list, or raise a ValueError where something in it is no pair."""
        pairs = getattr(self, self._named)
        for pair in pairs:
            is_pair = isinstance(pair, tuple | list) and len(pair) == 2
            if not is_pair or not isinstance(pair[0], str):
                raise ValueError(
                    f"Expected {self._named} to be a list of {self._pair}. Got "
                    f"{pair!r} in it."
                )
        return pairs


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
    """Find what each inner estimator asked for of the metadata of ``fit``.

    Parameters
    ----------
    composite : estimator
        With ``get_metadata_routing``.

    params : dict
        Metadata; an error where there is some and routing is not enabled.

    Returns
    -------
    routed : Bunch
        ``routed[name]["fit"]`` is for the inner estimator of that name.
    """
    _raise_for_params(params, composite, "fit")
    return process_routing(composite, "fit", **params)
