"""Pool data sets."""

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from .._validation._columns import GROUP, REGION
from ..exceptions import DataQualityWarning, warn_user

__all__ = ["concat_datasets"]

# What a column means in the rows of a data set that does not have it.
_WITHOUT = {REGION: None, "inverted": False}


def concat_datasets(*bunches):
    """Pool data sets into one.

    Parameters
    ----------
    *bunches : Bunch
        Results of the loaders of this module, or of :func:`make_breast_images` with
        `folder`.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        data : DataFrame of n_images rows
            The rows of all data sets, one below the other. If one of them has the
            column ``region``, it is None for the others, and ``inverted`` is False.
        target : ndarray of shape (n_images,), int64
            1 for malignant.
        target_names : list of str
            Names of the classes 0 and 1; different names are joined by " / ".
        groups : ndarray of shape (n_images,), object
            Groups with the data set in front, such as "busi:family12", so that
            patient 5 of one is not patient 5 of another. The column ``group`` holds
            the same.
        frame : DataFrame of n_images rows
            All columns of all tables, with missing values where a data set does not
            have a column.
        DESCR : str
            Descriptions of all data sets.

    Raises
    ------
    ValueError
        If no data set is passed, or they differ in their number of classes.

    TypeError
        If an argument is not such a data set.

    Warns
    -----
    DataQualityWarning
        If two data sets have the same name and groups of the same name, which become
        one group.

    Examples
    --------
    >>> import tempfile
    >>> from skfusion.datasets import concat_datasets, make_breast_images
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     breast = make_breast_images(4, n_views=2, folder=folder, random_state=0)
    >>> concat_datasets(breast).groups.tolist()
    ['synthetic:patient1', 'synthetic:patient1',
     'synthetic:patient2', 'synthetic:patient2']
    """
    if not bunches:
        raise ValueError("Expected at least one data set. Got none instead.")
    for position, bunch in enumerate(bunches):
        _check_bunch(bunch, position)
    _check_classes([bunch.target_names for bunch in bunches])
    frame = _pool([bunch.frame for bunch in bunches])
    _warn_of_shared_groups(frame[GROUP], [len(bunch.frame) for bunch in bunches])
    return Bunch(
        data=_pool([bunch.data for bunch in bunches]),
        target=np.concatenate([bunch.target for bunch in bunches]),
        target_names=_join_names([bunch.target_names for bunch in bunches]),
        groups=frame[GROUP].to_numpy(dtype=object, copy=True),
        frame=frame,
        DESCR="\n\n".join(dict.fromkeys(bunch.DESCR for bunch in bunches)),
    )


def _check_bunch(bunch, position):
    if not isinstance(bunch, Bunch):
        raise TypeError(
            "concat_datasets expects the Bunch of a loader (without return_X_y=True). "
            f"Got {type(bunch).__name__} at position {position} instead. Pass the "
            "items of a list one by one: concat_datasets(*datasets)."
        )
    if not isinstance(bunch.get("data"), pd.DataFrame):
        raise TypeError(
            "concat_datasets expects data sets whose data is a DataFrame of paths. Got "
            f"{type(bunch.get('data')).__name__} at position {position} instead. Pass "
            "a folder to make_breast_images."
        )


def _check_classes(target_names):
    if len(set(map(len, target_names))) > 1:
        raise ValueError(
            "Expected data sets with the same number of classes. Got those of the "
            f"classes {target_names!r}. Pass positive= to load_image_table for two "
            "classes."
        )


def _pool(frames):
    """Concatenate frames, with prefixed groups, and region and polarity of all rows."""
    frames = [frame.assign(group=_prefixed(frame)) for frame in frames]
    for column, value in _WITHOUT.items():
        if any(column in frame for frame in frames):
            frames = [
                frame if column in frame else frame.assign(**{column: value})
                for frame in frames
            ]
    return pd.concat(frames, ignore_index=True)


def _warn_of_shared_groups(groups, n_rows):
    """Warn where a group is in several data sets, such as patient 5 of two tables."""
    number = np.repeat(np.arange(len(n_rows)), n_rows)
    n_shared = (pd.Series(number).groupby(groups.to_numpy()).nunique() > 1).sum()
    if n_shared:
        warn_user(
            f"{n_shared} groups are in several data sets, because these have the same "
            "name and groups of the same name. If they are different patients, give "
            "each data set a name of its own, as with load_image_table(..., dataset=a "
            "column).",
            DataQualityWarning,
        )


def _prefixed(frame):
    """Return groups with the data set in front, unless they have it already."""
    pairs = zip(frame["dataset"], frame[GROUP], strict=True)
    return [
        group if str(group).startswith(f"{name}:") else f"{name}:{group}"
        for name, group in pairs
    ]


def _join_names(target_names):
    """Return the different names of each class, joined."""
    return [
        " / ".join(dict.fromkeys(names)) for names in zip(*target_names, strict=True)
    ]
