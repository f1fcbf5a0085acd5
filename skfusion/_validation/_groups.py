"""Groups of rows that must not cross a split; usually a group is a patient."""

import numpy as np
import pandas as pd
from sklearn.utils.validation import column_or_1d

from ._blanks import warn_of_blanks_in_groups
from ._columns import GROUP, IMAGE, is_present
from ._private import _num_samples

__all__ = ["check_groups", "find_groups"]


def find_groups(X, groups=None):
    """Return the group of each row, or None if no groups are known.

    Parameters
    ----------
    X : DataFrame, list or ndarray
        Any form of X, with one row for each sample.

    groups : array-like of shape (n_samples,), default=None
        Group of each row. If None, the column ``group`` of X, if it has one.

    Returns
    -------
    groups : ndarray of shape (n_samples,) or None

    Raises
    ------
    ValueError
        If `groups` has another length than X, or a group is missing or empty text.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfusion._validation._groups import find_groups
    >>> find_groups(pd.DataFrame({"image": ["a.png"], "group": ["anna"]})).tolist()
    ['anna']
    >>> find_groups(["a.png"]) is None
    True
    """
    if groups is None:
        if not isinstance(X, pd.DataFrame) or GROUP not in X.columns:
            return None
        groups = X[GROUP]
    groups = _as_column(groups)
    _check_length(X, groups)
    missing = np.flatnonzero(~is_present(pd.Series(groups)))
    if len(missing):
        raise ValueError(
            f"Expected a group in every row. Got none in row {missing[0]}: give an "
            "image of an unknown patient a group of its own."
        )
    return groups


def _as_column(groups):
    try:
        return column_or_1d(groups)
    except ValueError as error:  # its message names y
        raise ValueError(
            "Expected groups of shape (n_samples,). Got shape "
            f"{np.shape(groups)!r} instead."
        ) from error


def _check_length(X, groups):
    if len(groups) != _num_samples(X):
        raise ValueError(
            "Expected a group for each row. Got inconsistent numbers of samples: "
            f"{_num_samples(X)} rows and {len(groups)} groups."
        )


def check_groups(X, groups=None):
    """Return codes of the groups; without groups, copies of one image are a group.

    Parameters
    ----------
    X : DataFrame or ndarray
        Validated images: an image table, or pixels.

    groups : array-like of shape (n_samples,), default=None
        The same as in :func:`find_groups`.

    Returns
    -------
    codes : ndarray of shape (n_samples,), dtype int64
        Code of the group of each row.

    Raises
    ------
    ValueError
        If the groups cannot be used, see :func:`find_groups`.

    Warns
    -----
    DataQualityWarning
        If two groups differ only in blanks at their ends.
    """
    groups = find_groups(X, groups)
    if groups is not None:
        warn_of_blanks_in_groups(groups)
    else:
        groups = X[IMAGE] if isinstance(X, pd.DataFrame) else _digests(X)
    return pd.factorize(np.asarray(groups))[0].astype(np.int64)


def _digests(images):
    return [hash(np.ascontiguousarray(image).tobytes()) for image in images]
