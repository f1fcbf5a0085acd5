"""Rows of numbers that were computed once, stored on disk."""

import hashlib
import sqlite3
import zlib
from numbers import Real
from pathlib import Path

import numpy as np

from ._bound import make_room
from ._claims import CREATE_CLAIMS, end_claims, living_claims, make_claims
from ._home import home_folder
from ._sqlite_file import DamagedError, SQLiteFile

__all__ = ["RowStore"]

_CREATE_ROWS = "CREATE TABLE rows (key BLOB PRIMARY KEY, value BLOB, digest BLOB)"
_MOST_VARIABLES = 500


class RowStore:
    """Rows of numbers, in an SQLite file that processes share.

    The key of a row is the digest of its inputs. Writers may be killed at any moment.
    Derived classes define the rows.

    Only its owner may read the file, and its folder where this class makes it.

    Parameters
    ----------
    folder : str, Path or True, default=True
        Folder of the file; True is the default folder.

    max_bytes : int, default=None
        Most bytes that the rows of the file take. Where a new row needs more room, the
        rows that were written first are deleted. If None, the size is not bounded.

    Attributes
    ----------
    dtype : str
        Type of the numbers.

    Raises
    ------
    OSError
        Raised by every method where the file is not damaged but cannot be used: the
        disk is full, the file is read-only, or another process locks it.

    Warns
    -----
    CacheWarning
        Raised by every method where the file is damaged: it is set aside.
    """

    _name = "rows"
    _dtype = "u1"

    def __init__(self, folder=True, max_bytes=None):
        folder = home_folder(self._name) if folder is True else Path(folder)
        self.folder = folder.expanduser()
        # scikit-learn's check would take a second to import.
        is_number = isinstance(max_bytes, Real) and not isinstance(max_bytes, bool)
        is_bound = is_number and max_bytes > 0
        if max_bytes is not None and not is_bound:
            raise ValueError(
                "The 'max_bytes' parameter must be a positive number or None. Got "
                f"{max_bytes!r} instead."
            )
        self.max_bytes = max_bytes

    @property
    def dtype(self):
        """Type of the numbers of a row."""
        return self._dtype

    @property
    def path(self):
        """The file: the newest one, where earlier files were damaged."""
        return self._file.path

    @property
    def _file(self):
        return SQLiteFile(self.folder, self._name, (_CREATE_ROWS, CREATE_CLAIMS))

    def __repr__(self):
        """Return the class, the name of the file, and its size."""
        rows = f"{len(self)} rows, {self.n_bytes / 1e6:.1f} MB"
        return f"<{type(self).__name__} {self.path.name!r}: {rows}>"

    def __len__(self):
        """Return the number of rows: one for each image and each way of making it."""
        if self._file.is_empty:
            return 0
        query = "SELECT count(*) FROM rows"
        return self._file.run(lambda c: c.execute(query).fetchone()[0], writes=False)

    @property
    def n_bytes(self):
        """Size on disk, in bytes, with the files that were set aside."""
        return self._file.n_bytes

    def clear(self):
        """Delete all rows and free their room on the disk, even on a full disk.

        Files that were set aside stay, since they may belong to another program.
        """
        self._file.run(_forget)

    def read(self, keys, n=None):
        """Read the rows that are stored.

        Parameters
        ----------
        keys : iterable of bytes

        n : int, default=None
            Length of each row; a row of another length is damaged.

        Returns
        -------
        rows : dict of bytes to ndarray of shape (n,)
            Only rows that are stored.
        """
        keys = list(dict.fromkeys(keys))

        def work(connection):
            values = _values(connection, keys)
            return {key: _to_row(value, self._dtype, n) for key, value in values}

        return self._file.run(work, writes=False)

    def stored(self, keys):
        """Return the keys whose rows are stored, without reading the rows.

        Parameters
        ----------
        keys : iterable of bytes

        Returns
        -------
        stored : set of bytes
        """
        keys = list(keys)
        return self._file.run(lambda c: _stored(c, keys), writes=False)

    def claim(self, keys, n_most):
        """Claim rows that no process has computed or is computing.

        Parameters
        ----------
        keys : iterable of bytes

        n_most : int
            Largest number of rows.

        Returns
        -------
        claimed : list of bytes
            Some of `keys`, in their order. The caller must write or release them.
        """
        keys = list(dict.fromkeys(keys))

        def work(connection):
            taken = living_claims(connection) | _stored(connection, keys)
            claimed = [key for key in keys if key not in taken][:n_most]
            make_claims(connection, claimed)
            return claimed

        return self._file.run(work)

    def write(self, keys, rows):
        """Store rows, and end their claims; delete the oldest where there is no room.

        Parameters
        ----------
        keys : list of bytes

        rows : list of ndarray of shape (n,)
        """
        values = [np.asarray(row, self._dtype).tobytes() for row in rows]
        new = [(k, v, _digest(k, v)) for k, v in zip(keys, values, strict=True)]

        def work(connection):
            if self.max_bytes is not None:
                make_room(connection, sum(map(len, values)), self.max_bytes)
            connection.executemany("INSERT OR IGNORE INTO rows VALUES (?,?,?)", new)
            end_claims(connection, keys)

        self._file.run(work)

    def make_room(self, n_bytes, kept):
        """Delete rows where new ones would not have room, the oldest first.

        Parameters
        ----------
        n_bytes : int
            Size of the new rows.

        kept : set of bytes
            Keys of rows that are not deleted.
        """
        if self.max_bytes is not None:
            self._file.run(lambda c: make_room(c, n_bytes, self.max_bytes, kept))

    def release(self, keys):
        """End claims without rows, so that another process may compute them."""
        self._file.run(lambda connection: end_claims(connection, keys))


def _forget(connection):
    try:
        _empty(connection)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_FULL:
            raise
        # A full disk has no room for the journal with which SQLite recovers where this
        # process is killed now.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        connection.execute("PRAGMA journal_mode = MEMORY")
        connection.execute("BEGIN IMMEDIATE")
        _empty(connection)


def _empty(connection):
    connection.execute("DELETE FROM rows")
    connection.execute("DELETE FROM claims")
    connection.execute("COMMIT")
    connection.execute("VACUUM")
    connection.execute("BEGIN")


def _values(connection, keys):
    """Yield the keys that are stored, with their values."""
    for key, value, digest in _select(connection, "key, value, digest", keys):
        if not isinstance(value, bytes) or not _is_whole(key, value, digest):
            raise DamagedError("a row is not what was written")
        yield key, value


def _to_row(value, dtype, n):
    n_numbers, rest = divmod(len(value), np.dtype(dtype).itemsize)
    if rest or n not in (None, n_numbers):
        raise DamagedError("a row has another length than the others")
    return np.frombuffer(value, dtype)


def _stored(connection, keys):
    return {key for (key,) in _select(connection, "key", keys)}


def _select(connection, columns, keys):
    for start in range(0, len(keys), _MOST_VARIABLES):
        part = keys[start : start + _MOST_VARIABLES]
        marks = ",".join("?" * len(part))
        query = f"SELECT {columns} FROM rows WHERE key IN ({marks})"
        yield from connection.execute(query, part).fetchall()


def _digest(key, value):
    return zlib.crc32(value, zlib.crc32(key)).to_bytes(4, "big")


def _is_whole(key, value, digest):
    """Return whether a row is what was written, with the digest of now or of 0.1.

    The first digest had 8 bytes. It took most of the time of a read.
    """
    if isinstance(digest, bytes) and len(digest) == 8:
        return digest == hashlib.blake2b(key + value, digest_size=8).digest()
    return digest == _digest(key, value)
