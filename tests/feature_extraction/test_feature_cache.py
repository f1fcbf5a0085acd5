"""Features are computed once, whoever asks and whatever happens."""

import os
import pickle
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import cloudpickle
import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from torchvision.models import squeezenet1_1

from skfusion._store import _sqlite_file
from skfusion._store._compute_once import compute_once
from skfusion.datasets import make_breast_images
from skfusion.exceptions import CacheWarning, WeightsError
from skfusion.feature_extraction import (
    CNNFeatureExtractor,
    FeatureCache,
    _cnn,
    _frozen_network,
)

N_IMAGES = 30


@pytest.fixture(scope="module")
def images():
    return make_breast_images(N_IMAGES, image_size=32, random_state=0, return_X_y=True)


@pytest.fixture
def n_passed(monkeypatch):
    """Number of images that went through the network, as a list of counts."""
    counts = []
    run = _cnn.run_network

    def counted(function, source, rows=None, **options):
        counts.append(len(source) if rows is None else len(rows))
        return run(function, source, rows, **options)

    monkeypatch.setattr(_cnn, "run_network", counted)
    return counts


def extractor(cache, **params):
    small = {"weights": None, "image_size": 32, "batch_size": 8, "random_state": 0}
    return CNNFeatureExtractor("squeezenet1_1", cache=cache, **{**small, **params})


def test_kept_features_are_those_that_were_computed(images, tmp_path):
    plain = extractor(None).fit_transform(images[0])
    first = extractor(tmp_path).fit_transform(images[0])
    second = extractor(tmp_path).fit_transform(images[0])
    np.testing.assert_array_equal(first, plain)
    np.testing.assert_array_equal(second, plain)


def test_a_cache_with_a_bound_keeps_the_newest_features(images, tmp_path, n_passed):
    cache = FeatureCache(tmp_path, max_bytes=80_000)
    features = clone(extractor(cache)).fit_transform(images[0])
    np.testing.assert_array_equal(features, extractor(None).fit_transform(images[0]))
    n_passed.clear()
    assert 0 < len(cache) < N_IMAGES
    extractor(cache).fit_transform(images[0])
    assert 0 < sum(n_passed) <= N_IMAGES


def test_a_search_computes_each_image_once_and_the_next_none(
    images, tmp_path, n_passed
):
    pipeline = make_pipeline(extractor(tmp_path), LogisticRegression())
    grid = {"logisticregression__C": [0.01, 0.1, 1]}
    search = GridSearchCV(pipeline, grid, cv=StratifiedKFold(3))
    search.fit(*images)
    assert sum(n_passed) == N_IMAGES
    search.fit(*images)
    assert sum(n_passed) == N_IMAGES


def test_the_network_is_not_built_where_all_is_kept(images, tmp_path, monkeypatch):
    extractor(tmp_path).fit_transform(images[0])
    monkeypatch.setattr(_frozen_network, "Backbone", None)
    assert extractor(tmp_path).fit_transform(images[0]).shape == (N_IMAGES, 512)


@pytest.mark.parametrize(
    "params",
    [
        {"image_size": 48},
        {"resize": "stretch"},
        {"layer": "features.3"},
        {"layer": "features.3", "pooling": "max"},
        {"precision": "bfloat16"},
        {"random_state": 1},
        {"backbone": "squeezenet1_0"},
    ],
    ids=str,
)
def test_another_setting_is_another_row(images, tmp_path, n_passed, params):
    extractor(tmp_path).fit_transform(images[0])
    cached = extractor(tmp_path).set_params(**params).fit_transform(images[0])
    assert sum(n_passed) == 2 * N_IMAGES
    np.testing.assert_array_equal(
        cached, extractor(None).set_params(**params).fit_transform(images[0])
    )


def test_an_augmented_row_is_another_row(tmp_path, n_passed):
    X = make_breast_images(4, folder=tmp_path / "images", random_state=0).data
    extractor(tmp_path).fit_transform(X)
    extractor(tmp_path).fit_transform(X.assign(augmentation=[0, 0, 5, 6]))
    assert n_passed == [4, 2]


def test_a_changed_file_is_another_row(tmp_path, n_passed):
    X = make_breast_images(4, folder=tmp_path / "images", random_state=0).data
    extractor(tmp_path).fit_transform(X)
    os.utime(X["image"].iloc[0], (1, 1))
    extractor(tmp_path).fit_transform(X)
    assert n_passed == [4, 1]


def test_other_weights_are_other_rows(images, tmp_path, n_passed):
    for seed in (0, 1):
        torch.manual_seed(seed)
        torch.save(squeezenet1_1().state_dict(), tmp_path / "weights.pth")
        extractor(tmp_path, weights=tmp_path / "weights.pth").fit_transform(images[0])
    assert sum(n_passed) == 2 * N_IMAGES


