"""A damaged file is named by its row and column of X, however deep it is read."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    StratifiedKFold,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion._validation._unreadable import names_unreadable_images
from skfusion.exceptions import ImageReadError
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.fusion import (
    DecisionFusionClassifier,
    ImageLevelClassifier,
    LevelAggregator,
    MultiBranchCNNClassifier,
    PerModalityClassifier,
    make_feature_fusion,
)
from skfusion.images import ImageSource
from skfusion.neural_network import CNN17Classifier

COLUMNS = ["mammogram", "ultrasound"]
NETWORK = {"width": 2, "image_size": 16, "max_epochs": 1, "random_state": 0}
EXTRACTOR = CNNFeatureExtractor(
    "squeezenet1_1", weights=None, image_size=24, random_state=0
)
IMAGE = make_pipeline(EXTRACTOR, LogisticRegression())
EXTRACTORS = [(column, EXTRACTOR) for column in COLUMNS]
IMAGES = [(column, IMAGE) for column in COLUMNS]
MODALITIES = [
    ("mammography", IMAGE),
    ("ultrasound", CNN17Classifier(weights=None, **NETWORK)),
]
DECISIONS = DecisionFusionClassifier(IMAGES, cv=2, random_state=0)

# In fit, an extractor reads no image, and a pipeline that learns from it reads all.
READING = make_pipeline(EXTRACTOR, StandardScaler())
NETWORKS = [(column, CNN17Classifier(weights=None, **NETWORK)) for column in COLUMNS]
DAMAGED = {
    "image level": ImageLevelClassifier(IMAGE, COLUMNS),
    "features": make_feature_fusion(EXTRACTORS, LogisticRegression()),
    "decisions": DECISIONS,
    "decisions, weighted": clone(DECISIONS).set_params(weights="cv"),
    "decisions, stacked": clone(DECISIONS).set_params(
        final_estimator=LogisticRegression()
    ),
    "branches": MultiBranchCNNClassifier(COLUMNS, **NETWORK),
    "features, learning": make_feature_fusion(
        [(column, READING) for column in COLUMNS], LogisticRegression()
    ),
    "decisions of networks": DecisionFusionClassifier(NETWORKS, cv=2, random_state=0),
    "image level, per modality": ImageLevelClassifier(
        PerModalityClassifier(NETWORKS, by="modality"), COLUMNS
    ),
    "image level, calibrated": ImageLevelClassifier(
        CalibratedClassifierCV(
            IMAGE, cv=StratifiedKFold(2, shuffle=True, random_state=0)
        ),
        COLUMNS,
    ),
    "levels, decisions": LevelAggregator(DECISIONS, by="group"),
    "decisions, image level": DecisionFusionClassifier(
        [(column, ImageLevelClassifier(IMAGE, ["image"])) for column in COLUMNS], cv=2
    ),
}


@pytest.fixture
def damaged(image_samples, tmp_path):
    """An empty file in row 9; two rows above it lack an image of that column."""
    X, y = image_samples[0].copy(), image_samples[1]
    X.loc[[0, 1], "mammogram"] = None
    X.loc[9, "mammogram"] = str(tmp_path / "damaged.png")
    (tmp_path / "damaged.png").write_bytes(b"")
    return X, y


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_names_its_row_and_column(name, damaged, image_samples):
    X, y = damaged
    message = r"^Row 9 of X, column 'mammogram': .*'damaged.png': it is empty"
    with pytest.raises(ImageReadError, match=message) as caught:
        clone(DAMAGED[name]).fit(X, y)
    assert str(caught.value).count("Row") == 1
    model = clone(DAMAGED[name]).fit(*image_samples)
    with pytest.raises(ImageReadError, match=message):
        model.predict(X)


def test_a_damaged_file_names_its_row_among_modalities(image_rows, tmp_path):
    X, y = image_rows[0].copy(), image_rows[1]
    row = np.flatnonzero(X["modality"] == "ultrasound")[3]
    X.loc[row, "image"] = str(tmp_path / "damaged.png")
    (tmp_path / "damaged.png").write_bytes(b"")
    message = f"^Row {row} of X: .*'damaged.png': it is empty"
    model = PerModalityClassifier(MODALITIES)
    with pytest.raises(ImageReadError, match=message):
        model.fit(X, y)
    model.fit(*image_rows)
    for predict in (model.predict, model.predict_proba):
        with pytest.raises(ImageReadError, match=message):
            predict(X)


class ElsewhereClassifier(ClassifierMixin, BaseEstimator):
    """Reads a part of its rows in another process, as ``n_jobs=2`` does."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        try:
            ImageSource(X.iloc[3:], image_size=8)[:]
        except ImageReadError as error:
            raise pickle.loads(pickle.dumps(error)) from None
        return self


def test_a_damaged_file_names_its_row_from_another_process(image_rows, tmp_path):
    X, y = image_rows[0].copy(), image_rows[1]
    row = np.flatnonzero(X["modality"] == "ultrasound")[6]
    X.loc[row, "image"] = str(tmp_path / "Doe_Jane" / "damaged.png")
    models = [(name, ElsewhereClassifier()) for name in ("mammography", "ultrasound")]
    model = PerModalityClassifier(models)
    with pytest.raises(ImageReadError, match=f"^Row {row} of X: .*'damaged.png'"):
        model.fit(X, y)
    X.loc[0, "image"] = str(tmp_path / "Roe_Rita" / "damaged.png")
    message = rf"^One of the rows \[0, {row}\] of X: .*'damaged.png'"
    with pytest.raises(ImageReadError, match=message) as caught:
        model.fit(X=X, y=y)
    assert caught.value.row is None


@pytest.mark.parametrize("form", [list, np.array, pd.Series])
def test_an_unreadable_image_is_named_in_any_form_of_x(form, tmp_path):
    @names_unreadable_images
    def read_last(X):
        ImageSource(X[-1:])[:]

    paths = form([str(tmp_path / f"{number}.png") for number in range(3)])
    with pytest.raises(ImageReadError, match=r"^Row 2 of X: .*'2.png'"):
        read_last(paths)
