"""Read a user's own table."""

from pathlib import Path

import pandas as pd

from .._validation._columns import IMAGE_COLUMNS, REGION
from ..exceptions import DatasetNotFoundError
from ._image_table_values import MODALITIES, known_modality

__all__ = [
    "TABLE_ROW",
    "name_in_frame",
    "read_own_table",
    "rename_own_columns",
    "require_own_columns",
]

TABLE_ROW = "table_row"

_EXCEL = (".xlsx", ".xls", ".xlsm")
_SEPARATORS = ",;\t"
# Names that have a meaning in every data set; a column of the user keeps another one.
_TAKEN = {*IMAGE_COLUMNS, REGION, "target", TABLE_ROW, "inverted", "augmentation"}


def read_own_table(table, *, text):
    """Read a user's table.

    Parameters
    ----------
    table : str, path-like or DataFrame
        CSV file, Excel file, or table.

    text : list of str
        Columns that are read as text, so that "007" is not the number 7.

    Returns
    -------
    table : DataFrame
        A copy whose index is 0, 1, 2 ...

    name : str
        Name of the table, for messages.

    folder : Path
        Folder of the file, or the current folder.

    Raises
    ------
    DatasetNotFoundError
        If the file does not exist.

    ValueError
        If it cannot be read, or has no row.
    """
    if isinstance(table, pd.DataFrame):
        own, name, folder = table.reset_index(drop=True), "the table", Path()
    else:
        file = Path(table).expanduser()
        own, name, folder = _read_file(file, text), repr(file.name), file.parent
        _require_a_header_for_each_cell(own, name)
    if own.empty:
        raise ValueError(f"Expected a row for each image in {name}. Got no rows.")
    return own, name, folder


def _read_file(file, text):
    if not file.is_file():
        raise DatasetNotFoundError(
            f"Expected a CSV or Excel file with a row for each image. Got {file.name!r}"
            ", which is not a file. Check the path, or pass a DataFrame."
        )
    try:
        return _read_cells(file, dict.fromkeys(text, str))
    except (ImportError, MemoryError):
        raise
    except Exception as bad:  # a damaged file raises errors of many classes
        # This one gives the line, and no cell of it.
        is_line = isinstance(bad, pd.errors.ParserError)
        reason = str(bad).strip() if is_line else type(bad).__name__
        raise ValueError(
            "Expected an Excel file, or a CSV file in UTF-8, separated by commas, "
            f"semicolons or tabs. Got {file.name!r}, which cannot be read: {reason}. "
            "Save it again as CSV UTF-8, or read it with pandas and pass the DataFrame."
        ) from bad


def _require_a_header_for_each_cell(own, name):
    """Raise an error where pandas has made an index of the first cells of the rows."""
    if not isinstance(own.index, pd.RangeIndex):
        raise ValueError(
            f"Expected rows with as many cells as the header of {name}. Got rows with "
            "more. Put quotes around cells that contain the separator, such as boxes "
            "'x0,y0,x1,y1', and remove separators at the ends of lines."
        )


def _read_cells(file, dtype):
    if file.suffix.lower() in _EXCEL:
        return pd.read_excel(file, dtype=dtype)
    with file.open(encoding="utf-8-sig") as lines:
        header = lines.readline()
    separator = max(_SEPARATORS, key=header.count)
    return pd.read_csv(file, sep=separator, dtype=dtype, encoding="utf-8-sig")


def require_own_columns(table, columns, name):
    """Raise a ValueError if a column is missing, or if two have the same name.

    Parameters
    ----------
    table : DataFrame

    columns : dict of str to str
        Column for each parameter.

    name : str
        Name of the table, for the error.
    """
    missing = {key: col for key, col in columns.items() if col not in table}
    if missing:
        got = ", ".join(f"{key}={col!r}" for key, col in missing.items())
        raise ValueError(
            f"Expected {_what_is_allowed(missing, name)}. Got {got}, but the columns "
            f"are {list(map(str, table))!r}.{_known_word(missing.get('modality'))}"
        )
    repeated = table.columns[table.columns.duplicated()]
    if len(repeated):
        raise ValueError(
            f"Expected columns of distinct names in {name}. Got several of the name "
            f"{str(repeated[0])!r}. Rename or drop them."
        )


def _what_is_allowed(missing, name):
    """Return what the parameters may be that name no column."""
    words = " or ".join(map(repr, MODALITIES))
    modality = f"modality to be {words} for all images, or to name a column of {name}"
    columns = f"parameters that name columns of {name}"
    if "modality" not in missing:
        return columns
    return modality if len(missing) == 1 else f"{columns}, and {modality}"


def _known_word(modality):
    known = known_modality(modality)
    return f" Write modality={known!r}." if known else ""


def name_in_frame(column):
    """Return the name that a column of the user's table has in ``frame``.

    Parameters
    ----------
    column : str

    Returns
    -------
    name : str
    """
    return f"table_{column}" if column in _TAKEN else column


def rename_own_columns(table, name):
    """Return the table with other names for columns that mean something else in X.

    Parameters
    ----------
    table : DataFrame

    name : str
        Name of the table, for the error.

    Returns
    -------
    table : DataFrame
        Such a column is called, for example, ``table_image``.

    Raises
    ------
    ValueError
        If there is a column of that name, too.
    """
    names = {column: name_in_frame(column) for column in _TAKEN if column in table}
    both = sorted(new for new in names.values() if new in table)
    if both:
        raise ValueError(
            f"Expected no column {both[0]!r} in {name}, because the column "
            f"{both[0].removeprefix('table_')!r} gets this name. Rename one of them."
        )
    return table.rename(columns=names)
