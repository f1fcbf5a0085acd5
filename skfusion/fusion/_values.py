"""Values, such as an age or a density, beside images."""

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import get_tags

from .._validation._cells import holds_values

__all__ = ["check_numbers", "names_of", "new_transformer", "takes_text", "takes_values"]


def takes_values(column, transformer):
    """Return whether a transformer gets the values of a column, and no images.

    Parameters
    ----------
    column : Series of shape (n_samples,)

    transformer : transformer or "passthrough"

    Returns
    -------
    takes_values : bool
    """
    if takes_text(transformer):
        return True
    return isinstance(column.dtype, pd.CategoricalDtype) or holds_values(column)


def takes_text(transformer):
    """Return whether a transformer gets values, whatever their type.

    Parameters
    ----------
    transformer : transformer or "passthrough"

    Returns
    -------
    takes_text : bool
    """
    return isinstance(transformer, str) or _encodes_categories(transformer)


def _encodes_categories(transformer):
    """Return whether a transformer, or a step of a pipeline, is for categories."""
    steps = [step for _, step in getattr(transformer, "steps", [(None, transformer)])]
    return any(
        get_tags(step).input_tags.categorical
        for step in steps
        if hasattr(step, "__sklearn_tags__")
    )


def new_transformer(transformer):
    """Return an unfitted transformer.

    Parameters
    ----------
    transformer : transformer or "passthrough"

    Returns
    -------
    transformer : transformer
        For "passthrough", one that returns the numbers of a column.
    """
    if not isinstance(transformer, str):
        return clone(transformer)
    if transformer != "passthrough":
        raise ValueError(
            f"Expected a transformer, or 'passthrough', for a column. Got "
            f"{transformer!r} instead."
        )
    return FunctionTransformer(_as_numbers, feature_names_out="one-to-one")


def _as_numbers(table):
    return table.to_numpy(dtype=np.float64)


def check_numbers(X, column, present):
    """Raise an error that names the first row of a column that holds no number.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_columns)

    column : str or int
        A column that passes through.

    present : ndarray of shape (n_samples,), dtype bool
        Rows that hold a value.

    Raises
    ------
    ValueError
        If a value is not a number.
    """
    try:
        _as_numbers(X.loc[present, [column]])
    except (TypeError, ValueError):
        # The message of this error shows a value.
        rows = np.flatnonzero(present)
        strange = [row for row in rows if not _is_number(X, column, row)]
        raise ValueError(
            f"Expected numbers in the column {column!r} of X, which passes through. "
            f"Got none in row {strange[0]}. Turn numbers that are written as text into "
            f"numbers, pandas.to_numeric(X[{column!r}], errors='coerce'), and give "
            "categories an encoder in place of 'passthrough', such as OneHotEncoder."
        ) from None


def _is_number(X, column, row):
    try:
        _as_numbers(X[[column]].iloc[[row]])
    except (TypeError, ValueError):
        return False
    return True


def names_of(transformer, n_features):
    """Return the names of the features of a transformer, or numbers if it has none.

    Parameters
    ----------
    transformer : transformer
        Fitted.

    n_features : int

    Returns
    -------
    names : sequence
    """
    try:
        return transformer.get_feature_names_out()
    except AttributeError:  # a pipeline has the method, but its steps may not
        return range(n_features)
