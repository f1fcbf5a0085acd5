"""The checks of scikit-learn and imbalanced-learn over every public estimator.

No failure is expected. An estimator without an entry in the table fails a test.
"""

import pytest
from imblearn.utils.estimator_checks import estimator_checks_generator
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks

from skfusion.audit import ScopeDetector
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.fusion import (
    BreastClassifier,
    DecisionFusionClassifier,
    ImageLevelClassifier,
    LevelAggregator,
    ModalityFeatures,
    MultiBranchCNNClassifier,
    PatchClassifier,
    PerModalityClassifier,
)
from skfusion.model_selection import RecalibratedClassifier, TargetThresholdClassifier
from skfusion.neural_network import CNN17Classifier, TransferCNNClassifier
from skfusion.over_sampling import ImageOverSampler
from skfusion.preprocessing import (
    ContrastEqualizer,
    LateralityFlipper,
    OverlayRemover,
)

# A check has 2 to 20 features and 20 to 300 samples: a row is an image one pixel
# high, whose mirror image is another sample.
SMALL = {
    "image_size": 16,
    "max_epochs": 3,
    "augmentation": False,
    "dropout": 0,
    "learning_rate": 0.01,
    "random_state": 0,
}
BACKBONE = {"weights": None, "image_size": 17}
LINEAR = LogisticRegression()

# Checks pass numbers: the columns of an array are named 0, 1, ...
ESTIMATORS = [
    CNN17Classifier(width=4, weights=None, **SMALL),
    CNN17Classifier(width=4, weights=None, n_members=2, **SMALL),
    CNN17Classifier(
        variant="listed", width=8, weights=None, **{**SMALL, "max_epochs": 6}
    ),
    TransferCNNClassifier("squeezenet1_1", **{**SMALL, **BACKBONE}),
    CNNFeatureExtractor("squeezenet1_1", **BACKBONE, random_state=0),
    ImageOverSampler(random_state=0),
    ImageOverSampler(augmentation=False, random_state=0),
    BreastClassifier(LINEAR, cv=2, random_state=0),
    DecisionFusionClassifier(
        [("first", LINEAR, 0), ("second", LINEAR, 1)], cv=2, random_state=0
    ),
    ImageLevelClassifier(DecisionTreeClassifier(random_state=0), columns=[0]),
    LevelAggregator(LINEAR, by=0),
    PatchClassifier(LINEAR, cv=2, random_state=0),
    ModalityFeatures([("first", StandardScaler(), 0), ("second", "passthrough", 1)]),
    PerModalityClassifier([("ultrasound", LINEAR)]),
    MultiBranchCNNClassifier(
        [0, 1], width=4, modality_dropout=0, **{**SMALL, "max_epochs": 4}
    ),
    RecalibratedClassifier(LINEAR, cv=2, random_state=0),
    # The checks expect the threshold 0.5, which lies between the scores 0 and 1.
    TargetThresholdClassifier(
        KNeighborsClassifier(1), target="sensitivity>=0.1", cv=2, random_state=0
    ),
    ContrastEqualizer(),
    LateralityFlipper(),
    OverlayRemover(),
    ScopeDetector(StandardScaler()),
]

SAMPLER_CHECKS = [
    pair
    for estimator in ESTIMATORS
    if hasattr(estimator, "fit_resample")
    for pair in estimator_checks_generator(estimator)
]


def test_every_public_estimator_has_an_entry(public_estimators):
    assert set(map(type, ESTIMATORS)) == public_estimators


@parametrize_with_checks(ESTIMATORS)
def test_scikit_learn_check(estimator, check):
    check(estimator)


@pytest.mark.parametrize(
    ("estimator", "check"),
    SAMPLER_CHECKS,
    ids=[f"{sampler}-{check.func.__name__}" for sampler, check in SAMPLER_CHECKS],
)
def test_imbalanced_learn_check(estimator, check):
    check(estimator)
