"""Checks of a data set's own table."""

from .._validation._columns import IMAGE
from ..exceptions import DataQualityWarning, DatasetNotFoundError, warn_user

__all__ = ["require_table_columns", "warn_about_missing_images"]


def require_table_columns(table, columns, file):
    """Raise a ValueError unless `table`, read from `file`, has the columns.

    Parameters
    ----------
    table : DataFrame
        Table that was read.

    columns : list of str
        Columns that the loader requires.

    file : Path
        File of the table, for the error.
    """
    missing = [column for column in columns if column not in table]
    if missing:
        raise ValueError(
            f"Expected the columns {columns!r} in {file.name!r}. Got a table without "
            f"{missing!r} instead. Download the publisher's table again."
        )


def warn_about_missing_images(table, file, folder):
    """Leave out rows without a file, and warn of their number.

    Parameters
    ----------
    table : DataFrame
        The column ``image`` holds paths, or missing values.

    file : Path
        File of the table, for messages.

    folder : Path
        Folder of the images, for messages.

    Returns
    -------
    table : DataFrame
        The rows with a file.

    Raises
    ------
    DatasetNotFoundError
        If no row has a file.
    """
    found = table[IMAGE].notna()
    if not found.any():
        raise DatasetNotFoundError(
            f"Expected images in {folder.name!r}. Got none of the {len(table)} that "
            f"{file.name!r} lists. Unpack the publisher's archive of images there."
        )
    if not found.all():
        warn_user(
            f"{(~found).sum()} of the {len(table)} images that {file.name!r} lists are "
            f"not in {folder.name!r} and are left out. Unpack the archive again if you "
            "meant to load all of them.",
            DataQualityWarning,
        )
    return table[found].copy()
