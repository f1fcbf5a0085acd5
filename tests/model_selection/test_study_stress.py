"""Studies that are killed, that share a store, and whose store is mutated."""

import importlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
import warnings

import numpy as np
import pandas as pd
import pytest

from skfusion._store._row_store import _digest
from skfusion.exceptions import CacheWarning
from skfusion.model_selection import compare_models
from skfusion.model_selection._study_store import StudyStore

resource = pytest.importorskip("resource", reason="limits are of POSIX")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(3600),
]
N, N_FOLDS, N_MODELS = 400, 4, 3

STUDY = '''
import os, sys, time
from pathlib import Path
import numpy as np
from joblib import parallel_config
from sklearn.naive_bayes import GaussianNB
from skfusion.model_selection import compare_models

class CountedNB(GaussianNB):
    """Write a line to the file in a folder before each fit.

    A file that a parameter names would count by its content.
    """

    def __init__(self, log, seconds=0.0, var_smoothing=1e-9):
        super().__init__(var_smoothing=var_smoothing)
        self.log = log
        self.seconds = seconds

    def fit(self, X, y):
        self.note(f"start {self.var_smoothing} {X.sum()!r}")
        time.sleep(self.seconds)
        return super().fit(X, y)

    def note(self, text):
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        handle = os.open(Path(self.log) / "fits", flags)
        os.write(handle, f"{text}\\n".encode())
        os.close(handle)

def study(folder, log, seconds=0.0, n_jobs=1):
    rng = np.random.default_rng(0)
    y = np.arange(400) % 2
    X = y[:, np.newaxis] + rng.normal(size=(400, 3))
    models = [(f"m{n}", CountedNB(log, seconds, 10.0 ** -n)) for n in range(3)]
    with parallel_config("loky", n_jobs=n_jobs):
        return compare_models(models, X, y, groups=np.arange(400), cv=4, store=folder)

if __name__ == "__main__":
    folder, log, seconds, n_jobs, out = sys.argv[1:]
    print("started", flush=True)
    comparison = study(folder, log, float(seconds), int(n_jobs))
    comparison.predictions.to_pickle(f"{out}-predictions")
    comparison.summary.to_pickle(f"{out}-summary")
    comparison.folds.to_pickle(f"{out}-folds")
'''


