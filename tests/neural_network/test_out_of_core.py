"""Training on images that do not fit in memory, with the same numbers."""

import tempfile

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn import config_context

from skfusion._engine import held_images
from skfusion.datasets import make_breast_images
from skfusion.exceptions import ImageReadError
from skfusion.fusion import MultiBranchCNNClassifier
from skfusion.images import ImageCache, _batch_readers
from skfusion.images._image_cache import ExactImageCache
from skfusion.neural_network import CNN17Classifier, TransferCNNClassifier
from skfusion.neural_network._training_source import TrainingSource
from skfusion.over_sampling import ImageOverSampler

SMALL = {"image_size": 24, "max_epochs": 2, "batch_size": 8, "random_state": 0}
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    return make_breast_images(
        24, image_size=40, prevalence=0.3, folder=folder, random_state=0
    )


@pytest.fixture
def sampled(data):
    return ImageOverSampler(random_state=0).fit_resample(data.data, data.target)


def cnn(**changes):
    return CNN17Classifier(width=4, weights=None, **SMALL | changes)


def streamed_fit(model, X, y):
    with config_context(working_memory=0):
        return model.fit(X, y)


def weights(model):
    return {k: v.numpy() for k, v in model.net_.module_.state_dict().items()}


def check_same(model, X, y):
    resident, streamed = weights(model.fit(X, y)), weights(streamed_fit(model, X, y))
    np.testing.assert_equal(streamed, resident)


@pytest.mark.parametrize("cache", [None, ImageCache, ExactImageCache])
@pytest.mark.parametrize("augmentation", [True, False])
@pytest.mark.parametrize("is_sampled", [True, False])
def test_weights_are_the_same_to_the_bit(
    data, sampled, cache, augmentation, is_sampled, tmp_path
):
    X, y = sampled if is_sampled else (data.data, data.target)
    model = cnn(augmentation=augmentation, image_cache=cache and cache(tmp_path))
    check_same(model, X, y)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
@pytest.mark.parametrize("image_size", [16, 24])
def test_weights_from_arrays_are_the_same_to_the_bit(dtype, image_size):
    X, y = make_breast_images(20, image_size=24, random_state=0, return_X_y=True)
    X = X.astype(np.uint16) * 257 if dtype == "uint16" else X
    X = X.astype(dtype) / 255 if dtype.startswith("float") else X
    check_same(cnn(image_size=image_size), X, y)


def test_early_stopping_stops_at_the_same_epoch(data):
    model = cnn(early_stopping=True, max_epochs=6, n_iter_no_change=1)
    resident = model.fit(data.data, data.target).history_
    streamed = streamed_fit(model, data.data, data.target).history_
    for loss in ("train_loss", "valid_loss"):
        assert streamed[:, loss] == resident[:, loss]


def test_a_transfer_network_is_the_same_to_the_bit(data):
    model = TransferCNNClassifier("shufflenet_v2_x0_5", weights=None, **SMALL)
    check_same(model, data.data, data.target)


def test_several_branches_are_the_same_to_the_bit(data):
    names = data.data["image"].to_numpy()
    mammogram = pd.Series(names[:12]).where(np.arange(12) % 5 > 0)
    X = pd.DataFrame({"mammogram": mammogram, "ultrasound": names[12:]})
    model = MultiBranchCNNClassifier(["mammogram", "ultrasound"], width=4, **SMALL)
    check_same(model, pd.concat([X, X]), np.tile(np.arange(12) % 2, 2))


@pytest.fixture
def decoded(monkeypatch):
    """Names of the files that are decoded."""
    names, read = [], _batch_readers.read_shared

    def counted(path, *args):
        names.append(path.name)
        return read(path, *args)

    monkeypatch.setattr(_batch_readers, "read_shared", counted)
    return names


@pytest.mark.parametrize("working_memory", [0, 1024])
def test_each_file_is_decoded_once(sampled, decoded, working_memory):
    with config_context(working_memory=working_memory):
        cnn(max_epochs=3, early_stopping=True).fit(*sampled)
    assert len(decoded) == len(set(decoded)) == 24


def test_without_a_cache_a_temporary_folder_is_used_and_removed(
    data, tmp_path, monkeypatch
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    sizes = []

    def look(images):
        sizes.append(sum(path.stat().st_size for path in tmp_path.glob("*/*.sqlite")))
        return images

    streamed_fit(cnn(augmentation=look), data.data, data.target)
    assert min(sizes) > 24 * 24**2
    assert list(tmp_path.iterdir()) == []


def test_copies_of_an_image_take_the_memory_of_one(sampled):
    X, _ = sampled
    source = TrainingSource(X, image_size=24).unaugmented()
    with held_images(source, CPU) as images:
        assert len(images._pixels) == 24 < len(X)
        rows = torch.arange(len(X))
        np.testing.assert_array_equal(images.read(rows), source.to_array())


@pytest.mark.parametrize(("dtype", "is_shared"), [("uint8", True), ("float64", False)])
def test_an_array_in_its_final_form_is_not_copied(dtype, is_shared):
    X = np.zeros((4, 24, 24), dtype)
    with held_images(TrainingSource(X, image_size=24), CPU) as images:
        assert np.shares_memory(images._pixels.numpy(), X) == is_shared


def test_a_read_only_array_can_be_trained_on(recwarn):
    X, y = make_breast_images(8, image_size=24, random_state=0, return_X_y=True)
    expected = weights(cnn().fit(X, y))
    X.flags.writeable = False
    np.testing.assert_equal(weights(cnn().fit(X, y)), expected)
    assert not [w for w in recwarn if "writ" in str(w.message)]


@pytest.mark.parametrize("mode", ["r", "c"])
def test_a_memory_mapped_array_is_the_same_to_the_bit(tmp_path, mode):
    X, y = make_breast_images(12, image_size=24, random_state=0, return_X_y=True)
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode=mode)
    expected = weights(cnn().fit(X, y))
    np.testing.assert_equal(weights(streamed_fit(cnn(), mapped, y)), expected)


def test_a_file_that_is_missing_is_named_by_its_row(data, tmp_path):
    X = data.data.copy()
    X.loc[3, "image"] = str(tmp_path / "gone.png")
    with pytest.raises(ImageReadError, match=r"Row 3 of X: .*gone\.png"):
        streamed_fit(cnn(), X, data.target)
