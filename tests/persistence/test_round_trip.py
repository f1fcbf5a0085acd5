"""A loaded model predicts what the saved one did, to the bit."""

import numpy as np
import pytest

from skfusion.inspection import randomize_weights
from skfusion.persistence import load_model, save_model

from .conftest import MODELS, assert_equal, outputs


@pytest.mark.parametrize("name", MODELS)
def test_a_loaded_model_is_equal_to_the_bit(name, fitted, tmp_path):
    model, X = fitted(name)
    again = load_model(save_model(model, tmp_path / "model.skfusion"))
    assert type(again) is type(model)
    assert repr(again) == repr(model)
    assert_equal(model, again, X)


@pytest.mark.parametrize("name", ["cnn17", "forest", "svm, calibrated"])
def test_weights_drawn_anew_stay_those(name, fitted, tmp_path):
    model, X = fitted(name)
    drawn = randomize_weights(model, random_state=0)
    again = load_model(save_model(drawn, tmp_path / "model.skfusion"))
    assert_equal(drawn, again, X)
    # The weights are drawn from the seed in the file, also in a copy of the copy.
    twice = load_model(save_model(again, tmp_path / "twice.skfusion"))
    assert_equal(drawn, twice, X)
    first, second = outputs(model, X)[-1], outputs(drawn, X)[-1]
    assert not np.array_equal(first, second)
