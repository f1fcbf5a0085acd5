"""What every fusion tells of itself, as scikit-learn's own estimators do."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    TransformerMixin,
    clone,
    is_classifier,
)
from sklearn.exceptions import DataConversionWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.utils import get_tags

from skfusion._validation import _private
from skfusion.fusion import (
    DecisionFusionClassifier,
    ImageLevelClassifier,
    LevelAggregator,
    ModalityFeatures,
    MultiBranchCNNClassifier,
    PerModalityClassifier,
    make_feature_fusion,
)

COLUMNS = ["mammogram", "ultrasound"]


class Name(TransformerMixin, BaseEstimator):
    """The number in the name of a file."""

    def fit(self, X, y=None):
        self.n_features_in_ = 1
        self.feature_names_in_ = np.array(["image"], dtype=object)
        return self

    def transform(self, X):
        return np.array([[float(path[1:])] for path in X["image"]])


class NamedName(Name):
    def get_feature_names_out(self, input_features=None):
        return ["number"]


class Sure(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return np.tile([0.5, 0.5], (len(X), 1))


IMAGE = make_pipeline(Name(), LogisticRegression())
IMAGES = [(column, IMAGE) for column in COLUMNS]
IMAGES_OF_NUMBERS = [(column, Name()) for column in COLUMNS]
CLASSIFIERS = {
    "decisions": DecisionFusionClassifier(IMAGES, cv=2, random_state=0),
    "image level": ImageLevelClassifier(IMAGE, COLUMNS),
    "levels": LevelAggregator(IMAGE, by="group"),
    "levels of samples": LevelAggregator(
        ImageLevelClassifier(IMAGE, COLUMNS), by="group"
    ),
    "branches": MultiBranchCNNClassifier(COLUMNS),
    "per modality": PerModalityClassifier(IMAGES, by="modality"),
}


@pytest.fixture
def y():
    return np.tile([0, 1], 8)


@pytest.fixture
def X():
    """Paths of files that no model here opens."""
    return pd.DataFrame(
        {
            "mammogram": [f"m{row}" for row in range(16)],
            "ultrasound": [f"u{row}" for row in range(15)] + [None],
            "group": np.arange(16) // 2,
        }
    )


@pytest.fixture
def images(X):
    return pd.DataFrame(
        {
            "image": X["mammogram"],
            "modality": np.repeat(COLUMNS, 8),
            "group": X["group"],
        }
    )


@pytest.mark.parametrize("name", ["decisions", "image level", "levels of samples"])
def test_the_columns_that_are_used_are_told(name, X, y):
    model = CLASSIFIERS[name].fit(X, y)
    assert model.feature_names_in_.tolist() == COLUMNS
    assert model.n_features_in_ == 2


@pytest.mark.parametrize("name", ["levels", "per modality"])
def test_a_model_of_images_tells_the_columns_of_its_models(name, images, y):
    model = CLASSIFIERS[name]
    assert not hasattr(model, "n_features_in_")
    model.fit(images, y)
    assert model.n_features_in_ == 1


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_the_tags_say_that_it_classifies_text_in_columns(name):
    tags = get_tags(CLASSIFIERS[name])
    assert is_classifier(CLASSIFIERS[name])
    assert tags.input_tags.string
    assert tags.input_tags.two_d_array
    assert not tags.input_tags.three_d_array


@pytest.mark.parametrize(
    ("name", "is_allowed"),
    [
        ("decisions", True),
        ("image level", True),
        ("branches", True),
        ("levels of samples", True),
        ("levels", False),
        ("per modality", False),
    ],
)
def test_the_tags_say_whether_an_image_may_be_missing(name, is_allowed):
    assert get_tags(CLASSIFIERS[name]).input_tags.allow_nan is is_allowed


@pytest.mark.parametrize(("missing", "is_allowed"), [("nan", True), ("error", False)])
def test_the_tags_of_features_follow_missing(missing, is_allowed):
    features = ModalityFeatures(IMAGES, missing=missing)
    assert get_tags(features).input_tags.allow_nan is is_allowed


@pytest.mark.parametrize("name", ["decisions", "per modality"])
def test_fitted_models_are_found_by_their_name(name, X, images, y):
    model = CLASSIFIERS[name].fit(X if name == "decisions" else images, y)
    assert list(model.named_estimators_) == COLUMNS
    assert model.named_estimators_["ultrasound"] is model.estimators_[1]


def test_features_are_named_after_their_column(X):
    features = ModalityFeatures([("mammogram", NamedName()), ("ultrasound", Name())])
    assert features.fit(X).get_feature_names_out().tolist() == [
        "mammogram__number",
        "mammogram_missing",
        "ultrasound__0",
        "ultrasound_missing",
    ]


def test_features_come_as_a_table_where_one_is_asked_for(X):
    features = ModalityFeatures([(column, NamedName()) for column in COLUMNS])
    X.index = np.arange(16)[::-1]
    table = features.set_output(transform="pandas").fit_transform(X)
    assert table["ultrasound_missing"].tolist() == [0] * 15 + [1]
    assert table.index.equals(X.index)
    expected = features.set_output(transform="default").transform(X)
    np.testing.assert_array_equal(table.to_numpy(), expected)


@pytest.mark.parametrize("name", ["decisions", "per modality"])
def test_the_html_shows_the_models_by_name(name):
    html = CLASSIFIERS[name]._repr_html_()
    for column in COLUMNS:
        assert f"<label>{column}</label>" in html


def test_what_draws_the_html_is_imported_only_then():
    # It is private to scikit-learn: another version must not break the import.
    assert not hasattr(_private, "_VisualBlock")


def test_the_html_shows_the_final_estimator():
    fusion = DecisionFusionClassifier(IMAGES, final_estimator=LogisticRegression())
    html = fusion._repr_html_()
    assert all(name in html for name in ("mammogram", "final_estimator"))


def test_a_model_that_does_not_tell_its_columns_is_fine(images, y):
    model = LevelAggregator(Sure(), by="group").fit(images, y)
    assert not hasattr(model, "n_features_in_")


@pytest.mark.parametrize(
    "name", sorted(set(CLASSIFIERS) - {"branches"})
)  # it opens files
def test_labels_may_be_a_column_of_a_table(name, X, images, y):
    model = CLASSIFIERS[name]
    X = images if name in ("levels", "per modality") else X
    expected = model.fit(X, y).predict_proba(X)
    with pytest.warns(DataConversionWarning):
        model.fit(X, pd.DataFrame({"label": y}))
    np.testing.assert_array_equal(model.predict_proba(X), expected)


@pytest.mark.parametrize("name", ["decisions", "image level"])
def test_columns_set_after_fit_wait_for_the_next_fit(name, X, y):
    model = clone(CLASSIFIERS[name]).fit(X, y)
    expected = model.predict_proba(X)
    if name == "image level":
        model.set_params(columns=["ultrasound"])
    else:
        model.set_params(estimators=IMAGES[::-1])
        assert list(model.named_estimators_) == COLUMNS
    np.testing.assert_array_equal(model.predict_proba(X), expected)


def test_modalities_set_after_fit_wait_for_the_next_fit(images, y):
    model = clone(CLASSIFIERS["per modality"]).fit(images, y)
    expected = model.predict_proba(images)
    model.set_params(estimators=IMAGES[::-1], by="laterality")
    np.testing.assert_array_equal(model.predict_proba(images), expected)


def test_extractors_set_after_fit_wait_for_the_next_fit(X):
    features = ModalityFeatures(IMAGES_OF_NUMBERS).fit(X)
    expected = features.transform(X)
    features.set_params(transformers=IMAGES_OF_NUMBERS[::-1])
    np.testing.assert_array_equal(features.transform(X), expected)


def test_missing_set_after_fit_waits_for_the_next_fit(X):
    gaps = X.assign(ultrasound=[None, *X["ultrasound"][1:]])
    features = ModalityFeatures(IMAGES_OF_NUMBERS).fit(X)
    expected = features.transform(gaps)
    features.set_params(missing="error")
    np.testing.assert_array_equal(features.transform(gaps), expected)


@pytest.mark.parametrize("pair", ["us", ("ultrasound", IMAGE, ["ultrasound"]), (0, 1)])
@pytest.mark.parametrize(
    ("make", "form"),
    [
        (DecisionFusionClassifier, r"estimators to be a list of \(column, classifier"),
        (PerModalityClassifier, r"estimators to be a list of \(modality, classifier"),
        (ModalityFeatures, r"transformers to be a list of \(column, transformer"),
        (
            lambda pairs: make_feature_fusion(pairs, LogisticRegression()),
            r"transformers to be a list of \(column, transformer",
        ),
    ],
)
def test_what_is_no_pair_is_told_the_form(make, form, pair, X, y):
    with pytest.raises(ValueError, match=rf"Expected {form}.*Got .* in it"):
        make([("mammogram", IMAGE), pair]).fit(X, y)
