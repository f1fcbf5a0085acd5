"""Steps that all loaders share: finding the folder, and making the Bunch."""

from pathlib import Path

import numpy as np
from sklearn.utils import Bunch

from .._validation._columns import GROUP, IMAGE_COLUMNS, REGION
from ..exceptions import DatasetNotFoundError
from ._descr import read_descr

__all__ = ["find_folder", "leave_out_normal", "make_bunch", "make_synthetic_bunch"]


def find_folder(path, is_data_set, *, names, expected, remedy):
    """Return `path`, or the folder in it that holds the data set.

    Parameters
    ----------
    path : str or path-like
        Path that the user passed.

    is_data_set : callable
        Returns whether a folder is the data set.

    names : list of str
        Names that the folder may have inside `path`.

    expected : str
        Contents of the folder, for the error.

    remedy : str
        How to get the data set, and its terms, for the error.

    Returns
    -------
    folder : Path

    Raises
    ------
    DatasetNotFoundError
        If neither is the data set.
    """
    path = Path(path).expanduser()
    for folder in (path, *(path / name for name in names)):
        if is_data_set(folder):
            return folder
    problem = "does not hold them" if path.is_dir() else "is not a folder"
    raise DatasetNotFoundError(
        f"Expected the folder of the data set, {expected}, or a folder that holds it "
        f"as {names[0]!r}. Got {path.resolve().name!r} instead, which {problem}. "
        f"{remedy}"
    )


def leave_out_normal(frame, is_normal, normal):
    """Leave out the images without a lesion, or count them as benign.

    Parameters
    ----------
    frame : DataFrame of n_images rows

    is_normal : Series of bool
        Whether an image has no lesion.

    normal : {"drop", "benign"}
        What to do with these images.

    Returns
    -------
    frame : DataFrame

    target_names : list of str
        Names of the classes 0 and 1.
    """
    if normal == "drop":
        return frame[~is_normal], ["benign", "malignant"]
    return frame, ["benign or normal", "malignant"]


def make_bunch(frame, *, name, target_names, return_X_y):
    """Make the Bunch of a loader, or its data and target.

    Parameters
    ----------
    frame : DataFrame
        The columns of every data set, ``target``, ``region`` if the data set has boxes
        or masks, ``inverted`` if any image is inverted, and every column of the data
        set's own table.

    name : str
        Name of the description.

    target_names : list of str
        Names of the classes 0 and 1.

    return_X_y : bool
        Whether to return data and target only.

    Returns
    -------
    dataset : Bunch or tuple
    """
    first = [*IMAGE_COLUMNS, "target"]
    frame = frame[first + [column for column in frame if column not in first]]
    frame = frame.reset_index(drop=True)
    how_to_read = [name for name in (REGION, "inverted") if name in frame]
    data = frame[IMAGE_COLUMNS + how_to_read].copy()
    target = frame["target"].to_numpy(dtype=np.int64, copy=True)
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        target_names=target_names,
        groups=frame[GROUP].to_numpy(dtype=object, copy=True),
        frame=frame,
        DESCR=read_descr(name),
    )


def make_synthetic_bunch(data, frame, images, *, return_X_y):
    """Make the Bunch of a generator of synthetic images, or its data and target.

    Parameters
    ----------
    data : DataFrame or ndarray
        Paths or pixels.

    frame : DataFrame
        Every column, including ``target`` and ``group``.

    images : ndarray
        Pixels.

    return_X_y : bool
        Whether to return data and target only.

    Returns
    -------
    dataset : Bunch or tuple
    """
    target = frame["target"].to_numpy(copy=True)
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        target_names=["benign", "malignant"],
        groups=frame[GROUP].to_numpy(dtype=object),
        frame=frame,
        images=images,
        DESCR=read_descr("synthetic"),
    )
