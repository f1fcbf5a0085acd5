"""A bound on the size of a file of rows."""

__all__ = ["make_room"]


def make_room(connection, n_bytes, max_bytes):
    """Delete the rows that were written first, until new rows have room.

    The file does not become smaller: SQLite writes the new rows into the room of those
    that were deleted.

    Parameters
    ----------
    connection : sqlite3.Connection

    n_bytes : int
        Size of the new rows.

    max_bytes : int
        Most bytes that all rows take.
    """
    excess = _used_bytes(connection) + n_bytes - max_bytes
    if excess <= 0:
        return
    rows = connection.execute("SELECT rowid, length(value) FROM rows ORDER BY rowid")
    last = None
    for last, length in rows:  # noqa: B007, it is used after the loop
        excess -= length or 0  # NULL in a damaged row
        if excess <= 0:
            break
    connection.execute("DELETE FROM rows WHERE rowid <= ?", (last,))


def _used_bytes(connection):
    """Return the size of the file without its free pages."""

    def pragma(name):
        return connection.execute(f"PRAGMA {name}").fetchone()[0]

    n_pages = pragma("page_count") - pragma("freelist_count")
    return n_pages * pragma("page_size")
