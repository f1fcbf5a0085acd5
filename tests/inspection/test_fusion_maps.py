"""Maps of samples that have several images, and what each contributed."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.fusion import (
    DecisionFusionClassifier,
    ImageLevelClassifier,
    MultiBranchCNNClassifier,
    PerModalityClassifier,
    make_feature_fusion,
)
from skfusion.inspection import randomization_check, saliency

COLUMNS = ["mammogram", "ultrasound"]


def image_model():
    extractor = CNNFeatureExtractor("cnn17", image_size=32)
    return make_pipeline(extractor, StandardScaler(), LogisticRegression())


def make_fusion(kind):
    extractor = CNNFeatureExtractor("cnn17", image_size=32)
    if kind == "features":
        pairs = [(column, extractor) for column in COLUMNS]
        return make_feature_fusion(pairs, LogisticRegression())
    if kind == "branches":
        return MultiBranchCNNClassifier(
            COLUMNS, image_size=32, width=4, max_epochs=1, random_state=0
        )
    if kind == "images":
        return ImageLevelClassifier(image_model(), COLUMNS)
    models = [(column, image_model()) for column in COLUMNS]
    return DecisionFusionClassifier(models, cv=2, random_state=0)


@pytest.mark.parametrize("kind", ["decisions", "features", "branches", "images"])
def test_every_image_has_a_map_and_a_contribution(kind, gaps, pairs):
    model = make_fusion(kind).fit(gaps, pairs.target)
    X = gaps.iloc[:3]
    found = saliency(model, X)
    assert list(found.maps) == COLUMNS
    assert found.maps["mammogram"][1] is None
    assert found.maps["ultrasound"][2] is None
    assert found.maps["ultrasound"][1].shape == (32, 32)
    table = found.contributions
    assert table.loc[1, "mammogram"] == table.loc[2, "ultrasound"] == 0
    expected = model.predict_proba(X).max(axis=1) - 0.5
    np.testing.assert_allclose(table.sum(axis=1), expected, atol=1e-6)


def test_the_map_of_a_branch_depends_on_the_other_image(gaps, pairs):
    model = make_fusion("branches").fit(gaps, pairs.target)
    X = pairs.data.iloc[[3]]
    other = X.assign(ultrasound=pairs.data["ultrasound"].iloc[[4]].to_numpy())
    options = {"method": "integrated_gradients", "target": pairs.target[0]}
    own, swapped = (saliency(model, x, **options).maps["mammogram"] for x in (X, other))
    assert own[0].shape == swapped[0].shape
    assert np.isfinite(own[0]).all()


def test_each_modality_is_explained_by_its_model(image_rows):
    X, y = image_rows
    names = ["mammography", "ultrasound"]
    model = PerModalityClassifier([(name, image_model()) for name in names]).fit(X, y)
    places = [int(np.flatnonzero(X["modality"] == name)[0]) for name in names]
    maps = saliency(model, X.iloc[places])
    for place, name, found in zip(places, names, maps, strict=True):
        alone = model.named_estimators_[name]
        np.testing.assert_array_equal(found, saliency(alone, X.iloc[[place]])[0])


def test_fusion_takes_the_randomization_check(gaps, pairs):
    model = make_fusion("features").fit(gaps, pairs.target)
    options = {"method": "integrated_gradients", "random_state": 0}
    check = randomization_check(model, gaps.iloc[:2], **options)
    assert check.randomized_maps["mammogram"][1] is None
    assert np.isnan(check.similarity["mammogram"][1])
    assert check.similarity["ultrasound"][0] < 0.9
