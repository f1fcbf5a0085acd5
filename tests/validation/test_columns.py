"""A column of X is required and checked in one way."""

import numpy as np
import pandas as pd
import pytest

from skfusion._validation._columns import is_present, require_column, require_values


@pytest.fixture
def X():
    return pd.DataFrame({"image": ["a.png", "b.png"], "group": ["anna", None]})


def test_a_column_is_returned(X):
    for require in (require_column, require_values):
        assert require(X, "image", "It").tolist() == ["a.png", "b.png"]


@pytest.mark.parametrize("require", [require_column, require_values])
def test_a_column_that_is_missing_is_named_with_those_of_x(require, X):
    with pytest.raises(ValueError, match=r"^It needs .*'age'.*\['image', 'group'\]"):
        require(X, "age", "It")


@pytest.mark.parametrize("require", [require_column, require_values])
def test_an_array_has_no_columns(require, X):
    with pytest.raises(ValueError, match=r"^It needs a DataFrame.* Got ndarray"):
        require(X.to_numpy(), "image", "It")


def test_no_error_shows_a_path_or_a_patient(X):
    with pytest.raises(ValueError, match="none in row 1") as info:
        require_values(X, "group", "It")
    assert "anna" not in str(info.value)
    with pytest.raises(ValueError, match="needs a DataFrame") as info:
        require_column(X.to_numpy(), "image", "It")
    assert "a.png" not in str(info.value)


@pytest.mark.parametrize("nothing", [None, np.nan, pd.NA, ""])
def test_a_row_without_a_value_is_named(nothing):
    X = pd.DataFrame({"group": np.array(["anna", "berta", nothing], dtype=object)})
    assert is_present(X["group"]).tolist() == [True, True, False]
    with pytest.raises(ValueError, match="none in row 2"):
        require_values(X, "group", "It")


@pytest.mark.parametrize("value", [0, 0.0, False, "0", " "])
def test_zero_false_and_a_blank_are_values(value):
    assert is_present(pd.Series([value], dtype=object)).tolist() == [True]
