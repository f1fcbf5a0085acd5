"""A study names an unreadable image by its row in the X of the user."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import make_pipeline
from sklearn.base import clone
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from skfusion.datasets import make_breast_images, make_breast_pairs
from skfusion.exceptions import ImageReadError
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.fusion import ImageLevelClassifier
from skfusion.model_selection import compare_models, fusion_gain

# Of the package: a worker cannot import a function of the tests.
FEATURES = CNNFeatureExtractor("squeezenet1_1", weights=None, image_size=32)


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_the_row_is_that_of_the_whole_table(tmp_path, n_jobs):
    data = make_breast_images(12, image_size=16, folder=tmp_path, random_state=0)
    X = data.data.sample(frac=1, random_state=0)
    Path(X["image"].iloc[7]).write_bytes(b"")
    model = make_pipeline(FEATURES, LogisticRegression())
    with pytest.raises(ImageReadError, match=r"Row 7 of X: .*it is empty") as info:
        compare_models(
            [("model", model)], X, data.target, cv=2, error_score="raise", n_jobs=n_jobs
        )
    assert info.value.row == 7
    assert str(tmp_path) not in str(info.value)


@pytest.mark.parametrize("box", ["", "0,0,99,99"])
def test_the_row_of_a_bad_box_is_that_of_the_whole_table(tmp_path, box):
    data = make_breast_images(12, image_size=16, folder=tmp_path, random_state=0)
    X = pd.concat([data.data.assign(region="2,2,9,9"), data.data], ignore_index=True)
    X.loc[16, "region"] = box  # another lesion of the file of row 4
    lesions = clone(FEATURES).set_params(region="lesion")
    model = make_pipeline(lesions, LogisticRegression())
    y = np.tile(data.target, 2)
    with pytest.raises(ImageReadError, match=r"Row 16 of X: Expected (the|a) box"):
        compare_models([("model", model)], X, y, cv=2, error_score="raise")


def test_the_box_stays_in_the_explanation_of_a_failed_fit(tmp_path):
    data = make_breast_images(12, image_size=16, folder=tmp_path, random_state=0)
    X = data.data.assign(region=[f"{n},0,99,99" for n in range(12)])
    model = make_pipeline(clone(FEATURES).set_params(region="lesion"), SVC())
    models = [("lesion", model), ("image", make_pipeline(FEATURES, SVC()))]
    with pytest.warns(
        FitFailedWarning, match=r"Got '\d+,0,99,99' in the column 'region'"
    ):
        compare_models(models, X, data.target, cv=2)


def test_a_gain_names_the_row_of_the_whole_table(tmp_path):
    pairs = make_breast_pairs(24, image_size=16, folder=tmp_path, random_state=0)
    X = pairs.data.sample(frac=1, random_state=0)
    X.insert(0, "mask", X["ultrasound"])
    Path(X["ultrasound"].iloc[15]).write_bytes(b"")
    model = make_pipeline(FEATURES, LogisticRegression())
    columns = ["mammogram", "ultrasound"]
    fusions = [("pooled images", ImageLevelClassifier(model, columns))]
    with pytest.raises(ImageReadError, match=r"Row 15 of X, column 'ultrasound'"):
        fusion_gain(
            [(column, model) for column in columns],
            fusions,
            X,
            pairs.target[X.index],
            cv=2,
            inner_cv=2,
        )
