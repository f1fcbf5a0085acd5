"""Checks of a download: unknown values, rows without a file, files without a row."""

from pathlib import Path

import numpy as np

from .._validation._columns import IMAGE
from ..exceptions import DataQualityWarning, DatasetNotFoundError, warn_user

__all__ = [
    "leave_out_incomplete",
    "pair_rows_and_files",
    "require_distinct_rows",
    "require_known_values",
    "require_some_images",
    "warn_about_incomplete",
]

_MAX_NAMES = 5  # rows or files that a message lists


def require_known_values(table, columns, known, file):
    """Raise a ValueError unless the columns hold known values only.

    Parameters
    ----------
    table : DataFrame
        Table that was read as text.

    columns : list of str
        Columns that are checked.

    known : list of str
        Values that the loader knows.

    file : Path
        File of the table, for the error.
    """
    for column in columns:
        unknown = sorted(set(table[column].fillna("").astype(str)) - set(known))
        if unknown:
            raise ValueError(
                f"Expected the values {known!r} in the column {column!r} of "
                f"{file.name!r}. Got {unknown!r} instead. Download the publisher's "
                "table again."
            )


def require_distinct_rows(table, columns, file):
    """Raise a ValueError if a table has two rows for the same image or breast.

    Parameters
    ----------
    table : DataFrame

    columns : list of str
        Columns that identify a row together.

    file : Path
        File of the table, for the error.
    """
    repeated = np.flatnonzero(table.duplicated(columns))
    if len(repeated):
        raise ValueError(
            f"Expected rows of {file.name!r} that differ in the columns {columns!r}. "
            f"Got the same values again in row {repeated[0] + 1}. Download the "
            "publisher's table again."
        )


def require_some_images(
    found, folder, remedy="Unpack the publisher's archive of images there."
):
    """Raise a DatasetNotFoundError if no row has a file.

    Parameters
    ----------
    found : Series of bool
        Whether each row of the table has a file.

    folder : Path
        Folder of the images, for the error.

    remedy : str
        How to get the images, for the error.
    """
    if not found.any():
        raise DatasetNotFoundError(
            f"Expected images in {folder.resolve().name!r}. Got none of those that "
            f"the {len(found)} rows of the table name. {remedy}"
        )


def warn_about_incomplete(name, findings):
    """Give one warning that counts and names everything that is incomplete.

    Parameters
    ----------
    name : str
        Name of the data set; begins the warning.

    findings : list of tuple of (str, list of str)
        What is incomplete, and the names of the rows or files concerned; an empty
        name is only counted. Names never contain a patient.

    Examples
    --------
    >>> import warnings
    >>> from skfusion.datasets._incomplete import warn_about_incomplete
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warn_about_incomplete("MIAS", [("Rows without a file", ["row 2", "row 7"])])
    >>> print(caught[0].message)
    MIAS is incomplete. Rows without a file: 2 (row 2, row 7).
    """
    parts = [f"{text}: {len(names)}{_list(names)}" for text, names in findings if names]
    if parts:
        warn_user(f"{name} is incomplete. {'. '.join(parts)}.", DataQualityWarning)


def _list(names):
    """Return the first names in brackets."""
    names = [name for name in names if name]
    if not names:
        return ""
    more = f" and {len(names) - _MAX_NAMES} more" if len(names) > _MAX_NAMES else ""
    return f" ({', '.join(names[:_MAX_NAMES])}{more})"


def pair_rows_and_files(table, images, file):
    """Leave out the rows of a table that have no file.

    Parameters
    ----------
    table : DataFrame
        The column ``image`` holds paths, or missing values.

    images : dict of str to str
        From every image on disk to its name in messages, which contains no patient.

    file : Path
        File of the table, for messages. Its folder is that of the data set.

    Returns
    -------
    table : DataFrame
        The rows with a file.

    findings : list of tuple of (str, list of str)
        Rows without a file and files without a row, for `warn_about_incomplete`.

    Raises
    ------
    DatasetNotFoundError
        If no row has a file.
    """
    found = table[IMAGE].notna()
    require_some_images(found, file.parent)
    missing = [f"row {row + 1} of {file.name!r}" for row in np.flatnonzero(~found)]
    used = set(table[IMAGE])
    unused = sorted(
        name
        for image, name in images.items()
        if image not in used and not Path(image).name.startswith(".")  # as of macOS
    )
    return table[found].copy(), [
        ("Rows without an image, left out", missing),
        ("Images without a row, left out", unused),
    ]


def leave_out_incomplete(table, images, file, name):
    """Leave out the rows of a table that have no file, and warn of them.

    Parameters
    ----------
    table : DataFrame
        The column ``image`` holds paths, or missing values.

    images : iterable of str
        Every image on disk. Those without a row are counted and not named, because
        their names may contain a patient.

    file : Path
        File of the table, for messages. Its folder is that of the data set.

    name : str
        Name of the data set; begins the warning.

    Returns
    -------
    table : DataFrame
        The rows with a file.

    Raises
    ------
    DatasetNotFoundError
        If no row has a file.
    """
    table, findings = pair_rows_and_files(table, dict.fromkeys(images, ""), file)
    warn_about_incomplete(name, findings)
    return table
