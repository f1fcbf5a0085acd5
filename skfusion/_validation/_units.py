"""What an image belongs to: a breast, a patient, or what a column says."""

import numpy as np
import pandas as pd

from ._image_table import is_there

_LEVELS = {"breast": ["group", "laterality"]}


def level_of_rows(X, by):
    """Name what each row belongs to.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_columns)

    by : str
        "breast" (the columns ``group`` and ``laterality``), or the name of a column.

    Returns
    -------
    names : ndarray of shape (n_samples,), object

    Raises
    ------
    TypeError
        If X is no DataFrame.

    ValueError
        If a column is not there, or says nothing in some row.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfusion._validation._units import level_of_rows
    >>> X = pd.DataFrame({"group": ["anna", "anna"], "laterality": ["L", "R"]})
    >>> level_of_rows(X, "breast").tolist()
    [('anna', 'L'), ('anna', 'R')]
    """
    if not isinstance(X, pd.DataFrame):
        raise TypeError(
            f"Expected a DataFrame, whose columns say what each image belongs to. Got "
            f"{type(X).__name__} instead."
        )
    columns = _LEVELS.get(by, [by])
    for column in columns:
        _check_column(X, column, by)
    if len(columns) == 1:
        return X[by].to_numpy(dtype=object)
    names = np.empty(len(X), dtype=object)
    names[:] = list(X[columns].itertuples(index=False, name=None))
    return names


def _check_column(X, column, by):
    if column not in X.columns:
        raise ValueError(
            f"Expected the column {column!r} in X, for by={by!r}. Got the columns "
            f"{list(X.columns)!r} instead."
        )
    missing = np.flatnonzero(~is_there(X[column]))
    if len(missing):
        raise ValueError(
            f"Expected what each image belongs to in the column {column!r} of X. Got "
            f"none in row {missing[0]}."
        )
