"""Models without a cache get one for a study, which changes nothing but the time."""

import platform
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, make_pipeline

from skfusion.datasets import make_breast_images, make_breast_pairs
from skfusion.exceptions import CacheWarning
from skfusion.feature_extraction import CNNFeatureExtractor, _cnn
from skfusion.fusion import (
    MultiBranchCNNClassifier,
    PerModalityClassifier,
    make_feature_fusion,
)
from skfusion.images import ImageCache, _batch_readers, _image_cache
from skfusion.images._image_cache import ExactImageCache
from skfusion.model_selection import _folds, compare_models
from skfusion.model_selection._study_cache import StudyCache, cache_names
from skfusion.neural_network import CNN17Classifier

N = 16
COLUMNS = ["mammogram", "ultrasound"]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    return make_breast_images(
        N, modality="both", image_size=24, folder=folder, random_state=0
    )


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples")
    return make_breast_pairs(N, image_size=24, folder=folder, random_state=0)


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """A folder for temporary folders."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


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


@pytest.fixture
def n_read(monkeypatch):
    """Names of the files that were decoded."""
    names = []
    read = _batch_readers.read_shared

    def counted(path, *arguments):
        names.append(path.name)
        return read(path, *arguments)

    monkeypatch.setattr(_batch_readers, "read_shared", counted)
    return names


def extractor(**params):
    small = {"weights": None, "image_size": 32, "random_state": 0}
    return CNNFeatureExtractor("squeezenet1_1", **{**small, **params})


def on_features(**params):
    return make_pipeline(extractor(**params), LogisticRegression())


def network(**params):
    small = {"image_size": 16, "width": 2, "max_epochs": 1, "random_state": 0}
    return CNN17Classifier(weights=None, **{**small, **params})


def candidates():
    search = GridSearchCV(on_features(), {"logisticregression__C": [0.1, 1]}, cv=2)
    each = PerModalityClassifier(
        [("mammography", on_features()), ("ultrasound", on_features())]
    )
    union = make_pipeline(FeatureUnion([("a", extractor())]), LogisticRegression())
    return [
        ("pipeline", on_features()),
        ("search", search),
        ("union", union),
        ("each", each),
    ]


def compare(models, data, **options):
    return compare_models(models, data.data, data.target, cv=2, **options)


def without_caches(monkeypatch):
    monkeypatch.setattr(_folds, "preparing", _prepare_nothing)


class _prepare_nothing:  # noqa: N801, in place of a function
    def __init__(self, estimators, store=None, threads=1):
        self.names = [name for name, _ in estimators]

    def __enter__(self):
        return dict.fromkeys(self.names)

    def __exit__(self, *error):
        return None


def check_equal(one, other):
    for name in ("predictions", "summary", "training"):
        pd.testing.assert_frame_equal(
            getattr(one, name), getattr(other, name), check_exact=True
        )


def test_each_image_goes_through_the_network_once(data, n_passed, temporary):
    compare(candidates(), data)
    assert sum(n_passed) == N
    assert list(temporary.iterdir()) == []


def test_each_array_goes_through_the_network_once(n_passed):
    X, y = make_breast_images(N, image_size=24, random_state=0, return_X_y=True)
    groups = np.arange(N)
    compare_models([("a", on_features())], X, y, groups=groups, cv=3)
    assert sum(n_passed) == N


def test_each_file_is_decoded_once_for_networks(data, n_read):
    other = network(max_epochs=2)
    compare([("a", network()), ("b", other)], data)
    assert sorted(n_read) == sorted(Path(path).name for path in data.data["image"])


def test_predictions_are_the_same_to_the_bit(data, monkeypatch):
    plain = network(augmentation=False)
    models = [*candidates()[:2], ("network", network()), ("plain", plain)]
    cached = compare(models, data)
    without_caches(monkeypatch)
    check_equal(cached, compare(models, data))


def test_predictions_for_several_columns_are_the_same(samples, monkeypatch, n_read):
    options = {"image_size": 16, "width": 2, "max_epochs": 1, "random_state": 0}
    fusion = make_feature_fusion(
        [(column, extractor()) for column in COLUMNS], LogisticRegression()
    )
    models = [
        ("branches", MultiBranchCNNClassifier(COLUMNS, **options)),
        ("fusion", fusion),
    ]
    cached = compare(models, samples)
    assert len(n_read) == 2 * 2 * N  # at two sizes
    without_caches(monkeypatch)
    check_equal(cached, compare(models, samples))


def test_two_processes_share_the_cache_and_nothing_stays(data, temporary):
    with parallel_config("loky", n_jobs=2):
        both = compare(candidates()[:1], data)
    check_equal(both, compare(candidates()[:1], data))
    assert list(temporary.iterdir()) == []


def test_candidates_are_left_as_they_are(data):
    model = on_features()
    before = repr(model.get_params())
    compare([("a", model)], data)
    assert repr(model.get_params()) == before
    assert not hasattr(model[0], "_n_features_out")


def test_a_cache_of_the_user_is_used(data, tmp_path, n_passed, temporary):
    models = [("a", on_features(cache=tmp_path / "own"))]
    compare(models, data)
    compare(models, data)
    assert sum(n_passed) == N
    assert (tmp_path / "own" / "features.sqlite").exists()


def test_the_caches_of_a_store_stay_in_it(data, tmp_path, n_passed, n_read, temporary):
    folder = tmp_path / "study"
    compare([("a", on_features()), ("n", network())], data, store=folder)
    caches = folder / "caches"
    names = {path.relative_to(caches).as_posix() for path in caches.rglob("*.sqlite")}
    assert names == {"threads-1/features.sqlite", "exact_images.sqlite"}
    n_decoded = len(n_read)
    more = [("search", candidates()[1][1]), ("n2", network(max_epochs=2))]
    compare(more, data, store=folder)
    assert sum(n_passed) == N
    assert len(n_read) == n_decoded
    assert list(temporary.iterdir()) == []
    # The last digits of features depend on the number of threads, and pixels do not.
    compare([("a", on_features())], data, store=folder, threads_per_fit=2)
    assert sum(n_passed) == 2 * N
    assert len(n_read) == n_decoded + N  # features need no decoded image


class Stopped(ClassifierMixin, BaseEstimator):
    """Ctrl-C in fit, behind an extractor of features."""

    def fit(self, X, y):
        raise KeyboardInterrupt

    def predict(self, X):
        raise AssertionError("it is not fitted")


def test_nothing_stays_after_ctrl_c(data, temporary, n_passed):
    with pytest.raises(KeyboardInterrupt):
        compare([("a", make_pipeline(extractor(), Stopped()))], data)
    assert sum(n_passed) > 0
    assert list(temporary.iterdir()) == []


def test_nothing_is_made_for_models_without_images(monkeypatch, data):
    def fail(*arguments, **options):
        raise AssertionError("a folder was made")

    monkeypatch.setattr(tempfile, "TemporaryDirectory", fail)
    X = np.random.default_rng(0).normal(size=(N, 2))
    models = [("linear", LogisticRegression())]
    compare_models(models, X, data.target, groups=np.arange(N), cv=3)


@pytest.mark.parametrize("has_store", [False, True])
def test_no_folder_for_caches_is_no_error(data, monkeypatch, tmp_path, has_store):
    expected = compare(candidates()[:1], data)

    def fail(*arguments, **options):
        raise OSError("No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryDirectory", fail)
    (tmp_path / "file").write_text("")
    if has_store:
        with pytest.warns(CacheWarning, match="not stored"):
            found = compare(candidates()[:1], data, store=tmp_path / "file" / "store")
    else:
        found = compare(candidates()[:1], data)
    check_equal(expected, found)


def test_another_computer_makes_no_folder(tmp_path):
    model = on_features()
    names = cache_names(model)
    assert names == ["cnnfeatureextractor__cache"]
    StudyCache(tmp_path, "another computer").give(model, names)
    StudyCache(tmp_path / "removed", platform.node()).give(model, names)
    assert model[0].cache is None
    StudyCache(tmp_path, platform.node()).give(model, names)
    assert model[0].cache == tmp_path / "threads-1"


def test_an_exact_cache_leaves_room_on_the_disk(data, tmp_path, monkeypatch):
    monkeypatch.setattr(_image_cache, "_KEPT_FREE", 1.1)
    with pytest.warns(CacheWarning, match="of the disk is free"):
        network(image_cache=ExactImageCache(tmp_path)).fit(data.data, data.target)
    assert len(ExactImageCache(tmp_path)) == 0


@pytest.mark.parametrize("has_store", [False, True])
def test_a_study_on_a_nearly_full_disk_is_warned_of_once(
    data, tmp_path, monkeypatch, n_read, n_passed, has_store
):
    models = [("a", network()), ("b", network(max_epochs=2)), ("c", on_features())]
    expected = compare(models, data)
    n_before = len(n_read)
    monkeypatch.setattr(_image_cache, "_KEPT_FREE", 1.1)
    options = {"store": tmp_path / "study"} if has_store else {}
    with pytest.warns(CacheWarning) as caught:
        found = compare(models, data, **options)
    [warning] = [each for each in caught if each.category is CacheWarning]
    assert "Less than a tenth of the disk is free" in str(warning.message)
    assert warning.filename == __file__
    check_equal(expected, found)
    assert len(n_read) > 2 * n_before
    assert sum(n_passed) == 2 * N  # features need little room


def test_no_images_no_warning_of_a_full_disk(data, monkeypatch):
    monkeypatch.setattr(_image_cache, "_KEPT_FREE", 1.1)
    with warnings.catch_warnings():
        warnings.simplefilter("error", CacheWarning)
        compare(candidates()[:1], data)


def test_eight_bits_and_exact_images_are_not_mixed(data, tmp_path):
    plain = extractor().fit_transform(data.data)
    for image_cache in (ImageCache(tmp_path), ExactImageCache(tmp_path)):
        cached = extractor(image_cache=image_cache, cache=tmp_path)
        found = cached.fit_transform(data.data)
        assert np.array_equal(found, plain) == image_cache.is_exact
