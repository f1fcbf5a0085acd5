"""Tables whose rows are samples, with one column for each modality."""

from pathlib import Path

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.utils.validation import validate_data

from ..exceptions import DataQualityWarning, warn_user
from ._columns import OF_AN_IMAGE, is_present, require_column
from ._groups import known_groups
from ._image_table import image_table

__all__ = [
    "check_columns",
    "check_samples",
    "column_table",
    "group_samples",
    "holds_values",
    "modality_table",
    "remember_columns",
]


def check_samples(estimator, X, columns, *, reset=False):
    """Return X as a table that has each of several columns.

    Names of columns require a DataFrame. Positions, as in scikit-learn's
    ``ColumnTransformer``, are those of the columns of any two-dimensional X.

    Parameters
    ----------
    estimator : estimator
        For its name, and for the attributes of its input, which are set in ``fit``.

    X : DataFrame or array-like of shape (n_samples, n_columns)

    columns : list of str or list of int
        Names or positions.

    reset : bool, default=False
        True in ``fit``, False in ``predict`` and ``transform``.

    Returns
    -------
    table : DataFrame of shape (n_samples, n_columns)
        X itself where columns have names; a column that is given by its position is
        named by it.

    Raises
    ------
    ValueError
        If a column is missing, or X is not a DataFrame and columns have names.
    """
    user = type(estimator).__name__
    if all(isinstance(column, str) for column in columns):
        for column in columns:
            require_column(X, column, user)
        if reset:
            remember_columns(estimator, columns)
        return X
    values = validate_data(
        estimator, X, reset=reset, dtype=None, ensure_all_finite="allow-nan"
    )
    missing = [column for column in columns if column not in range(values.shape[1])]
    if missing:
        raise ValueError(
            f"{user} needs a column at position {missing[0]!r} of X. Got X with "
            f"n_features={values.shape[1]}. Give all columns by position, or all by "
            "name."
        )
    table = X if isinstance(X, pd.DataFrame) else pd.DataFrame(values).infer_objects()
    places = enumerate(table.columns)
    names = [place if place in columns else name for place, name in places]
    # Other columns without a name have no meaning.
    has_meaning = [name in columns or isinstance(name, str) for name in names]
    return table.set_axis(names, axis=1).loc[:, has_meaning]


def remember_columns(estimator, columns):
    """Set the attributes that hold, after ``fit``, the columns an estimator uses."""
    estimator.feature_names_in_ = np.array(columns, dtype=object)
    estimator.n_features_in_ = len(columns)


def check_columns(X, columns, user, any_image=True):
    """Check the columns of samples, of which each may lack some.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_columns)

    columns : list of str or list of int
        One column of paths, or of values, for each modality; None, NaN or empty text
        where it is missing.

    user : str
        Name of the estimator or function, for the errors.

    any_image : bool, default=True
        Whether a row without any image in these columns is an error, if one of them
        holds images.

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
        raise ValueError(
            f"Expected distinct columns, one for each modality. Got {columns!r}."
        )
    present = np.column_stack([is_present(X[column]) for column in columns])
    without = np.flatnonzero(~present.any(axis=1))
    if any_image and len(without) and _any_paths(X, columns):
        raise ValueError(
            f"Expected an image in at least one of the columns {columns!r}. Got none "
            f"in row {without[0]} of X."
        )
    _check_no_file_twice(X, columns)
    return present


def _any_paths(X, columns):
    return not all(holds_values(X[column]) for column in columns)


def _check_no_file_twice(X, columns):
    names = np.repeat(columns, len(X))
    columns_of_a_file = pd.Series(names).groupby(_paths(X, columns).to_numpy())
    n_columns = columns_of_a_file.transform("nunique").to_numpy()
    if (n_columns > 1).any():
        row = int(np.argmax(n_columns > 1)) % len(X)
        raise ValueError(
            f"Expected each file in one of the columns {columns!r} only. The file of "
            f"row {row} of X stands in several."
        )


def _paths(X, columns):
    """Paths of all columns, one below the other; NaN where there is no image."""
    paths = []
    for column in columns:
        is_path = is_present(X[column]) & (not holds_values(X[column]))
        paths.append(X[column].astype(object).where(is_path))
    return pd.concat(paths, ignore_index=True)


def holds_values(column):
    """Return whether a column holds values, such as an age, and no paths.

    Parameters
    ----------
    column : Series of shape (n_samples,)

    Returns
    -------
    holds_values : bool
        False where every value is missing.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfusion._validation._samples import holds_values
    >>> holds_values(pd.Series([None, 63])), holds_values(pd.Series([None, "a.png"]))
    (True, False)
    """
    values = column[is_present(column)]
    return len(values) > 0 and not isinstance(values.iloc[0], str | Path)


def column_table(X, column, columns):
    """Return the image table of the samples that have an image in a column.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_columns)

    column : str or int
        Column of paths.

    columns : list of str or list of int
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


def modality_table(X, column, columns):
    """Return the table of the samples that have an image, or a value, in a column.

    Parameters
    ----------
    X, column, columns
        The same as in :func:`column_table`.

    Returns
    -------
    table : DataFrame of shape (n_present, n_other_columns)
        An image table, or a column of values alone.
    """
    if holds_values(X[column]):
        return X.loc[is_present(X[column]), [column]]
    return column_table(X, column, columns)


def group_samples(X, columns, groups, name):
    """Return the group of each sample, which a split must keep together.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_columns)

    columns : list of str or list of int
        Columns of paths or values.

    groups : array-like of shape (n_samples,) or None
        If None, the column ``group`` of X. Without it, samples that share a file are a
        group, and a warning is raised.

    name : str
        Name of the estimator, for the warning.

    Returns
    -------
    groups : ndarray of shape (n_samples,)
    """
    known = known_groups(X, groups)
    if known is not None:
        return known
    warn_user(
        f"No groups were passed to {name}: its splits keep samples that share a file "
        "together, but not those of one patient. Pass groups, or a DataFrame with the "
        "column 'group'.",
        DataQualityWarning,
    )
    codes = pd.factorize(_paths(X, columns))[0]
    samples = np.tile(np.arange(len(X)), len(columns))[codes >= 0]
    shape = (len(X), codes.max() + 1)
    links = coo_array((np.ones(len(samples)), (samples, codes[codes >= 0])), shape)
    return connected_components(links @ links.T, directed=False)[1]
