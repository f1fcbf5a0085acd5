"""Columns that are given by their position, and columns of values."""

import numpy as np
import pandas as pd
import PIL.Image
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skfusion.exceptions import ImageReadError
from skfusion.fusion import (
    DecisionFusionClassifier,
    ImageLevelClassifier,
    LevelAggregator,
    ModalityFeatures,
    MultiBranchCNNClassifier,
    PerModalityClassifier,
)
from skfusion.images import ImageSource

COLUMNS = ["mammogram", "ultrasound"]


def length(table):
    return table[["image"]].map(len).to_numpy()


LENGTH = FunctionTransformer(length)
IMAGE = make_pipeline(LENGTH, LogisticRegression())
NAMED = {
    "decisions": DecisionFusionClassifier(
        [(column, IMAGE) for column in COLUMNS], cv=2, random_state=0
    ),
    "features": ModalityFeatures([(column, LENGTH) for column in COLUMNS]),
    "image level": ImageLevelClassifier(IMAGE, COLUMNS),
}
PLACED = {
    "decisions": DecisionFusionClassifier(
        [("left", IMAGE, 1), ("right", IMAGE, 2)], cv=2, random_state=0
    ),
    "features": ModalityFeatures([("left", LENGTH, 1), ("right", LENGTH, 2)]),
    "image level": ImageLevelClassifier(IMAGE, [1, 2]),
}


@pytest.fixture
def y():
    return np.tile([0, 1], 12)


@pytest.fixture
def X(y):
    """Paths of files that no transformer here opens."""
    lengths = np.random.default_rng(0).integers(9, size=(24, 2)) + 3 * y[:, None]
    paths = {
        column: [f"{column}{row:02}{'x' * n}" for row, n in enumerate(of_column)]
        for column, of_column in zip(COLUMNS, lengths.T, strict=True)
    }
    X = pd.DataFrame({"group": [f"woman {row // 2}" for row in range(24)], **paths})
    X.loc[3, "mammogram"] = None
    X.loc[5, "ultrasound"] = None
    return X


def outcome(model, X):
    ask = model.transform if hasattr(model, "transform") else model.predict_proba
    return ask(X)


@pytest.fixture(params=NAMED)
def name(request):
    return request.param


@pytest.mark.parametrize("form", [pd.DataFrame, np.asarray])
def test_a_position_is_as_good_as_a_name(name, form, X, y):
    expected = outcome(clone(NAMED[name]).fit(X, y), X)
    groups = {"groups": X["group"]} if name == "decisions" else {}
    model = clone(PLACED[name]).fit(form(X), y, **groups)
    np.testing.assert_array_equal(outcome(model, form(X)), expected)
    assert model.n_features_in_ == 3


@pytest.mark.parametrize("dtype", [object, "string"])
def test_the_group_of_a_table_is_found_beside_positions(dtype, X, y):
    expected = clone(NAMED["decisions"]).fit(X, y).predict_proba(X)
    table = X.astype(dtype)
    found = clone(PLACED["decisions"]).fit(table, y).predict_proba(table)
    np.testing.assert_array_equal(found, expected)


def test_a_position_beyond_the_columns_is_named(name, X, y):
    with pytest.raises(ValueError, match=r"position 2 of X.*n_features=2"):
        clone(PLACED[name]).fit(X[COLUMNS], y)


def test_names_and_positions_do_not_mix(X, y):
    with pytest.raises(ValueError, match=r"'ultrasound'.*or all by name"):
        ImageLevelClassifier(IMAGE, [1, "ultrasound"]).fit(X, y)


def test_a_name_of_an_array_is_told_what_it_needs(name, X, y):
    with pytest.raises(ValueError, match="needs a DataFrame with the column"):
        clone(NAMED[name]).fit(X.to_numpy(), y)


def test_an_estimator_is_found_by_its_name(X, y):
    model = clone(PLACED["decisions"]).set_params(
        left__logisticregression__C=0.5, right=LogisticRegression()
    )
    assert model.estimators[0][1]["logisticregression"].C == 0.5
    assert model.estimators[1][0::2] == ("right", 2)
    assert isinstance(model.get_params()["right"], LogisticRegression)
    fitted = clone(PLACED["decisions"]).fit(X, y)
    assert fitted.named_estimators_.left is fitted.estimators_[0]
    features = clone(PLACED["features"]).fit(X)
    assert features.named_transformers_.right is features.transformers_[1]
    assert features.get_feature_names_out().tolist() == [
        "left__0",
        "left_missing",
        "right__0",
        "right_missing",
    ]


def test_a_name_can_stand_beside_the_name_of_a_column(X, y):
    models = [("left", IMAGE, "mammogram"), ("right", IMAGE, "ultrasound")]
    model = DecisionFusionClassifier(models, cv=2, random_state=0).fit(X, y)
    expected = clone(NAMED["decisions"]).fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(model.predict_proba(X), expected)
    assert model.feature_names_in_.tolist() == COLUMNS


def test_an_unreadable_image_is_named_by_its_position(tmp_path):
    PIL.Image.new("L", (8, 8)).save(tmp_path / "whole.png")
    (tmp_path / "damaged.png").write_bytes(b"")
    paths = np.full((9, 2), str(tmp_path / "whole.png"), dtype=object)
    paths[7, 1] = str(tmp_path / "damaged.png")
    read = FunctionTransformer(lambda table: ImageSource(table)[:][:, 0, :, 0])
    features = ModalityFeatures([("left", read, 1)]).fit(paths[:7])
    with pytest.raises(ImageReadError, match=r"^Row 7 of X, column 1: .*empty") as info:
        features.transform(paths)
    assert (info.value.row, info.value.column) == (7, 1)


