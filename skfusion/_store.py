"""What was computed once, kept on disk."""

import hashlib
import os
import sqlite3
import time
import warnings
from contextlib import closing
from itertools import count
from pathlib import Path

import numpy as np

from ._home import home_folder
from .exceptions import CacheWarning

__all__ = ["RowStore"]

_APPLICATION = 0x736B6675  # "skfu", which tells our files from other people's
_VERSION = 1
_TABLES = (
    "CREATE TABLE rows (key BLOB PRIMARY KEY, value BLOB, digest BLOB)",
    "CREATE TABLE claims (key BLOB PRIMARY KEY, process INTEGER, since REAL)",
    f"PRAGMA application_id = {_APPLICATION}",
    f"PRAGMA user_version = {_VERSION}",
)
_MAPPED_BYTES = 2**40  # as much as SQLite maps
_PAGE_BYTES = 2**14
_MOST_VARIABLES = 500
_TIMEOUT = 60.0
# A batch takes seconds: whoever claimed one so long ago is gone, or hangs.
_CLAIM_LIFETIME = 300.0


class _DamagedError(Exception):
    """The file is not what we wrote."""


class RowStore:
    """Rows of numbers, kept in an SQLite file that processes share.

    A row is kept under a digest of everything that decides it, so that it is never
    out of date. Writers may be killed at any moment. Derived classes say what the
    rows are.

    Parameters
    ----------
    folder : str, Path or True, default=True
        Where the file is; True is the usual place.
    """

    _name = "rows"
    _dtype = "u1"

    def __init__(self, folder=True):
        folder = home_folder(self._name) if folder is True else Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{self._name}.sqlite"

    def __len__(self):
        """Return the number of rows that are kept."""
        count = "SELECT count(*) FROM rows"
        return self._run(lambda c: c.execute(count).fetchone()[0], writes=False)

    @property
    def n_bytes(self):
        """Size on disk, in bytes."""
        len(self)
        return self.path.stat().st_size

    def clear(self):
        """Forget everything and give the room back."""

        def work(connection):
            connection.execute("DELETE FROM rows")
            connection.execute("DELETE FROM claims")
            connection.execute("COMMIT")
            connection.execute("VACUUM")
            connection.execute("BEGIN")

        self._run(work)

    def read(self, keys):
        """Read what is kept.

        Parameters
        ----------
        keys : iterable of bytes

        Returns
        -------
        rows : dict of bytes to ndarray of shape (n,)
            Without those that are not kept.
        """
        keys = list(dict.fromkeys(keys))
        values = self._run(lambda c: dict(_values(c, keys)), writes=False)
        return {key: np.frombuffer(value, self._dtype) for key, value in values.items()}

    def claim(self, keys, n_most):
        """Claim rows that nobody has computed or is computing.

        Parameters
        ----------
        keys : iterable of bytes

        n_most : int
            At most so many.

        Returns
        -------
        claimed : list of bytes
            Of `keys`, in order. Whoever claims writes, or releases.
        """
        keys = list(dict.fromkeys(keys))

        def work(connection):
            taken = _claimed(connection) | _kept(connection, keys)
            claimed = [key for key in keys if key not in taken][:n_most]
            claims = [(key, os.getpid(), time.time()) for key in claimed]
            connection.executemany(
                "INSERT OR REPLACE INTO claims VALUES (?,?,?)", claims
            )
            return claimed

        return self._run(work)

    def write(self, keys, rows):
        """Keep rows, and end their claims.

        Parameters
        ----------
        keys : list of bytes

        rows : list of ndarray of shape (n,)
        """
        values = [np.asarray(row, self._dtype).tobytes() for row in rows]
        kept = [(k, v, _digest(k, v)) for k, v in zip(keys, values, strict=True)]

        def work(connection):
            connection.executemany("INSERT OR IGNORE INTO rows VALUES (?,?,?)", kept)
            _end_claims(connection, keys)

        self._run(work)

    def release(self, keys):
        """End claims without rows, so that somebody else may compute them."""
        self._run(lambda connection: _end_claims(connection, keys))

    def _run(self, work, *, writes=True):
        """Do a piece of work in one transaction, on a new file if this is damaged."""
        try:
            return self._attempt(work, writes)
        except (_DamagedError, sqlite3.DatabaseError) as error:
            # Its subclasses say other things: locked, full, not allowed.
            if type(error) not in (_DamagedError, sqlite3.DatabaseError):
                raise
            self._set_aside(error)
            return self._attempt(work, writes)

    def _attempt(self, work, writes):
        with closing(_connect(self.path)) as connection:
            if not _is_ours(connection):
                _begin_file(connection)
            connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
            result = work(connection)
            connection.execute("COMMIT")
            return result

    def _set_aside(self, error):
        for number in count(1):
            aside = self.path.with_name(f"{self.path.name}.damaged{number}")
            if not aside.exists():
                break
        # The journal first: it must not be played back into the new file.
        self.path.with_name(self.path.name + "-journal").unlink(missing_ok=True)
        self.path.replace(aside)
        warnings.warn(
            f"{self.path.name!r} cannot be used ({error}). It was set "
            f"aside as {aside.name!r}, and a new one is begun.",
            CacheWarning,
            stacklevel=5,
        )


def _connect(path):
    connection = sqlite3.connect(path, timeout=_TIMEOUT, isolation_level=None)
    # A killed process loses nothing by it; a lost row is computed again.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(f"PRAGMA mmap_size = {_MAPPED_BYTES}")
    return connection


def _is_ours(connection):
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    return (application, version) == (_APPLICATION, _VERSION)


def _begin_file(connection):
    """Make the tables of a new file, unless another process was faster."""
    connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
    connection.execute("BEGIN IMMEDIATE")
    if not _is_ours(connection):
        if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise _DamagedError("another program, or another version, made it")
        for statement in _TABLES:
            connection.execute(statement)
    connection.execute("COMMIT")


def _values(connection, keys):
    """Yield the keys that are kept, with their values."""
    for key, value, digest in _select(connection, "key, value, digest", keys):
        if digest != _digest(key, value):
            raise _DamagedError("a row is not what was written")
        yield key, value


def _kept(connection, keys):
    return {key for (key,) in _select(connection, "key", keys)}


def _select(connection, columns, keys):
    for start in range(0, len(keys), _MOST_VARIABLES):
        some = keys[start : start + _MOST_VARIABLES]
        marks = ",".join("?" * len(some))
        query = f"SELECT {columns} FROM rows WHERE key IN ({marks})"
        yield from connection.execute(query, some)


def _claimed(connection):
    """Keys on which somebody who is alive is at work."""
    claims = connection.execute("SELECT key, process, since FROM claims").fetchall()
    oldest = time.time() - _CLAIM_LIFETIME
    return {k for k, process, since in claims if since > oldest and _lives(process)}


def _lives(process):
    if os.name == "nt":  # where signal 0 would end it
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _end_claims(connection, keys):
    connection.executemany("DELETE FROM claims WHERE key = ?", [(key,) for key in keys])


def _digest(key, value):
    return hashlib.blake2b(key + value, digest_size=8).digest()
