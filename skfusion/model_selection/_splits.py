"""Folds that no group crosses."""

from numbers import Integral

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from .._validation._columns import DATASET, require_values
from ._leakage import report_leakage
from ._repeats import split_repeatedly

__all__ = ["check_splits", "split_by_data_set"]


def check_splits(cv, y, groups, X=None, on_leakage="raise"):
    """Draw the folds once, and raise an error if a group crosses one.

    Parameters
    ----------
    cv : int, cross-validation generator, iterable, list of them, "dataset" or None
        The same as in :func:`~sklearn.model_selection.cross_validate`. With an int or
        None the folds are stratified, shuffled with a fixed seed, and grouped if groups
        are known. The folds of a list of generators are repetitions. "dataset" leaves
        out one data set at a time.

    y : ndarray of shape (n_samples,)
        Class labels.

    groups : ndarray of shape (n_samples,) or None
        Groups that must not be on both sides.

    X : DataFrame, list or ndarray, default=None
        "dataset" needs its column ``dataset``.

    on_leakage : {"raise", "warn", "ignore"}, default="raise"
        What to do if a group, or a row, is on both sides of a split.

    Returns
    -------
    splits : list of (train, test)
        Rows of both sides of each fold, int64.

    Raises
    ------
    LeakageError
        If a group, or a row, is on both sides of a split.

    ValueError
        If a row does not exist, or there is no split.
    """
    if isinstance(cv, str):
        cv = split_by_data_set(X, groups, "cv='dataset'")
    if cv is None or isinstance(cv, Integral):
        folds = StratifiedKFold if groups is None else StratifiedGroupKFold
        cv = folds(5 if cv is None else cv, shuffle=True, random_state=0)
    rows = np.arange(len(y))
    splits = [
        _take_rows(rows, fold, *split)
        for fold, split in enumerate(split_repeatedly(cv, rows, y, groups))
    ]
    if not splits:
        raise ValueError(f"Expected cv to give at least one split. Got none of {cv!r}.")
    for fold, split in enumerate(splits):
        _check_not_empty(fold, *split)
    _check_no_crossing(splits, rows, groups, on_leakage)
    return splits


def _take_rows(rows, fold, train, test):
    try:
        return rows[train], rows[test]
    except IndexError as error:
        raise ValueError(
            f"Expected the split of fold {fold} to hold rows of X, from 0 to "
            f"{len(rows) - 1}, or masks of {len(rows)} rows. Got others: draw the "
            "folds from these data."
        ) from error


def _check_not_empty(fold, train, test):
    if not len(train) or not len(test):
        raise ValueError(
            f"Expected rows on both sides of the split of fold {fold}. Got "
            f"{len(train)} to train on and {len(test)} to predict."
        )


def _check_no_crossing(splits, rows, groups, on_leakage):
    codes = rows if groups is None else pd.factorize(groups)[0]
    kind, name = ("row",) * 2 if groups is None else ("group", "group (patient)")
    report = pd.concat(
        [_find_crossing(fold, *split, codes) for fold, split in enumerate(splits)],
        ignore_index=True,
    ).assign(kind=kind)
    if len(report):
        fold = report["fold"][0]
        crossing = codes[report.loc[report["fold"] == fold, "test_row"]]
        report_leakage(
            f"Expected each {name} on one side of a split. Got {len(set(crossing))} on "
            f"both sides of the split of fold {fold}, whose score would be too good. "
            "Pass cv=StratifiedGroupKFold(5), or other splits. "
            "on_leakage='warn' goes on with a warning.",
            on_leakage,
            report,
        )


def _find_crossing(fold, train, test, codes):
    """Return the rows to test with the first row to train of the same code."""
    first = pd.Series(train, codes[train], dtype=np.int64)
    first = first[~first.index.duplicated()]
    is_crossing = np.isin(codes[test], first.index)
    rows = test[is_crossing]
    pairs = {"train_row": first.loc[codes[rows]].to_numpy(), "test_row": rows}
    return pd.DataFrame({"fold": fold, **pairs}, dtype=np.int64)


def split_by_data_set(X, groups, user):
    """Leave out one data set at a time.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_columns)
        Its column ``dataset`` names the data set of each row.

    groups : ndarray of shape (n_samples,) or None
        Groups, each of which must be in one data set.

    user : str
        The parameter or protocol that needs the data sets; begins the error.

    Returns
    -------
    splits : list of (train, test)
        Rows of the other data sets and rows of the one that is left out, in the order
        in which the data sets appear.

    Raises
    ------
    ValueError
        If X has no such column, or a row has no value in it, there is only one data
        set, or a group is in two of them.
    """
    if not isinstance(X, pd.DataFrame):
        raise ValueError(
            f"{user} needs X as a DataFrame with the column {DATASET!r}. Got "
            f"{type(X).__name__} instead. Pass "
            f"pd.DataFrame(X).add_prefix('x').assign({DATASET}=names), and a model "
            "that selects the features by a ColumnTransformer."
        )
    codes, names = pd.factorize(require_values(X, DATASET, user))
    if len(names) < 2:
        raise ValueError(
            f"Expected at least two data sets in the column {DATASET!r} of X, one of "
            f"which is left out at a time. Got {list(names)!r}. Pool data sets with "
            "skfusion.datasets.concat_datasets, or split by patient."
        )
    if groups is not None:
        n_crossing = int((pd.Series(codes).groupby(groups).nunique() > 1).sum())
        if n_crossing:
            raise ValueError(
                "Expected each of the groups (patients) in one data set. Got "
                f"{n_crossing} groups in two or more. If the data sets only number "
                "their patients alike, put the name of the data set before the group."
            )
    rows = np.arange(len(codes))
    return [(rows[codes != code], rows[codes == code]) for code in range(len(names))]
