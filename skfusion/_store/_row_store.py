"""What was computed once, kept on disk."""

import hashlib
import os
import sqlite3
import stat
from contextlib import closing, suppress
from pathlib import Path

import numpy as np

from ..exceptions import CacheWarning, warn_user
from ._claims import CREATE_CLAIMS, end_claims, living_claims, make_claims
from ._home import home_folder, lock_of, make_file, make_folder

__all__ = ["RowStore"]

_APPLICATION = 0x736B6675  # "skfu", which tells our files from other people's
_VERSION = 1
_CREATE_ROWS = "CREATE TABLE rows (key BLOB PRIMARY KEY, value BLOB, digest BLOB)"
_BEGINNING = (
    _CREATE_ROWS,
    CREATE_CLAIMS,
    f"PRAGMA application_id = {_APPLICATION}",
    f"PRAGMA user_version = {_VERSION}",
)
# What SQLite reports of the computer; all else that it reports is of the file.
_OUTSIDE = {
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
}
_MAPPED_BYTES = 2**40  # as much as SQLite maps
_PAGE_BYTES = 2**14
_MOST_VARIABLES = 500
_TIMEOUT = 60.0  # seconds
_ATTEMPTS = 4  # on files of which each but the last is damaged


class _DamagedError(Exception):
    """The file is not what we wrote."""


class RowStore:
    """Rows of numbers, kept in an SQLite file that processes share.

    A row is kept under a digest of what decides it. Writers may be killed at any
    moment. Derived classes say what the rows are.

    Only its owner may read the file, and the folder where this makes it.

    Parameters
    ----------
    folder : str, Path or True, default=True
        Where the file is; True is the usual place.

    Raises
    ------
    OSError
        By every method, where the file cannot be used although nothing is wrong with
        it: the disk is full, it may not be written, another process locks it.

    Warns
    -----
    CacheWarning
        By every method, where the file is damaged: it is set aside.
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
        while os.path.lexists(later := self._numbered(len(files) + 1)):
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
        if not _size(self.path):
            return 0
        query = "SELECT count(*) FROM rows"
        return self._run(lambda c: c.execute(query).fetchone()[0], writes=False)

    @property
    def n_bytes(self):
        """Size on disk, in bytes, with what was set aside."""
        return sum(map(_size, self._files()))

    def clear(self):
        """Forget everything and give the room back, on a full disk too.

        What was set aside stays, since it may be another program's file.
        """
        self._run(_forget)

    def read(self, keys, n=None):
        """Read what is kept.

        Parameters
        ----------
        keys : iterable of bytes

        n : int, default=None
            Numbers of each row: a row with another number of them is damaged.

        Returns
        -------
        rows : dict of bytes to ndarray of shape (n,)
            Without those that are not kept.
        """
        keys = list(dict.fromkeys(keys))

        def work(connection):
            values = _values(connection, keys)
            return {key: _to_row(value, self._dtype, n) for key, value in values}

        return self._run(work, writes=False)

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
        """Do a piece of work in one transaction; no error shows the folder."""
        try:
            return self._on_a_whole_file(work, writes)
        except (OSError, sqlite3.OperationalError) as error:
            is_os = isinstance(error, OSError)
            reason = (error.strerror or type(error).__name__) if is_os else error
            raise OSError(
                f"{self.path.name!r} cannot be used: {reason}. Check the disk and the "
                "permissions, or name another folder."
            ) from None

    def _on_a_whole_file(self, work, writes):
        """Do a piece of work, on a new file where the newest is damaged."""
        for _ in range(_ATTEMPTS):
            path = self.path
            try:
                return self._attempt(path, work, writes)
            except (_DamagedError, sqlite3.DatabaseError, UnicodeDecodeError) as error:
                if not _is_damage(error, path):
                    raise
                self._set_aside(path, error)
        raise OSError(None, "one file after the other is damaged")

    def _attempt(self, path, work, writes):
        self._make(path)
        with closing(_connect(path)) as connection:
            if not _is_ours(connection):
                _begin_file(connection)
            connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
            _check_tables(connection)
            result = work(connection)
            connection.execute("COMMIT")
            return result

    def _make(self, path):
        """Make the file, which SQLite would make readable by all; check what is there.

        A process loses SQLite's locks of a file when one of its threads closes that
        file elsewhere. So whoever finds an empty one, which another thread may just
        be making, waits for that thread.
        """
        make_folder(self.folder)
        if not _size(path):
            with self._lock():
                make_file(path)
        mode = path.lstat().st_mode
        if not stat.S_ISREG(mode):
            raise _DamagedError("it is a link, a folder or a device")
        if mode & 0o077:
            with suppress(OSError):  # somebody else's, or on a read-only disk
                path.chmod(0o600)

    def _lock(self):
        return lock_of(self.folder / self._name)

    def _set_aside(self, damaged, error):
        """Begin the next file, unless another process was faster."""
        with self._lock():
            if self.path != damaged:
                return
            new = self._numbered(len(self._files()) + 1)
            make_file(new)
        warn_user(
            f"{damaged.name!r} cannot be used ({error}). It was set aside, and a new "
            f"file, {new.name!r}, is begun.",
            CacheWarning,
        )


def _size(path):
    """Size in bytes, of a link itself; 0 where nothing is."""
    try:
        return path.lstat().st_size
    except (FileNotFoundError, NotADirectoryError):
        return 0


def _is_damage(error, path):
    """Whether an error is due to the file, and not to the computer or the caller."""
    if isinstance(error, sqlite3.ProgrammingError):
        return False
    # Without a code it is a text that Python cannot decode, of the file or of SQLite's
    # message. The upper bits of a code are its details.
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    if code == sqlite3.SQLITE_READONLY:  # a damaged header may forbid writing, too
        return os.access(path, os.W_OK)
    return code not in _OUTSIDE


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
        for statement in _BEGINNING:
            connection.execute(statement)
    connection.execute("COMMIT")


def _check_tables(connection):
    """Refuse a view, a trigger or other columns in place of our tables."""
    made = connection.execute("SELECT sql FROM sqlite_master WHERE sql NOT NULL")
    if sorted(sql for (sql,) in made) != sorted([_CREATE_ROWS, CREATE_CLAIMS]):
        raise _DamagedError("its tables are not those that were made")


def _forget(connection):
    try:
        _empty(connection)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_FULL:
            raise
        # A full disk has no room for the journal by which SQLite would survive that
        # this process is killed just now.
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
    """Yield the keys that are kept, with their values."""
    for key, value, digest in _select(connection, "key, value, digest", keys):
        if not isinstance(value, bytes) or digest != _digest(key, value):
            raise _DamagedError("a row is not what was written")
        yield key, value


def _to_row(value, dtype, n):
    n_numbers, rest = divmod(len(value), np.dtype(dtype).itemsize)
    if rest or n not in (None, n_numbers):
        raise _DamagedError("a row has not the length of the others")
    return np.frombuffer(value, dtype)


def _kept(connection, keys):
    return {key for (key,) in _select(connection, "key", keys)}


def _select(connection, columns, keys):
    for start in range(0, len(keys), _MOST_VARIABLES):
        some = keys[start : start + _MOST_VARIABLES]
        marks = ",".join("?" * len(some))
        query = f"SELECT {columns} FROM rows WHERE key IN ({marks})"
        yield from connection.execute(query, some).fetchall()


def _digest(key, value):
    return hashlib.blake2b(key + value, digest_size=8).digest()
