"""Check of a split for patients and images that are on both sides."""

import numpy as np
import pandas as pd

from .._validation._columns import IMAGE, is_present
from .._validation._groups import find_groups
from .._validation._no_images import refuse_no_images
from .._validation._private import StrOptions, validate_params
from .._validation._samples import column_table
from ..images._duplicate_pairs import duplicate_pairs, mark_exact, read_thumbnails
from ._leakage import ON_LEAKAGE, report_leakage
from ._same_images import group_name, path_columns, same_images

__all__ = ["check_split"]

_REPORT = ["train_row", "test_row", "kind"]
_NEAR = "near-duplicate"


@validate_params(
    {
        "X_train": "no_validation",
        "X_test": "no_validation",
        "groups_train": ["array-like", None],
        "groups_test": ["array-like", None],
        "on_leakage": [StrOptions(ON_LEAKAGE)],
    },
    prefer_skip_nested_validation=True,
)
def check_split(
    X_train, X_test, *, groups_train=None, groups_test=None, on_leakage="raise"
):
    """Find patients and images that are on both sides of a split.

    The groups are compared, then the files, then the pixels of all images: copies that
    are equal, nearly equal, mirrored or rotated by a multiple of 90 degrees.

    Read more in the :ref:`User Guide <leakage>`.

    Parameters
    ----------
    X_train, X_test : DataFrame, list or ndarray
        Images of both sides, in any form. The images of a sample with several are
        compared column by column. Of tables of features and of flattened images only
        the groups are compared. The indices that a splitter returns hold no images:
        pass ``X.iloc[train]`` and ``X.iloc[test]``, or ``X[train]`` and ``X[test]``.

    groups_train, groups_test : array-like of shape (n_samples,), default=None
        Groups of both sides, usually the patients; pass both or none. If None, the
        column ``group``. They are compared if both sides have one; 12 is the same as
        "12.0".

    on_leakage : {"raise", "warn", "ignore"}, default="raise"
        What to do if something crosses the split: raise an error or a warning, or only
        return the report.

    Returns
    -------
    report : DataFrame of shape (n_crossing, 3)
        ``train_row`` and ``test_row``, and the ``kind`` of what they share: "group",
        "same file", "same pixels", "near-duplicate", or the symmetry that turns one
        image nearly into the other one, such as "mirrored" or "rotated by 90". A row of
        `X_test` is paired with the first row of `X_train` that has its group, its file
        or its pixels. Two rows may share several of them.

    Raises
    ------
    LeakageError
        If something crosses the split, with the report as its attribute ``report``.

    ImageReadError
        If a file cannot be read.

    ValueError
        If a side is a path, a Bunch or the indices of rows, only one of `groups_train`
        and `groups_test` is passed, or there is nothing to compare: neither images nor
        groups.

    Warns
    -----
    DataQualityWarning
        If something crosses the split and `on_leakage` is "warn".

    See Also
    --------
    compare_models : Compares the groups of all folds, and the content of files without
        decoding them.
    skfusion.images.find_near_duplicates : Families of near-duplicates, to be used as
        groups.

    Notes
    -----
    Near-duplicates are described in :func:`~skfusion.images.find_near_duplicates`. Two
    images of one patient that look different are found by the groups alone.

    Examples
    --------
    >>> from skfusion.datasets import make_breast_images
    >>> from skfusion.model_selection import check_split
    >>> images = make_breast_images(6, random_state=0).images
    >>> train, test = images[:4], images[4:].copy()
    >>> test[1] = train[2][:, ::-1]
    >>> check_split(train, test, on_leakage="ignore")
       train_row  test_row      kind
    0          2         1  mirrored
    """
    refuse_no_images(X_train, "X_train")
    refuse_no_images(X_test, "X_test")
    if (groups_train is None) != (groups_test is None):
        raise ValueError(
            "Expected the groups of both sides, or of none. Got only one of "
            "groups_train and groups_test."
        )
    groups = find_groups(X_train, groups_train), find_groups(X_test, groups_test)
    _check_comparable(X_train, X_test, groups)
    images = [_shared_images(X_train, X_test), *_near_duplicates(X_train, X_test)]
    # A pair that is the same file is also one of the same pixels.
    images = pd.concat(images).drop_duplicates(["train_row", "test_row"])
    report = pd.concat([_shared_groups(*groups), images])
    report = report.sort_values(["test_row", "train_row"], kind="stable")
    report = report.reset_index(drop=True)
    if len(report):
        report_leakage(_describe(report), on_leakage, report)
    return report


