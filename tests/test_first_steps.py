"""What a new user tries: it works, or an error names the way."""

import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from imblearn.ensemble import BalancedBaggingClassifier
from PIL import Image
from sklearn.ensemble import BaggingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skfusion.datasets import make_breast_images
from skfusion.exceptions import DataQualityWarning
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.fusion import make_feature_fusion
from skfusion.metrics import classification_summary
from skfusion.model_selection import compare_models
from skfusion.networks import Backbone
from skfusion.neural_network import CNN17Classifier, TransferCNNClassifier

Y = np.tile([0, 1], 8)
ENSEMBLES = pytest.mark.parametrize(
    "ensemble", [BaggingClassifier, BalancedBaggingClassifier]
)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """The documented form of X, all of its columns."""
    folder = tmp_path_factory.mktemp("images")
    data = make_breast_images(16, image_size=16, folder=folder, random_state=0)
    return data.data.assign(inverted=[False, True] * 8)


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (16, 12, 10), dtype=np.uint8)


def network(**params):
    params = {"width": 2, "image_size": 16, "max_epochs": 1, **params}
    return CNN17Classifier(random_state=0, **params)


class Recorder(CNN17Classifier):
    """Remembers the columns that reach it."""

    def _check(self, X, *y, reset=False):
        self.columns_seen_ = list(X.columns)
        return super()._check(X, *y, reset=reset)


@ENSEMBLES
def test_an_ensemble_of_the_whole_table_is_told_what_to_do(ensemble, table):
    model = ensemble(network(), n_estimators=2, random_state=0)
    with pytest.raises(ValueError, match=r"X\[\['image'\]\].*kw_args") as info:
        model.fit(table, Y)
    assert table["image"][0] not in str(info.value)


@ENSEMBLES
def test_an_ensemble_of_the_column_of_paths_works(ensemble, table):
    model = ensemble(network(), n_estimators=2, random_state=0)
    model.fit(table[["image"]], Y)
    assert model.predict_proba(table[["image"]]).shape == (16, 2)


@ENSEMBLES
def test_an_ensemble_that_gives_the_names_back_works(ensemble, table):
    names = FunctionTransformer(pd.DataFrame, kw_args={"columns": table.columns})
    net = Recorder(width=2, image_size=16, max_epochs=1, random_state=0)
    model = ensemble(make_pipeline(names, net), n_estimators=2, random_state=0)
    assert model.fit(table, Y).predict_proba(table).shape == (16, 2)
    member = model.estimators_[0]
    steps = dict(member.steps) if hasattr(member, "steps") else {}
    member = steps.get("classifier", member)
    assert member[-1].columns_seen_ == list(table.columns)


@ENSEMBLES
def test_an_ensemble_of_fusions_is_told_what_to_do_and_works(ensemble):
    X = pd.DataFrame(
        {
            "mammogram": [f"{'m' * (1 + row)}" for row in range(16)],
            "ultrasound": [f"{'u' * (1 + row % 3)}" for row in range(16)],
        }
    )
    length = FunctionTransformer(lambda part: part[["image"]].map(len).to_numpy())
    fusion = make_feature_fusion(
        [(column, length) for column in X], LogisticRegression()
    )
    with pytest.raises(TypeError, match="names back in a pipeline"):
        ensemble(fusion, n_estimators=2, random_state=0).fit(X, Y)
    names = FunctionTransformer(pd.DataFrame, kw_args={"columns": X.columns})
    fusion.steps.insert(0, ("names", names))
    model = ensemble(fusion, n_estimators=2, random_state=0).fit(X, Y)
    assert model.predict(X).shape == (16,)


@pytest.mark.parametrize(
    "make",
    [
        network,
        lambda: CNNFeatureExtractor("squeezenet1_1", weights=None, image_size=32),
    ],
)
def test_rows_of_pixels_are_warned_of(make, images):
    flat = images.reshape(16, -1)
    with pytest.warns(DataQualityWarning, match=r"1 x 120 pixels. Set image_shape="):
        make().fit(flat, Y)


@pytest.mark.parametrize("shape", [(12, 10), (1, 120)])
def test_rows_of_pixels_whose_shape_is_known_are_not(shape, images, recwarn):
    model = network(image_shape=shape).fit(images.reshape(16, -1), Y)
    model.predict(images.reshape(16, -1))
    assert not recwarn.list


def test_short_rows_are_not_warned_of(recwarn):
    network().fit(np.random.default_rng(0).random((16, 20)), Y)
    assert not recwarn.list


@pytest.mark.parametrize(("name", "least"), [("squeezenet1_1", 17), ("alexnet", 63)])
def test_the_least_size_of_a_backbone_is_named(name, least):
    backbone = Backbone(name).eval()
    with pytest.raises(ValueError, match=f"at least {least} pixels. Got image_size=16"):
        backbone(torch.zeros(2, 1, 16, 16))
    assert len(backbone(torch.zeros(2, 1, least, least))) == 2
    with pytest.raises(ValueError, match=f"at least {least} pixels"):
        backbone(torch.zeros(2, 1, least - 1, least - 1))


