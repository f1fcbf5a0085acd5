"""What was computed once, kept on disk."""

import hashlib
import sqlite3
import warnings
from contextlib import closing
from pathlib import Path

import numpy as np
from filelock import FileLock

from ._caller import caller_level
from ._claims import CREATE_CLAIMS, end_claims, living_claims, make_claims
from ._home import home_folder
from .exceptions import CacheWarning

__all__ = ["RowStore"]

_APPLICATION = 0x736B6675  # "skfu", which tells our files from other people's
_VERSION = 1
_TABLES = (
    "CREATE TABLE rows (key BLOB PRIMARY KEY, value BLOB, digest BLOB)",
    CREATE_CLAIMS,
    f"PRAGMA application_id = {_APPLICATION}",
    f"PRAGMA user_version = {_VERSION}",
)
_MAPPED_BYTES = 2**40  # as much as SQLite maps
_PAGE_BYTES = 2**14
_MOST_VARIABLES = 500
_TIMEOUT = 60.0  # seconds


class _DamagedError(Exception):
    """The file is not what we wrote."""


class RowStore:
    """Rows of numbers, kept in an SQLite file that processes share.

    A row is kept under a digest of what decides it. Writers may be killed at any
    moment. Derived classes say what the rows are.

    Parameters
    ----------
    folder : str, Path or True, default=True
        Where the file is; True is the usual place.
    """

    _name = "rows"
    _dtype = "u1"

    def __init__(self, folder=True):
        folder = home_folder(self._name) if folder is True else Path(folder)
        self.folder = folder.expanduser()

    @property
    def path(self):
        """The file: the newest one, where others were found damaged."""
        return self._files()[-1]

    def _files(self):
        """All files, in order; none is ever renamed under the feet of a process."""
        files = [self.folder / f"{self._name}.sqlite"]
        while (later := self._numbered(len(files) + 1)).exists():
            files.append(later)
        return files

    def _numbered(self, number):
        return self.folder / f"{self._name}-{number}.sqlite"

    def __repr__(self):
        """Return the class, the file's name, and what it holds."""
        rows = f"{len(self)} rows, {self.n_bytes / 1e6:.1f} MB"
        return f"<{type(self).__name__} {self.path.name!r}: {rows}>"

    def __len__(self):
        """Return the number of rows: one for each image and each way of making it."""
        if not self.path.exists():
            return 0
        query = "SELECT count(*) FROM rows"
        return self._run(lambda c: c.execute(query).fetchone()[0], writes=False)

    @property
    def n_bytes(self):
        """Size on disk, in bytes, with what was set aside."""
        return sum(file.stat().st_size for file in self._files() if file.exists())

    def clear(self):
        """Forget everything and give the room back.

        What was set aside stays, since it may be another program's file.
        """

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
            taken = living_claims(connection) | _kept(connection, keys)
            claimed = [key for key in keys if key not in taken][:n_most]
            make_claims(connection, claimed)
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
            end_claims(connection, keys)

        self._run(work)

    def release(self, keys):
        """End claims without rows, so that somebody else may compute them."""
        self._run(lambda connection: end_claims(connection, keys))

    def _run(self, work, *, writes=True):
        """Do a piece of work in one transaction, on a new file if this is damaged."""
        for _ in range(3):
            path = self.path
            try:
                return self._attempt(path, work, writes)
            except (_DamagedError, sqlite3.DatabaseError) as error:
                # Other subclasses say other things: locked, full, not allowed.
                if type(error) not in (_DamagedError, sqlite3.DatabaseError):
                    raise
                self._set_aside(path, error)
        return self._attempt(self.path, work, writes)

    def _attempt(self, path, work, writes):
        self.folder.mkdir(parents=True, exist_ok=True)
        with closing(_connect(path)) as connection:
            if not _is_ours(connection):
                _begin_file(connection)
            connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
            result = work(connection)
            connection.execute("COMMIT")
            return result

    def _set_aside(self, damaged, error):
        """Begin the next file, unless another process was faster."""
        with FileLock(self.folder / f"{self._name}.lock", timeout=_TIMEOUT):
            if self.path != damaged:
                return
            new = self._numbered(len(self._files()) + 1)
            new.touch()
        warnings.warn(
            f"{damaged.name!r} cannot be used ({error}). It was set aside, and a new "
            f"file, {new.name!r}, is begun.",
            CacheWarning,
            stacklevel=caller_level(),
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


def _digest(key, value):
    return hashlib.blake2b(key + value, digest_size=8).digest()
