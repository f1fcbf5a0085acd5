"""Where a warning points: at the line of whoever called."""

import sys

# Between the user's line and ours stand those that call an estimator.
_NOT_THE_USER = ("skfusion", "sklearn", "imblearn", "joblib")


def caller_level():
    """Find the `stacklevel` that makes a warning point at the user's line.

    Returns
    -------
    stacklevel : int
        Of the first frame outside skfusion, scikit-learn, imbalanced-learn and joblib,
        for a ``warnings.warn`` in the function that calls this one.

    Examples
    --------
    >>> import warnings
    >>> from skfusion._caller import caller_level
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.warn("Look here.", stacklevel=caller_level())
    >>> len(caught)
    1
    """
    frame, level = sys._getframe(1), 1
    while frame is not None and _package_of(frame) in _NOT_THE_USER:
        frame, level = frame.f_back, level + 1
    return level


def _package_of(frame):
    return frame.f_globals.get("__name__", "").partition(".")[0]
