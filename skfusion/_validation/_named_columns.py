"""The names of columns that are given by name or by position."""

import numpy as np
import pandas as pd
from sklearn.utils.validation import validate_data

from ._columns import GROUP, require_column

__all__ = ["name_columns", "remember_columns"]


def name_columns(estimator, X, columns, reset):
    """Return X as a table of distinct names, and the names of columns in it.

    Parameters
    ----------
    estimator, X, columns, reset
        The same as in ``check_samples``.

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


def remember_columns(estimator, columns):
    """Set the attributes that hold, after ``fit``, the columns an estimator uses."""
    estimator.feature_names_in_ = np.array(columns, dtype=object)
    estimator.n_features_in_ = len(columns)
