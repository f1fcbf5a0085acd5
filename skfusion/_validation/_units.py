"""The breast or the patient to which each image belongs."""

import numpy as np

from ._columns import GROUP, LATERALITY, require_values

__all__ = ["level_of_rows"]

_LEVELS = {"breast": [GROUP, LATERALITY]}


def level_of_rows(X, by):
    """Return the breast or the patient of each row.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_columns)

    by : str
        "breast" (the columns ``group`` and ``laterality``), or the name of a column,
        such as "group", the patient.

    Returns
    -------
    names : ndarray of shape (n_samples,), object

    Raises
    ------
    ValueError
        If X is not a DataFrame, a column is missing, or a row has no value in it.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfusion._validation._units import level_of_rows
    >>> X = pd.DataFrame({"group": ["anna", "anna"], "laterality": ["L", "R"]})
    >>> level_of_rows(X, "breast").tolist()
    [('anna', 'L'), ('anna', 'R')]
    """
    columns = [
        require_values(X, column, f"by={by!r}") for column in _LEVELS.get(by, [by])
    ]
    if len(columns) == 1:
        return columns[0].to_numpy(dtype=object)
    names = np.empty(len(X), dtype=object)
    names[:] = list(zip(*columns, strict=True))
    return names
