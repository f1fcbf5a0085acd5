"""Files are decoded once, and read back as they were."""

import numpy as np
import pytest

from skfusion.datasets import make_breast_images
from skfusion.images import ImageCache, ImageSource, _batch_readers
from skfusion.neural_network import CNN17Classifier


@pytest.fixture
def data(tmp_path):
    return make_breast_images(12, folder=tmp_path / "jane_doe", random_state=0)


@pytest.fixture
def n_decoded(monkeypatch):
    """The files that were decoded, in a list."""
    decoded = []
    read = _batch_readers.read_shared

    def counted(path, *options):
        decoded.append(path)
        return read(path, *options)

    monkeypatch.setattr(_batch_readers, "read_shared", counted)
    return decoded


def test_a_stored_image_is_the_same_to_eight_bits(data, tmp_path):
    plain = ImageSource(data.data, image_size=32)[:]
    ImageSource(data.data, image_size=32, image_cache=tmp_path)[:]
    stored = ImageSource(data.data, image_size=32, image_cache=tmp_path)[:]
    np.testing.assert_allclose(stored, plain, atol=0.5 / 255 + 1e-6)


def test_the_training_set_is_the_same_to_the_bit(data, tmp_path):
    plain = ImageSource(data.data, image_size=32).to_array()
    stored = ImageSource(data.data, image_size=32, image_cache=tmp_path).to_array()
    np.testing.assert_array_equal(stored, plain)


def test_a_file_is_decoded_once(data, tmp_path, n_decoded):
    for rows in (slice(0, 8), slice(4, 12), [3, 3, 11]):
        ImageSource(data.data, image_size=32, image_cache=tmp_path)[rows]
    assert len(n_decoded) == len(set(n_decoded)) == 12


def test_an_augmented_copy_is_not_decoded_again(data, tmp_path, n_decoded):
    X = data.data
    ImageSource(X, image_size=32, image_cache=tmp_path)[:]
    copies = X.assign(augmentation=np.arange(12))
    stored = ImageSource(copies, image_size=32, image_cache=tmp_path)[:]
    assert len(n_decoded) == 12
    plain = ImageSource(copies, image_size=32)[:]
    np.testing.assert_allclose(stored, plain, atol=2 / 255)


@pytest.mark.parametrize("params", [{"image_size": 48}, {"resize": "stretch"}], ids=str)
def test_another_setting_is_another_image(data, tmp_path, n_decoded, params):
    ImageSource(data.data, image_size=32, image_cache=tmp_path)[:]
    params = {"image_size": 32, **params}
    stored = ImageSource(data.data, image_cache=tmp_path, **params)[:]
    assert len(n_decoded) == 24
    np.testing.assert_allclose(stored, ImageSource(data.data, **params)[:], atol=3e-3)


def test_a_store_needs_one_size(data, tmp_path):
    with pytest.raises(ValueError, match="Expected an image_size"):
        ImageSource(data.data, image_cache=tmp_path)


def test_a_second_fit_decodes_nothing(data, tmp_path, n_decoded):
    model = CNN17Classifier(
        width=4,
        weights=None,
        image_size=16,
        max_epochs=1,
        image_cache=tmp_path,
        random_state=0,
    )
    first = model.fit(data.data, data.target).predict_proba(data.data)
    again = model.fit(data.data, data.target).predict_proba(data.data)
    assert len(n_decoded) == 12
    np.testing.assert_array_equal(first, again)


def test_no_path_stands_in_the_store(data, tmp_path):
    ImageSource(data.data, image_size=32, image_cache=tmp_path)[:]
    assert b"jane" not in ImageCache(tmp_path).path.read_bytes()
