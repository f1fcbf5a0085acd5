"""scikit-learn's checks over the network with branches, with no expected failure."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from skfusion.neural_network import MultiBranchCNNClassifier

# A check passes arrays of numbers: columns are given by their position, and a number
# is an image of 1 x 1 pixel, whose mirror image is the same.
ESTIMATORS = [
    MultiBranchCNNClassifier(
        columns=[0, 1],
        width=8,
        image_size=16,
        augmentation=False,
        dropout=0,
        modality_dropout=0,
        learning_rate=0.01,
        max_epochs=6,
        random_state=0,
    )
]


@parametrize_with_checks(ESTIMATORS)
def test_sklearn_check(estimator, check):
    check(estimator)
