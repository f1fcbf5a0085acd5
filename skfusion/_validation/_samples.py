"""Tables whose rows are samples, with one column for each modality."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.utils.validation import validate_data

from ..exceptions import DataQualityWarning, warn_user
from ._blanks import warn_of_blanks_in_groups
from ._columns import GROUP, OF_AN_IMAGE, is_present, require_column
from ._groups import find_groups
from ._image_table import image_table

__all__ = [
    "Samples",
    "check_any_image",
    "check_columns",
    "check_samples",
    "column_table",
    "group_samples",
    "holds_values",
    "name_columns",
    "remember_columns",
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
        find = find_values or (_none_of_values if by_name else _find_values)
        estimator._of_values = find(table, names)
        estimator._table_columns = names
    of_values = estimator._of_values
    present = check_columns(table, names, user, any_image, of_values)
    take_text = take_text or [False] * len(names)
    for place, column in enumerate(names):
        if not of_values[place]:
            _check_paths(table[column], present[:, place])
        elif not take_text[place]:
            _check_values(table[column], present[:, place])
    return Samples(table, names, present, of_values)


def name_columns(estimator, X, columns, reset):
    """Return X as a table of distinct names, and the names of columns in it.

    Parameters
    ----------
    estimator, X, columns, reset
        The same as in :func:`check_samples`.

    Returns
    -------
    table : DataFrame of shape (n_samples, n_columns)

    names : list of str
    """
    user = type(estimator).__name__
    wrong = [column for column in columns if isinstance(column, bool | np.bool_)]
    if wrong:
        raise ValueError(
            f"Expected names or positions of columns for {user}. Got {wrong[0]!r}."
        )
    if all(isinstance(column, str) for column in columns):
        for column in columns:
            require_column(X, column, user)
        if reset:
            remember_columns(estimator, columns)
        return X, list(columns)
    X = _with_groups_of_fit(estimator, X, columns, reset)
    values = validate_data(
        estimator, X, reset=reset, dtype=None, ensure_all_finite="allow-nan"
    )
    n_columns = values.shape[1]
    missing = [column for column in columns if column not in range(n_columns)]
    if missing:
        is_name = isinstance(missing[0], str)
        place = f"{missing[0]!r}" if is_name else f"at position {missing[0]!r}"
        raise ValueError(
            f"{user} needs a column {place} of X. Got X with n_features={n_columns}. "
            "Give all columns by position, or all by name."
        )
    table = X if isinstance(X, pd.DataFrame) else pd.DataFrame(values).infer_objects()
    names = getattr(estimator, "feature_names_in_", None)
    if names is None:  # of an array, or integers, which may be those of other places
        names = [f"x{place}" for place in range(n_columns)]
    return table.set_axis(list(names), axis=1), [names[column] for column in columns]


def _with_groups_of_fit(estimator, X, columns, reset):
    """Return X with an empty column of groups where only ``fit`` had one."""
    names = [] if reset else list(getattr(estimator, "feature_names_in_", []))
    if not isinstance(X, pd.DataFrame) or GROUP not in names or GROUP in X.columns:
        return X
    if names.index(GROUP) in columns:
        return X
    X = X.copy(deep=False)
    X.insert(min(names.index(GROUP), X.shape[1]), GROUP, np.nan)
    return X


def _none_of_values(table, columns):
    return [False] * len(columns)


def _find_values(table, columns):
    return [
        pd.api.types.is_numeric_dtype(table[column]) or holds_values(table[column])
        for column in columns
    ]


def _check_values(column, rows):
    if isinstance(column.dtype, pd.CategoricalDtype):  # an encoder may take text
        return
    for row in np.flatnonzero(rows):
        if not _is_value(column.iat[row]):
            raise ValueError(
                f"Expected numbers in the column {column.name!r} of X, as in fit. Got "
                f"{type(column.iat[row]).__name__} in row {row}."
            )


def _check_paths(column, rows):
    for row in np.flatnonzero(rows):
        if not _is_path(column.iat[row]):
            raise ValueError(
                f"Expected the path of an image (str or Path) in row {row} of X. Got "
                f"{type(column.iat[row]).__name__} instead, in the column "
                f"{column.name!r}. Drop the row or give it a path."
            )


def remember_columns(estimator, columns):
    """Set the attributes that hold, after ``fit``, the columns an estimator uses."""
    estimator.feature_names_in_ = np.array(columns, dtype=object)
    estimator.n_features_in_ = len(columns)


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
        columns hold one file.
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
    _check_no_file_twice(X, [name for name, is_of_values in pairs if not is_of_values])
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


def _check_no_file_twice(X, columns):
    if len(columns) < 2:
        return
    names = np.repeat(columns, len(X))
    columns_of_a_file = pd.Series(names).groupby(_paths(X, columns).to_numpy())
    n_columns = columns_of_a_file.transform("nunique").to_numpy()
    if (n_columns > 1).any():
        row = int(np.argmax(n_columns > 1)) % len(X)
        raise ValueError(
            f"Expected each file in one of the columns {columns!r} only. Several of "
            f"them hold the file of row {row} of X."
        )


def _paths(X, columns):
    """Paths of all columns, one below the other; NaN where there is no image."""
    values = [X[column].astype(object) for column in columns]
    paths = [
        column.where(is_present(column) & column.map(_is_path).to_numpy(dtype=bool))
        for column in values
    ]
    return pd.concat(paths, ignore_index=True)


def _is_path(cell):
    return isinstance(cell, str | Path)


def holds_values(column):
    """Return whether a column holds values, such as an age, and no paths.

    Parameters
    ----------
    column : Series of shape (n_samples,)

    Returns
    -------
    holds_values : bool
        False where every value is missing.

    Raises
    ------
    ValueError
        If the column holds both. The message shows types and rows, never a cell.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfusion._validation._samples import holds_values
    >>> holds_values(pd.Series([None, 63])), holds_values(pd.Series([None, "a.png"]))
    (True, False)
    """
    rows = np.flatnonzero(is_present(column))
    if pd.api.types.is_numeric_dtype(column):
        return len(rows) > 0
    are_values = np.array([_is_value(column.iat[row]) for row in rows], dtype=bool)
    if are_values.any() and not are_values.all():
        text, number = rows[~are_values][0], rows[are_values][0]
        types = [type(column.iat[row]).__name__ for row in (text, number)]
        raise ValueError(
            "Expected numbers alone, or the paths of images alone, in the column "
            f"{column.name!r} of X. Got {types[0]} in row {text} and {types[1]} in row "
            f"{number}."
        )
    return bool(are_values.any())


def _is_value(cell):
    """Return whether a cell is a number, a truth value or a date."""
    return pd.api.types.is_scalar(cell) and not isinstance(cell, str | bytes)


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
    others += ["image"] if column != "image" else []
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
    codes = pd.factorize(_paths(X, columns))[0]
    samples = np.tile(np.arange(len(X)), len(columns))[codes >= 0]
    shape = (len(X), codes.max() + 1)
    links = coo_array((np.ones(len(samples)), (samples, codes[codes >= 0])), shape)
    return connected_components(links @ links.T, directed=False)[1]