def test_a_copy_of_an_image_is_not_computed_again(images, tmp_path, n_passed):
    X = np.concatenate([images[0], images[0][:7]])
    features = extractor(tmp_path).fit_transform(X)
    assert sum(n_passed) == N_IMAGES
    np.testing.assert_array_equal(features[N_IMAGES:], features[:7])


def test_no_path_stands_in_the_file(tmp_path):
    folder = tmp_path / "patient_jane_doe"
    X = make_breast_images(4, folder=folder, random_state=0).data
    extractor(tmp_path).fit_transform(X)
    content = FeatureCache(tmp_path).path.read_bytes()
    assert b"jane" not in content
    assert b".png" not in content


def test_the_usual_place_is_named_by_the_environment(images, tmp_path, monkeypatch):
    monkeypatch.setenv("SKFUSION_HOME", str(tmp_path))
    extractor(True).fit_transform(images[0])
    assert FeatureCache().path == tmp_path / "features" / "features.sqlite"
    assert len(FeatureCache()) == N_IMAGES


def test_a_cleared_cache_is_empty_and_small(images, tmp_path):
    extractor(tmp_path).fit_transform(images[0])
    cache = FeatureCache(tmp_path)
    n_bytes = cache.n_bytes
    cache.clear()
    assert len(cache) == 0
    assert cache.n_bytes < n_bytes


def test_a_pickled_extractor_finds_the_cache(images, tmp_path, n_passed):
    fitted = extractor(tmp_path).fit(images[0])
    fitted.transform(images[0])
    pickle.loads(pickle.dumps(fitted)).transform(images[0])
    assert sum(n_passed) == N_IMAGES


DAMAGES = {
    "no database": lambda path: path.write_bytes(b"something else entirely" * 500),
    "cut short": lambda path: path.write_bytes(path.read_bytes()[:5000]),
    "middle overwritten": lambda path: _overwrite(path, 0.5, b"\xff" * 3000),
    "one byte of a row": lambda path: _flip_row(path),
    "another program's": lambda path: _make_foreign(path),
}


def _overwrite(path, share, filling):
    content = bytearray(path.read_bytes())
    start = int(len(content) * share)
    content[start : start + len(filling)] = filling
    path.write_bytes(content)


def _flip_row(path):
    with sqlite3.connect(path) as connection:
        value = connection.execute(
            "SELECT max(value) FROM rows WHERE length(value) > 9"
        )
        value = value.fetchone()[0]
    content = path.read_bytes()
    start = content.index(value[:200]) + 100
    _overwrite(path, (start + 0.5) / len(content), bytes([content[start] ^ 1]))


def _make_foreign(path):
    path.unlink(missing_ok=True)
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE letters (text)")


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_file_is_set_aside_and_built_anew(images, tmp_path, damage):
    expected = extractor(tmp_path).fit_transform(images[0])
    damage(FeatureCache(tmp_path).path)
    with pytest.warns(CacheWarning, match="was set aside"):
        found = extractor(tmp_path).fit_transform(images[0])
    np.testing.assert_array_equal(found, expected)
    assert FeatureCache(tmp_path).path.name == "features-2.sqlite"


def test_what_fails_is_claimed_no_longer(tmp_path):
    cache = FeatureCache(tmp_path)

    def fail(rows):
        raise RuntimeError("no such thing")

    with pytest.raises(RuntimeError, match="no such thing"):
        compute_once(cache, [b"a", b"b"], fail, batch_size=8)
    assert cache.claim([b"a", b"b"], 2) == [b"a", b"b"]


def test_a_cache_that_cannot_be_written_loses_nothing(images, tmp_path, monkeypatch):
    connect = _sqlite_file._connect

    def connect_to_full_disk(path):
        connection = connect(path)
        connection.execute("PRAGMA max_page_count = 6")
        return connection

    monkeypatch.setattr(_sqlite_file, "_connect", connect_to_full_disk)
    with pytest.warns(CacheWarning, match="disk is full"):
        features = extractor(tmp_path).fit(images[0]).transform(images[0])
    np.testing.assert_array_equal(features, extractor(None).fit_transform(images[0]))


def test_the_claims_of_the_dead_are_not_waited_for(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    add_claim(tmp_path, dead.pid, time.time())
    assert FeatureCache(tmp_path).claim([b"a"], 1) == [b"a"]


@pytest.mark.parametrize(
    ("process", "since"), [(2**40, 0), (1, 1000), (1, -1000), ("x", 0)]
)
def test_claims_that_cannot_be_are_not_waited_for(tmp_path, process, since):
    add_claim(tmp_path, process, time.time() + since)
    assert FeatureCache(tmp_path).claim([b"a"], 1) == [b"a"]


def test_the_claims_of_the_living_are_respected(tmp_path):
    add_claim(tmp_path, os.getppid(), time.time() - 1)
    assert FeatureCache(tmp_path).claim([b"a", b"b"], 2) == [b"b"]


def add_claim(folder, process, since):
    cache = FeatureCache(folder)
    cache.release([])  # which makes the file
    with sqlite3.connect(cache.path) as connection:
        claim = (b"a", process, b"another", since)
        connection.execute("INSERT INTO claims VALUES (?, ?, ?, ?)", claim)


def test_many_threads_set_a_foreign_file_aside_once(tmp_path):
    cache = FeatureCache(tmp_path)
    _make_foreign(cache.path)

    def write(number):
        cache.write([b"%d" % number], [np.full(3, number)])

    with warnings.catch_warnings(record=True), ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(12)))
    assert len(cache.read([b"%d" % number for number in range(12)])) == 12
    assert cache.path.name == "features-2.sqlite"


