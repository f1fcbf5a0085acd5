"""A ``fit`` that fails changes nothing."""

from functools import wraps

__all__ = ["all_or_nothing"]


def all_or_nothing(fit):
    """Make a ``fit`` leave the estimator as it was where it fails or is interrupted.

    An estimator that was fitted before predicts as before, and another one stays
    unfitted. Attributes of two fits never stand side by side.

    Parameters
    ----------
    fit : callable
        Method that sets new attributes, and alters none in place.

    Returns
    -------
    fit : callable

    Examples
    --------
    >>> from skfusion._validation._fitting import all_or_nothing
    >>> class Mean:
    ...     @all_or_nothing
    ...     def fit(self, X):
    ...         self.n_ = len(X)
    ...         self.mean_ = sum(X) / self.n_
    >>> mean = Mean()
    >>> mean.fit([1, 2, 3])
    >>> mean.fit([])
    Traceback (most recent call last):
    ZeroDivisionError: division by zero
    >>> mean.n_, mean.mean_
    (3, 2.0)
    """

    @wraps(fit)
    def safe_fit(self, *args, **kwargs):
        before = vars(self).copy()
        try:
            return fit(self, *args, **kwargs)
        except BaseException:  # Ctrl-C, too
            self.__dict__ = before
            raise

    return safe_fit
