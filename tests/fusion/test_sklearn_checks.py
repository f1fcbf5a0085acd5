"""scikit-learn's checks over the fusions of columns, with no expected failure."""

from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from skfusion.fusion import (
    DecisionFusionClassifier,
    ImageLevelClassifier,
    LevelAggregator,
    ModalityFeatures,
    PerModalityClassifier,
)

# A check passes arrays of numbers: columns are given by their position.
ESTIMATORS = [
    DecisionFusionClassifier(
        [("first", LogisticRegression(), 0), ("second", LogisticRegression(), 1)],
        cv=2,
        random_state=0,
    ),
    ImageLevelClassifier(KNeighborsClassifier(15), columns=[0, 1]),
    LevelAggregator(LogisticRegression(), by=0),
    ModalityFeatures([("first", StandardScaler(), 0), ("second", "passthrough", 1)]),
    PerModalityClassifier([("ultrasound", LogisticRegression())]),
]


@parametrize_with_checks(ESTIMATORS)
def test_sklearn_check(estimator, check):
    check(estimator)
