"""Checks of a data set's own table."""

__all__ = ["require_table_columns"]


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
