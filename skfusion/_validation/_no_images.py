"""Refusal of what holds no images, such as the name of a folder or row numbers."""

from collections.abc import Mapping
from numbers import Number

import numpy as np
import pandas as pd

from ._cells import is_path

__all__ = ["refuse_no_images"]


def refuse_no_images(X, name):
    """Raise an error if X is a path, a Bunch, or the row numbers of images.

    Tables of features pass, because flattened images are such a table.

    Parameters
    ----------
    X : object

    name : str
        Name of the parameter, for the error.

    Raises
    ------
    ValueError
        If X is a path, a mapping or a scalar, or a sequence of numbers or booleans.

    Examples
    --------
    >>> from skfusion._validation._no_images import refuse_no_images
    >>> refuse_no_images([True, False], "X_train")
    Traceback (most recent call last):
    ValueError: X_train holds no images, but numbers or booleans, such as the rows of a
    split. Pass the images of these rows: X.iloc[rows] of a DataFrame, or X[rows] of
    an array.
    """
    # No value is shown: a path may name a patient.
    if is_path(X) or isinstance(X, Mapping) or not hasattr(X, "__len__"):
        raise ValueError(
            f"Expected {name} to hold images: a DataFrame, a list of paths, or pixels. "
            f"Got {type(X).__name__} instead. Pass the data of a Bunch, or "
            "skfusion.images.scan_images(folder), which lists the images of a folder."
        )
    if not isinstance(X, pd.DataFrame) and _holds_numbers(X):
        raise ValueError(
            f"{name} holds no images, but numbers or booleans, such as the rows of a "
            "split. Pass the images of these rows: X.iloc[rows] of a DataFrame, or "
            "X[rows] of an array."
        )


def _holds_numbers(X):
    """Return whether the first cell that is not missing is a number."""
    scalars = (cell for cell in X if not (np.isscalar(cell) and pd.isna(cell)))
    first = next((cell for cell in scalars if cell is not None), None)
    return isinstance(first, Number | np.bool_)
