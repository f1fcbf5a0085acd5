"""Folds that no group crosses."""

from numbers import Integral

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from ._repeats import split_repeatedly

__all__ = ["check_splits"]


def check_splits(cv, y, groups):
    """Draw the folds once, and raise an error if a group crosses one.

    Parameters
    ----------
    cv : int, cross-validation generator, iterable, list of them or None
        The same as in :func:`~sklearn.model_selection.cross_validate`. With an int or
        None the folds are stratified, shuffled with a fixed seed, and grouped if groups
        are known. The folds of a list of generators are repetitions.

    y : ndarray of shape (n_samples,)
        Class labels.

    groups : ndarray of shape (n_samples,) or None
        Groups that must not be on both sides.

    Returns
    -------
    splits : list of (train, test)
        Rows of both sides of each fold, int64.

    Raises
    ------
    ValueError
        If a group, or a row, is on both sides of a split, a row does not exist,
        or there is no split.
    """
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
    codes = rows if groups is None else pd.factorize(groups)[0]
    for fold, (train, test) in enumerate(splits):
        _check_split(fold, codes[train], codes[test], has_groups=groups is not None)
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


def _check_split(fold, train, test, *, has_groups):
    n_crossing = len(np.intersect1d(train, test))
    if n_crossing:
        name = "groups (patients)" if has_groups else "rows"
        raise ValueError(
            f"Expected each of the {name} on one side of a split. Got {n_crossing} "
            f"{name} on both sides of the split of fold {fold}, whose score would be "
            "too good. Pass cv=StratifiedGroupKFold(5), or other splits."
        )
    if not len(train) or not len(test):
        raise ValueError(
            f"Expected rows on both sides of the split of fold {fold}. Got "
            f"{len(train)} to train on and {len(test)} to predict."
        )
