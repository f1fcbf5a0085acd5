"""Checks of the data of a study before anything is fitted."""

import numpy as np
import pandas as pd
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets

__all__ = ["check_classes"]


def check_classes(y, name):
    """Return y as an array, or raise an error if it is not a column of classes.

    Parameters
    ----------
    y : array-like of shape (n_samples,)

    name : str
        Name of the function, for the error.

    Returns
    -------
    y : ndarray of shape (n_samples,)
        A copy.

    Raises
    ------
    ValueError
        If a label is missing, y is continuous, or it holds fewer than two classes.
    """
    y = np.array(column_or_1d(y, warn=True))
    missing = np.flatnonzero(pd.isna(y))
    if len(missing):
        raise ValueError(
            f"Expected a class label in every row of y. Got none in {len(missing)} "
            f"rows, the first of which is row {missing[0]}. Drop these rows."
        )
    check_classification_targets(y)
    classes = np.unique(y)
    if len(classes) < 2:
        raise ValueError(
            f"{name} needs two classes or more in y. Got {classes.tolist()!r} only. "
            "Add the rows of another class."
        )
    return y
