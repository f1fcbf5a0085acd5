"""Read a user's own table."""

from pathlib import Path

import pandas as pd

from ..exceptions import DatasetNotFoundError

__all__ = ["read_own_table", "require_own_columns"]

_EXCEL = (".xlsx", ".xls", ".xlsm")
_SEPARATORS = ",;\t"


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
    if own.empty:
        raise ValueError(f"Expected a row for each image in {name}. Got no rows.")
    return own, name, folder


def _read_file(file, text):
    if not file.is_file():
        raise DatasetNotFoundError(
            f"Expected a CSV or Excel file with a row for each image. Got {file.name!r}"
            ", which is not a file. Check the path, or pass a DataFrame."
        )
    dtype = dict.fromkeys(text, str)
    if file.suffix.lower() in _EXCEL:
        return pd.read_excel(file, dtype=dtype)
    try:
        with file.open(encoding="utf-8-sig") as lines:
            header = lines.readline()
        separator = max(_SEPARATORS, key=header.count)
        return pd.read_csv(file, sep=separator, dtype=dtype, encoding="utf-8-sig")
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as bad:
        raise ValueError(
            f"Expected a CSV file in UTF-8, separated by commas, semicolons or tabs. "
            f"Got {file.name!r}, which cannot be read: {type(bad).__name__}. Save it "
            "again as CSV UTF-8, or read it with pandas and pass the DataFrame."
        ) from bad


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
    missing = [f"{key}={col!r}" for key, col in columns.items() if col not in table]
    if missing:
        raise ValueError(
            f"Expected parameters that name columns of {name}. Got "
            f"{', '.join(missing)}, but the columns are {list(map(str, table))!r}."
        )
    repeated = table.columns[table.columns.duplicated()]
    if len(repeated):
        raise ValueError(
            f"Expected columns of distinct names in {name}. Got several of the name "
            f"{str(repeated[0])!r}. Rename or drop them."
        )