def _check_comparable(X_train, X_test, groups):
    has_images = all(map(_columns, (X_train, X_test)))
    if not has_images and any(side is None for side in groups):
        raise ValueError(
            "Expected images, or the groups of both sides. Got neither, so that "
            "nothing can be compared: rows of features are not. Pass groups_train "
            "and groups_test."
        )


def _shared_groups(train, test):
    """Return each row to test with the first row to train that has its group."""
    if train is None or test is None:
        return _table([], [], "group")
    names, first = np.unique([group_name(group) for group in train], return_index=True)
    rows = pd.Series(first, names).reindex([group_name(group) for group in test])
    is_shared = rows.notna().to_numpy()
    return _table(rows[is_shared], np.flatnonzero(is_shared), "group")


def _shared_images(X_train, X_test):
    pairs = same_images(X_test, X_train, features=False)
    return _table(pairs["known_row"], pairs["row"], pairs["kind"])


def _near_duplicates(X_train, X_test):
    """Yield the pairs of images that look alike, for each column of images."""
    for train, test in _pairs_of_columns(_columns(X_train), _columns(X_test)):
        if not len(train[0]) or not len(test[0]):
            continue
        thumbnails = [read_thumbnails(images) for _, images in (train, test)]
        n_train = len(thumbnails[0])
        pairs = duplicate_pairs(np.concatenate(thumbnails))
        pairs = pairs[(pairs["left"] < n_train) & (pairs["right"] >= n_train)]
        pairs = pairs.assign(right=pairs["right"] - n_train)
        is_same = mark_exact(pairs, train[1], test[1]) & (pairs["symmetry"] == "same")
        kind = pairs["symmetry"].replace("same", _NEAR).mask(is_same, "same pixels")
        yield _table(train[0][pairs["left"]], test[0][pairs["right"]], kind)


def _pairs_of_columns(train, test):
    """Return the columns of one name, or the only ones of both sides."""
    if len(train) == len(test) == 1:
        return [(*train.values(), *test.values())]
    return [(train[name], test[name]) for name in train if name in test]


def _columns(X):
    """Return rows and images of each column of images, without augmentation."""
    if not isinstance(X, pd.DataFrame):
        is_image = len(path_columns(X)) > 0 or np.ndim(X) > 2
        return {None: (np.arange(len(X)), X)} if is_image else {}
    X = X.drop(columns="augmentation", errors="ignore")
    names = [column.name for column in path_columns(X)]
    names = [IMAGE] if IMAGE in names else names
    return {
        name: (np.flatnonzero(is_present(X[name])), column_table(X, name, names))
        for name in names
    }


def _table(train, test, kind):
    table = pd.DataFrame({"train_row": np.asarray(train), "test_row": np.asarray(test)})
    kind = kind if isinstance(kind, str) else np.asarray(kind)
    return table.astype(np.int64).assign(kind=kind)[_REPORT]


def _describe(report):
    counts = report["kind"].value_counts(sort=False)
    first = report.drop_duplicates("kind").itertuples()
    kinds = [
        f"{counts[pair.kind]} of the kind {pair.kind!r} (the first: row "
        f"{pair.train_row} of X_train and row {pair.test_row} of X_test)"
        for pair in first
    ]
    return (
        "Expected each patient and each image on one side of the split. Got pairs of "
        f"rows that share one: {'; '.join(kinds)}. Split by patient, or give "
        "near-duplicates one group: skfusion.images.find_near_duplicates."
    )