@pytest.fixture
def ages(y):
    X = np.random.default_rng(0).normal(size=(24, 2)) + 2.0 * y[:, None]
    X[4, 0], X[7] = np.nan, np.nan
    return X


@pytest.mark.parametrize(
    "model",
    [
        DecisionFusionClassifier(
            [("age", LogisticRegression(), 0), ("size", LogisticRegression(), 1)], cv=2
        ),
        ImageLevelClassifier(LogisticRegression(), [0, 1]),
    ],
)
@pytest.mark.filterwarnings("ignore:No groups were passed")
def test_a_sample_may_lack_values(model, ages, y):
    probabilities = model.fit(ages, y).predict_proba(ages)
    np.testing.assert_allclose(probabilities[7], 0.5)
    assert np.mean((probabilities[:, 1] > 0.5) == y) > 0.8


def test_a_value_beside_an_image_is_of_its_own_model(X, y):
    X = X.assign(age=50.0 + y)
    models = [("mammogram", IMAGE, 1), ("age", LogisticRegression(), 3)]
    model = DecisionFusionClassifier(models, cv=2, random_state=0).fit(X, y)
    assert model.named_estimators_["age"].feature_names_in_.tolist() == ["age"]
    X.loc[3, "age"] = None
    with pytest.raises(ValueError, match="none in row 3 of X"):
        model.predict(X)


def test_a_single_modality_needs_no_column(ages, y):
    X = np.nan_to_num(ages)
    model = PerModalityClassifier([("ultrasound", LogisticRegression())]).fit(X, y)
    expected = LogisticRegression().fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(model.predict_proba(X), expected)


@pytest.mark.parametrize("form", [np.asarray, pd.DataFrame])
def test_a_level_can_be_a_position(form, y):
    women = np.arange(24) // 4
    X = np.c_[y, women]
    model = LevelAggregator(LogisticRegression(), by=1).fit(form(X), y)
    probabilities = model.predict_proba(form(X)).reshape(6, 4, 2)
    np.testing.assert_array_equal(probabilities, probabilities[:, :1].repeat(4, axis=1))


def test_a_network_of_branches_takes_no_values(ages, y):
    X = pd.DataFrame(np.nan_to_num(ages), columns=COLUMNS)
    network = MultiBranchCNNClassifier(COLUMNS, width=2, image_size=16, max_epochs=1)
    with pytest.raises(ValueError, match="Expected the path of an image"):
        network.fit(X, y)


LINEAR = LogisticRegression()
DECISION = DecisionFusionClassifier([("mammogram", LINEAR)], cv=2)


@pytest.mark.parametrize("model", [DECISION, ImageLevelClassifier(LINEAR, COLUMNS[:1])])
def test_numbers_in_a_column_of_a_name_are_an_error(model, X, y):
    X["mammogram"] = np.arange(1001, 1025)
    with pytest.raises(ValueError, match=r"path of an image.*row 0 of X\. Got int"):
        model.fit(X, y)


@pytest.mark.parametrize("strange", ["/pat/anna.png", b"/pat/anna.png"])
def test_text_among_numbers_is_named_and_not_shown(strange, X, y):
    X["mammogram"] = [1.5, strange] * 12
    model = DecisionFusionClassifier([("mammogram", LINEAR, 1)], cv=2)
    for fit in (model.fit, ModalityFeatures([("mammogram", LENGTH)]).fit):
        with pytest.raises(ValueError, match="in row 1 and float in row 0") as info:
            fit(X, y)
        assert "anna" not in str(info.value)


@pytest.mark.filterwarnings("ignore:No groups were passed")
def test_a_prediction_does_not_depend_on_its_batch(ages, y):
    X = pd.DataFrame(ages, columns=["age", "size"])
    models = [("age", LINEAR, 0), ("size", LINEAR, 1)]
    model = DecisionFusionClassifier(models, cv=2, random_state=0).fit(X, y)
    expected = model.predict_proba(X)[[7]]
    np.testing.assert_array_equal(model.predict_proba(X.iloc[[7]]), expected)
    with pytest.raises(ValueError, match=r"as in fit\. Got str in row 0"):
        model.predict(X.astype(object).assign(age="/pat/anna.png"))


def test_columns_of_an_image_are_found_beside_its_position(X):
    X["mammogram_inverted"] = True
    inverted = FunctionTransformer(lambda table: table[["inverted"]].to_numpy())
    features = ModalityFeatures([("left", inverted, 1)])
    X = X.drop(index=3)
    assert features.fit_transform(X)[:, 0].all()


def test_names_may_be_integers_in_any_order(ages, y):
    X = pd.DataFrame(np.nan_to_num(ages), columns=[1, 0])
    model = ImageLevelClassifier(LINEAR, [0]).fit(X, y)
    expected = ImageLevelClassifier(LINEAR, [0]).fit(X.to_numpy(), y)
    np.testing.assert_array_equal(
        model.predict_proba(X), expected.predict_proba(X.to_numpy())
    )


def test_predict_needs_no_groups(X, y):
    model = clone(PLACED["decisions"]).fit(X, y)
    found = model.predict_proba(X.drop(columns="group"))
    np.testing.assert_array_equal(found, model.predict_proba(X))


def test_a_truth_value_is_no_position(X, y):
    with pytest.raises(ValueError, match=r"names or positions.*Got True"):
        ImageLevelClassifier(LINEAR, [True]).fit(X, y)
