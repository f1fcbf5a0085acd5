"""What several networks of one estimator cost, as a ratio of two times in one run."""

import pytest

from skfusion.datasets import make_breast_images
from skfusion.neural_network import CNN17Classifier

pytestmark = pytest.mark.benchmark


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("precision", ["float32", "auto"])
def test_three_members_cost_three_fits(precision, compare):
    """Fit with n_members=3 / with n_members=1, 17-layer CNN at 64 px."""
    X, y = make_breast_images(256, image_size=64, random_state=0, return_X_y=True)

    def fit(n_members):
        CNN17Classifier(
            n_members=n_members,
            max_epochs=4,
            precision=precision,
            device="cpu",
            random_state=0,
        ).fit(X, y)

    compare(lambda: fit(3), lambda: fit(1), at_most=3.05)
