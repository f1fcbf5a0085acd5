"""A comparison knows its own images, and owns its models and its data."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.dummy import DummyClassifier

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
    study = study_of(files[:6] * 2)
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
