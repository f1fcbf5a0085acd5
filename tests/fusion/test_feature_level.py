import pickle

import numpy as np
import pytest
from imblearn.over_sampling import SMOTE
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold, cross_validate

from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.fusion import ModalityFeatures, make_feature_fusion

COLUMNS = ["mammogram", "ultrasound"]


@pytest.fixture
def extractors():
    extractor = CNNFeatureExtractor(
        "squeezenet1_1", weights=None, image_size=32, random_state=0
    )
    return [(column, clone(extractor)) for column in COLUMNS]


@pytest.fixture
def fusion(extractors):
    return make_feature_fusion(
        extractors, LogisticRegression(), sampler=SMOTE(k_neighbors=2, random_state=0)
    )


def test_features_of_the_columns_stand_side_by_side(extractors, pairs):
    X = pairs.data[:6]
    features = ModalityFeatures(extractors).fit_transform(X)
    for start, (column, extractor) in zip((0, 513), extractors, strict=True):
        alone = extractor.fit_transform(X[[column]])
        np.testing.assert_allclose(features[:, start : start + 512], alone, rtol=1e-5)


def test_what_is_missing_is_nan_and_told(extractors, gaps):
    features = ModalityFeatures(extractors).fit_transform(gaps)
    missing = gaps[COLUMNS].isna().to_numpy()
    for column, start in enumerate((0, 513)):
        block = features[:, start : start + 513]
        np.testing.assert_array_equal(block[:, -1], missing[:, column])
        np.testing.assert_array_equal(np.isnan(block[:, 0]), missing[:, column])


def test_a_missing_image_can_be_an_error(extractors, gaps):
    features = ModalityFeatures(extractors, missing="error")
    with pytest.raises(ValueError, match="none in row 1 of 'mammogram'"):
        features.fit(gaps)


def test_a_modality_that_nobody_has_at_predict(fusion, pairs):
    fusion.fit(pairs.data, pairs.target)
    probabilities = fusion.predict_proba(pairs.data.assign(ultrasound=None))
    assert np.isfinite(probabilities).all()


def test_it_works_under_grouped_cross_validation(fusion, gaps, pairs):
    scores = cross_validate(
        fusion,
        gaps,
        pairs.target,
        groups=pairs.groups,
        cv=StratifiedGroupKFold(2),
        error_score="raise",
    )
    assert np.isfinite(scores["test_score"]).all()


def test_parameters_of_an_extractor_can_be_searched(fusion, pairs):
    grid = {"features__ultrasound__resize": ["pad", "stretch"]}
    search = GridSearchCV(fusion, grid, cv=2).fit(pairs.data, pairs.target)
    features = search.best_estimator_[0]
    assert features.transformers_[1].resize == search.best_params_.popitem()[1]


def test_what_is_missing_is_filled_with_the_mean_of_the_fold(fusion, gaps, pairs):
    fusion.fit(gaps[:20], pairs.target[:20])
    features = fusion[0].transform(gaps[:20])
    np.testing.assert_allclose(
        fusion["imputer"].statistics_, np.nanmean(features, axis=0), rtol=1e-5
    )


def test_it_can_be_cloned_and_pickled(fusion, pairs):
    fitted = clone(fusion).fit(pairs.data, pairs.target)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict(pairs.data), fitted.predict(pairs.data))


def test_a_row_without_any_image_is_named(fusion, pairs):
    X = pairs.data.copy()
    X.loc[3, COLUMNS] = None
    with pytest.raises(ValueError, match="none in row 3 of X"):
        fusion.fit(X, pairs.target)


def test_an_unknown_column_is_named(fusion, pairs):
    with pytest.raises(ValueError, match="needs the column 'ultrasound' in X"):
        fusion.fit(pairs.data.drop(columns="ultrasound"), pairs.target)


def test_one_file_in_two_columns_is_named(fusion, pairs):
    X = pairs.data.copy()
    X.loc[4, "ultrasound"] = X.loc[2, "mammogram"]
    with pytest.raises(ValueError, match=r"hold the file of row [24] of X"):
        fusion.fit(X, pairs.target)
