"""Training on pixels of 8 or 16 bits."""

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from sklearn import config_context

from skfusion._engine import held_images
from skfusion.images import ImageCache, ImageSource
from skfusion.neural_network import CNN17Classifier, TransferCNNClassifier
from skfusion.neural_network._training_source import TrainingSource

SIZE = 24
CPU = torch.device("cpu")
SMALL = {"image_size": SIZE, "max_epochs": 2, "batch_size": 8, "random_state": 0}


@pytest.fixture(scope="module")
def pixels():
    """Mammograms of 16 bits, from 0 to the greatest number."""
    images = np.random.default_rng(0).integers(0, 2**16, (16, SIZE, SIZE), np.uint16)
    images[:, 0, 0], images[:, 0, 1] = 0, 2**16 - 1
    return images


@pytest.fixture(scope="module")
def files(pixels, tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    paths = [folder / f"{number}.png" for number in range(len(pixels))]
    for path, image in zip(paths, pixels, strict=True):
        Image.fromarray(image).save(path)
    return pd.DataFrame({"image": [str(path) for path in paths]})


def cnn(**changes):
    return CNN17Classifier(width=4, weights=None, device="cpu", **SMALL | changes)


def weights(model):
    return {k: v.numpy() for k, v in model.net_.module_.state_dict().items()}


def fit(model, X, **config):
    with config_context(**config):
        return weights(model.fit(X, np.arange(len(X)) % 2))


@pytest.mark.parametrize("is_cached", [False, True])
def test_16_bits_are_read_as_they_are(files, pixels, is_cached, tmp_path):
    source = ImageSource(
        files,
        image_size=SIZE,
        image_cache=tmp_path if is_cached else None,
        dtype="uint16",
    )
    for _ in range(2):  # decoded, then from the cache
        array = source.to_array()
        assert array.dtype == np.uint16
        np.testing.assert_array_equal(array[..., 0], pixels)
        expected = pixels / np.float32(65535)
        np.testing.assert_allclose(source[:][..., 0], expected, rtol=1e-6)


def test_one_cache_holds_both_depths(files, pixels, tmp_path):
    for dtype in ("uint8", "uint16", "uint8", "uint16"):
        source = ImageSource(files, image_size=SIZE, image_cache=tmp_path, dtype=dtype)
        expected = np.rint(pixels / 65535 * np.iinfo(dtype).max)
        np.testing.assert_array_equal(source.to_array()[..., 0], expected)
    assert len(ImageCache(tmp_path)) == 2 * len(files)


def test_depths_are_different_inputs_where_a_cache_rounds(files, tmp_path):
    def digests(dtype, cache):
        return ImageSource(
            files, image_size=SIZE, image_cache=cache, dtype=dtype
        ).digests()

    assert digests("uint8", None) == digests("uint16", None)
    assert not set(digests("uint8", tmp_path)) & set(digests("uint16", tmp_path))


@pytest.mark.parametrize("form", ["array", "files", "cached"])
def test_training_on_16_bits_is_training_on_floats(files, pixels, form, tmp_path):
    X = pixels if form == "array" else files
    cache = tmp_path if form == "cached" else None
    model = cnn(dtype="uint16", image_cache=cache, max_epochs=1)
    expected = fit(cnn(max_epochs=1), pixels / np.float32(65535))
    for name, value in fit(model, X).items():
        np.testing.assert_allclose(value, expected[name], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("form", ["array", "files", "cached"])
@pytest.mark.parametrize("augmentation", [True, False])
def test_weights_are_the_same_to_the_bit_where_images_stream(
    files, pixels, form, augmentation, tmp_path
):
    X = pixels if form == "array" else files
    cache = tmp_path if form == "cached" else None
    model = cnn(dtype="uint16", augmentation=augmentation, image_cache=cache)
    resident = fit(model, X)
    np.testing.assert_equal(fit(model, X, working_memory=0), resident)


def test_16_bits_keep_what_8_bits_round_away():
    X = np.full((16, SIZE, SIZE), 32768, np.uint16)
    X[::2, 8:16, 8:16] += 60  # a quarter of a step of 8 bits
    kept, rounded = (
        ImageSource(X, dtype=dtype).to_array() for dtype in ("uint16", "uint8")
    )
    assert len(np.unique(kept)) == 2
    assert len(np.unique(rounded)) == 1


def test_an_array_of_16_bits_is_not_copied(pixels):
    source = TrainingSource(pixels[..., np.newaxis], image_size=SIZE, dtype="uint16")
    with held_images(source, CPU) as images:
        assert np.shares_memory(images._pixels.numpy(), pixels)
        np.testing.assert_array_equal(
            images.read(torch.tensor([3, 1]))[..., 0], pixels[[3, 1]]
        )


def test_a_transfer_network_is_trained_on_16_bits(files):
    model = TransferCNNClassifier(
        "shufflenet_v2_x0_5", weights=None, dtype="uint16", **SMALL
    )
    assert fit(model, files).keys()
    assert np.isfinite(model.predict_proba(files)).all()


def test_another_dtype_is_refused(files):
    with pytest.raises(ValueError, match=r"must be 'uint8' or 'uint16'. Got 'int16'"):
        ImageSource(files, dtype="int16")
