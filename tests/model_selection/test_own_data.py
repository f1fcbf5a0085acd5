"""A comparison knows its own images, and owns its models and its data."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.utils import Bunch

from skfusion.model_selection import compare_models

N = 12
y = np.arange(N) % 2
PRIOR = [("prior", DummyClassifier())]


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Relative paths of small images."""
    monkeypatch.chdir(tmp_path)
    Path("scans").mkdir()
    names = [f"scans/{row}.png" for row in range(N)]
    for row, name in enumerate(names):
        Image.fromarray(np.full((4, 4), row, dtype=np.uint8)).save(name)
    return names


def study_of(X, models=PRIOR, **options):
    return compare_models(models, X, y, **{"groups": np.arange(N), "cv": 3} | options)


def is_refused(study, X, groups):
    try:
        study.external("B", X, y[: len(groups)], groups)
    except ValueError as error:
        return "Leave the" in str(error) and "scans" not in str(error)
    return False


FORMS = {
    "list": list,
    "absolute": lambda files: [str(Path(file).absolute()) for file in files],
    "detour": lambda files: [f"scans/../{file}" for file in files],
    "Path": lambda files: [Path(file) for file in files],
    "array": lambda files: np.array(files),
    "column of an array": lambda files: np.array(files, dtype=object)[:, np.newaxis],
    "table": lambda files: pd.DataFrame({"image": files}),
    "another column": lambda files: pd.DataFrame({"age": 60, "left": files}),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_file_of_the_study_is_refused_in_every_form(files, form):
    assert is_refused(study_of(files), FORMS[form](files), np.arange(N) + 100)
    assert is_refused(study_of(FORMS[form](files)), files[:2], np.arange(2) + 100)


def test_a_link_to_a_file_of_the_study_is_refused(files):
    Path("scans/other.png").symlink_to("0.png")
    assert is_refused(study_of(files), ["scans/other.png"], [100])


def test_other_files_are_accepted(files):
    study = study_of(files[:6] * 2, groups=np.tile(np.arange(6), 2))
    assert not is_refused(study, files[6:], np.arange(6) + 100)


@pytest.mark.parametrize("shape", [(N, 5, 5), (N, 5, 5, 1), (N, 25)])
def test_the_pixels_of_an_image_of_the_study_are_refused(shape):
    X = np.random.default_rng(0).integers(256, size=shape).astype(np.uint8)
    other = np.random.default_rng(1).integers(256, size=shape).astype(np.uint8)
    study = study_of(X)
    for form in (X[::-1], X.astype(float), list(X), X.reshape(N, 5, 5)):
        assert is_refused(study, form, np.arange(N) + 100)
    part = np.concatenate([X[:1], other[1:]])
    with pytest.raises(ValueError, match="Got 1 images"):
        study.external("B", part, y, np.arange(N) + 100)
    assert not is_refused(study, other, np.arange(N) + 100)


def test_few_features_may_agree_by_chance():
    X = pd.DataFrame({"age": [40, 50] * 6, "view": "CC", "modality": "ultrasound"})
    assert not is_refused(study_of(X), X, np.arange(N) + 100)


@pytest.mark.parametrize("groups", [[3], [3.0], ["3"], ["3.0"], [" 3"]])
def test_one_patient_as_number_and_as_text_is_refused(groups):
    X = np.random.default_rng(0).normal(size=(N, 3))
    for known in (np.arange(N), np.arange(N) * 1.0, np.arange(N).astype(str)):
        assert is_refused(study_of(X, groups=known), X[:1] + 9, groups)


def test_names_that_only_begin_alike_are_other_patients():
    X = np.random.default_rng(0).normal(size=(N, 3))
    study = study_of(X, groups=[f"1.2.{row}" for row in range(N)])
    assert not is_refused(study, X[:1] + 9, ["1.2.3.0"])


class Recorder(ClassifierMixin, BaseEstimator):
    """Keep what it was fitted on."""

    def __init__(self, values=(1,)):
        self.values = values

    def fit(self, X, y, groups=None):
        self.seen_ = np.array(X), y.copy(), groups.copy()
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


FEATURES = np.arange(3.0 * N).reshape(N, 3)


@pytest.mark.parametrize("form", [np.array, pd.DataFrame, lambda X: X.tolist()])
def test_a_later_change_of_the_data_does_not_change_the_study(form):
    X, labels, groups = form(FEATURES), y.copy(), np.arange(N)
    study = compare_models([("a", Recorder())], X, labels, groups=groups, cv=3)
    for values in (X.iloc[:, 0] if isinstance(X, pd.DataFrame) else X, labels, groups):
        values[:] = values[::-1]
    if isinstance(X, pd.DataFrame):
        X.iloc[:] = 0.0
    seen = study.refit("a").seen_
    for found, expected in zip(seen, (FEATURES, y, np.arange(N)), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_a_later_change_of_external_data_does_not_change_its_parts():
    X = pd.DataFrame({0: FEATURES[:, 0], "age": ["old", "young"] * 6})
    study = study_of(X, [("a", Recorder())])
    other = X.assign(age=["young"] * 6 + ["old"] * 6)
    study.external("B", other, y, np.arange(N) + 100)
    other["age"] = "unknown"
    found = study.summary(by="age").query("data == 'B'")["age"]
    assert set(found) == {"old", "young"}


def test_a_later_change_of_a_model_does_not_change_the_study():
    model = LogisticRegression(C=2)
    study = study_of(FEATURES, [("linear", model)])
    model.set_params(C=50)
    assert study.refit("linear").C == 2
    values = [1]
    study = study_of(FEATURES, [("a", Recorder(values))])
    values.append(2)
    assert study.refit("a").values == [1]


def test_pixels_are_not_copied():
    X = np.zeros((N, 30, 30))
    assert study_of(X)._data.X is X


def test_a_whole_data_set_as_x_raises_an_error_with_the_remedy():
    data = Bunch(data=np.eye(8), target=np.tile([0, 1], 4))
    with pytest.raises(TypeError, match=r"pass its data\.data as X"):
        compare_models([("prior", DummyClassifier())], data, data.target)
