"""The detector of images that are unlike the training images."""

import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.sparse import csr_array
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skfusion.audit import ScopeDetector
from skfusion.datasets import make_breast_images
from skfusion.exceptions import DataQualityWarning, ImageReadError
from skfusion.images import ImageSource, read_image

SIDE = 48


class Thumbnails(TransformerMixin, BaseEstimator):
    """Features of a test: the pixels of a small image, without a network."""

    def fit(self, X, y=None):
        self.is_fitted_ = True
        return self

    def transform(self, X):
        pixels = ImageSource(X, image_size=12, resize="stretch").to_array()
        return pixels.reshape(len(pixels), -1) / 255


def make(folder, n_images, seed, modality="mammography"):
    return make_breast_images(
        n_images, modality=modality, image_size=SIDE, folder=folder, random_state=seed
    ).data


@pytest.fixture(scope="module")
def train(tmp_path_factory):
    return make(tmp_path_factory.mktemp("train"), 100, 0)


@pytest.fixture(scope="module")
def fitted(train):
    return ScopeDetector(Thumbnails()).fit(train)


@pytest.fixture
def new(tmp_path):
    return make(tmp_path / "new", 6, 1)


def change(X, row, change):
    """Replace an image by a changed copy."""
    pixels = change(np.rint(255 * read_image(X["image"][row])).astype(np.uint8))
    Image.fromarray(pixels).save(X["image"][row])


def reasons(scope, X):
    return scope.check(X)["reason"].tolist()


def test_an_image_like_the_training_images_is_accepted(fitted, new):
    found = fitted.check(new)
    assert not found["refused"].any()
    assert fitted.predict(new).tolist() == [1] * 6


@pytest.mark.parametrize(
    "cut", [lambda image: image[::3, ::3], lambda image: image[:, :20]]
)
def test_another_size_or_aspect_is_a_reason(fitted, new, cut):
    change(new, 2, cut)
    assert "size" in reasons(fitted, new)[2]
    assert fitted.predict(new)[2] == -1


def test_inverted_grey_values_are_a_reason_unless_they_are_corrected(fitted, new):
    change(new, 3, lambda image: 255 - image)
    assert "polarity" in reasons(fitted, new)[3]
    corrected = new.assign(inverted=new.index == 3)
    assert "polarity" not in reasons(fitted, corrected)[3]


def test_the_polarity_is_not_examined_where_training_images_have_both(train, new):
    both = train.assign(inverted=train.index % 2 == 0)
    scope = ScopeDetector(Thumbnails()).fit(both)
    found = scope.check(new.assign(inverted=new.index == 3))["reason"]
    assert not found.str.contains("polarity").any()


def test_another_modality_is_a_reason_if_it_is_known(fitted, new):
    assert fitted.modalities_ == ["mammography"]
    named = new.assign(modality=["ultrasound", None, *new["modality"][2:]])
    assert reasons(fitted, named) == ["modality"] + [""] * 5
    assert reasons(fitted, new.drop(columns="modality")) == [""] * 6


def test_noise_is_far_from_the_training_images(fitted, new):
    rng = np.random.default_rng(0)
    change(new, 1, lambda image: rng.integers(256, size=image.shape, dtype=np.uint8))
    found = fitted.check(new)
    assert "distance" in found["reason"][1]
    assert found["distance"].idxmax() == 1


def test_an_image_has_all_its_reasons(fitted, new):
    change(new, 0, lambda image: 255 - image[::3, ::3])
    named = new.assign(modality="ultrasound")
    assert reasons(fitted, named)[0] == "size, polarity, distance, modality"


def test_new_images_of_the_same_kind_are_refused_at_the_rate(tmp_path, train):
    scope = ScopeDetector(Thumbnails(), false_alarm_rate=0.2).fit(train)
    refused = (scope.predict(make(tmp_path, 200, 2)) == -1).mean()
    assert 0.1 < refused < 0.3
    assert scope.false_alarms_["distance"] == pytest.approx(0.2, abs=0.02)
    assert scope.false_alarms_["any"] >= scope.false_alarms_["distance"]


def test_the_threshold_is_learnt_from_other_groups(train):
    copies = pd.concat([train[:10]] * 12)
    copies = copies.sample(frac=1, random_state=0, ignore_index=True)
    scope = ScopeDetector(Thumbnails()).fit(copies)
    leaky = ScopeDetector(Thumbnails()).fit(copies, groups=np.arange(len(copies)))
    assert leaky.offset_ > -1e-6
    assert scope.offset_ < -1e-2
    by_argument = ScopeDetector(Thumbnails()).fit(
        copies.drop(columns="group"), groups=copies["group"]
    )
    assert by_argument.offset_ == scope.offset_


def test_the_scores_agree_with_the_table(fitted, new):
    change(new, 3, lambda image: 255 - image)
    found, scores = fitted.check(new), fitted.score_samples(new)
    assert scores[3] == -np.inf
    others = [0, 1, 2, 4, 5]
    np.testing.assert_array_equal(scores[others], -found["distance"][others])
    decisions = fitted.decision_function(new)
    np.testing.assert_array_equal(decisions, scores - fitted.offset_)
    np.testing.assert_array_equal(decisions < 0, found["refused"])


def test_the_table_has_the_index_of_x_and_neither_paths_nor_groups(fitted, new):
    found = fitted.check(new.set_axis([7, 3, 5, 1, 0, 2]))
    assert found.index.tolist() == [7, 3, 5, 1, 0, 2]
    assert not {"image", "group"} & set(found.columns)
    text = found.to_csv()
    assert not any(group in text for group in new["group"])


def test_arrays_are_measured_as_files_are(train, new, fitted):
    def pixels(X):
        return ImageSource(X, image_size=SIDE).to_array()

    scope = ScopeDetector(Thumbnails()).fit(pixels(train), groups=train["group"])
    columns = ["size", "aspect", "border", "distance"]
    np.testing.assert_allclose(
        scope.check(pixels(new))[columns], fitted.check(new)[columns], atol=1e-6
    )


def test_a_file_that_cannot_be_read_is_named_by_its_row(fitted, new):
    Path(new["image"][4]).write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(ImageReadError, match="Row 4 of X"):
        fitted.check(new)


def test_files_may_be_decoded_in_worker_processes(fitted, new):
    isolated = pickle.loads(pickle.dumps(fitted)).set_params(isolated=True)
    pd.testing.assert_frame_equal(isolated.check(new), fitted.check(new))


def test_images_of_one_group_are_refused(train):
    with pytest.raises(ValueError, match="at least 2 groups"):
        ScopeDetector(Thumbnails()).fit(train[:10].assign(group="anna"))


def test_a_rate_that_cannot_be_reached_warns(train):
    with pytest.warns(DataQualityWarning, match="needs 99 images or more. Got 50"):
        scope = ScopeDetector(Thumbnails(), false_alarm_rate=0.01).fit(train[:50])
    assert scope.false_alarms_["distance"] == 0


def test_sparse_features_are_measured_as_dense_ones(train, new, fitted):
    scope = ScopeDetector(make_pipeline(Thumbnails(), FunctionTransformer(csr_array)))
    scope.fit(train)
    found, expected = scope.score_samples(new), fitted.score_samples(new)
    np.testing.assert_allclose(found, expected, atol=1e-6)
