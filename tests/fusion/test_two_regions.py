"""The whole image and its lesion, side by side in one model."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_validate
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion.datasets import make_breast_images
from skfusion.exceptions import ImageReadError
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.fusion import (
    DecisionFusionClassifier,
    ImageLevelClassifier,
    MultiBranchCNNClassifier,
    PerModalityClassifier,
    make_feature_fusion,
)
from skfusion.images import ImageSource
from skfusion.model_selection import compare_models
from skfusion.neural_network import CNN17Classifier
from skfusion.neural_network._sample_source import SampleSource
from skfusion.over_sampling import ImageOverSampler

N = 40
BOTH = ["whole", "lesion"]
FEATURES = CNNFeatureExtractor(
    "squeezenet1_1", weights=None, image_size=32, random_state=0
)
LESION_FEATURES = clone(FEATURES).set_params(region="lesion")
NETWORK = CNN17Classifier(
    image_size=16, width=2, weights=None, max_epochs=1, random_state=0
)
LESION_NETWORK = clone(NETWORK).set_params(region="lesion")


@pytest.fixture(scope="module")
def breast(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    return make_breast_images(N, folder=folder, random_state=0)


@pytest.fixture(scope="module")
def two(breast):
    """One file in two columns, of which one has the boxes."""
    X = breast.data.rename(columns={"region": "lesion_region"})
    return X.rename(columns={"image": "whole"}).assign(lesion=breast.data["image"])


def classify(features):
    return make_pipeline(features, StandardScaler(), LogisticRegression())


def test_a_union_of_features(breast):
    union = FeatureUnion([("image", FEATURES), ("lesion", LESION_FEATURES)])
    found = union.fit_transform(breast.data)
    parts = [each.fit_transform(breast.data) for each in (FEATURES, LESION_FEATURES)]
    assert not np.allclose(*parts)
    np.testing.assert_array_equal(found, np.hstack(parts))
    model = classify(union).fit(breast.data, breast.target)
    assert model.predict_proba(breast.data).shape == (N, 2)


def test_the_column_region_belongs_to_the_column_image(breast):
    """The columns of a loader, beside which the same file is read whole."""
    X = breast.data.assign(whole=breast.data["image"])
    X["region"] = X["region"].astype("category")
    columns = ["image", "whole"]
    source = SampleSource(X, columns, image_size=16, region="lesion")
    lesion = ImageSource(X, image_size=16, region="lesion")[[3]]
    np.testing.assert_array_equal(source[[3]][..., :1], lesion)
    np.testing.assert_array_equal(
        source[[3]][..., 1:], ImageSource(X[["whole"]], image_size=16)[[3]]
    )
    params = {"image_size": 16, "width": 2, "max_epochs": 1, "random_state": 0}
    model = MultiBranchCNNClassifier(columns, region="lesion", **params)
    assert model.fit(X, breast.target).predict_proba(X).shape == (N, 2)
    with pytest.raises(ValueError, match="Expected each file in one of the columns"):
        model.fit(X.drop(columns="region"), breast.target)


def test_a_vote_of_networks(breast):
    X, y = breast.data, np.array(["benign", "malignant"])[breast.target]
    vote = VotingClassifier(
        [("image", NETWORK), ("lesion", LESION_NETWORK)], voting="soft"
    ).fit(X, y)
    singles = [
        clone(each).fit(X, y).predict_proba(X) for each in (NETWORK, LESION_NETWORK)
    ]
    assert not np.allclose(*singles)
    np.testing.assert_allclose(vote.predict_proba(X), np.mean(singles, axis=0))
    assert set(vote.predict(X)) <= set(y)


MODELS = {
    "decisions": DecisionFusionClassifier(
        [("whole", classify(FEATURES)), ("lesion", classify(LESION_FEATURES))],
        cv=2,
        random_state=0,
    ),
    "features": make_feature_fusion(
        [("whole", FEATURES), ("lesion", LESION_FEATURES)], LogisticRegression()
    ),
    "branches": MultiBranchCNNClassifier(
        BOTH, width=2, image_size=16, max_epochs=1, region="lesion", random_state=0
    ),
    "images": ImageLevelClassifier(NETWORK, BOTH),
    "by region": ImageLevelClassifier(
        PerModalityClassifier([("whole", NETWORK), ("lesion", LESION_NETWORK)]), BOTH
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_fusion_of_two_columns(name, breast, two):
    model = clone(MODELS[name]).fit(two, breast.target)
    found = model.predict_proba(two)
    assert found.shape == (N, 2)
    moved = two.assign(lesion_region="0,0,6,6")
    changes = not np.allclose(found, model.predict_proba(moved))
    assert changes == (name != "images")


@pytest.mark.parametrize("name", MODELS)
def test_one_region_in_two_columns_is_refused(name, breast, two):
    without_boxes = two.drop(columns="lesion_region")
    with pytest.raises(ValueError, match="each file in one of the columns"):
        clone(MODELS[name]).fit(without_boxes, breast.target)
    same = two.assign(whole_region=two["lesion_region"])
    with pytest.raises(ValueError, match="each file in one of the columns"):
        clone(MODELS[name]).fit(same, breast.target)


@pytest.mark.parametrize("name", MODELS)
def test_the_file_of_another_sample_is_refused(name, breast, two):
    X = two.assign(lesion=np.roll(two["lesion"], 1))
    with pytest.raises(ValueError, match="in several columns of one row"):
        clone(MODELS[name]).fit(X, breast.target)


def test_two_lesions_of_one_image_are_two_regions(breast, two):
    other = two.assign(whole_region="0,0,6,6")
    model = clone(MODELS["branches"]).fit(other, breast.target)
    assert model.predict(other).shape == (N,)


def test_columns_without_boxes_are_read_whole(breast, two):
    source = SampleSource(two, BOTH, image_size=16, region="lesion")
    images = source[:]
    whole = ImageSource(breast.data, image_size=16)[:]
    lesions = ImageSource(breast.data, image_size=16, region="lesion")[:]
    np.testing.assert_array_equal(images, np.concatenate([whole, lesions], axis=-1))


def test_a_network_of_columns_without_any_box_is_refused(breast, two):
    X = two.drop(columns=["lesion", "lesion_region"])
    model = clone(MODELS["branches"]).set_params(columns=["whole"])
    with pytest.raises(ValueError, match=r"needs one of the columns.*'whole_region'"):
        model.fit(X, breast.target)


@pytest.mark.parametrize("box", [None, "0,0,500,500"])
@pytest.mark.parametrize("name", ["decisions", "features", "branches"])
def test_the_row_and_the_column_of_a_bad_box_are_named(name, box, breast, two):
    """The same file is in another column and another row."""
    X = two.assign(whole=two["whole"].where(two.index > 2))
    X.loc[5, "lesion"] = X.loc[4, "lesion"]
    X.loc[5, "lesion_region"] = box
    X.loc[[4, 5], "whole"] = None
    model = clone(MODELS[name])
    with pytest.raises(ImageReadError, match="Row 5 of X, column 'lesion'"):
        model.fit(X, breast.target)


def test_boxes_pass_through_samplers_folds_and_searches(breast):
    X, y = breast.data.iloc[:18], breast.target[:18]
    X_new, _ = ImageOverSampler(
        sampling_strategy={0: 12, 1: 12}, random_state=0
    ).fit_resample(X, y)
    boxes = X.set_index("image")["region"]
    assert X_new["region"].tolist() == boxes[X_new["image"]].tolist()
    options = {"cv": GroupKFold(2), "error_score": "raise"}
    scores = cross_validate(LESION_NETWORK, X, y, groups=X["group"], **options)
    assert len(scores["test_score"]) == 2
    grid = {"cnnfeatureextractor__margin": [0, 0.5]}
    search = GridSearchCV(classify(LESION_FEATURES), grid, **options)
    search.fit(X, y, groups=X["group"])
    assert len(search.cv_results_["params"]) == 2


def test_a_comparison_of_regions_is_stored_and_resumed(breast, tmp_path, monkeypatch):
    models = [("image", classify(FEATURES)), ("lesion", classify(LESION_FEATURES))]
    options = {"cv": 2, "store": tmp_path / "store"}
    first = compare_models(models, breast.data, breast.target, **options)
    monkeypatch.setattr(CNNFeatureExtractor, "transform", None)  # all are stored
    again = compare_models(models, breast.data, breast.target, **options)
    scores = [study.predictions["y_score"].to_numpy() for study in (first, again)]
    np.testing.assert_array_equal(*scores)
    by_model = first.predictions.pivot(index="row", columns="model", values="y_score")
    assert not np.allclose(by_model["image"], by_model["lesion"])
