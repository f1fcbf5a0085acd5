"""Predictions of breasts, of patients, and of any part of the rows."""

from functools import partial

import numpy as np
import pandas as pd

from .._validation._columns import GROUP, LATERALITY, is_present
from .._validation._private import _num_samples
from ..metrics._aggregation import combine_scores
from ._image_columns import find_image_columns
from ._private_texts import SHOWN, identifies
from ._tables import CROSS_VALIDATION

__all__ = ["find_combine", "tables_with"]

_LEVELS = {"image": [], "breast": [GROUP, LATERALITY], "patient": [GROUP]}

# Columns of a summary, and of the predictions, which no part can have as its name.
_TAKEN = {"model", "estimate", "lower", "upper", "n", "n_groups", "data", "measure"}
_TAKEN_BY_ROWS = {"row", "y_true", "y_pred", "y_score"}


def find_combine(comparison, tables, level):
    """Return the function that combines the images of each breast or patient.

    Parameters
    ----------
    comparison : ModelComparison
        For its classes, the worst one last.

    tables : dict of str to DataFrame
        Predictions of each data set.

    level : {"image", "breast", "patient"}

    Returns
    -------
    combine : callable or None
        It takes and returns a table of predictions of one model. None for images.

    Raises
    ------
    ValueError
        If a column that is needed is missing or has no value in a row, or the order of
        more than two classes is not known.
    """
    if level not in _LEVELS:
        raise ValueError(f"Expected level to be one of {list(_LEVELS)}. Got {level!r}.")
    columns = _LEVELS[level]
    if not columns:
        return None
    _check_order(comparison, level)
    for data, table in tables.items():
        for column in columns:
            _check_column(table, column, level, data)
    return partial(_combine, keys=["fold", *columns], labels=comparison.labels)


def _check_order(comparison, level):
    if len(comparison.labels) > 2 and not comparison._is_ordered:
        raise ValueError(
            f"Expected labels, in order and the worst one last, for level={level!r} "
            "with more than two classes: neither names nor codes show which class is "
            "the worst. Pass labels to compare_models."
        )


def _check_column(table, column, level, data):
    where = "" if data == CROSS_VALIDATION else f" of the data set {data!r}"
    if column not in table.columns:
        remedy = "groups" if column == GROUP else f"X with the column {column!r}"
        raise ValueError(
            f"level={level!r} needs the {column} of every row{where}. Got none: pass "
            f"{remedy}."
        )
    missing = np.flatnonzero(~is_present(table[column]))
    if len(missing):
        raise ValueError(
            f"level={level!r} needs the {column} of every row{where}. Got none in row "
            f"{table['row'].iloc[missing[0]]} (None, NaN or empty text)."
        )


def _combine(table, *, keys, labels):
    """Worst true class, worst predicted class and mean score of each breast or patient.

    Only images that were predicted in the same fold are combined.
    """
    known = pd.Index(labels)
    ranks = {name: known.get_indexer(table[name]) for name in ("y_true", "y_pred")}
    codes = table.groupby(keys, sort=False).ngroup().to_numpy()
    worst = pd.DataFrame(ranks).groupby(codes).max()
    first = table.groupby(codes)[["fold", GROUP, "row"]].first()
    return first.assign(
        y_true=labels[worst["y_true"].to_numpy()],
        y_pred=labels[worst["y_pred"].to_numpy()],
        y_score=combine_scores(table["y_score"], codes),
    )


def tables_with(comparison, tables, by):
    """Return the predictions with the column of the parts, and its name.

    Parameters
    ----------
    comparison : ModelComparison
        For X.

    tables : dict of str to DataFrame
        Predictions of each data set, those of the cross-validation first.

    by : str, Series, array-like of shape (n_samples,) or None
        The same as in the call of a summary.

    Returns
    -------
    tables : dict of str to DataFrame
        Those that have the column.

    column : str or None
        Its name.

    Raises
    ------
    ValueError
        If `by` is no column, has another length, or has a name that is taken.
    """
    if by is None:
        return tables, None
    if isinstance(by, str):
        _check_name(by)
        tables = {data: _add(by, t, comparison, data) for data, t in tables.items()}
        if tables[CROSS_VALIDATION] is None:
            raise _no_column(by, comparison.predictions)
        tables = {data: table for data, table in tables.items() if table is not None}
        _check_parts(tables, by)
        return tables, by
    column = "by" if getattr(by, "name", None) is None else str(by.name)
    _check_name(column)
    predictions = tables[CROSS_VALIDATION]
    values = _take(_check_values(by, comparison._n_samples), predictions)
    tables = {CROSS_VALIDATION: predictions.assign(**{column: values})}
    _check_parts(tables, column)
    return tables, column


def _check_parts(tables, column):
    """Raise an error if a summary of the parts would show patients or images."""
    if column in SHOWN:
        return
    values = pd.concat([table[column].astype(object) for table in tables.values()])
    patients = [
        data + table[GROUP if GROUP in table else "row"].map(str)
        for data, table in tables.items()
    ]
    if identifies(values.reset_index(drop=True), pd.concat(patients)):
        raise ValueError(
            f"Expected by to split the rows into parts of several groups (patients). "
            f"Got {column!r}, whose values belong to one group each, or which holds "
            "more than 50 different texts: the summary would show patients or images. "
            "Pass fewer parts, such as age bands; level='patient' counts patients."
        )


def _add(column, table, comparison, data):
    """Return the predictions with a column of their X, or None where X lacks it."""
    X = comparison._find_data(data)
    if column in table.columns:
        return table
    if not isinstance(X, pd.DataFrame) or column not in X.columns:
        return None
    if column in find_image_columns(X):
        raise ValueError(
            f"Expected by to be a column that splits X into parts. Got {column!r}, "
            "which holds paths: no table shows them."
        )
    return table.assign(**{column: _take(X[column], table)})


def _no_column(by, predictions):
    known = set(predictions.columns) - _TAKEN - _TAKEN_BY_ROWS - {GROUP}
    return ValueError(
        "Expected by to be a column of X, or one value for each row of X. Got "
        f"{by!r}; without X, which a pickle does not hold, the columns are "
        f"{sorted(known)!r}."
    )


def _take(values, predictions):
    """Values of the predicted rows; categories, such as age bands, keep their order."""
    # By position, as everywhere, whatever the index.
    return values.iloc[predictions["row"]].array


def _check_name(column):
    if column in _TAKEN | _TAKEN_BY_ROWS:
        raise ValueError(
            "Expected by to have another name than the columns of the summary. Got "
            f"{column!r}. Rename it."
        )


def _check_values(by, n_samples):
    if np.ndim(by) != 1 or _num_samples(by) != n_samples:
        raise ValueError(
            f"Expected by to hold one value for each of the {n_samples} rows of X. Got "
            f"an array of shape {np.shape(by)!r}."
        )
    return pd.Series(by)
