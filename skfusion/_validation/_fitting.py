"""What every ``fit`` keeps to: all is learnt, or nothing."""

from contextlib import contextmanager

__all__ = ["all_or_nothing"]


@contextmanager
def all_or_nothing(estimator):
    """Context of a ``fit``: where it fails or is interrupted, it changes nothing.

    An estimator that was fitted before predicts as before, and another one is not
    fitted: parts of two fits never stand side by side.

    Parameters
    ----------
    estimator : estimator
        Its ``fit`` sets attributes anew, and alters none in place.

    Examples
    --------
    >>> from skfusion._validation._fitting import all_or_nothing
    >>> class Mean:
    ...     def fit(self, X):
    ...         with all_or_nothing(self):
    ...             self.n_ = len(X)
    ...             self.mean_ = sum(X) / self.n_
    >>> mean = Mean()
    >>> mean.fit([1, 2, 3])
    >>> mean.fit([])
    Traceback (most recent call last):
    ZeroDivisionError: division by zero
    >>> mean.n_, mean.mean_
    (3, 2.0)
    """
    before = vars(estimator).copy()
    try:
        yield
    except BaseException:  # Ctrl-C, too
        estimator.__dict__ = before
        raise
