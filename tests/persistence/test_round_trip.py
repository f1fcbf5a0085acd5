"""A loaded model predicts what the saved one did, to the bit."""

import pytest

from skfusion.persistence import load_model, save_model

from .conftest import MODELS, assert_equal


@pytest.mark.parametrize("name", MODELS)
def test_a_loaded_model_is_equal_to_the_bit(name, fitted, tmp_path):
    model, X = fitted(name)
    again = load_model(save_model(model, tmp_path / "model.skfusion"))
    assert type(again) is type(model)
    assert repr(again) == repr(model)
    assert_equal(model, again, X)