def start(tmp_path, folder, log, out, seconds=0.05, n_jobs=1, **options):
    script = tmp_path / "study.py"
    if not script.exists():  # an edited file is computed again
        script.write_text(STUDY)
    log.mkdir(exist_ok=True)
    command = [script, folder, log, seconds, n_jobs, out]
    paths = os.pathsep.join(filter(None, sys.path))
    return subprocess.Popen(
        [sys.executable, *map(str, command)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
        **options,
    )


def finish(process):
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    return errors


def tables(out):
    names = ("predictions", "summary", "folds")
    return {name: pd.read_pickle(f"{out}-{name}") for name in names}


def check_equal(found, expected):
    for name, table in expected.items():
        times = ["fit_time", "score_time"] if name == "folds" else []
        pd.testing.assert_frame_equal(
            found[name].drop(columns=times),
            table.drop(columns=times),
            check_exact=True,
        )


def started(log):
    file = log / "fits"
    return file.read_text().splitlines() if file.exists() else []


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    folder = tmp_path_factory.mktemp("expected")
    finish(start(folder, folder / "study", folder / "log", folder / "out", 0))
    return tables(folder / "out")


def kill_at_random(process, log, n_started, rng):
    """Kill a study before its first fit, or later."""
    if rng.random() < 0.3:
        time.sleep(rng.uniform(0, 3))
    else:
        while len(started(log)) == n_started and process.poll() is None:
            time.sleep(0.01)
        time.sleep(rng.uniform(0, 1.5))
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_studies_killed_at_random_moments(tmp_path, expected, n_jobs, record_property):
    """30 kills in all: equal tables, and no stored fit is computed again."""
    rng = np.random.default_rng(n_jobs)
    n_kills = n_in_part = number = 0
    while n_kills < 15:
        number += 1
        folder, log = tmp_path / f"study{number}", tmp_path / f"log{number}"
        store, out = StudyStore(folder), tmp_path / f"out{number}"
        is_done = False
        while not is_done:
            before = len(store) if folder.exists() else 0
            n_started = len(started(log))
            process = start(
                tmp_path, folder, log, out, 0.1, n_jobs, start_new_session=True
            )
            process.stdout.readline()
            kill_at_random(process, log, n_started, rng)
            process.communicate()
            is_done = process.returncode == 0
            after = len(store) if folder.exists() else 0
            n_kills += not is_done
            n_in_part += not is_done and 0 < after < N_MODELS * N_FOLDS
            # Each start is of a fit that was not stored; those in work are lost.
            n_new = len(started(log)) - n_started
            assert after - before <= n_new <= after - before + n_jobs
        assert len(store) == N_MODELS * N_FOLDS
        check_equal(tables(out), expected)
    record_property("kills", n_kills)
    record_property("kills with some fits stored", n_in_part)
    assert n_in_part > 5
    assert store.path.name == "study.sqlite"


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_processes_on_one_store_compute_each_fit_once(tmp_path, expected, n_jobs):
    folder, log = tmp_path / "study", tmp_path / "log"
    outs = [tmp_path / f"out{number}" for number in range(3)]
    processes = [start(tmp_path, folder, log, out, 0.3, n_jobs) for out in outs]
    for process in processes:
        finish(process)
    assert len(started(log)) == len(set(started(log))) == N_MODELS * N_FOLDS
    for out in outs:
        check_equal(tables(out), expected)
        pd.testing.assert_frame_equal(tables(out)["folds"], tables(outs[0])["folds"])


def test_a_process_that_dies_is_not_waited_for(tmp_path, expected):
    folder, log = tmp_path / "study", tmp_path / "log"
    slow = start(tmp_path, folder, log, tmp_path / "slow", 1)
    while len(started(log)) < 2:
        time.sleep(0.05)
    fast = start(tmp_path, folder, log, tmp_path / "fast", 1)
    while len(started(log)) < 4:
        time.sleep(0.05)
    slow.kill()
    slow.communicate()
    finish(fast)
    assert len(started(log)) == N_MODELS * N_FOLDS + 1
    check_equal(tables(tmp_path / "fast"), expected)


def test_workers_of_a_cluster_compute_each_fit_once(tmp_path, expected, monkeypatch):
    distributed = pytest.importorskip("distributed")
    from joblib import parallel_config

    (tmp_path / "cluster_study.py").write_text(STUDY)
    os.utime(tmp_path / "cluster_study.py", (0, 0))  # older than this process
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.syspath_prepend(str(tmp_path))
    CountedNB = importlib.import_module("cluster_study").CountedNB
    log = tmp_path / "log"
    log.mkdir()
    with (
        distributed.LocalCluster(n_workers=2, dashboard_address=None) as cluster,
        distributed.Client(cluster),
        parallel_config("dask"),
    ):
        for _ in range(2):
            rng = np.random.default_rng(0)
            y = np.arange(N) % 2
            X = y[:, np.newaxis] + rng.normal(size=(N, 3))
            models = [(f"m{n}", CountedNB(str(log), 0.0, 10.0**-n)) for n in range(3)]
            comparison = compare_models(
                models, X, y, groups=np.arange(N), cv=4, store=tmp_path / "study"
            )
    assert len(started(log)) == N_MODELS * N_FOLDS
    found = {name: getattr(comparison, name) for name in expected}
    check_equal(found, expected)


def limit_files():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (90_000, 90_000))


def test_a_disk_that_becomes_full_loses_nothing(tmp_path, expected):
    """No file may grow beyond some pages, as on a full disk."""
    folder, log, out = tmp_path / "study", tmp_path / "log", tmp_path / "out"
    errors = finish(start(tmp_path, folder, log, out, 0, preexec_fn=limit_files))
    assert errors.count("CacheWarning: Results of this study are not stored") == 1
    check_equal(tables(out), expected)
    n_stored = len(StudyStore(folder))
    assert 0 < n_stored < N_MODELS * N_FOLDS
    finish(start(tmp_path, folder, log, out, 0))
    assert len(started(log)) == 2 * N_MODELS * N_FOLDS - n_stored
    check_equal(tables(out), expected)


