"""A store is its owner's alone, and damage to it never shows in a result."""

import hashlib
import os
import pickle
import socket
import sqlite3
import stat
import time
import warnings

import numpy as np
import pytest

from skfusion._store import _row_store
from skfusion._store._compute_once import compute_once
from skfusion.exceptions import CacheWarning
from skfusion.images import ImageCache

KEYS = [b"key %d" % number for number in range(20)]
N = 40
posix = pytest.mark.skipif(os.name != "posix", reason="modes and links are of POSIX")


def compute(rows):
    return np.repeat(rows[:, np.newaxis], N, axis=1).astype(np.uint8)


def fill(folder):
    """A store of twenty rows, in which row n holds n."""
    store = ImageCache(folder)
    store.write(KEYS, list(compute(np.arange(20))))
    return store


def check_rows(store):
    """Everything that a user does with a store; what comes out must be right."""
    repr(store), len(store), store.n_bytes
    rows = compute_once(store, KEYS, compute, batch_size=8, n=N)
    np.testing.assert_array_equal(rows, compute(np.arange(20)))
    store.release(store.claim([b"another"], 1))
    return store


def mode(path):
    return stat.S_IMODE(path.lstat().st_mode)


@posix
def test_what_is_made_is_its_owners_alone(tmp_path):
    umask = os.umask(0)
    try:
        store = fill(tmp_path / "a" / "b")
        (tmp_path / "a" / "b" / "images.sqlite").write_bytes(b"no database" * 999)
        with pytest.warns(CacheWarning, match="was set aside"):
            fill(tmp_path / "a" / "b")
    finally:
        os.umask(umask)
    assert {mode(folder) for folder in (tmp_path / "a", store.folder)} == {0o700}
    files = {path.name: mode(path) for path in store.folder.iterdir()}
    assert set(files) == {"images.sqlite", "images-2.sqlite", "images.lock"}
    assert set(files.values()) == {0o600}


@posix
def test_the_journal_is_its_owners_alone(tmp_path, monkeypatch):
    store = fill(tmp_path)
    modes = {}

    def look(connection):
        connection.execute("DELETE FROM rows")
        modes.update({path.name: mode(path) for path in tmp_path.iterdir()})

    store._file.run(look)
    assert modes["images.sqlite-journal"] == 0o600


@posix
def test_a_file_that_all_may_read_is_closed_to_them(tmp_path):
    store = fill(tmp_path)
    store.path.chmod(0o644)
    check_rows(store)
    assert mode(store.path) == 0o600


@posix
def test_a_folder_of_the_user_keeps_its_mode(tmp_path):
    tmp_path.chmod(0o750)
    fill(tmp_path)
    assert mode(tmp_path) == 0o750


@posix
def test_a_link_is_not_followed(tmp_path):
    target = tmp_path / "others" / "file"
    target.parent.mkdir()
    target.write_bytes(b"")
    folder = tmp_path / "store"
    folder.mkdir()
    (folder / "images.sqlite").symlink_to(target)
    with pytest.warns(CacheWarning, match=r"it is a link.* was set aside"):
        check_rows(ImageCache(folder))
    assert target.read_bytes() == b""
    assert ImageCache(folder).path.name == "images-2.sqlite"


def give_wrong_length(connection):
    value = bytes(N + 1)
    row = (value, _row_store._digest(KEYS[3], value), KEYS[3])
    connection.execute("UPDATE rows SET value = ?, digest = ? WHERE key = ?", row)


def test_rows_with_the_first_digest_are_read(tmp_path):
    """A file of the version whose digest had eight bytes."""
    store = fill(tmp_path)
    with sqlite3.connect(store.path) as connection:
        for key, value in connection.execute("SELECT key, value FROM rows").fetchall():
            digest = hashlib.blake2b(key + value, digest_size=8).digest()
            row = (digest, key)
            connection.execute("UPDATE rows SET digest = ? WHERE key = ?", row)
    connection.close()
    assert set(store.read(KEYS, N)) == set(KEYS)
    with sqlite3.connect(store.path) as connection:
        connection.execute("UPDATE rows SET value = zeroblob(40) WHERE rowid = 8")
    connection.close()
    with pytest.warns(CacheWarning, match="was set aside"):
        check_rows(store)


def put_view(connection, table, columns):
    connection.execute(f"ALTER TABLE {table} RENAME TO others")
    connection.execute(f"CREATE VIEW {table} AS SELECT {columns}")


def write_schema(connection, value):
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute(f"UPDATE sqlite_master SET sql = {value} WHERE name = 'rows'")


