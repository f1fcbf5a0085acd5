"""Empty text in a column means that nothing is there."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skfusion._validation._groups import known_groups
from skfusion._validation._samples import check_columns, group_samples
from skfusion._validation._units import level_of_rows
from skfusion.fusion import MultiBranchCNNClassifier, make_feature_fusion
from skfusion.images import ImageSource
from skfusion.model_selection import fusion_gain

COLUMNS = ["mammogram", "ultrasound"]


@pytest.fixture
def empty(gaps):
    return gaps.fillna(dict.fromkeys(COLUMNS, ""))


def test_it_is_a_missing_image(gaps, empty):
    np.testing.assert_array_equal(
        check_columns(empty, COLUMNS, "f"), check_columns(gaps, COLUMNS, "f")
    )


@pytest.mark.parametrize("dtype", [object, "string"])
def test_two_of_them_are_no_file_in_two_columns(dtype):
    X = pd.DataFrame({"mammogram": ["", "b"], "ultrasound": ["a", ""]}, dtype=dtype)
    assert check_columns(X, COLUMNS, "f").tolist() == [[False, True], [True, False]]


def test_two_of_them_are_no_group():
    X = pd.DataFrame({"mammogram": ["a", "b", "c"], "ultrasound": ["", "", "d"]})
    with pytest.warns(UserWarning, match="(?i)no groups"):
        assert len(set(group_samples(X, COLUMNS, None, "It"))) == 3


def test_a_network_predicts_as_without_the_image(gaps, empty, pairs):
    network = MultiBranchCNNClassifier(
        COLUMNS, width=2, image_size=16, max_epochs=1, random_state=0
    ).fit(gaps, pairs.target)
    np.testing.assert_array_equal(
        network.predict_proba(empty), network.predict_proba(gaps)
    )


@pytest.mark.parametrize("form", [list, np.array, pd.Series])
def test_a_row_of_single_images_needs_one(form):
    with pytest.raises(ValueError, match=r"in row 1 of X\. Got '' instead"):
        ImageSource(form(["a.png", ""]))


def test_it_is_no_group():
    X = pd.DataFrame({"image": ["a.png", "b.png"], "group": ["anna", ""]})
    with pytest.raises(ValueError, match="none in row 1"):
        known_groups(X)


def test_it_is_no_breast():
    X = pd.DataFrame({"group": ["anna", "anna"], "laterality": ["L", ""]})
    with pytest.raises(ValueError, match="none in row 1"):
        level_of_rows(X, "breast")


def test_the_controls_of_a_gain_see_a_missing_image():
    y = np.tile([0, 1], 20)
    X = pd.DataFrame(
        {
            "mammogram": [f"m{row}" for row in range(40)],
            "ultrasound": [
                f"u{row}" if row % 2 or row % 4 == 0 else "" for row in range(40)
            ],
            "group": range(40),
        }
    )
    length = FunctionTransformer(lambda table: table[["image"]].map(len).to_numpy())
    image = make_pipeline(length, LogisticRegression())
    fusion = make_feature_fusion(
        [(column, length) for column in COLUMNS], LogisticRegression()
    )
    result = fusion_gain(
        [(column, image) for column in COLUMNS],
        [("features", fusion)],
        X,
        y,
        cv=2,
        inner_cv=2,
        n_resamples=20,
    )
    presence = result.controls.set_index("control").loc["presence only", "kappa"]
    assert presence > 0.3
