"""scikit-learn's checks over every estimator, with no expected failure."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.neural_network import CNN17Classifier, TransferCNNClassifier

# A check has 2 to 20 features and 20 to 300 samples: a row is an image one pixel
# high, whose mirror image is another sample.
SMALL = {
    "image_size": 16,
    "max_epochs": 6,
    "augmentation": False,
    "dropout": 0,
    "learning_rate": 0.01,
    "random_state": 0,
}

ESTIMATORS = [
    CNN17Classifier(width=8, **SMALL),
    CNN17Classifier(variant="listed", width=8, **SMALL),
    TransferCNNClassifier("squeezenet1_1", weights=None, **{**SMALL, "image_size": 32}),
    CNNFeatureExtractor("squeezenet1_1", weights=None, image_size=32, random_state=0),
]


@parametrize_with_checks(ESTIMATORS)
def test_sklearn_check(estimator, check):
    check(estimator)
