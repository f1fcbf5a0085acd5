"""Speed on a GPU, as ratios of two things timed in turn in one run."""

import numpy as np
import pytest
import torch
from sklearn.base import clone

from skfusion._engine import _images
from skfusion.datasets import make_breast_images
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.images import ImageSource
from skfusion.networks import Backbone
from skfusion.neural_network import CNN17Classifier, fit_folds

pytestmark = [pytest.mark.benchmark, pytest.mark.gpu]
N_FOLDS = 5


@pytest.fixture
def cuda():
    if not torch.cuda.is_available():
        pytest.skip("there is no CUDA device")


def random_images(n_images, side):
    generator = np.random.default_rng(0)
    return generator.integers(0, 256, (n_images, side, side), dtype=np.uint8)


def test_training_that_streams(compare, cuda, monkeypatch):
    """Training with images in the host's memory / on the GPU, 17-layer CNN, 128 px."""
    X = random_images(8192, 128)
    y = np.arange(len(X)) % 2
    model = CNN17Classifier(image_size=128, max_epochs=2, device="cuda", random_state=0)
    share = _images._DEVICE_SHARE

    def fit(share):
        monkeypatch.setattr(_images, "_DEVICE_SHARE", share)
        model.fit(X, y)

    compare(lambda: fit(0), lambda: fit(share), at_most=1.10)


@pytest.mark.parametrize("precision", ["float32", "auto"])
def test_five_folds_at_once(precision, compare, cuda):
    """Five folds by fit_folds / one of them by fit, 17-layer CNN, 64 px, on a GPU."""
    X, y = make_breast_images(500, image_size=64, random_state=0, return_X_y=True)
    fold = np.arange(len(y)) % N_FOLDS
    splits = [np.where(fold != k)[0] for k in range(N_FOLDS)]
    model = CNN17Classifier(
        max_epochs=10, precision=precision, device="cuda", random_state=0
    )
    compare(
        lambda: fit_folds(model, X, y, [(train, None) for train in splits]),
        lambda: clone(model).fit(X[splits[0]], y[splits[0]]),
        at_most=2.5,
    )


def test_prediction_that_overlaps(compare, cuda):
    """Loop that waits after each batch / extraction, images of 448 px, on a GPU."""
    X = random_images(512, 448)
    extractor = extractor_of(32).fit(X)
    source = ImageSource(X, image_size=224)
    network = Backbone("mobilenet_v2").eval().cuda()
    network = network.to(memory_format=torch.channels_last)

    def waiting():
        with torch.inference_mode(), torch.autocast("cuda", torch.bfloat16):
            for start in range(0, len(X), 32):
                batch = torch.from_numpy(source[start : start + 32]).cuda()
                network(batch.permute(0, 3, 1, 2)).float().cpu()

    compare(waiting, lambda: extractor.transform(X), at_least=1.0)


def test_extraction_in_small_batches(compare, cuda):
    """Extraction in batches of 32 / of 256 images, MobileNetV2, 224 px, on a GPU."""
    X = random_images(2048, 224)
    few, many = extractor_of(32).fit(X), extractor_of(256).fit(X)
    compare(lambda: few.transform(X), lambda: many.transform(X), at_most=2)


def extractor_of(batch_size):
    return CNNFeatureExtractor(
        "mobilenet_v2",
        weights=None,
        image_size=224,
        batch_size=batch_size,
        device="cuda",
        precision="bfloat16",
    )
