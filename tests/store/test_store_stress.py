"""A store whose file is mutated, or whose writers are killed: nothing is wrong."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
import warnings

import numpy as np
import pytest

from skfusion._store._compute_once import compute_once
from skfusion.exceptions import CacheWarning
from skfusion.images import ImageCache

pytestmark = pytest.mark.slow
N_ROWS, N = 60, 400
KEYS = [b"%016d" % number for number in range(N_ROWS)]


def compute(rows):
    return np.repeat(rows[:, np.newaxis], N, axis=1).astype(np.uint8)


def some_bytes(rng):
    return rng.bytes(rng.integers(0, 40))


def flip(data, rng):
    """Flip bits anywhere, or in the header and the schema."""
    stop = len(data) if rng.random() < 0.5 else 1000
    data = bytearray(data)
    for place in rng.integers(0, stop, rng.integers(1, 9)):
        data[place] ^= 1 << rng.integers(8)
    return bytes(data)


def set_header(data, rng):
    """Set a byte of the header to anything."""
    place = rng.integers(100)
    return data[:place] + rng.bytes(1) + data[place + 1 :]


def truncate(data, rng):
    return data[: rng.integers(len(data))]


def extend(data, rng):
    return data + rng.bytes(rng.integers(1, 40_000))


def overwrite(data, rng):
    start, length = rng.integers(len(data)), rng.integers(1, 5000)
    filling = rng.bytes(length) if rng.random() < 0.5 else bytes(length)
    return (data[:start] + filling + data[start + length :])[: len(data)]


def swap_pages(data, rng):
    size = 2**14
    pages = [data[start : start + size] for start in range(0, len(data), size)]
    a, b = rng.integers(len(pages), size=2)
    pages[a], pages[b] = pages[b], pages[a]
    return b"".join(pages)


def splice(data, rng):
    start, stop = sorted(rng.integers(0, len(data), 2))
    return data[:start] + data[stop:]


OF_BYTES = [flip, set_header, truncate, extend, overwrite, swap_pages, splice, flip]
VALUES = [
    "NULL",
    "''",
    "'text'",
    "x''",
    "zeroblob(400)",
    "zeroblob(401)",
    "-1",
    "9223372036854775807",
    "1e999",
    "-0.5",
    "CAST(x'ff80' AS TEXT)",
    "randomblob(8)",
]
STATEMENTS = [
    "UPDATE rows SET {column} = {value} WHERE key = {key}",
    "UPDATE OR IGNORE rows SET {column} = {value}",
    "UPDATE OR IGNORE rows SET key = {value} WHERE key = {key}",
    "UPDATE rows SET value = substr(value, 2) WHERE key = {key}",
    "UPDATE rows SET value = (SELECT max(value) FROM rows), digest = "
    "(SELECT max(digest) FROM rows)",
    "INSERT INTO rows VALUES ({value}, {value}, {value})",
    "UPDATE OR IGNORE claims SET {claim} = {value}",
    "INSERT INTO claims SELECT key, {value}, {value}, {value} FROM rows",
    "INSERT INTO claims SELECT key, 1, x'00', {value} FROM rows",
    "INSERT INTO claims SELECT key, {value}, x'00', unixepoch() FROM rows",
    "DELETE FROM rows WHERE key > {key}",
    "DROP TABLE {table}",
    "ALTER TABLE {table} RENAME TO other",
    "ALTER TABLE {table} ADD COLUMN other DEFAULT {value}",
    "CREATE TABLE other AS SELECT * FROM {table}",
    "CREATE TEMP TABLE {table} (key, value, digest)",
    "ALTER TABLE {table} RENAME TO other; CREATE VIEW {table} AS SELECT * FROM other",
    "DROP TABLE {table}; CREATE VIEW {table} AS SELECT {value} AS key, "
    "{value} AS value, {value} AS digest, 1 AS process, 1 AS token, 1 AS since",
    "DROP TABLE {table}; CREATE TABLE {table} (key TEXT, value, digest)",
    "DROP TABLE {table}; CREATE VIRTUAL TABLE {table} USING fts4(key, value)",
    "CREATE TRIGGER t BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'no'); END",
    "CREATE TRIGGER t AFTER INSERT ON {table} BEGIN DELETE FROM {table}; END",
    "CREATE INDEX other ON {table} (key) WHERE key IS NOT NULL",
    "PRAGMA writable_schema = ON; UPDATE sqlite_master SET {master} = {value}",
    "PRAGMA writable_schema = ON; UPDATE sqlite_master SET rootpage = 3",
    "PRAGMA writable_schema = ON; DELETE FROM sqlite_master WHERE name = '{table}'",
    "PRAGMA application_id = {number}",
    "PRAGMA user_version = {number}",
    "PRAGMA journal_mode = WAL",
    "PRAGMA page_size = 512; VACUUM",
    "PRAGMA auto_vacuum = FULL; VACUUM",
]


def of_rows(path, rng, number):
    """Change the database by a statement that SQLite takes."""
    statement = STATEMENTS[number % len(STATEMENTS)]
    words = {
        "column": ["key", "value", "digest"],
        "claim": ["key", "process", "token", "since"],
        "table": ["rows", "claims"],
        "master": ["type", "name", "tbl_name", "sql"],
        "value": VALUES,
        "number": [0, 1, -5, 2**31 - 1],
        "key": [f"x'{key.hex()}'" for key in KEYS],
    }
    words = {word: rng.choice(choices) for word, choices in words.items()}
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.executescript(statement.format(**words))
    except sqlite3.Error:  # such as a trigger on what is no table
        pass
    finally:
        connection.close()


def leave_journal(path, rng):
    """A journal of what was never written, or of something else."""
    name = path.name + rng.choice(["-journal", "-wal", "-shm"])
    heads = [b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", b"\x37\x7f\x06\x82", b""]
    path.with_name(name).write_bytes(heads[rng.integers(3)] + rng.bytes(5000))
    path.write_bytes(flip(path.read_bytes(), rng))


def mutate(path, rng, number):
    kind = number % 4
    if kind < 2:
        data = path.read_bytes()
        for _ in range(kind + 1):
            data = OF_BYTES[rng.integers(len(OF_BYTES))](data, rng) or b"x"
        path.write_bytes(data)
    elif kind == 2:
        of_rows(path, rng, number // 4)
    else:
        leave_journal(path, rng)


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """The bytes of a store with rows, and with claims of a process that is no more."""
    store = ImageCache(tmp_path_factory.mktemp("original"))
    store.write(KEYS, list(compute(np.arange(N_ROWS))))
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    with sqlite3.connect(store.path) as connection:
        claims = [(b"claimed %d" % n, dead.pid, b"t", time.time()) for n in range(50)]
        connection.executemany("INSERT INTO claims VALUES (?, ?, ?, ?)", claims)
    connection.close()
    return store.path.read_bytes()


def use(store, number):
    """Do all that the public methods do; rows must be right, whatever is kept."""
    if number % 3 == 0:
        repr(store)
    elif number % 3 == 1:
        assert len(store) >= 0
    rows = compute_once(store, KEYS, compute, batch_size=16, n=N)
    np.testing.assert_array_equal(rows, compute(np.arange(N_ROWS)))
    claimed = store.claim([b"new", *KEYS], 5)
    store.write(claimed, [np.full(N, 7)] * len(claimed))
    assert store.n_bytes > 0
    store.clear()
    assert len(store) == 0
    assert store.claim(KEYS, 1) == KEYS[:1]


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(4))
def test_two_thousand_mutated_stores(part, original, tmp_path, record_property):
    """500 in each part: rows are right, and every exception is ours."""
    n_aside, slowest = 0, 0.0
    for number in range(part, 2000, 4):
        rng = np.random.default_rng([10, number])
        store = ImageCache(tmp_path / str(number))
        store.folder.mkdir()
        store.path.write_bytes(original)
        mutate(store.path, rng, number)
        start = time.monotonic()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", CacheWarning)
            use(store, number)
        slowest = max(slowest, time.monotonic() - start)
        assert slowest < 10, number
        n_aside += store.path.name != "images.sqlite"
    record_property("set aside", n_aside)
    record_property("slowest", slowest)
    assert 0 < n_aside < 500


WRITER = """
import sys, time
import numpy as np
from skfusion._store._compute_once import compute_once
from skfusion._store._row_store import RowStore
class Rows(RowStore):  # an ImageCache, without the second that its imports take
    _name, _dtype = "images", "u1"
