"""Models that are saved."""

import numpy as np
import pytest
from imblearn.pipeline import make_pipeline as make_imblearn_pipeline
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    GradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    StratifiedKFold,
    TunedThresholdClassifierCV,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skfusion.audit import ScopeDetector
from skfusion.feature_extraction import (
    CNNFeatureExtractor,
    make_feature_classifier,
)
from skfusion.fusion import (
    BreastClassifier,
    DecisionFusionClassifier,
    ImageLevelClassifier,
    LevelAggregator,
    ModalityFeatures,
    MultiBranchCNNClassifier,
    PatchClassifier,
    PerModalityClassifier,
    make_feature_fusion,
)
from skfusion.model_selection import TargetThresholdClassifier, recalibrate
from skfusion.neural_network import CNN17Classifier, TransferCNNClassifier
from skfusion.over_sampling import ImageOverSampler
from skfusion.preprocessing import ContrastEqualizer, LateralityFlipper, OverlayRemover

COLUMNS = ["mammogram", "ultrasound"]
NETWORK = {"image_size": 16, "max_epochs": 1, "batch_size": 8, "random_state": 0}
EXTRACTOR = CNNFeatureExtractor(
    "squeezenet1_1", weights=None, image_size=24, batch_size=8, random_state=0
)
CNN17 = CNN17Classifier(width=2, weights=None, **NETWORK)
IMAGE = make_pipeline(EXTRACTOR, LogisticRegression())
EXTRACTORS = [(column, EXTRACTOR) for column in COLUMNS]
DECISIONS = DecisionFusionClassifier(
    [(column, IMAGE) for column in COLUMNS], cv=2, random_state=0
)


def on_features(classifier):
    return make_pipeline(EXTRACTOR, StandardScaler(), classifier)


OF_ARRAYS = {
    "cnn17": CNN17,
    "cnn17 of the package": CNN17Classifier(**NETWORK),
    "members": clone(CNN17).set_params(n_members=2),
    "listed": clone(CNN17).set_params(variant="listed"),
    "transfer": TransferCNNClassifier("shufflenet_v2_x0_5", weights=None, **NETWORK),
    "transfer of squeezenet": TransferCNNClassifier(
        "squeezenet1_1", weights=None, **{**NETWORK, "image_size": 24}
    ),
    "transfer of cnn17": TransferCNNClassifier("cnn17", **NETWORK),
    "extractor": EXTRACTOR,
    "extractor of cnn17": CNNFeatureExtractor("cnn17", image_size=16),
    "a layer": clone(EXTRACTOR).set_params(layer="features.5", pooling="max"),
    "timm": CNNFeatureExtractor("timm/test_resnet", weights=None, image_size=32),
    "svm, calibrated": CalibratedClassifierCV(on_features(SVC()), ensemble=False, cv=2),
    "temperature": CalibratedClassifierCV(
        on_features(SVC()), method="temperature", cv=2
    ),
    "scope": ScopeDetector(EXTRACTOR),
    "forest": on_features(RandomForestClassifier(5, random_state=0)),
    "boosting": on_features(GradientBoostingClassifier(n_estimators=3, random_state=0)),
    "smote": make_feature_classifier(
        "svm", backbone="squeezenet1_1", weights=None, image_size=24, random_state=0
    ),
    "search": GridSearchCV(
        on_features(LogisticRegression()),
        {"logisticregression__C": [0.1, 1]},
        cv=StratifiedKFold(2),
        scoring="balanced_accuracy",
    ),
    "search of networks": GridSearchCV(CNN17, {"width": [2, 4]}, cv=2),
    "fixed threshold": FixedThresholdClassifier(CNN17, threshold=0.4),
    "tuned threshold": TunedThresholdClassifierCV(
        on_features(LogisticRegression()), cv=2, random_state=0
    ),
    "target threshold": TargetThresholdClassifier(
        on_features(LogisticRegression()),
        target="sensitivity>=0.5",
        cv=2,
        random_state=0,
    ),
    "recalibrated": recalibrate(
        on_features(LogisticRegression()), prevalence=0.1, cv=2, random_state=0
    ),
    "threshold of a recalibrated net": TargetThresholdClassifier(
        recalibrate(CNN17, cv=2, random_state=0),
        target="sensitivity>=0.5",
        cv=2,
        random_state=0,
    ),
    "voting": VotingClassifier(
        [("net", CNN17), ("svm", on_features(LogisticRegression()))], voting="soft"
    ),
    "stacking": StackingClassifier([("a", CNN17), ("b", IMAGE)], cv=2),
    "contrast": make_pipeline(ContrastEqualizer(), OverlayRemover(), CNN17),
}
OF_IMAGES = {
    "balanced": make_imblearn_pipeline(ImageOverSampler(random_state=0), CNN17),
    "flipped": make_pipeline(LateralityFlipper(), CNN17),
    "per modality": PerModalityClassifier(
        [("mammography", IMAGE), ("ultrasound", CNN17)]
    ),
    "levels": LevelAggregator(IMAGE),
    "breasts": BreastClassifier(IMAGE, cv=2, random_state=0),
    "patches": PatchClassifier(IMAGE, patches=(2, 2), n_drawn=2, cv=2, random_state=0),
}
OF_SAMPLES = {
    "image level": ImageLevelClassifier(IMAGE, COLUMNS),
    "modality features": ModalityFeatures(EXTRACTORS),
    "feature fusion": make_feature_fusion(EXTRACTORS, LogisticRegression()),
    "decisions": DECISIONS,
    "decisions, stacked": clone(DECISIONS).set_params(
        final_estimator=LogisticRegression()
    ),
    "branches": MultiBranchCNNClassifier(COLUMNS, width=2, **NETWORK),
    "branches of backbones": MultiBranchCNNClassifier(
        COLUMNS, branch="shufflenet_v2_x0_5", weights=None, **NETWORK
    ),
}
MODELS = {**OF_ARRAYS, **OF_IMAGES, **OF_SAMPLES}


def outputs(model, X):
    """Return all that a model computes for X."""
    methods = ("predict", "predict_proba", "decision_function", "transform")
    # A transformer is its features, a pipeline what its last step is.
    return [getattr(model, name)(X) for name in methods if hasattr(model, name)]


def assert_equal(first, second, X):
    for one, other in zip(outputs(first, X), outputs(second, X), strict=True):
        np.testing.assert_array_equal(one, other, strict=True)


@pytest.fixture(scope="session")
def data_of(image_arrays, image_rows, image_samples):
    def data_of(name):
        if name in OF_ARRAYS:
            X, y = image_arrays
            return X, np.where(y, "malignant", "benign")
        return image_samples if name in OF_SAMPLES else image_rows

    return data_of


@pytest.fixture(scope="session")
def fitted(data_of):
    """Fit a model of the table once, and return it with its X."""
    known = {}

    def fitted(name):
        X, y = data_of(name)
        if name not in known:
            known[name] = clone(MODELS[name]).fit(X, y)
        return known[name], X

    return fitted
