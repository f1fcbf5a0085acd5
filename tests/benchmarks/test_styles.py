"""What random styles cost, as a ratio of two times in one run."""

import pytest

from skfusion.datasets import make_breast_images
from skfusion.neural_network import TransferCNNClassifier
from skfusion.neural_network import _base as base

pytestmark = pytest.mark.benchmark


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("precision", ["float32", "auto"])
def test_styles_cost_little(precision, compare, monkeypatch):
    """Fit with random styles / without, SqueezeNet at 192 px."""
    X, y = make_breast_images(128, image_size=96, random_state=0, return_X_y=True)
    restyle = base.restyle_batch

    def fit(function):
        monkeypatch.setattr(base, "restyle_batch", function)
        TransferCNNClassifier(
            weights=None,
            image_size=192,
            max_epochs=1,
            precision=precision,
            device="cpu",
            random_state=0,
        ).fit(X, y)

    compare(lambda: fit(restyle), lambda: fit(lambda images: images), at_most=1.05)
