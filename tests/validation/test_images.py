"""The forms of X and y that an estimator of images accepts."""

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from sklearn.linear_model import LogisticRegression

from skfusion._validation._images import check_labels
from skfusion.exceptions import DataQualityWarning
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.model_selection import compare_models
from skfusion.neural_network import CNN17Classifier

Y = np.tile([0, 1], 8)


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (16, 12, 10), dtype=np.uint8)


def network(**params):
    params = {"width": 2, "image_size": 16, "max_epochs": 1, **params}
    return CNN17Classifier(weights=None, random_state=0, **params)


def test_images_of_several_sizes_are_refused_with_a_remedy(images):
    cut = [image[: 12 - row % 2] for row, image in enumerate(images)]
    pictures = [Image.fromarray(image) for image in cut]
    tensors = [torch.from_numpy(image) for image in cut]
    for several in (cut, pictures, tensors, pd.Series(cut)):
        with pytest.raises(ValueError, match=r"\(11, 10\), \(12, 10\).*Pass the paths"):
            network().fit(several, Y)


@pytest.mark.parametrize(
    "form",
    [
        lambda images: [Image.fromarray(image) for image in images],
        lambda images: [torch.from_numpy(image) for image in images],
        lambda images: pd.Series(list(images)),
    ],
)
def test_a_list_of_images_of_one_size_is_taken(form, images):
    model = network().fit(form(images), Y)
    expected = network().fit(images, Y).predict_proba(images)
    np.testing.assert_array_equal(model.predict_proba(form(images)), expected)


def test_palette_images_are_refused_with_a_remedy(images):
    pictures = [Image.fromarray(image).convert("P") for image in images]
    with pytest.raises(ValueError, match=r"image.convert\('L'\)"):
        network().fit(pictures, Y)


@pytest.mark.parametrize("labels", [("benign", "benign "), (" 1", "1")])
def test_labels_that_differ_in_blanks_are_warned_of(labels, images):
    y = np.array([*labels, "malignant", "malignant"] * 4)
    with pytest.warns(DataQualityWarning, match="differ in blanks"):
        network().fit(images, y)
    models = [("linear", LogisticRegression())]
    with pytest.warns(DataQualityWarning, match="differ in blanks"):
        compare_models(models, images[:, 0], y, groups=np.arange(16), cv=2)


def test_a_remedy_for_a_tensor_uses_its_own_methods(images):
    tensor = torch.from_numpy(images)
    np.testing.assert_array_equal(
        network().fit(tensor, Y).predict_proba(tensor),
        network().fit(images, Y).predict_proba(images),
    )
    first = torch.zeros(16, 3, 12, 12)
    with pytest.raises(ValueError, match=r"X\.permute\(0, 2, 3, 1\)"):
        network().fit(first, Y)
    with pytest.raises(ValueError, match=r"asarray\(X\)\.transpose\(0, 2, 3, 1\)"):
        network().fit(list(first), Y)


@pytest.mark.parametrize(
    ("fitted", "shape", "remedy"),
    [
        ((12, 10), (16, 12, 10, 3), "Convert them to grey first"),
        ((12, 10, 3), (16, 12, 10), "Convert them to 3 channels first"),
        ((12, 10), (16, 3, 12, 10), r"channels last: numpy.moveaxis\(X, 1, -1\)"),
        ((12, 10, 3), (16, 3, 12, 10), r"channels last: numpy.moveaxis\(X, 1, -1\)"),
        ((12, 10), (16, 10, 10), "Resize them first"),
        ((12, 10), (12, 10), r"one image as X\[numpy.newaxis\]"),
        ((12, 10, 3), (12, 10, 3), r"one image as X\[numpy.newaxis\]"),
    ],
)
def test_images_of_another_shape_are_refused_with_a_remedy(fitted, shape, remedy):
    extractor = CNNFeatureExtractor("squeezenet1_1", weights=None, image_size=32)
    extractor.fit(np.zeros((2, *fitted)))
    with pytest.raises(ValueError, match=remedy):
        extractor.transform(np.zeros(shape))


def test_a_single_class_is_refused():
    with pytest.raises(ValueError, match="Got 1 class instead: 'benign'"):
        check_labels(np.array(["benign", "benign"]), "CNN17Classifier")
