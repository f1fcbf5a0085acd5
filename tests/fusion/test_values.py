"""Values, such as an age, beside images in a fusion of features."""

import pickle

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import SMOTE
from sklearn.base import clone
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.fusion import ModalityFeatures, make_feature_fusion

IMAGES = [
    (column, FunctionTransformer(lambda table: table[["image"]].map(len).to_numpy()))
    for column in ("mammogram", "ultrasound")
]
AGE = ("age", "passthrough")
DENSITY = ("density", OneHotEncoder(handle_unknown="ignore"))


@pytest.fixture
def X():
    """Paths of files that no transformer here opens."""
    return pd.DataFrame(
        {
            "mammogram": ["a.png", None, "ccc.png", "d.png"],
            "ultrasound": ["u.png", "vv.png", None, "w.png"],
            "group": ["anna", "berta", "clara", "dora"],
            "age": [63, 48, np.nan, 71],
            "density": ["a", None, "c", "a"],
        }
    )


@pytest.fixture
def y():
    return np.tile([0, 1], 16)


@pytest.fixture
def women(y):
    """An age tells the class, images and density tell nothing."""
    rng = np.random.default_rng(0)
    age = 50 + 20.0 * y + rng.normal(size=32)
    age[[3, 8]] = np.nan
    density = rng.choice(list("abcd"), 32).astype(object)
    density[4] = None
    paths = {
        column: [f"{column}{row}{'x' * rng.integers(9)}" for row in range(32)]
        for column in ("mammogram", "ultrasound")
    }
    return pd.DataFrame({**paths, "age": age, "density": density})


@pytest.fixture
def fusion():
    return make_feature_fusion([*IMAGES, AGE, DENSITY], LogisticRegression())


def test_an_age_passes_beside_images(X):
    features = ModalityFeatures([*IMAGES, AGE]).fit_transform(X)
    np.testing.assert_array_equal(features[:, 4], X["age"])
    np.testing.assert_array_equal(features[:, 5], [0, 0, 1, 0])


def test_images_are_as_without_values(X):
    alone = ModalityFeatures(IMAGES).fit_transform(X)
    beside = ModalityFeatures([AGE, *IMAGES, DENSITY]).fit_transform(X)
    np.testing.assert_array_equal(beside[:, 2:6], alone)


def test_a_density_is_encoded_where_it_is_known(X):
    features = ModalityFeatures([*IMAGES, DENSITY])
    found = features.fit_transform(X)[:, 4:]
    nan = np.nan
    expected = [[1, 0, 0], [nan, nan, 1], [0, 1, 0], [1, 0, 0]]
    np.testing.assert_array_equal(found, expected)
    assert features.get_feature_names_out()[4:].tolist() == [
        "density__density_a",
        "density__density_c",
        "density_missing",
    ]


def test_an_encoder_in_a_pipeline_is_one_of_values(X):
    encoder = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder())
    features = ModalityFeatures([*IMAGES, ("density", encoder)])
    assert features.fit_transform(X).shape == (4, 7)


def test_any_transformer_takes_a_column_of_numbers(X):
    features = ModalityFeatures([*IMAGES, ("age", StandardScaler())])
    age = features.fit_transform(X)[:, 4]
    np.testing.assert_allclose(np.nanmean(age), 0, atol=1e-12)
    assert features.image_columns_ == ["mammogram", "ultrasound"]


@pytest.mark.parametrize("kind", ["Int64", object, "category"])
def test_numbers_of_any_kind_pass(X, kind):
    features = ModalityFeatures([*IMAGES, AGE]).fit(X)
    expected = features.transform(X)
    found = features.fit(X.astype({"age": kind})).transform(X.astype({"age": kind}))
    np.testing.assert_array_equal(found, expected)


def test_columns_are_told_in_their_order(X):
    features = ModalityFeatures([AGE, *IMAGES]).fit(X)
    assert features.feature_names_in_.tolist() == ["age", "mammogram", "ultrasound"]
    assert features.get_feature_names_out()[:2].tolist() == ["age__age", "age_missing"]


def test_real_images_and_an_age_that_nobody_has_at_predict(gaps, pairs):
    extractor = CNNFeatureExtractor(
        "squeezenet1_1", weights=None, image_size=32, random_state=0
    )
    images = [(column, clone(extractor)) for column in ("mammogram", "ultrasound")]
    fusion = make_feature_fusion([*images, AGE], LogisticRegression())
    fusion.fit(gaps.assign(age=range(len(gaps))), pairs.target)
    assert np.isfinite(fusion.predict_proba(gaps.assign(age=None))).all()