def flip(path, rng):
    data = bytearray(path.read_bytes())
    stop = len(data) if rng.random() < 0.7 else 200
    for place in rng.integers(0, stop, rng.integers(1, 9)):
        data[place] ^= 1 << rng.integers(8)
    path.write_bytes(data)


def cut(path, rng):
    data = path.read_bytes()
    path.write_bytes(data[: rng.integers(len(data))])


def overwrite(path, rng):
    data = path.read_bytes()
    place, part = rng.integers(len(data)), rng.bytes(rng.integers(1, 3000))
    path.write_bytes((data[:place] + part + data[place + len(part) :])[: len(data)])


JSON = [
    b"{}",
    b"[1, 2]",
    b'"text"',
    b'{"y_pred": [0, 1], "y_score": [0.5, 0.5]}',
    b'{"error": "Traceback"}',
    b"[" * 5000,
    b"NaN",
]


def change_row(path, rng):
    """Put another value, with its digest, or the value of another row, in a row."""
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT key, value FROM rows").fetchall()
        (key, value), (_, other) = (rows[n] for n in rng.integers(len(rows), size=2))
        kind = rng.integers(4)
        if kind == 0:
            value = JSON[rng.integers(len(JSON))]
        elif kind == 1:
            value = value.replace(b'"values": [', b'"values": [7, ')
        elif kind == 2:
            value = value.replace(b'"y_score": [', b'"y_score": [null, ')
        digest = _digest(key, value)
        if kind == 3:
            value, digest = other, _digest(b"other", other)
        query = "UPDATE rows SET value = ?, digest = ? WHERE key = ?"
        connection.execute(query, (value, digest, key))
    connection.close()


MUTATIONS = [flip, cut, overwrite, change_row]


def test_two_hundred_mutated_stores(tmp_path, record_property):
    """Tables are right, whatever is kept, and every exception is ours."""
    from sklearn.naive_bayes import GaussianNB

    rng = np.random.default_rng(0)
    y = np.arange(N) % 2
    X = y[:, np.newaxis] + rng.normal(size=(N, 3))

    def study(folder):
        models = [("a", GaussianNB()), ("b", GaussianNB(var_smoothing=1))]
        comparison = compare_models(
            models, X, y, groups=np.arange(N), cv=3, store=folder
        )
        return {name: getattr(comparison, name) for name in tables_of}

    tables_of = ("predictions", "summary", "folds")
    expected = study(tmp_path / "original")
    original = (tmp_path / "original" / "study.sqlite").read_bytes()
    n_aside = n_warned = 0
    for number in range(200):
        rng = np.random.default_rng([7, number])
        folder = tmp_path / str(number)
        folder.mkdir()
        path = folder / "study.sqlite"
        path.write_bytes(original)
        MUTATIONS[number % len(MUTATIONS)](path, rng)
        with warnings.catch_warnings(record=True) as shown:
            warnings.simplefilter("always")
            check_equal(study(folder), expected)
            check_equal(study(folder), expected)
        assert {warning.category for warning in shown} <= {CacheWarning}
        n_warned += bool(shown)
        n_aside += StudyStore(folder).path.name != path.name
    record_property("set aside", n_aside)
    record_property("warned", n_warned)
    print(n_aside, n_warned)  # noqa: T201
    assert n_aside > 20
    assert n_warned >= n_aside


def heed_interrupts():
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # which shells ignore in background


def test_ctrl_c_of_a_study_in_workers_leaves_no_worker_and_resumes(tmp_path, expected):
    folder, log, out = tmp_path / "study", tmp_path / "log", tmp_path / "out"
    process = start(tmp_path, folder, log, out, 0.5, 2, preexec_fn=heed_interrupts)
    while len(started(log)) < 5:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "KeyboardInterrupt" in errors
    assert "The same call resumes the study" in errors
    n_stored = len(StudyStore(folder))
    assert n_stored >= 3
    assert f"{n_stored} of 12 fits are stored" in errors
    finish(start(tmp_path, folder, log, out, 0.5, 2))
    check_equal(tables(out), expected)
