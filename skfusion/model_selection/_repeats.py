"""Folds of several cross-validation generators, one after the other."""

from collections.abc import Iterable
from reprlib import repr as shorten

import numpy as np
from sklearn.model_selection import check_cv

from ..exceptions import DataQualityWarning, warn_user

__all__ = ["split_repeatedly"]


def split_repeatedly(cv, rows, y, groups):
    """Yield the folds of a cross-validation, or of each one in a list of them.

    Parameters
    ----------
    cv : int, cross-validation generator, iterable, or list of generators
        A list repeats the cross-validation, usually with other seeds.

    rows : ndarray of shape (n_samples,)

    y : ndarray of shape (n_samples,)
        Class labels.

    groups : ndarray of shape (n_samples,) or None

    Returns
    -------
    splits : list of (train, test)
        Rows of both sides of each fold, those of the first generator first.

    Raises
    ------
    ValueError
        If an iterable holds neither generators nor splits.

    Warns
    -----
    DataQualityWarning
        If two generators of the list give equal folds.
    """
    if isinstance(cv, Iterable) and not hasattr(cv, "split"):
        cv = list(cv)
    if not _is_list_of_generators(cv):
        _check_pairs(cv)
        return list(check_cv(cv, y, classifier=True).split(rows, y, groups))
    repeats = [list(each.split(rows, y, groups)) for each in cv]
    _warn_of_equal_repeats(repeats)
    return [split for splits in repeats for split in splits]


def _is_list_of_generators(cv):
    if not isinstance(cv, list) or not cv:
        return False
    return all(hasattr(each, "split") and not isinstance(each, str) for each in cv)


def _check_pairs(cv):
    for each in cv if isinstance(cv, list) else ():
        if not hasattr(each, "__len__") or len(each) != 2:
            raise ValueError(
                "Expected an iterable cv to hold the rows (train, test) of each fold, "
                f"or to be a list of cross-validation generators. Got "
                f"{shorten(cv)}: to repeat the folds, pass generators such as "
                "StratifiedGroupKFold(5, shuffle=True, random_state=seed)."
            )


def _warn_of_equal_repeats(repeats):
    seen = {_first_test_side(splits) for splits in repeats if splits}
    if len(seen) < len(repeats):
        warn_user(
            f"Only {len(seen)} of the {len(repeats)} repetitions in cv differ in their "
            "folds: the others add nothing. Pass generators with shuffle=True and "
            "another random_state each.",
            DataQualityWarning,
        )


def _first_test_side(splits):
    return np.asarray(splits[0][1]).tobytes()