store, clears = Rows(sys.argv[1]), sys.argv[2] == "clears"
keys = [b"%016d" % number for number in range(60)]
def compute(rows):
    time.sleep(0.001)
    return np.repeat(rows[:, np.newaxis], 40_000, axis=1).astype(np.uint8)
store.claim([], 1)
print("started", flush=True)
while True:
    rows = compute_once(store, keys, compute, batch_size=4, n=40_000)
    if not (rows == np.arange(60)[:, np.newaxis]).all():
        print("wrong", flush=True)
    if clears:
        store.clear()
"""


def start_writer(folder, job):
    command = [sys.executable, "-W", "error", "-c", WRITER, str(folder), job]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, env=environment)


@pytest.mark.timeout(3600)
@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_three_writers_killed_two_hundred_times_with_clear_between(tmp_path):
    rng = np.random.default_rng(0)
    store, n_with_rows, n_in_part = ImageCache(tmp_path), 0, 0
    for number in range(200):
        jobs = ("writes", "writes", "clears")
        writers = [start_writer(tmp_path, job) for job in jobs]
        for writer in writers:
            assert writer.stdout.readline() == b"started\n"
        time.sleep(rng.uniform(0, 0.3))
        if number % 2:
            store.clear()
        for writer in writers:
            writer.send_signal(signal.SIGKILL)
        said = [writer.communicate() for writer in writers]
        assert said == [(b"", b"")] * 3  # no wrong row, no warning, no exception
        rows = store.read(KEYS, n=40_000)
        assert all((rows[key] == KEYS.index(key)).all() for key in rows)
        n_with_rows += len(rows) > 0
        n_in_part += 0 < len(rows) < N_ROWS
        claimed = store.claim(KEYS, N_ROWS)  # what is claimed is nobody's
        assert set(claimed) == set(KEYS) - set(rows)
        store.clear()
        assert len(store) == 0
    assert n_with_rows > 50
    assert n_in_part > 20
    assert store.path.name == "images.sqlite"