def test_a_folder_that_cannot_be_made_loses_nothing(images, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.warns(CacheWarning, match="cannot be used"):
        features = extractor(tmp_path / "file" / "cache").fit_transform(images[0])
    np.testing.assert_array_equal(features, extractor(None).fit_transform(images[0]))


def test_weights_that_changed_after_fit_are_refused(images, tmp_path):
    for seed in (0, 1):
        torch.manual_seed(seed)
        torch.save(squeezenet1_1().state_dict(), tmp_path / f"{seed}.pth")
    weights = tmp_path / "weights.pth"
    shutil.copy(tmp_path / "0.pth", weights)
    fitted = pickle.dumps(extractor(tmp_path, weights=weights).fit(images[0]))
    shutil.copy(tmp_path / "1.pth", weights)
    with pytest.raises(WeightsError, match="Fit it again"):
        pickle.loads(fitted).transform(images[0])


class LoggingExtractor(CNNFeatureExtractor):
    """Writes down how many images go through the network, in any process."""

    def _compute(self, network, source, device, bar, rows=None):
        with (self.cache / "log").open("a") as log:
            log.write(f"{len(source) if rows is None else len(rows)}\n")
        return super()._compute(network, source, device, bar, rows)


def test_two_processes_of_a_search_compute_each_image_once(images, tmp_path):
    small = {"weights": None, "image_size": 32, "batch_size": 4, "random_state": 0}
    features = LoggingExtractor("squeezenet1_1", cache=tmp_path, **small)
    pipeline = make_pipeline(features, LogisticRegression())
    grid = {"logisticregression__C": [0.01, 1]}
    cv = StratifiedKFold(3)
    # Other processes cannot import this file.
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    GridSearchCV(pipeline, grid, cv=cv, n_jobs=2).fit(*images)
    assert sum(map(int, (tmp_path / "log").read_text().split())) == N_IMAGES


WRITER = """
import sys, time
import numpy as np
from skfusion._store import _row_store
from skfusion._store._compute_once import compute_once
from skfusion._store._row_store import RowStore
class Rows(RowStore):  # a FeatureCache, without the seconds that importing torch takes
    _name, _dtype = "features", "<f4"
cache = Rows(sys.argv[1])
keys = [sys.argv[2].encode() + b"%d" % number for number in range(60)]
print("started", flush=True)
def compute(rows):
    time.sleep(0.01)
    print(len(rows), flush=True)
    return np.repeat(rows[:, np.newaxis], 40, axis=1).astype(np.float32)
rows = compute_once(cache, keys, compute, batch_size=4)
assert (rows == np.arange(60)[:, np.newaxis]).all()
"""


def start_writer(folder, name="a"):
    command = [sys.executable, "-c", WRITER, str(folder), name]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)


def test_two_processes_share_the_work(tmp_path):
    writers = [start_writer(tmp_path) for _ in range(2)]
    shares = [sum(map(int, writer.communicate()[0].split()[1:])) for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0]
    assert sum(shares) == len(FeatureCache(tmp_path)) == 60


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_killed_writers_leave_a_cache_that_opens_and_is_right(tmp_path):
    rng = np.random.default_rng(0)
    n_before, n_cut_short = 0, 0
    for kill in range(100):  # of two processes each
        name = f"round {kill} "
        writers = [start_writer(tmp_path, name) for _ in range(2)]
        for writer in writers:
            writer.stdout.readline()
        time.sleep(rng.uniform(0, 0.2))
        for writer in writers:
            writer.send_signal(signal.SIGKILL)
            writer.communicate()
        expected = {f"{name}{number}".encode(): number for number in range(60)}
        cache = FeatureCache(tmp_path)
        rows = cache.read(expected)
        assert all((rows[key] == expected[key]).all() for key in rows)
        assert len(cache) == n_before + len(rows)
        n_before, n_cut_short = len(cache), n_cut_short + (0 < len(rows) < 60)
    assert n_cut_short > 20  # the others died before their first row, or were done
    assert cache.path.name == "features.sqlite"


def test_clearing_leaves_the_file_of_another_program_alone(tmp_path):
    cache = FeatureCache(tmp_path)
    _make_foreign(cache.path)
    foreign = cache.path
    with pytest.warns(CacheWarning, match="was set aside"):
        cache.clear()
    with sqlite3.connect(foreign) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall()
