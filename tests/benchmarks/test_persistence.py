"""What saving and loading of a model cost."""

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
    """Return the least time of several calls, without that of other processes."""
    times = []
    for _ in range(N_REPEATS):
        start = process_time()
        function()
        times.append(process_time() - start)
    return min(times)


def test_saving_and_loading_take_less_than_a_second_each(model, tmp_path):
    """Seconds of a MobileNetV2 and a support vector machine."""
    file = save_model(model, tmp_path / "model.skfusion")  # imports
    load_model(file)
    saving = cpu_seconds(lambda: save_model(model, file))
    loading = cpu_seconds(lambda: load_model(file))
    print(f"saved in {saving:.2f} s, loaded in {loading:.2f} s")
    assert saving < 1
    assert loading < 1
