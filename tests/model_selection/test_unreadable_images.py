"""A study names an unreadable image by its row in the X of the user."""

import warnings
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


def lesion_models():
    lesion = make_pipeline(clone(FEATURES).set_params(region="lesion"), SVC())
    return [("lesion", lesion), ("image", make_pipeline(FEATURES, SVC()))]


def failures(caught):
    return [str(w.message) for w in caught if w.category is FitFailedWarning]


def test_a_missing_box_is_explained_in_one_sentence_per_fold(tmp_path):
    data = make_breast_images(12, image_size=16, folder=tmp_path, random_state=0)
    X = data.data.assign(region=["1,1,9,9"] * 5 + [None] + ["1,1,9,9"] * 6)
    with pytest.warns(FitFailedWarning) as caught:
        study = compare_models(lesion_models(), X, data.target, cv=2)
    messages = failures(caught)
    assert len(messages) == 2
    for message in messages:
        assert "Row 5 of X: Expected the box" in message
        assert "Drop the rows without a box" in message
        assert "Traceback" not in message
        assert len(message.strip().splitlines()) == 2
    has_box = X["region"].notna()
    study = compare_models(
        lesion_models(), X[has_box], data.target[has_box], cv=2, error_score="raise"
    )
    assert study.folds["n"].groupby(study.folds["model"]).sum().unique().size == 1


@pytest.mark.parametrize("place", ["comparison", "external"])
def test_a_missing_box_of_external_data_names_the_data_and_the_row(tmp_path, place):
    boxes = dict.fromkeys(("comparison", "external"), ["1,1,9,9"] * 12)
    boxes[place] = [*boxes[place][:5], None, *boxes[place][6:]]
    sets = [
        make_breast_images(12, image_size=16, folder=tmp_path / name, random_state=seed)
        for seed, name in enumerate(boxes)
    ]
    tables = [
        bunch.data.assign(region=boxes[name], group=[f"{name} {i}" for i in range(12)])
        for bunch, name in zip(sets, boxes, strict=True)
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitFailedWarning)
        study = compare_models(lesion_models(), tables[0], sets[0].target, cv=2)
    with pytest.warns(FitFailedWarning) as caught:
        study.external("B", tables[1], sets[1].target)
    (message,) = failures(caught)
    assert f"of the {place} data" in message or f"data of the {place}" in message
    assert "Row 5 of X: Expected the box" in message
    assert "Traceback" not in message
    assert set(study.externals["B"]["model"]) == {"image"}


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
