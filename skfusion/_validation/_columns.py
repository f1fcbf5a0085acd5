"""The columns of X: their names, and the check that X has one."""

import numpy as np
import pandas as pd

__all__ = [
    "DATASET",
    "GROUP",
    "IMAGE",
    "IMAGE_COLUMNS",
    "LATERALITY",
    "MODALITY",
    "NAMES_BACK",
    "OF_AN_IMAGE",
    "PATCH",
    "REGION",
    "is_present",
    "require_column",
    "require_values",
]

IMAGE, MODALITY, GROUP, LATERALITY = "image", "modality", "group", "laterality"
DATASET = "dataset"
REGION = "region"  # the box of the lesion, in a data set that has boxes or masks
PATCH = "patch"  # the place of a row in a grid over the breast

# The columns of every data set whose rows are images, in order.
IMAGE_COLUMNS = [IMAGE, MODALITY, GROUP, "view", LATERALITY, DATASET]

# Columns that belong to one image: "mammogram_inverted" is "inverted" of "mammogram".
OF_AN_IMAGE = ("inverted", "augmentation", REGION)

# An array of a table, which BaggingClassifier passes on, has lost its names.
NAMES_BACK = (
    "Where an ensemble passes on an array, restore its names in a pipeline before "
    'the model: FunctionTransformer(pd.DataFrame, kw_args={"columns": X.columns}).'
)


def require_column(X, column, user):
    """Return a column of X, or raise an error that names it.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_columns)

    column : str

    user : str
        The estimator, function or parameter that needs the column; begins the error.

    Returns
    -------
    values : Series of shape (n_samples,)

    Raises
    ------
    ValueError
        If X is not a DataFrame, or does not have the column.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfusion._validation._columns import require_column
    >>> X = pd.DataFrame({"image": ["a.png"], "patient": ["anna"]})
    >>> require_column(X, "group", "LevelAggregator")
    Traceback (most recent call last):
    ValueError: LevelAggregator needs the column 'group' in X. Got the columns
    ['image', 'patient'] instead.
    """
    if not isinstance(X, pd.DataFrame):
        raise ValueError(
            f"{user} needs a DataFrame with the column {column!r}. Got "
            f"{type(X).__name__} instead. {NAMES_BACK}"
        )
    if column not in X.columns:
        raise ValueError(
            f"{user} needs the column {column!r} in X. Got the columns "
            f"{list(X.columns)!r} instead."
        )
    return X[column]


def require_values(X, column, user):
    """Return a column of X that has a value in every row, or raise an error.

    Parameters
    ----------
    X, column, user
        The same as in :func:`require_column`.

    Returns
    -------
    values : Series of shape (n_samples,)

    Raises
    ------
    ValueError
        If the column is missing, or has no value in a row, which is named.
    """
    values = require_column(X, column, user)
    missing = np.flatnonzero(~is_present(values))
    if len(missing):
        raise ValueError(
            f"{user} needs a value in every row of the column {column!r} of X. Got "
            f"none in row {missing[0]} (None, NaN or empty text)."
        )
    return values


def is_present(values):
    """Find the rows of a column that hold a value; empty text is no value.

    Parameters
    ----------
    values : Series of shape (n_samples,)
        A column of X.

    Returns
    -------
    is_present : ndarray of shape (n_samples,), dtype bool

    Examples
    --------
    >>> import pandas as pd
    >>> from skfusion._validation._columns import is_present
    >>> is_present(pd.Series(["a.png", "", None])).tolist()
    [True, False, False]
    """
    return (values.notna() & ~values.isin([""])).to_numpy(dtype=bool)