def test_the_least_size_is_named_by_the_estimators(images):
    settings = {"weights": None, "image_size": 16}
    extractor = CNNFeatureExtractor("squeezenet1_1", **settings)
    with pytest.raises(ValueError, match=r"at least 17 pixels\. Got image_size=16"):
        extractor.fit_transform(images)
    transfer = TransferCNNClassifier("squeezenet1_1", max_epochs=1, **settings)
    with pytest.raises(ValueError, match=r"at least 17 pixels\. Got image_size=16"):
        transfer.fit(images, Y)


def test_another_error_of_a_backbone_is_left_as_it_is():
    with pytest.raises(RuntimeError, match=r"[Dd]ouble"):
        Backbone("squeezenet1_1")(torch.zeros(2, 1, 64, 64, dtype=torch.float64))


@pytest.mark.parametrize("groups", [np.arange(3), np.ones((16, 2))])
def test_groups_of_a_wrong_shape_are_called_groups(groups, images):
    with pytest.raises(ValueError, match="groups"):
        network().fit(images, Y, groups=groups)
    with pytest.raises(ValueError, match="groups"):
        classification_summary(Y, Y, groups=groups)


def test_images_of_several_sizes_are_told_what_to_do(images):
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


def test_numbers_of_a_palette_are_no_image(images):
    pictures = [Image.fromarray(image).convert("P") for image in images]
    with pytest.raises(ValueError, match=r"image.convert\('L'\)"):
        network().fit(pictures, Y)


@pytest.mark.parametrize("probabilities", [np.full(16, 0.3), np.full((16, 2), 0.5)])
def test_probabilities_are_no_predicted_labels(probabilities):
    with pytest.raises(ValueError, match=r"class labels in y_pred.*as y_score"):
        classification_summary(Y, probabilities)


def test_labels_that_are_floats_are_labels():
    summary = classification_summary(Y.astype(float), Y.astype(float))
    assert summary.loc["kappa", "estimate"] == 1


def test_floats_up_to_255_are_warned_of(images):
    with pytest.warns(DataQualityWarning, match=r"Got float32 up to .* divide X"):
        network().fit(images.astype(float), Y)


@pytest.mark.parametrize("labels", [("benign", "benign "), (" 1", "1")])
def test_labels_that_differ_in_blanks_are_warned_of(labels, images):
    y = np.array([*labels, "malignant", "malignant"] * 4)
    with pytest.warns(DataQualityWarning, match="differ in blanks"):
        network().fit(images, y)
    models = [("linear", LogisticRegression())]
    with pytest.warns(DataQualityWarning, match="differ in blanks"):
        compare_models(models, images[:, 0], y, groups=np.arange(16), cv=2)


def test_a_tensor_is_told_the_words_of_torch(images):
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


def test_the_printed_summary_of_a_comparison_shows_the_estimate(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"x": rng.random(40), "modality": ["mammography"] * 40})
    model = make_pipeline(
        FunctionTransformer(lambda table: table[["x"]]), LogisticRegression()
    )
    models = [("frozen features + SVM", model), ("17-layer CNN", model)]
    comparison = compare_models(models, X, np.tile([0, 1], 20), groups=range(40), cv=2)
    # As in a terminal of 80 characters.
    with pd.option_context("display.width", 80, "display.max_columns", 0):
        lines = str(comparison.summary).splitlines()
    assert len(lines[0]) <= 80
    assert {"model", "estimate", "modality", "measure"} <= set(lines[0].split())


@pytest.mark.parametrize("greatest", [255, 1023, 4095])
def test_numbers_of_few_bits_in_uint16_are_warned_of(greatest, images):
    images = np.round(greatest * (images / images.max())).astype(np.uint16)
    extractor = CNNFeatureExtractor("squeezenet1_1", weights=None, image_size=32)
    with pytest.warns(DataQualityWarning, match=f"up to {greatest}, .* such as 4095"):
        extractor.fit(images)


def test_numbers_of_16_bits_are_not_warned_of(images):
    images = np.round(65535 * (images / images.max())).astype(np.uint16)
    extractor = CNNFeatureExtractor("squeezenet1_1", weights=None, image_size=32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        extractor.fit(images)


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
def test_images_of_another_shape_are_told_what_to_do(fitted, shape, remedy):
    extractor = CNNFeatureExtractor("squeezenet1_1", weights=None, image_size=32)
    extractor.fit(np.zeros((2, *fitted)))
    with pytest.raises(ValueError, match=remedy):
        extractor.transform(np.zeros(shape))
