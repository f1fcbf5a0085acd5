"""Images and groups that two data sets share, in whatever form they are given."""

import hashlib
import os
import re

import numpy as np
import pandas as pd

from .._validation._cells import is_path
from .._validation._columns import IMAGE, is_present
from .._validation._image_table import holds_paths
from ._equal_files import equal_contents
from ._image_columns import first_is_file

__all__ = [
    "count_shared_groups",
    "group_name",
    "image_marks",
    "path_columns",
    "same_images",
]

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


def same_images(X, known, *, features=True):
    """Find the files, and the rows of pixels or features, that are in both data sets.

    Parameters
    ----------
    X, known : DataFrame, list or ndarray
        Images, in any form.

    features : bool, default=True
        Whether rows of at least 16 features are compared, too.

    Returns
    -------
    pairs : DataFrame of shape (n_pairs, 3)
        ``row`` of `X`, the first such row of `known` as ``known_row``, and ``kind``,
        "same file" or "same pixels".
    """
    marks = image_marks(X, known, features=features)
    left, right = (marks[marks["part"] == part] for part in (0, 1))
    right = right.drop_duplicates("mark")[["row", "mark"]]
    right = right.rename(columns={"row": "known_row"})
    pairs = left.merge(right, on="mark").sort_values(["row", "kind"], kind="stable")
    pairs = pairs.drop_duplicates(["row", "known_row"], ignore_index=True)
    return pairs[["row", "known_row", "kind"]]


def image_marks(*parts, features=True):
    """Return marks that are equal where images are.

    Parameters
    ----------
    *parts : DataFrame, list or ndarray
        Images, in any form.

    features : bool, default=True
        Whether a row of at least 16 numbers has a mark, too, and text in the only
        column of a table, without looking for the file. Rows of fewer numbers may agree
        by chance. Pixels always have a mark.

    Returns
    -------
    marks : DataFrame of shape (n_marks, 4)
        ``part`` and ``row`` of each image, its ``mark``, and the ``kind`` of images
        that have this mark, "same file" or "same pixels". A file has a mark by its
        absolute path without links, and one by its content if another file of the same
        size exists.
    """
    files = [
        (part, row, os.path.realpath(cell))
        for part, X in enumerate(parts)
        for column in path_columns(X)
        if features or column.name in (None, IMAGE) or first_is_file(column)
        for row, cell in enumerate(column)
        if is_path(cell) and cell != ""
    ]
    contents = equal_contents({path for _, _, path in files})
    found = [(*file, "same file") for file in files]
    found += [
        (part, row, contents[path], "same pixels")
        for part, row, path in files
        if path in contents
    ]
    found += [
        (part, row, mark, "same pixels")
        for part, X in enumerate(parts)
        for row, cell in _cells(X)
        if (mark := _digest(cell, 1 if features else 2)) is not None
    ]
    return pd.DataFrame(found, columns=["part", "row", "mark", "kind"])


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


def _cells(X):
    """Yield row and pixels of each image, or row and features."""
    if isinstance(X, pd.DataFrame):
        yield from enumerate(X.select_dtypes("number").to_numpy())
        for name in X.columns:
            if pd.api.types.is_object_dtype(X[name]):
                yield from enumerate(X[name])  # arrays
    elif isinstance(X, list | tuple | pd.Series | np.ndarray):
        yield from enumerate(X)


def _digest(cell, n_dimensions):
    """Return a digest of the numbers of a cell.

    None if the cell has fewer dimensions, is too short, or holds no numbers.
    """
    if not isinstance(cell, list | tuple | np.ndarray) or len(cell) == 0:
        return None
    if np.ndim(cell[0]) < n_dimensions - 1:
        return None
    try:
        numbers = np.asarray(cell, dtype=np.float64)
    except (TypeError, ValueError):  # text, or images of several shapes
        return None
    if numbers.size < _FEWEST_NUMBERS or (n_dimensions > 1 and np.ptp(numbers) == 0):
        return None
    return hashlib.blake2b(numbers.tobytes(), digest_size=16).digest()
