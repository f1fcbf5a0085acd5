"""Features are computed once, whoever asks and whatever happens."""

import os
import pickle
import signal
import sqlite3
import subprocess
import sys
import time

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline

from skfusion._once import compute_once
from skfusion.datasets import make_breast_images
from skfusion.exceptions import CacheWarning
from skfusion.feature_extraction import CNNFeatureExtractor, FeatureCache, _cnn

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
    monkeypatch.setattr(_cnn, "Backbone", None)
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
    import torch
    from torchvision.models import squeezenet1_1

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
    assert len(FeatureCache()) > N_IMAGES - 1


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
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE letters (text)")


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_file_is_set_aside_and_built_anew(images, tmp_path, damage):
    expected = extractor(tmp_path).fit_transform(images[0])
    damage(FeatureCache(tmp_path).path)
    with pytest.warns(CacheWarning, match="set aside as"):
        found = extractor(tmp_path).fit_transform(images[0])
    np.testing.assert_array_equal(found, expected)
    assert list(tmp_path.glob("*.damaged1"))


def test_what_fails_is_claimed_no_longer(tmp_path):
    cache = FeatureCache(tmp_path)

    def fail(rows):
        raise RuntimeError("no such thing")

    with pytest.raises(RuntimeError, match="no such thing"):
        compute_once(cache, [b"a", b"b"], fail, batch_size=8)
    assert cache.claim([b"a", b"b"], 2) == [b"a", b"b"]


def test_a_cache_that_cannot_be_written_loses_nothing(images, tmp_path, monkeypatch):
    def full(self, keys, rows):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(FeatureCache, "write", full)
    with pytest.warns(CacheWarning, match="disk is full"):
        features = extractor(tmp_path).fit(images[0]).transform(images[0])
    np.testing.assert_array_equal(features, extractor(None).fit_transform(images[0]))


WRITER = """
import sys, time
import numpy as np
from skfusion.feature_extraction import FeatureCache
from skfusion._once import compute_once
cache = FeatureCache(sys.argv[1])
keys = [b"%d" % number for number in range(60)]
print("started", flush=True)
def compute(rows):
    time.sleep(0.01)
    return np.repeat(rows[:, np.newaxis], 40, axis=1).astype(np.float32)
rows = compute_once(cache, keys, compute, batch_size=4)
assert (rows == np.arange(60)[:, np.newaxis]).all()
"""


def start_writer(folder):
    command = [sys.executable, "-c", WRITER, str(folder)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_killed_writers_leave_a_cache_that_opens_and_is_right(tmp_path):
    rng = np.random.default_rng(0)
    expected = {b"%d" % number: number for number in range(60)}
    for kill in range(100):  # of two processes each
        writers = [start_writer(tmp_path) for _ in range(2)]
        for writer in writers:
            writer.stdout.readline()
        time.sleep(rng.uniform(0, 0.2))
        for writer in writers:
            writer.send_signal(signal.SIGKILL)
            writer.wait()
        rows = FeatureCache(tmp_path).read(expected)
        assert all((rows[key] == expected[key]).all() for key in rows)
        if kill % 10 == 9:
            FeatureCache(tmp_path).clear()
    assert not list(tmp_path.glob("*.damaged*"))


def test_two_processes_share_the_work(tmp_path):
    writers = [start_writer(tmp_path) for _ in range(2)]
    assert [writer.wait() for writer in writers] == [0, 0]
    assert len(FeatureCache(tmp_path)) == 60
