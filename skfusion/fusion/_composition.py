"""What the composite estimators of this package share."""

from sklearn.utils.metaestimators import _BaseComposition

__all__ = ["NamedEstimators"]


class NamedEstimators(_BaseComposition):
    """Base class of estimators that hold a list of (name, estimator).

    Warning: this class should not be used directly. Use derived classes instead.
    """

    _named = "estimators"  # the parameter with the list

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
    def _columns(self):
        return [name for name, _ in getattr(self, self._named)]
