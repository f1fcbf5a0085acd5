"""No message and no table of a study shows a path or a patient."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import FitFailedWarning

from skfusion.model_selection import compare_models

N = 60
PATIENTS = [f"DOE^JANE{row // 2}" for row in range(N)]
y = np.arange(N) % 2
WORKS = ("works", DummyClassifier())


class Fails(ClassifierMixin, BaseEstimator):
    """Fail at the first row that it sees."""

    def __init__(self, error="read"):
        self.error = error

    def fit(self, X, y, groups=None):
        first = X[0] if isinstance(X, list) else X.iloc[0]
        path = first if isinstance(first, str) else first["path"]
        if self.error == "read":
            with Path(path).open():
                pass
        if self.error == "group":
            raise KeyError(groups[0])
        if self.error == "folder":
            raise RuntimeError(f"cannot use {Path(path).parent} or {path!r}") from None
        if self.error == "name":
            raise RuntimeError(f"no patient {Path(path).parent.name}_left")
        raise AssertionError

    def predict(self, X):
        raise AssertionError


def table():
    return pd.DataFrame(
        {
            "age": np.arange(N) // 2 + 40,
            "group": PATIENTS,
            "patient name": [f"Jane Doe {row // 2}" for row in range(N)],
            "path": [f"/secret/{name}/{row}.png" for row, name in enumerate(PATIENTS)],
            "note": ["a word " * 50] * N,
            "hospital": ["north", "south", "south"] * (N // 3),
            "band": pd.Categorical(["young"] * 20 + ["old"] * 40),
        }
    )


def shows_nobody(text):
    return not any(word in text for word in ("secret", "DOE", "JANE", "Jane Doe"))


@pytest.mark.parametrize("error", ["read", "group", "folder", "name"])
@pytest.mark.parametrize("form", ["table", "list"])
def test_a_failed_fit_is_explained_without_paths_and_patients(form, error):
    X = table()
    data = X if form == "table" else X["path"].tolist()
    options = {"groups": X["group"], "cv": 3}
    with pytest.warns(FitFailedWarning) as caught:
        compare_models([WORKS, ("fails", Fails(error))], data, y, **options)
    messages = [str(w.message) for w in caught if w.category is FitFailedWarning]
    assert len(messages) == 3
    for text in messages:
        assert shows_nobody(text)
        assert "<path>" in text or "<group>" in text
        assert 'test_privacy.py", line' in text
        # The cause comes first, and then where it was raised.
        assert text.index("Error") < text.index("Traceback")


def test_the_error_of_a_study_that_fails_is_explained_without_them():
    with pytest.raises(ValueError, match="All 3 fits failed") as caught:
        compare_models([("fails", Fails())], table(), y, cv=3)
    text = str(caught.value)
    assert shows_nobody(text)
    assert "FileNotFoundError: [Errno 2] No such file or directory: '<path>'" in text


def test_a_raised_error_is_the_original_one():
    with pytest.raises(KeyError, match=r"^'DOE\^JANE"):
        compare_models(
            [("fails", Fails("group"))], table(), y, cv=3, error_score="raise"
        )


def test_common_words_in_a_message_stay():
    X = table().assign(group=[f"{row // 2}" for row in range(N)])
    with pytest.raises(ValueError, match=r"cannot use <path> or '<path>'"):
        compare_models([("fails", Fails("folder"))], X, y, cv=3)


def test_a_list_with_a_missing_path_fails_as_without_it():
    X = [*table()["path"][:-1], None]
    with pytest.raises(ValueError, match="No such file or directory: '<path>'"):
        compare_models([("fails", Fails())], X, y, groups=np.arange(N), cv=3)


class FailsElsewhere(Fails):
    """Fail with the groups of both data sets."""

    def fit(self, X, y, groups=None):
        self.first_ = X["path"].iloc[0]
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        if X["path"].iloc[0].startswith("/other"):
            raise RuntimeError(f"{X['path'].iloc[0]} is not like {self.first_}")
        return np.zeros(len(X), dtype=int)


def test_a_failure_on_external_data_is_explained_without_them():
    study = compare_models([WORKS, ("fails", FailsElsewhere())], table(), y, cv=3)
    other = table().assign(group=[f"ROE {row}" for row in range(N)])
    other["path"] = [f"/other/ROE {row}.png" for row in range(N)]
    with pytest.warns(FitFailedWarning, match="<path> is not like <path>"):
        study.external("B", other, y)


@pytest.fixture(scope="module")
def study():
    return compare_models([WORKS], table(), y, cv=3)


@pytest.mark.parametrize("column", ["group", "patient name", "path"])
def test_parts_that_show_patients_or_images_are_refused(study, column):
    with pytest.raises(ValueError, match="would show patients or images") as caught:
        study.summary(by=column)
    assert shows_nobody(str(caught.value).replace("patient name", ""))
    with pytest.raises(ValueError, match="would show patients or images"):
        study.summary(by=table()[column])


def test_parts_of_most_patients_are_refused(study):
    names = table()["patient name"].where(np.arange(N) >= 20, "unknown")
    with pytest.raises(ValueError, match="would show patients or images"):
        study.summary(by=names)
    with pytest.raises(ValueError, match="would show patients or images"):
        study.summary(by=np.arange(N) // 2 + 70_000_000)


def test_many_texts_are_refused():
    X = pd.DataFrame({"text": [f"note {row % 52}" for row in range(520)]})
    study = compare_models([WORKS], X, X.index % 2, groups=X.index // 2, cv=2)
    with pytest.raises(ValueError, match="more than 50 different texts"):
        study.summary(by="text")


def test_the_paths_of_one_image_are_refused(tmp_path):
    X = table().assign(image="secret/a.png")
    study = compare_models([WORKS], X, y, cv=3, on_leakage="ignore")
    with pytest.raises(ValueError, match="which holds paths") as caught:
        study.summary(by="image")
    assert shows_nobody(str(caught.value))


def test_patients_of_an_external_data_set_are_refused(study):
    study = compare_models([WORKS], table(), y, cv=3)
    other = table().assign(group=[f"ROE {row}" for row in range(N)])
    other["path"], other["hospital"] = "east", other["group"]
    study.external("B", other, y)
    with pytest.raises(ValueError, match="would show patients or images"):
        study.summary(by="hospital")


def test_parts_of_several_patients_are_shown(study):
    assert set(study.summary(by="hospital")["hospital"]) == {"north", "south"}
    assert set(study.summary(by="band")["band"]) == {"young", "old"}
    assert set(study.summary(by="fold")["fold"]) == {0, 1, 2}
