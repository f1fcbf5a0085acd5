"""Images and groups that two data sets share, in whatever form they are given."""

import hashlib
import os
import re

import numpy as np
import pandas as pd

from .._validation._cells import is_path
from .._validation._columns import IMAGE, is_present
from .._validation._image_table import holds_paths
from ._error_sheet import first_is_file

__all__ = ["count_shared_groups", "count_shared_images", "group_name", "path_columns"]

_FEWEST_NUMBERS = 16  # of a row; shorter ones, such as an age, agree by chance


def count_shared_groups(groups, known):
    """Count the groups that have the same name in both data sets.

    Parameters
    ----------
    groups, known : ndarray of shape (n_samples,)
        The number 12 is the same as 12.0, "12" and "12.0".

    Returns
    -------
    n_shared : int
    """
    return len({*map(group_name, groups)} & {*map(group_name, known)})


def group_name(group):
    """Return the text of a group, without the blanks and ".0" that formats add."""
    name = str(group).strip()
    is_whole = re.fullmatch(r"(-?\d+)\.0", name)
    return is_whole[1] if is_whole else name


def count_shared_images(X, known):
    """Count the files, and the rows of pixels or features, that are in both data sets.

    Parameters
    ----------
    X, known : DataFrame, list or ndarray
        Images, in any form.

    Returns
    -------
    n_shared : int
        Files count by their absolute path without links. Rows of fewer than 16 numbers
        do not count, because they may agree by chance.
    """
    return len(_marks(X) & _marks(known))


def _marks(X):
    """Return a set of the paths of the files and the digests of the rows."""
    files = {
        os.path.realpath(cell)
        for column in path_columns(X)
        for cell in column
        if is_path(cell)
    }
    return files | {mark for row in _rows(X) if (mark := _digest(row)) is not None}


def path_columns(X):
    """Return the columns of X that hold paths of images.

    Parameters
    ----------
    X : DataFrame, list or ndarray
        Images, in any form.

    Returns
    -------
    columns : list of Series
        The column ``image``, and those whose first path is that of a file.
    """
    if isinstance(X, np.ndarray) and X.dtype.kind == "O" and X.ndim == 2:
        X = pd.DataFrame(X)
    if isinstance(X, pd.DataFrame):
        names = [n for n in X.columns if n == IMAGE or first_is_file(X[n])]
        return [X[name] for name in names] or _only_column(X)
    return [pd.Series([*map(_unwrap, X)], dtype=object)] if holds_paths(X) else []


def _unwrap(cell):
    while isinstance(cell, list | tuple | np.ndarray) and len(cell) == 1:
        cell = cell[0]
    return cell


def _only_column(X):
    column = X.iloc[:, 0] if X.shape[1] == 1 else pd.Series(dtype=object)
    present = column[is_present(column)]
    return [column] if len(present) and is_path(present.iloc[0]) else []


def _rows(X):
    """Yield the pixels of each image, or the features of each row."""
    if isinstance(X, pd.DataFrame):
        yield from X.select_dtypes("number").to_numpy()
        for name in X.columns:
            if pd.api.types.is_object_dtype(X[name]):
                yield from X[name]
    elif isinstance(X, list | tuple | pd.Series | np.ndarray):
        yield from X


def _digest(row):
    if not isinstance(row, list | tuple | np.ndarray) or len(row) == 0:
        return None
    try:
        numbers = np.asarray(row, dtype=np.float64)
    except (TypeError, ValueError):  # text, or images of several shapes
        return None
    if numbers.size < _FEWEST_NUMBERS:
        return None
    return hashlib.blake2b(numbers.tobytes(), digest_size=16).digest()
