"""Tables whose rows are samples, with one column for each modality."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ..exceptions import DataQualityWarning, warn_user
from ._blanks import warn_of_blanks_in_groups
from ._cells import (
    check_paths,
    check_values,
    find_values_by_cell,
    none_of_values,
)
from ._column_regions import check_no_region_twice, paths_below
from ._columns import IMAGE, OF_AN_IMAGE, REGION, is_present, require_column
from ._groups import find_groups
from ._image_table import image_table
from ._named_columns import name_columns

__all__ = [
    "Samples",
    "check_any_image",
    "check_columns",
    "check_samples",
    "column_table",
    "group_samples",
]


@dataclass(frozen=True)
class Samples:
    """Checked samples.

    Attributes
    ----------
    table : DataFrame of shape (n_samples, n_columns)
        Its columns have distinct names: those of X, or x0, x1, ... if X has none.

    columns : list of str
        Names, in the table, of the columns that the estimator reads.

    present : ndarray of shape (n_samples, n_modalities), dtype bool
        Whether a sample has an image, or a value, in each of these columns.

    of_values : list of bool
        Whether each of these columns holds values, such as an age, and no paths.
    """

    table: pd.DataFrame
    columns: list
    present: np.ndarray
    of_values: list

    @property
    def image_columns(self):
        """Names of the columns of paths."""
        pairs = zip(self.columns, self.of_values, strict=True)
        return [column for column, is_of_values in pairs if not is_of_values]

    def part(self, place):
        """Return the rows of a column that are present: images, or values alone."""
        column = self.columns[place]
        if self.of_values[place]:
            return self.table.loc[self.present[:, place], [column]]
        return column_table(self.table, column, self.image_columns)


def check_samples(
    estimator,
    X,
    columns,
    *,
    reset=False,
    any_image=True,
    find_values=None,
    take_text=None,
):
    """Check the columns of X that an estimator reads.

    Names of columns require a DataFrame. Positions, as in scikit-learn's
    ``ColumnTransformer``, are those of the columns of any two-dimensional X. Columns
    that hold values are found in ``fit``. Columns given by name hold paths, unless
    `find_values` is passed; columns given by position may hold values.

    Parameters
    ----------
    estimator : estimator
        For its name, and for the attributes of its input, which are set in ``fit``.

    X : DataFrame or array-like of shape (n_samples, n_columns)

    columns : list of str or list of int
        Names or positions.

    reset : bool, default=False
        True in ``fit``, False in ``predict`` and ``transform``.

    any_image : bool, default=True
        The same as in :func:`check_columns`.

    find_values : callable, default=None
        Called in ``fit`` with the table and the names of the columns. It returns
        whether each column holds values.

    take_text : list of bool, default=None
        Whether the values of each column may be text. If None, they may not.

    Returns
    -------
    samples : Samples

    Raises
    ------
    ValueError
        If a column is missing, X is not a DataFrame and columns have names, or a cell
        is neither a path nor a value as in ``fit``.
    """
    user = type(estimator).__name__
    table, names = name_columns(estimator, X, columns, reset)
    if reset:
        by_name = all(isinstance(column, str) for column in columns)
        find = find_values or (none_of_values if by_name else find_values_by_cell)
        estimator._of_values = find(table, names)
        estimator._table_columns = names
    of_values = estimator._of_values
    present = check_columns(table, names, user, any_image, of_values)
    take_text = take_text or [False] * len(names)
    for place, column in enumerate(names):
        if not of_values[place]:
            check_paths(table[column], present[:, place])
        elif not take_text[place]:
            check_values(table[column], present[:, place])
    return Samples(table, names, present, of_values)


def check_columns(X, columns, user, any_image=True, of_values=None):
    """Check the columns of samples, of which each may lack some.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_columns)

    columns : list of str
        One column of paths, or of values, for each modality; None, NaN or empty text
        where it is missing.

    user : str
        Name of the estimator or function, for the errors.

    any_image : bool, default=True
        Whether a row without any image or value in these columns is an error, if one of
        them holds images.

    of_values : list of bool, default=None
        Whether each column holds values. If None, all columns hold paths.

    Returns
    -------
    present : ndarray of shape (n_samples, n_modalities), dtype bool

    Raises
    ------
    ValueError
        If X is not a DataFrame, a column is missing, a row has no image at all, or two
        columns read one region of a file.
    """
    for column in columns:
        require_column(X, column, user)
    if not columns or len(set(columns)) < len(columns):
        raise ValueError(
            f"Expected distinct columns, one for each modality. Got {columns!r}."
        )
    of_values = of_values or [False] * len(columns)
    present = np.column_stack([is_present(X[column]) for column in columns])
    if any_image and not all(of_values):
        check_any_image(present, columns)
    pairs = zip(columns, of_values, strict=True)
    check_no_region_twice(X, [name for name, is_of_values in pairs if not is_of_values])
    return present


def check_any_image(present, columns):
    """Raise an error that names the first row without any image.

    Parameters
    ----------
    present : ndarray of shape (n_samples, n_modalities), dtype bool

    columns : list of str
        For the error.
    """
    without = np.flatnonzero(~present.any(axis=1))
    if len(without):
        raise ValueError(
            f"Expected an image in at least one of the columns {columns!r}. Got none "
            f"in row {without[0]} of X."
        )


def column_table(X, column, columns):
    """Return the image table of the samples that have an image in a column.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_columns)

    column : str
        Column of paths.

    columns : list of str
        All such columns, of which the others are left out.

    Returns
    -------
    table : DataFrame of shape (n_present, n_other_columns)
        With the column ``image`` and the remaining columns of X.
    """
    others = [name for name in columns if name != column]
    renamed = {f"{column}_{name}": name for name in OF_AN_IMAGE}
    others += [f"{other}_{name}" for other in others for name in OF_AN_IMAGE]
    # A box without a name of its column is that of the column "image".
    others += [IMAGE, REGION] if column != IMAGE else []
    table = X[is_present(X[column])].drop(columns=others, errors="ignore")
    return image_table(table.rename(columns={column: "image", **renamed}))


def group_samples(X, columns, groups, name):
    """Return the group of each sample, which a split must keep together.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_columns)

    columns : list of str
        Columns of paths.

    groups : array-like of shape (n_samples,) or None
        If None, the column ``group`` of X. Without it, samples that share a file are a
        group, and a warning is raised.

    name : str
        Name of the estimator, for the warning.

    Returns
    -------
    groups : ndarray of shape (n_samples,)
    """
    known = find_groups(X, groups)
    if known is not None:
        warn_of_blanks_in_groups(known)
        return known
    warn_user(
        f"No groups were passed to {name}: its splits keep samples that share a file "
        "together, but not those of one patient. Pass groups, or a DataFrame with the "
        "column 'group'.",
        DataQualityWarning,
    )
    if not columns:  # of paths
        return np.arange(len(X))
    codes = pd.factorize(paths_below(X, columns))[0]
    samples = np.tile(np.arange(len(X)), len(columns))[codes >= 0]
    shape = (len(X), codes.max() + 1)
    links = coo_array((np.ones(len(samples)), (samples, codes[codes >= 0])), shape)
    return connected_components(links @ links.T, directed=False)[1]
