"""What saving and loading of a model cost."""

from statistics import median
from time import process_time

import pytest
import torch

from skfusion.datasets import make_breast_images
from skfusion.feature_extraction import make_feature_classifier
from skfusion.networks import Backbone
from skfusion.persistence import load_model, save_model

pytestmark = pytest.mark.benchmark

N_REPEATS = 5


@pytest.fixture
def model(tmp_path):
    """MobileNetV2 with weights of a file, and a support vector machine."""
    file = tmp_path / "weights.pth"
    torch.save(Backbone("mobilenet_v2").model.state_dict(), file)
    X, y = make_breast_images(64, image_size=64, random_state=0, return_X_y=True)
    return make_feature_classifier("svm", weights=file, image_size=64).fit(X, y)


def cpu_seconds(function):
    """Return the times of several calls, without those of other processes."""
    times = []
    for _ in range(N_REPEATS):
        start = process_time()
        function()
        times.append(process_time() - start)
    return times


@pytest.mark.parametrize("what", ["save", "load"])
def test_it_takes_less_than_a_second(what, model, tmp_path, record_property):
    file = save_model(model, tmp_path / "model.skfusion")
    load_model(file)  # it imports what both need
    calls = {"save": lambda: save_model(model, file), "load": lambda: load_model(file)}
    seconds = cpu_seconds(calls[what])
    record_property("what", f"Seconds to {what} a MobileNetV2 with an SVM")
    record_property("median", f"{median(seconds):.3f}")
    record_property("spread", f"{min(seconds):.3f} to {max(seconds):.3f}")
    record_property("n", N_REPEATS)
    record_property("bound", "≤ 1")
    print(f"{what}: {median(seconds):.2f} s")
    assert median(seconds) < 1
