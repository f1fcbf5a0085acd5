"""X with a path column for each modality."""

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ..exceptions import DataQualityWarning, warn_user
from ._columns import OF_AN_IMAGE, is_present, require_column
from ._groups import known_groups
from ._image_table import image_table

__all__ = [
    "check_columns",
    "column_table",
    "group_samples",
    "remember_columns",
]


def check_columns(X, columns, user, any_image=True):
    """Check a table of samples that have an image in some of several columns.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_columns)

    columns : list of str
        A column of paths for each modality; None, NaN or empty text where it was not
        taken.

    user : str
        Name of the estimator or function, for the errors.

    any_image : bool, default=True
        Whether a row without any image in these columns is an error.

    Returns
    -------
    present : ndarray of shape (n_samples, n_modalities), dtype bool

    Raises
    ------
    ValueError
        If X is not a DataFrame, a column is missing, a row has no image at all, or one
        file stands in two columns.
    """
    for column in columns:
        require_column(X, column, user)
    if not columns or len(set(columns)) < len(columns):
        raise ValueError(f"Expected distinct columns, one a modality. Got {columns!r}.")
    present = np.column_stack([is_present(X[column]) for column in columns])
    without = np.flatnonzero(~present.any(axis=1))
    if any_image and len(without):
        raise ValueError(
            f"Expected an image in at least one of the columns {columns!r}. Got none "
            f"in row {without[0]} of X."
        )
    _check_no_file_twice(X, columns)
    return present


def _paths(X, columns):
    """Paths of all columns, one below the other; NaN where an image is missing."""
    own = [X[column].astype(object).where(is_present(X[column])) for column in columns]
    return pd.concat(own, ignore_index=True)


def remember_columns(estimator, columns):
    """Set what tells, after ``fit``, which columns an estimator uses."""
    estimator.feature_names_in_ = np.array(columns, dtype=object)
    estimator.n_features_in_ = len(columns)


def _check_no_file_twice(X, columns):
    names = np.repeat(columns, len(X))
    columns_of_a_file = pd.Series(names).groupby(_paths(X, columns).to_numpy())
    n_columns = columns_of_a_file.transform("nunique").to_numpy()
    if (n_columns > 1).any():
        row = int(np.argmax(n_columns > 1)) % len(X)
        raise ValueError(
            f"Expected each file in one of the columns {columns!r} only. That of row "
            f"{row} of X stands in several."
        )


def column_table(X, column, columns):
    """Image table of the samples that have an image in one column.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_columns)

    column : str
        Column of the paths.

    columns : list of str
        All such columns, of which the others are left out.

    Returns
    -------
    table : DataFrame of shape (n_there, n_other_columns)
        With the column ``image``; what else X has rides along.
    """
    others = [name for name in columns if name != column]
    own = {f"{column}_{name}": name for name in OF_AN_IMAGE}
    others += [f"{name}_{what}" for name in others for what in OF_AN_IMAGE]
    others += ["image"] if column != "image" else []
    table = X[is_present(X[column])].drop(columns=others, errors="ignore")
    return image_table(table.rename(columns={column: "image", **own}))


def group_samples(X, columns, groups, name):
    """Find what must not cross a split of samples.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_columns)

    columns : list of str
        Columns of paths.

    groups : array-like of shape (n_samples,) or None
        If None, the column ``group`` of X; without one, samples that share a file are a
        group, and a warning says so.

    name : str
        Of the estimator, for the warning.

    Returns
    -------
    groups : ndarray of shape (n_samples,)
    """
    known = known_groups(X, groups)
    if known is not None:
        return known
    warn_user(
        f"{name} was given no groups: its splits keep samples that share a file "
        "together, but not those of one patient. Pass groups, or a DataFrame with the "
        "column 'group'.",
        DataQualityWarning,
    )
    codes = pd.factorize(_paths(X, columns))[0]
    samples = np.tile(np.arange(len(X)), len(columns))[codes >= 0]
    shape = (len(X), codes.max() + 1)
    links = coo_array((np.ones(len(samples)), (samples, codes[codes >= 0])), shape)
    return connected_components(links @ links.T, directed=False)[1]
