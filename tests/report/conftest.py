"""A study with everything that a page must not show."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import FitFailedWarning

from skfusion.audit import audit_dataset
from skfusion.datasets import make_breast_images
from skfusion.model_selection import compare_models

N = 60


class Planted(ClassifierMixin, BaseEstimator):
    """Guess by the age, with parameters that name places and patients."""

    def __init__(self, weights=None, folder=None, cache=None, note=None, known=None):
        self.weights = weights
        self.folder = folder
        self.cache = cache
        self.note = note
        self.known = known

    def fit(self, X, y):
        if self.note == "fails" and "DOE^JANE0" in set(X["group"]):
            raise RuntimeError(f"cannot read {X['image'].iloc[0]} of {X['group'][0]}")
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        positive = np.clip((X["age"].to_numpy() - 30) / 60, 0.05, 0.95)
        return np.column_stack([1 - positive, positive])

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def planted_models():
    options = {
        "weights": "/secret/DOE^JANE7/squeezenet1_1.pth",
        "folder": Path("/home/roe/DOE^JANE7/images"),
        "cache": "/home/roe/features",
        "note": "seen DOE^JANE7 twice",
        "known": ["DOE^JANE7", "~/scans/roe.png", r"C:\Users\roe"],
    }
    return [
        ("prior", DummyClassifier()),
        ("planted", Planted(**options)),
        ("<b>fails</b>", Planted(note="fails", weights="squeezenet1_1")),
    ]


@pytest.fixture(scope="session")
def breast(tmp_path_factory):
    """Images in a folder of a patient, with her name in the table."""
    folder = tmp_path_factory.mktemp("secret") / "DOE^JANE7"
    folder.mkdir()
    breast = make_breast_images(N, image_size=16, folder=folder, random_state=0)
    patients = np.arange(N) // 2
    ages = np.random.default_rng(0).normal(50 + 15 * breast.target, 12)
    breast.data = pd.DataFrame(
        {
            "image": breast.data["image"],
            "modality": np.where(patients % 3, "ultrasound", "mammography"),
            "group": [f"DOE^JANE{number}" for number in patients],
            "view": ["CC", "MLO"] * (N // 2),
            "laterality": np.where(patients % 2, "L", "R"),
            "dataset": [f"DOE^JANE{number} archive" for number in patients],
            "name": [f"Jane Doe {number}" for number in patients],
            "age": ages,
        }
    )
    breast.groups = breast.data["group"].to_numpy()
    return breast


@pytest.fixture(scope="session")
def study(breast, tmp_path_factory):
    """A comparison of three models, one of which fails, with an external data set."""
    X, y = breast.data, np.array(["benign", "malignant"])[breast.target]
    options = {"cv": 3, "store": tmp_path_factory.mktemp("secret store")}
    with pytest.warns(FitFailedWarning, match="is not scored there"):
        study = compare_models(planted_models(), X, y, **options)
    other = X.iloc[:30].assign(
        group=[f"ROE{number}" for number in np.arange(30) // 2],
        name=[f"Ann Roe {number}" for number in np.arange(30) // 2],
        image=[f"/elsewhere/ROE{row}.png" for row in range(30)],
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitFailedWarning)
        return study.external("other hospital", other, y[:30])


@pytest.fixture(scope="session")
def page(study, breast, tmp_path_factory):
    """The path of its page."""
    path = tmp_path_factory.mktemp("page") / "study.html"
    audit = audit_dataset(breast, probes=False)
    excluded = {"no biopsy": 12, "name DOE^JANE7": 1}
    band = pd.Series(np.where(breast.data["age"] < 55, "young", "old"), name="band")
    options = {"audit": audit, "excluded": excluded, "subgroups": [band]}
    return study.to_html(path, images=True, **options)