def test_a_missing_age_is_filled_with_the_mean_of_the_fold(fusion, women, y):
    fusion.fit(women[:20], y[:20])
    names = fusion[0].get_feature_names_out().tolist()
    filled = fusion["imputer"].statistics_[names.index("age__age")]
    np.testing.assert_allclose(filled, women["age"][:20].mean())


def test_an_age_that_tells_the_class_is_used(fusion, women, y):
    with_age = cross_val_score(fusion, women, y, cv=4, error_score="raise")
    without = cross_val_score(fusion, women.assign(age=60), y, cv=4)
    assert with_age.mean() > 0.9 > without.mean()


def test_parameters_of_values_can_be_searched(fusion, women, y):
    grid = {
        "features__density__drop": [None, "first"],
        "features__age": ["passthrough"],
    }
    search = GridSearchCV(fusion, grid, cv=2).fit(women, y)
    encoder = search.best_estimator_[0].named_transformers_["density"]
    assert encoder.drop == search.best_params_["features__density__drop"]


def test_values_can_be_balanced(fusion, women):
    sampler = SMOTE(k_neighbors=2, random_state=0)
    balanced = make_feature_fusion(
        fusion[0].transformers, LogisticRegression(), sampler=sampler
    )
    y = np.where(np.arange(32) < 6, 1, 0)
    assert len(balanced.fit(women, y).predict(women)) == len(women)


def test_what_passes_can_be_cloned_and_pickled(fusion, women, y):
    ages = clone(fusion).fit(women, y)[0].named_transformers_["age"]
    again = pickle.loads(pickle.dumps(ages))
    np.testing.assert_array_equal(again.transform(women[["age"]])[:, 0], women["age"])


def test_the_html_shows_values(fusion):
    html = fusion[0]._repr_html_()
    assert all(f"<label>{name}</label>" in html for name in ("age", "density"))


def test_a_sample_without_any_image_is_named_whatever_its_age(X):
    X.loc[3, ["mammogram", "ultrasound"]] = None
    with pytest.raises(ValueError, match="Got none in row 3 of X"):
        ModalityFeatures([*IMAGES, AGE]).fit(X)


def test_a_missing_age_can_be_an_error(X):
    X = X.fillna({"mammogram": "b.png", "ultrasound": "x.png"})
    features = ModalityFeatures([*IMAGES, AGE], missing="error")
    with pytest.raises(ValueError, match="none in row 2 of 'age'"):
        features.fit(X)


def test_text_that_passes_is_told_an_encoder_and_not_shown(X):
    with pytest.raises(ValueError, match=r"'density' of X.*OneHotEncoder") as info:
        ModalityFeatures([*IMAGES, ("density", "passthrough")]).fit(X)
    assert "'a'" not in str(info.value)


def test_a_column_without_any_value_is_named(X):
    with pytest.raises(ValueError, match="none in the column 'age'"):
        ModalityFeatures([*IMAGES, AGE]).fit(X.assign(age=None))


def test_values_alone_are_features_by_position(X):
    with pytest.raises(ValueError, match="Got values in all of them"):
        ModalityFeatures([AGE, DENSITY]).fit(X)
    positions = [(*AGE, 3), (*DENSITY, 4)]
    features = ModalityFeatures(positions).fit(X)
    assert features.image_columns_ == []
    assert features.transform(X).shape == (4, 5)


def test_an_unknown_word_for_a_transformer_is_named(X):
    with pytest.raises(ValueError, match="or 'passthrough', for a column"):
        ModalityFeatures([*IMAGES, ("age", "drop")]).fit(X)


def test_any_transformer_takes_a_column_of_categories(X):
    order = FunctionTransformer(lambda table: table["density"].cat.codes.to_frame())
    X = X.astype({"density": "category"})
    features = ModalityFeatures([*IMAGES, ("density", order)]).fit_transform(X)
    np.testing.assert_array_equal(features[:, 4], [0, np.nan, 1, 0])


@pytest.mark.parametrize("kind", [object, "string", "category"])
def test_a_number_written_as_text_is_named_by_its_row(X, kind):
    X = X.assign(age=pd.Series(["63", None, "about 48", "71"], dtype=kind))
    features = ModalityFeatures([*IMAGES, AGE])
    with pytest.raises(ValueError, match=r"none in row 2\..*to_numeric") as info:
        features.fit(X)
    assert "about" not in str(info.value)
    X["age"] = pd.to_numeric(X["age"], errors="coerce")
    features.fit(X)
    with pytest.raises(ValueError, match=r"none in row 0\..*to_numeric"):
        features.transform(X.assign(age=["young", "63", "48", "71"]))
