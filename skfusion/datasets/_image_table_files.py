"""Files of the images of a user's table."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import joblib
import pandas as pd

from ..exceptions import DataQualityWarning, DatasetNotFoundError, warn_user
from ..images._size import image_size, is_image
from ._image_table_problems import ROWS_COUNT, name_rows

__all__ = [
    "find_files",
    "identify_files",
    "leave_out_missing",
    "read_sizes",
    "warn_of_unlisted",
]


def find_files(values, folder):
    """Find the file of each row.

    Parameters
    ----------
    values : Series
        Paths. A backslash and blanks at the ends are accepted.

    folder : Path
        Folder where relative paths start.

    Returns
    -------
    files : Series of str
        None where there is no file.
    """
    found = [_find_file(value, folder) for value in values]
    return pd.Series(found, index=values.index, dtype=object)


def _find_file(value, folder):
    if not isinstance(value, str | os.PathLike):
        return None
    text = str(value)
    for name in (text, text.strip().replace("\\", "/")):
        file = folder / name
        # Unlike the method of Path, this function does not raise OSError.
        if name and os.path.isfile(file):  # noqa: PTH113
            return str(file)
    return None


def leave_out_missing(own, files, column, folder):
    """Leave out the rows without a file, and name them in a warning.

    Parameters
    ----------
    own : DataFrame
        The table.

    files : Series of str
        The result of :func:`find_files`.

    column : str
        Column of the paths, for messages.

    folder : Path
        Folder where relative paths start, for messages.

    Returns
    -------
    own : DataFrame
        The rows with a file.

    files : Series of str

    Raises
    ------
    DatasetNotFoundError
        If no row has a file.
    """
    found = files.notna()
    if not found.any():
        raise DatasetNotFoundError(
            f"Expected paths of images in the column {column!r}, which start in the "
            f"folder {folder.resolve().name!r}. Got no path of a file in the "
            f"{len(own)} rows. {_remedy(own[column], folder)}"
        )
    if not found.all():
        rows = files.index[~found]
        warn_user(
            f"{len(rows)} of the {len(own)} rows have no file and are left out: "
            f"{name_rows(rows)} ({ROWS_COUNT}). Correct their paths if you meant to "
            "load them.",
            DataQualityWarning,
        )
    return own[found], files[found]


def _remedy(values, folder):
    """Return what to do where no path is a file."""
    texts = [value for value in values if isinstance(value, str) and value.strip()]
    if texts:
        file = folder / texts[0].strip().replace("\\", "/")
        for beside in file.parent.glob("*"):
            if beside.suffix and beside.name == f"{file.name}{beside.suffix}":
                return (
                    f"The files have an ending: add {beside.suffix!r} to each path of "
                    "the column."
                )
            if beside.name.casefold() == file.name.casefold():
                return (
                    f"The names of the files end in {beside.suffix!r}, or differ in "
                    "another small or capital letter: write them in the same way."
                )
    return "Pass the folder in which the paths start as folder=."


def read_sizes(files):
    """Read the size of each image from its header, in threads.

    Parameters
    ----------
    files : Series of str

    Returns
    -------
    sizes : Series of tuple of (width, height)
        None where the file cannot be opened as an image.
    """
    with ThreadPoolExecutor(joblib.cpu_count()) as pool:
        sizes = list(pool.map(image_size, files))
    return pd.Series(sizes, index=files.index, dtype=object)


def identify_files(files):
    """Return the same number for rows of the same file.

    Parameters
    ----------
    files : Series of str
        Paths, which may reach one file in several ways.

    Returns
    -------
    codes : Series of int
    """
    identities = [_identity(file) for file in files]
    return pd.Series(pd.factorize(pd.Series(identities))[0], index=files.index)


def _identity(file):
    """Return the device and the number of a file, whatever its path."""
    found = os.stat(file)  # noqa: PTH116, called for every file of a folder
    return found.st_dev, found.st_ino


def warn_of_unlisted(files, others, folder):
    """Warn of images in the folder of the images that are in no row.

    Parameters
    ----------
    files : Series of str
        Images of the table.

    others : list of str
        Files that the table lists, and that are not images of it, such as masks.

    folder : Path
        Only images in it and its sub-folders are searched for.
    """
    listed = {_identity(file) for file in [*files, *others]}
    n_unlisted = sum(
        _identity(file) not in listed and is_image(file)
        for file in _walk(files, folder)
    )
    if n_unlisted:
        warn_user(
            f"{n_unlisted} images in the folder of the images are in no row of the "
            "table and are not loaded. Add rows for them if you meant to load them.",
            DataQualityWarning,
        )


def _walk(files, folder):
    """Yield all files in the part of a folder that holds the images."""
    root = folder.resolve()
    parents = {Path(file).parent for file in files}
    parents = [path for path in map(Path.resolve, parents) if path.is_relative_to(root)]
    if not parents:
        return
    for place, _, names in os.walk(os.path.commonpath(parents)):
        for name in names:
            file = os.path.join(place, name)  # noqa: PTH118
            if os.path.isfile(file):  # noqa: PTH113
                yield file
