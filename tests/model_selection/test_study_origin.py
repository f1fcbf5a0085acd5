"""What a comparison keeps of its folds, versions and machine."""

import platform

import numpy as np
import pytest
from sklearn.model_selection import (
    GroupKFold,
    PredefinedSplit,
    RepeatedStratifiedKFold,
    StratifiedGroupKFold,
)

import skfusion
from skfusion.model_selection._study_origin import describe_cv, describe_origin

FOLDS = StratifiedGroupKFold(3, shuffle=True, random_state=4)


@pytest.mark.parametrize(
    ("cv", "text"),
    [
        (None, "StratifiedGroupKFold(n_splits=5, shuffle=True, random_state=0)"),
        (3, "StratifiedGroupKFold(n_splits=3, shuffle=True, random_state=0)"),
        ("dataset", "one data set left out at a time"),
        (FOLDS, "StratifiedGroupKFold(n_splits=3, random_state=4, shuffle=True)"),
        ([GroupKFold(2), GroupKFold(3)], "GroupKFold(n_splits=2, random_state=None"),
        (PredefinedSplit(np.arange(9) % 3), "PredefinedSplit()"),
        (
            RepeatedStratifiedKFold(n_splits=4, n_repeats=2, random_state=1),
            "RepeatedStratifiedKFold(n_splits=4, n_repeats=2, random_state=1)",
        ),
        ([([0], [1]), ([1], [0])], "folds that the caller drew"),
    ],
)
def test_a_cross_validation_is_described_by_its_numbers(cv, text):
    assert describe_cv(cv, groups=np.arange(9)).startswith(text)


def test_without_groups_the_default_folds_have_none():
    assert describe_cv(None, None).startswith("StratifiedKFold(n_splits=5")


def test_a_folder_in_a_cross_validation_is_not_described():
    class Folds(GroupKFold):
        def __init__(self):
            super().__init__(2)
            self.folder = "/home/jane"

    assert "jane" not in describe_cv(Folds(), None)


def test_the_machine_has_no_name():
    origin = describe_origin(None, None)
    assert origin["versions"]["Python"] == platform.python_version()
    assert origin["versions"]["skfusion"] == skfusion.__version__
    assert "cores" in origin["machine"]
    node = platform.node()
    assert len(node) < 4 or node not in origin["machine"]
