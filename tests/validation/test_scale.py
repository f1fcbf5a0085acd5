"""A warning is raised for images whose shape or scale is not known."""

import warnings

import numpy as np
import pytest

from skfusion.exceptions import DataQualityWarning
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.neural_network import CNN17Classifier

Y = np.tile([0, 1], 8)


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (16, 12, 10), dtype=np.uint8)


def network(**params):
    params = {"width": 2, "image_size": 16, "max_epochs": 1, **params}
    return CNN17Classifier(weights=None, random_state=0, **params)


@pytest.mark.parametrize(
    "make",
    [
        network,
        lambda: CNNFeatureExtractor("squeezenet1_1", weights=None, image_size=32),
    ],
)
def test_rows_of_pixels_raise_a_warning(make, images):
    flat = images.reshape(16, -1)
    with pytest.warns(DataQualityWarning, match=r"1 x 120 pixels. Set image_shape="):
        make().fit(flat, Y)


@pytest.mark.parametrize("shape", [(12, 10), (1, 120)])
def test_rows_of_pixels_of_a_known_shape_raise_no_warning(shape, images, recwarn):
    model = network(image_shape=shape).fit(images.reshape(16, -1), Y)
    model.predict(images.reshape(16, -1))
    assert not recwarn.list


def test_short_rows_raise_no_warning(recwarn):
    network().fit(np.random.default_rng(0).random((16, 20)), Y)
    assert not recwarn.list


def test_floats_up_to_255_raise_a_warning(images):
    with pytest.warns(DataQualityWarning, match=r"Got float32 up to .* divide X"):
        network().fit(images.astype(float), Y)


@pytest.mark.parametrize("greatest", [255, 1023, 4095])
def test_few_bits_in_uint16_raise_a_warning(greatest, images):
    images = np.round(greatest * (images / images.max())).astype(np.uint16)
    extractor = CNNFeatureExtractor("squeezenet1_1", weights=None, image_size=32)
    with pytest.warns(DataQualityWarning, match=f"up to {greatest}, .* such as 4095"):
        extractor.fit(images)


def test_sixteen_bits_in_uint16_raise_no_warning(images):
    images = np.round(65535 * (images / images.max())).astype(np.uint16)
    extractor = CNNFeatureExtractor("squeezenet1_1", weights=None, image_size=32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        extractor.fit(images)
