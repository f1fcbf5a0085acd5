"""The groups of the rows of X."""

import warnings

import numpy as np
import pandas as pd
import pytest

from skfusion._validation._groups import check_groups
from skfusion.exceptions import DataQualityWarning
from skfusion.metrics import classification_summary
from skfusion.neural_network import CNN17Classifier


def test_the_group_column_is_used():
    X = pd.DataFrame({"image": list("abc"), "group": ["p", "q", "p"]})
    np.testing.assert_array_equal(check_groups(X), [0, 1, 0])


def test_groups_that_are_given_come_first():
    X = pd.DataFrame({"image": list("abc"), "group": ["p", "q", "p"]})
    np.testing.assert_array_equal(check_groups(X, [5, 5, 6]), [0, 0, 1])


def test_without_groups_copies_of_one_file_are_a_group():
    X = pd.DataFrame({"image": ["a.png", "b.png", "a.png"]})
    np.testing.assert_array_equal(check_groups(X), [0, 1, 0])


def test_without_groups_copies_of_one_array_are_a_group():
    X = np.stack([np.zeros((2, 2)), np.ones((2, 2)), np.zeros((2, 2))])
    np.testing.assert_array_equal(check_groups(X), [0, 1, 0])


def test_groups_of_another_length_are_refused():
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        check_groups(np.zeros((3, 2, 2)), [1, 2])


def test_a_row_without_group_is_named():
    X = pd.DataFrame({"image": list("abc"), "group": ["p", None, "p"]})
    with pytest.raises(ValueError, match="none in row 1"):
        check_groups(X)


def test_a_missing_group_among_those_given_is_named():
    with pytest.raises(ValueError, match="none in row 1"):
        check_groups(np.zeros((3, 2, 2)), [1, np.nan, 2])


@pytest.mark.parametrize("kind", [list, np.array, pd.Series, pd.Categorical])
def test_groups_that_differ_in_blanks_are_named_by_their_rows(kind):
    groups = kind(["berta", "anna", "anna", "anna "])
    with pytest.warns(DataQualityWarning, match="rows 1 and 3 differ in") as caught:
        check_groups(np.zeros((4, 2, 2)), groups)
    assert [warning.filename for warning in caught] == [__file__]
    assert "anna" not in str(caught[0].message)


@pytest.mark.parametrize("groups", [["a", "a", " b"], [1, 2, 2], ["1", 1, 1]])
def test_groups_without_twins_are_silent(groups):
    groups = np.array(groups, dtype=object)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_groups(np.zeros((3, 2, 2)), groups)


@pytest.mark.parametrize("groups", [np.arange(3), np.ones((16, 2))])
def test_groups_of_a_wrong_shape_are_called_groups(groups):
    X, y = np.zeros((16, 8, 8)), np.tile([0, 1], 8)
    with pytest.raises(ValueError, match="groups"):
        CNN17Classifier().fit(X, y, groups=groups)
    with pytest.raises(ValueError, match="groups"):
        classification_summary(y, y, groups=groups)
