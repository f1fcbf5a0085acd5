"""An SQLite file that processes share; a damaged one is set aside."""

import os
import sqlite3
import stat
from contextlib import closing, suppress

from ..exceptions import CacheWarning, warn_user
from ._home import lock_of, make_file, make_folder

__all__ = ["DamagedError", "SQLiteFile"]

_APPLICATION = 0x736B6675  # "skfu", which marks our files
_VERSION = 1
# Errors of the computer; SQLite's other errors are due to the file.
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
_PAGE_BYTES = 2**14
_TIMEOUT = 60.0  # seconds
_ATTEMPTS = 4  # on files of which each but the last is damaged


class DamagedError(Exception):
    """The file is not what we wrote."""


class SQLiteFile:
    """An SQLite file with some tables, and those that were set aside before it.

    Only its owner may read the file, and the folder where this makes it. No file is
    ever renamed, since other processes may have opened it.

    Parameters
    ----------
    folder : Path

    name : str
        Name of the file, without its ending.

    tables : tuple of str
        Statements that make its tables.
    """

    def __init__(self, folder, name, tables):
        self.folder = folder
        self.name = name
        self.tables = tables

    @property
    def path(self):
        """The newest file."""
        return self._all()[-1]

    @property
    def is_empty(self):
        """Return whether the newest file does not exist yet, or holds nothing."""
        return not _size(self.path)

    @property
    def n_bytes(self):
        """Size on disk, in bytes, with the files that were set aside."""
        return sum(map(_size, self._all()))

    def _all(self):
        """Return all files, in order."""
        files = [self.folder / f"{self.name}.sqlite"]
        while os.path.lexists(later := self._numbered(len(files) + 1)):
            files.append(later)
        return files

    def _numbered(self, number):
        return self.folder / f"{self.name}-{number}.sqlite"

    def run(self, work, *, writes=True):
        """Run a function of a connection in one transaction.

        Parameters
        ----------
        work : callable
            Takes a ``sqlite3.Connection``; runs again, on a new file, where it finds
            that the file is damaged.

        writes : bool, default=True
            Whether it writes.

        Returns
        -------
        result : object
            What `work` returns.

        Raises
        ------
        OSError
            If the file cannot be used although it is not damaged. The message does
            not show the folder.
        """
        try:
            return self._run_on_whole_file(work, writes)
        except (OSError, sqlite3.OperationalError) as error:
            raise OSError(
                f"{self.path.name!r} cannot be used: {self._explain(error)}"
            ) from None

    def _explain(self, error):
        """Return the reason of an error, and what to do."""
        if os.path.isfile(self.folder):  # noqa: PTH113, Path.is_file raises
            return (
                f"expected a folder, got the file {self.folder.name!r}. Pass another "
                "path; a folder that does not exist is made."
            )
        is_os = isinstance(error, OSError)
        reason = (error.strerror or type(error).__name__) if is_os else error
        return f"{reason}. Check the disk and the permissions, or name another folder."

    def _run_on_whole_file(self, work, writes):
        for _ in range(_ATTEMPTS):
            path = self.path
            try:
                return self._attempt(path, work, writes)
            except (DamagedError, sqlite3.DatabaseError, UnicodeDecodeError) as error:
                if not _is_damage(error, path):
                    raise
                self._set_aside(path, error)
        raise OSError(None, "one file after the other is damaged")

    def _attempt(self, path, work, writes):
        self._make(path)
        with closing(_connect(path)) as connection:
            if not _is_ours(connection):
                self._begin(connection)
            connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
            self._check_tables(connection)
            result = work(connection)
            connection.execute("COMMIT")
            return result

    def _make(self, path):
        """Make the file, which SQLite would make readable by all, or check it.

        A process loses SQLite's locks of a file when one of its threads closes that
        file elsewhere. So a thread that finds an empty file, which another one may
        just be making, waits for that thread.
        """
        make_folder(self.folder)
        if not _size(path):
            with self._lock():
                make_file(path)
        mode = path.lstat().st_mode
        if not stat.S_ISREG(mode):
            raise DamagedError("it is a link, a folder or a device")
        if mode & 0o077:
            with suppress(OSError):  # of another user, or on a read-only disk
                path.chmod(0o600)

    def _lock(self):
        return lock_of(self.folder / self.name)

    def _begin(self, connection):
        """Make the tables of a new file, unless another process was faster."""
        connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
        connection.execute("BEGIN IMMEDIATE")
        if not _is_ours(connection):
            if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                raise DamagedError("another program, or another version, made it")
            for statement in self.tables:
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {_APPLICATION}")
            connection.execute(f"PRAGMA user_version = {_VERSION}")
        connection.execute("COMMIT")

    def _check_tables(self, connection):
        """Refuse a view, a trigger or other columns in place of our tables."""
        made = connection.execute("SELECT sql FROM sqlite_master WHERE sql NOT NULL")
        if sorted(sql for (sql,) in made) != sorted(self.tables):
            raise DamagedError("its tables are not those that were made")

    def _set_aside(self, damaged, error):
        """Begin the next file, unless another process was faster."""
        with self._lock():
            if self.path != damaged:
                return
            new = self._numbered(len(self._all()) + 1)
            make_file(new)
        warn_user(
            f"{damaged.name!r} cannot be used ({error}). It was set aside, and a new "
            f"file, {new.name!r}, is begun.",
            CacheWarning,
        )


def _size(path):
    """Return the size in bytes, of a link itself; 0 where there is no file."""
    try:
        return path.lstat().st_size
    except (FileNotFoundError, NotADirectoryError):
        return 0


def _is_damage(error, path):
    """Return whether the file, not the computer or the caller, caused an error."""
    if isinstance(error, sqlite3.ProgrammingError):
        return False
    # Without a code, Python cannot decode a text, of the file or of SQLite's message.
    # The upper bits of a code are its details.
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    if code == sqlite3.SQLITE_READONLY:  # a damaged header may forbid writing, too
        return os.access(path, os.W_OK)
    return code not in _OUTSIDE


def _connect(path):
    connection = sqlite3.connect(path, timeout=_TIMEOUT, isolation_level=None)
    # A killed process loses nothing by it; a lost row is computed again.
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def _is_ours(connection):
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    return (application, version) == (_APPLICATION, _VERSION)
