"""A bound on the size of a file of rows."""

__all__ = ["make_room"]


def make_room(connection, n_bytes, max_bytes, kept=frozenset()):
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

    kept : set of bytes, default=frozenset()
        Keys of rows that are not deleted.
    """
    excess = _used_bytes(connection) + n_bytes - max_bytes
    if excess <= 0:
        return
    rows = connection.execute(
        "SELECT rowid, key, length(value) FROM rows ORDER BY rowid"
    )
    deleted = []
    for row, key, length in rows:
        if key not in kept:
            deleted.append((row,))
            excess -= length or 0  # NULL in a damaged row
        if excess <= 0:
            break
    connection.executemany("DELETE FROM rows WHERE rowid = ?", deleted)


def _used_bytes(connection):
    """Return the size of the file without its free pages."""

    def pragma(name):
        return connection.execute(f"PRAGMA {name}").fetchone()[0]

    n_pages = pragma("page_count") - pragma("freelist_count")
    return n_pages * pragma("page_size")
