"""Maps of samples that have several images, and what each contributed."""

import numpy as np
import pytest
from scipy.special import logit
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
from skfusion.inspection._parts import find_parts

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


def test_the_score_of_a_branch_is_that_of_the_whole_sample(gaps, pairs):
    model = make_fusion("branches").fit(gaps, pairs.target)
    X = gaps.iloc[[0]]
    other = X.assign(ultrasound=pairs.data["ultrasound"].iloc[[4]].to_numpy())
    parts = [find_parts(model, each)[0].model for each in (X, other)]
    image = parts[0].read(0)
    scores = [part.score(0, 1, None).function(image).item() for part in parts]
    decisions = [logit(model.predict_proba(each)[0, 1]) for each in (X, other)]
    np.testing.assert_allclose(scores, decisions, atol=0.01)
    assert abs(scores[0] - scores[1]) > 0.001


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


def test_a_class_that_a_modality_did_not_have_has_an_empty_map(image_rows):
    X, y = image_rows
    modality = X["modality"].to_numpy()
    names = np.where(np.asarray(y) == np.max(y), "c", "b").astype(object)
    names[np.flatnonzero(modality == "ultrasound")[:4]] = "a"
    models = [(name, image_model()) for name in ("mammography", "ultrasound")]
    model = PerModalityClassifier(models).fit(X, names)
    sums = [each.sum() for each in saliency(model, X, target="a")]
    assert not np.any(np.array(sums)[modality == "mammography"])
    assert np.any(np.array(sums)[modality == "ultrasound"])
