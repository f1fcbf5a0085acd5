"""Warnings point at the line of whoever called."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import Bunch

import skfusion
from skfusion.datasets import make_breast_images, make_label_pairs
from skfusion.exceptions import CacheWarning, DataQualityWarning
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.fusion import DecisionFusionClassifier, LevelAggregator
from skfusion.images import scan_images
from skfusion.metrics import classification_summary, make_level_scorer
from skfusion.model_selection import compare_models, optimism
from skfusion.neural_network import CNN17Classifier
from skfusion.over_sampling import ImageOverSampler

Y = np.tile([0, 1], 8)
NAMES = np.tile(["cancer", "no cancer"], 8)
RNG = np.random.default_rng(0)
SMALL = RNG.random((16, 12, 12))
LARGE = 255 * SMALL
ROWS = RNG.random((16, 64))
SAMPLES = pd.DataFrame(
    {
        "mammogram": [f"m{row}" for row in range(16)],
        "ultrasound": [f"u{row}" for row in range(16)],
        "modality": ["mammography", "ultrasound"] * 8,
        "group": np.arange(16) // 2,
    }
)
PAIRS = SAMPLES.assign(paired_by="label")
LINEAR = [("linear", LogisticRegression())]
NUMBER = FunctionTransformer(
    lambda table: table[["image"]].map(lambda path: float(path[1:])).to_numpy()
)
IMAGE = make_pipeline(NUMBER, LogisticRegression())


OURS = (DataQualityWarning, CacheWarning, FitFailedWarning)


class Failing(ClassifierMixin, BaseEstimator):
    """Fails on the half of the rows that begins with 0."""

    def fit(self, X, y):
        if X[0, 0] == 0:
            raise ValueError("It fails.")
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.zeros(len(X), dtype=np.int64)


def network(**params):
    return CNN17Classifier(
        width=2, weights=None, image_size=16, max_epochs=1, random_state=0, **params
    )


def extractor(**params):
    return CNNFeatureExtractor("squeezenet1_1", weights=None, image_size=32, **params)


def level_model():
    model = DummyClassifier().fit(SAMPLES[["group"]], NAMES)
    return make_level_scorer("group")(model, SAMPLES, NAMES)


def fit_decisions():
    models = [(column, IMAGE) for column in ("mammogram", "ultrasound")]
    model = DecisionFusionClassifier(models, cv=2, random_state=0)
    return model.fit(SAMPLES.drop(columns="group"), Y)


def scan(folder):
    (folder / "a.pgm").write_bytes(b"P5 1 1 255 " + bytes(1))
    (folder / "b.txt").write_text("no image")
    return scan_images(folder)


def pair_few(folder):
    sets = [
        make_breast_images(
            12, modality=name, image_size=16, folder=folder / name, random_state=0
        )
        for name in ("mammography", "ultrasound")
    ]
    few_groups = [f"patient{label}" for label in sets[0].target]
    few = Bunch(**sets[0] | {"groups": np.array(few_groups)})
    return make_label_pairs(few, sets[1], n_blocks=12, random_state=0)


def transform_with_a_broken_cache(folder):
    (folder / "cache").write_text("a file, where a folder should be")
    return extractor(cache=folder / "cache").fit_transform(SMALL)


CALLS = {
    "no groups for early stopping": (
        lambda folder: network(early_stopping=True).fit(SMALL, Y)
    ),
    "rows of pixels": lambda folder: network().fit(ROWS, Y),
    "numbers up to 255 in fit": lambda folder: network().fit(LARGE, Y),
    "numbers up to 255 in predict": (
        lambda folder: network().fit(SMALL, Y).predict(LARGE)
    ),
    "numbers up to 255 in a pipeline": (
        lambda folder: make_pipeline(extractor(), LogisticRegression()).fit(LARGE, Y)
    ),
    "numbers up to 255 in cross-validation": (
        lambda folder: cross_val_score(network(), LARGE, Y, cv=2)
    ),
    "few bits in fit": (
        lambda folder: network().fit((4095 * SMALL).astype(np.uint16), Y)
    ),
    "blanks in labels": (
        lambda folder: network().fit(SMALL, np.array(["a", "a ", "b", "b"] * 4))
    ),
    "blanks in groups": (
        lambda folder: compare_models(
            LINEAR, ROWS, Y, groups=["a", "a ", "b", "c"] * 4, cv=2
        )
    ),
    "no groups of samples": lambda folder: fit_decisions(),
    "no groups of a comparison": lambda folder: compare_models(LINEAR, ROWS, Y, cv=2),
    "positive class of a comparison": (
        lambda folder: compare_models(LINEAR, ROWS, NAMES, groups=range(16), cv=2)
    ),
    "few patients of protocols": (
        lambda folder: optimism(LINEAR, ROWS, Y, groups=range(16), cv=2)
    ),
    "a failing model": (
        lambda folder: compare_models(
            [("failing", Failing())],
            np.arange(32.0).reshape(16, 2),
            Y,
            groups=range(16),
            cv=[(range(8), range(8, 16)), (range(8, 16), range(8))],
        )
    ),
    "equal repetitions": (
        lambda folder: compare_models(
            LINEAR, ROWS, Y, groups=range(16), cv=[KFold(2), KFold(2)]
        )
    ),
    "no groups of external data": (
        lambda folder: compare_models(LINEAR, ROWS, Y, groups=range(16), cv=2).external(
            "other", 1 - ROWS, Y
        )
    ),
    "missing scores": (
        lambda folder: compare_models(
            [("prior", DummyClassifier())],
            ROWS,
            Y,
            groups=range(16),
            cv=[(np.arange(0, 16, 2), np.arange(1, 16, 2))],
        )
    ),
    "pairs by label": (
        lambda folder: compare_models(
            [("prior", DummyClassifier())], PAIRS, Y, cv=2, labels=[0, 1]
        )
    ),
    "positive class of a summary": (
        lambda folder: classification_summary(NAMES, NAMES, n_resamples=2)
    ),
    "positive class of a level": (
        lambda folder: LevelAggregator(DummyClassifier(), by="group", method="max").fit(
            SAMPLES, NAMES
        )
    ),
    "positive class of a scorer": lambda folder: level_model(),
    "one class of a modality": (
        lambda folder: ImageOverSampler(by="modality").fit_resample(
            SAMPLES, np.r_[Y[:-1], 0]
        )
    ),
    "few pairs": pair_few,
    "files that are not images": scan,
    "a cache that cannot be used": transform_with_a_broken_cache,
}


@pytest.mark.parametrize("name", CALLS)
def test_a_warning_points_at_the_line_of_the_caller(name, tmp_path):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        CALLS[name](tmp_path)
    ours = [each for each in caught if issubclass(each.category, OURS)]
    assert ours
    assert {each.filename for each in ours} == {__file__}


def test_every_warning_of_the_package_is_raised_at_the_line_of_the_user():
    folder = Path(skfusion.__file__).parent
    others = [
        path.name
        for path in folder.rglob("*.py")
        if "warnings.warn(" in path.read_text()
    ]
    assert others == ["exceptions.py"]  # which defines warn_user