# A claim of a process that lives and never stops claiming.
FOREVER = "key, 1 AS process, x'00' AS token, unixepoch('subsec') AS since FROM rows"
DAMAGED_ROWS = {
    "value NULL": "UPDATE rows SET value = NULL WHERE key = x'6b65792033'",
    "value text": "UPDATE rows SET value = 'abc' WHERE key = x'6b65792033'",
    "value number": "UPDATE rows SET value = 5 WHERE key = x'6b65792033'",
    "value empty": "UPDATE rows SET value = x'' WHERE key = x'6b65792033'",
    "digest NULL": "UPDATE rows SET digest = NULL",
    "digest text": "UPDATE rows SET digest = 'abc'",
    "digest number": "UPDATE rows SET digest = 1.5",
    "wrong length": give_wrong_length,
    "no rows": "DROP TABLE rows",
    "no claims": "DROP TABLE claims",
    "a column less": "ALTER TABLE rows DROP COLUMN digest",
    "a column more": "ALTER TABLE claims ADD COLUMN patient",
    "rows are a view": lambda c: put_view(c, "rows", "* FROM others"),
    "rows are an empty view": lambda c: put_view(c, "rows", "* FROM others LIMIT 0"),
    "claims are a view": lambda c: put_view(c, "claims", FOREVER),
    "a trigger": "CREATE TRIGGER t INSERT ON claims BEGIN SELECT RAISE(IGNORE); END",
    "text that is none": lambda c: write_schema(c, "CAST(x'ff80' AS TEXT)"),
    "a schema that is none": lambda c: write_schema(c, "'CREATE'"),
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("damage", DAMAGED_ROWS.values(), ids=DAMAGED_ROWS.keys())
def test_damaged_rows_are_set_aside_and_computed_again(tmp_path, damage):
    store = fill(tmp_path)
    with sqlite3.connect(store.path) as connection:
        damage(connection) if callable(damage) else connection.execute(damage)
    connection.close()
    with pytest.warns(CacheWarning, match=r"'images.sqlite' .* was set aside"):
        check_rows(store)
    assert store.path.name == "images-2.sqlite"
    assert len(store) == 20


def make_socket(path):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


ODD_FILES = {
    "folder": lambda path: path.mkdir(),
    "FIFO": lambda path: os.mkfifo(path),
    "socket": make_socket,
    "loop": lambda path: path.symlink_to(path.name),
    "link to nothing": lambda path: path.symlink_to("nothing"),
    "link to a device": lambda path: path.symlink_to("/dev/zero"),
}


@posix
@pytest.mark.timeout(20)
@pytest.mark.parametrize("make", ODD_FILES.values(), ids=ODD_FILES.keys())
def test_what_is_no_file_is_set_aside(tmp_path, monkeypatch, make):
    monkeypatch.chdir(tmp_path)  # the path of a socket must be short
    make(ImageCache("").path)
    with pytest.warns(CacheWarning, match=r"'images.sqlite' .* was set aside"):
        check_rows(ImageCache(""))
    assert ImageCache("").path.name == "images-2.sqlite"


@pytest.mark.parametrize("since", ["NULL", "'now'", "x'00'", "1e999"])
@pytest.mark.parametrize("process", ["NULL", "'x'", "1", "0", "-1", "0.5"])
@pytest.mark.timeout(20)
def test_damaged_claims_are_not_waited_for(tmp_path, process, since):
    store = ImageCache(tmp_path)
    store.release([])  # which makes the file
    with sqlite3.connect(store.path) as connection:
        query = f"INSERT INTO claims VALUES (?, {process}, NULL, {since})"
        connection.executemany(query, [(key,) for key in KEYS])
    connection.close()
    check_rows(store)


@pytest.mark.parametrize("process", [0, -1, None, "x"])
@pytest.mark.timeout(20)
def test_claims_of_no_process_are_not_waited_for(tmp_path, process):
    store = ImageCache(tmp_path)
    store.release([])
    with sqlite3.connect(store.path) as connection:
        query = "INSERT INTO claims VALUES (?, ?, NULL, ?)"
        claims = [(key, process, time.time()) for key in KEYS]
        connection.executemany(query, claims)
    connection.close()
    check_rows(store)


class FullDisk(sqlite3.Connection):
    """A disk without room for a journal, and then without any."""

    has_memory = True

    def execute(self, query, *parameters):
        if query.startswith("DELETE"):
            journal = super().execute("PRAGMA journal_mode").fetchone()[0]
            if journal != "memory" or not self.has_memory:
                error = sqlite3.OperationalError("database or disk is full")
                error.sqlite_errorcode = sqlite3.SQLITE_FULL
                raise error
        return super().execute(query, *parameters)


@pytest.fixture
def full_disk(monkeypatch):
    connect = sqlite3.connect

    def connect_to_full_disk(*arguments, **options):
        return connect(*arguments, **options, factory=FullDisk)

    monkeypatch.setattr(sqlite3, "connect", connect_to_full_disk)


def test_a_store_on_a_full_disk_can_be_cleared(tmp_path, full_disk):
    store = fill(tmp_path)
    n_bytes = store.n_bytes
    store.clear()
    assert len(store) == 0
    assert store.n_bytes <= n_bytes
    check_rows(store)


def test_what_cannot_be_cleared_is_a_clear_error(tmp_path, full_disk, monkeypatch):
    store = fill(tmp_path / "Doe_Jane")
    monkeypatch.setattr(FullDisk, "has_memory", False)
    with pytest.raises(OSError, match="disk is full") as raised:
        store.clear()
    assert "'images.sqlite' cannot be used" in str(raised.value)
    assert "Doe" not in str(raised.value)
    assert len(store) == 20


def test_no_folder_stands_in_a_warning(tmp_path):
    (tmp_path / "Doe_Jane").write_text("")
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        compute_once(ImageCache(tmp_path / "Doe_Jane" / "a"), KEYS, compute, 8)
    assert [warning.category for warning in shown] == [CacheWarning]
    assert "Doe" not in str(shown[0].message)


def test_an_error_of_the_caller_is_no_damage(tmp_path):
    store = fill(tmp_path)
    with pytest.raises(sqlite3.ProgrammingError):
        store.read([object()])
    assert store.path.name == "images.sqlite"


def test_no_home_folder_is_a_clear_error(monkeypatch):
    monkeypatch.delenv("SKFUSION_HOME", raising=False)
    monkeypatch.setattr("os.path.expanduser", lambda path: path)  # as without one
    with pytest.raises(RuntimeError, match="SKFUSION_HOME"):
        ImageCache(True)


def test_a_store_is_pickled_by_its_folder(tmp_path):
    store = pickle.loads(pickle.dumps(fill(tmp_path)))
    assert len(store) == 20
