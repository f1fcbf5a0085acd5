"""The split or the folds that the publisher of a data set made."""

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from .._validation._columns import is_present
from ..exceptions import DataQualityWarning, warn_user

__all__ = ["official_split"]

_SPLIT, _FOLD = "split", "fold_"
# Files of the publishers that hold the split, where it is not in the table.
_FILES = {"busbra": "'5-fold-cv.csv' or '10-fold-cv.csv' next to 'bus_data.csv'"}
_PARTS = ["train", "validation", "test"]


def official_split(bunch, *, column=None):
    """Return the official split of a data set, to be passed as `cv`.

    A published result can be compared with yours only on the split on which it was
    measured.

    Read more in the :ref:`User Guide <official_splits>`.

    Parameters
    ----------
    bunch : :class:`~sklearn.utils.Bunch`
        Data set of a loader, with all its rows.

    column : str, default=None
        Column of ``bunch.frame`` that holds the split: parts ("train", "test" and
        perhaps "validation") or the number of a fold. If None, ``split`` or, without
        such a column, the first one that begins with ``fold_``.

    Returns
    -------
    splits : list of (train, test)
        Rows of both sides, int64 arrays. Parts give one pair, train and test; rows of
        the part "validation" are on neither side. Folds give a pair for each of them.

    Raises
    ------
    TypeError
        If `bunch` is not a data set of a loader.

    ValueError
        If the data set has no official split, or some rows have none, as after
        :func:`concat_datasets`.

    Warns
    -----
    DataQualityWarning
        If groups (patients, or near-duplicates) are on both sides of a pair. A model
        then recognises what it was trained on, and its score is too good.

    See Also
    --------
    load_busbra : Has official folds.
    load_breastmnist : Has an official split that families of near-duplicates cross.
    load_cbis_ddsm : Has an official split that patients cross.
    load_vindr_mammo : Has an official split by study.

    Notes
    -----
    :func:`~skfusion.model_selection.compare_models` refuses a split that groups cross.

    Examples
    --------
    >>> from sklearn.utils import Bunch
    >>> import pandas as pd
    >>> from skfusion.datasets import official_split
    >>> frame = pd.DataFrame(
    ...     {
    ...         "group": ["anna", "anna", "bea", "cleo"],
    ...         "split": ["train", "train", "test", "train"],
    ...     }
    ... )
    >>> data_set = Bunch(frame=frame, groups=frame["group"].to_numpy())
    >>> ((train, test),) = official_split(data_set)
    >>> train.tolist(), test.tolist()
    ([0, 1, 3], [2])
    """
    frame = _check_bunch(bunch)
    parts = _parts(frame, column)
    if set(parts) <= set(_PARTS):
        pairs = [(parts == "train", parts == "test")]
    else:
        pairs = [(parts != fold, parts == fold) for fold in sorted(set(parts))]
    splits = [tuple(map(np.flatnonzero, pair)) for pair in pairs]
    if len(parts) == 0 or not all(len(side) for pair in splits for side in pair):
        raise ValueError(
            f"Expected rows of 'train' and 'test', or of two folds or more, in the "
            f"column {parts.name!r} of the frame. Got {sorted(set(parts))!r} instead. "
            "Pass the data set with all its rows."
        )
    _warn_of_crossing(splits, np.asarray(bunch.groups))
    return splits


def _check_bunch(bunch):
    frame = bunch.get("frame") if isinstance(bunch, Bunch) else None
    if not isinstance(frame, pd.DataFrame) or "groups" not in bunch:
        raise TypeError(
            "official_split expects the Bunch of a loader (without return_X_y=True). "
            f"Got {type(bunch).__name__} instead."
        )
    return frame


def _parts(frame, column):
    """Return the column of the official split."""
    known = [name for name in frame if name == _SPLIT or str(name).startswith(_FOLD)]
    known.sort(key=lambda name: name != _SPLIT)
    if column is None:
        column = known[0] if known else _SPLIT
    if column not in frame:
        got = f"one with {known!r}" if known else "a frame without such a column"
        raise ValueError(
            f"Expected a data set with an official split in the column {column!r} of "
            f"its frame. Got {got}. {_remedy(frame)}"
        )
    parts = frame[column].reset_index(drop=True)
    missing = np.flatnonzero(~is_present(parts))
    if len(missing):
        raise ValueError(
            f"Expected a value in each row of the column {column!r} of the frame. Got "
            f"none in {len(missing)} rows, the first of which is row {missing[0]}. "
            "Take the split of one data set before you pool it with others."
        )
    return parts


def _remedy(frame):
    """Return what to do without a split: add the publisher's file, or draw folds."""
    own = (
        "Draw folds of your own, for example with StratifiedGroupKFold and the groups "
        "of the data set."
    )
    names = set(frame.get("dataset", []))
    files = [_FILES[name] for name in _FILES if names == {name}]
    return f"Put the publisher's {files[0]} and load it again." if files else own


def _warn_of_crossing(splits, groups):
    codes = pd.factorize(groups)[0]
    crossing = [np.intersect1d(codes[train], codes[test]) for train, test in splits]
    n_crossing = len(np.unique(np.concatenate(crossing)))
    if n_crossing:
        n_rows = sum(np.isin(codes[test], codes[train]).sum() for train, test in splits)
        warn_user(
            f"{n_crossing} groups (patients, or near-duplicates) are on both sides of "
            f"the official split, with {n_rows} of its test rows, so that the score is "
            "too good. Also report the score on the other test rows, "
            "~np.isin(groups[test], groups[train]).",
            DataQualityWarning,
        )
