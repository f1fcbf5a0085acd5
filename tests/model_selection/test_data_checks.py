import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from skfusion.exceptions import DataQualityWarning
from skfusion.model_selection import compare_models, optimism

N_PATIENTS = 40
PATIENT = np.repeat(np.arange(N_PATIENTS), 2)
Y = (PATIENT % 3 == 0).astype(int)
NUMBERS = np.random.default_rng(0).normal(size=(len(Y), 2))
NEAREST = KNeighborsClassifier(1)


TABLE = pd.DataFrame(NUMBERS, columns=["area", "age"]).assign(group=PATIENT)
IMAGES = pd.DataFrame({"image": [f"secret/{row}.png" for row in range(len(Y))]})


def compare(X, y=Y, *, model=NEAREST, **options):
    return compare_models([("nearest", model)], X, y, **options)


def claim(X, y=Y, *, model=NEAREST, **options):
    return optimism(model, X, y, **options)


def quality_warnings(study, *args, **options):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        study(*args, **options)
    caught = [each for each in caught if each.category is DataQualityWarning]
    assert all(each.filename == __file__ for each in caught)
    return [str(each.message) for each in caught]


STUDIES = pytest.mark.parametrize("study", [compare, claim])


@STUDIES
@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.zeros(len(Y)), r"needs two classes or more in y. Got \[0.0\] only"),
        (np.where(PATIENT < 3, np.nan, Y), "Got none in 6 rows, .* is row 0"),
        (np.where(PATIENT == 1, None, Y), "Got none in 2 rows, .* is row 2"),
    ],
)
def test_labels_that_are_no_two_classes_are_refused_before_any_fit(study, y, message):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match=message):
            study(NUMBERS, y, groups=PATIENT)


@STUDIES
@pytest.mark.parametrize("column", ["group", "dataset"])
def test_a_column_of_numbers_that_a_model_reads_as_a_feature_is_warned_of(
    study, column
):
    codes = PATIENT if column == "group" else PATIENT // 20
    table = TABLE.drop(columns="group").assign(**{column: codes})
    (message,) = quality_warnings(study, table, groups=PATIENT)
    assert f"X has the numeric column '{column}'" in message
    assert "ColumnTransformer" in message


@STUDIES
def test_the_remedies_end_the_warning_of_a_feature(study):
    assert quality_warnings(study, TABLE[["area", "age"]], groups=PATIENT) == []
    select = ColumnTransformer([("features", "passthrough", ["area", "age"])])
    model = make_pipeline(select, NEAREST)
    assert quality_warnings(study, TABLE, model=model) == []


@STUDIES
def test_groups_that_separate_the_groups_of_x_are_warned_of(study):
    images = IMAGES.assign(group=PATIENT)
    study_ = {"study": study, "X": images, "model": DummyClassifier()}
    assert quality_warnings(**study_) == []
    other = np.where(PATIENT < 3, np.arange(len(Y)), PATIENT + len(Y))
    (message,) = quality_warnings(**study_, groups=other)
    assert "keeps together, in 3 of its groups" in message


FORMS = pytest.mark.parametrize("form", [pd.DataFrame, pd.Series, list, np.array])


@STUDIES
@FORMS
def test_one_image_in_rows_of_several_groups_is_reported(study, form):
    paths = IMAGES["image"].where(PATIENT > 2, "secret/0.png")
    X = IMAGES.assign(image=paths) if form is pd.DataFrame else form(paths)
    options = {"on_leakage": "warn"} if study is compare else {}
    options |= {"model": DummyClassifier(), "groups": PATIENT}
    (message,) = quality_warnings(study, X, **options)
    expected = {compare: "the same file", claim: "Number of such images: 1."}
    assert expected[study] in message
    assert "secret" not in message


def test_classes_that_are_balanced_already_are_warned_of_once():
    y = PATIENT % 2
    (message,) = quality_warnings(claim, NUMBERS, y, groups=PATIENT, n_repeats=2)
    assert "'balanced first' is the same as 'by image'" in message
    comparison = claim(NUMBERS, y, groups=PATIENT)
    both = comparison.predictions.groupby("protocol")["y_pred"].agg(list)
    assert both["balanced first"] == both["by image"]
