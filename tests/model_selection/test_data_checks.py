import warnings

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from skfusion.model_selection import compare_models, optimism

N_PATIENTS = 40
PATIENT = np.repeat(np.arange(N_PATIENTS), 2)
Y = PATIENT % 2
NUMBERS = np.random.default_rng(0).normal(size=(len(Y), 2))
NEAREST = KNeighborsClassifier(1)


def compare(X, y=Y, **options):
    return compare_models([("nearest", NEAREST)], X, y, **options)


def claim(X, y=Y, **options):
    return optimism(NEAREST, X, y, **options)


STUDIES = pytest.mark.parametrize("study", [compare, claim])


@STUDIES
@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.zeros(len(Y)), r"needs two classes or more in y. Got \[0.0\] only"),
        (np.where(PATIENT < 3, np.nan, Y), "Got none in 6 rows, .* is row 0"),
        (np.where(PATIENT == 1, None, Y), "Got none in 2 rows, .* is row 2"),
    ],
)
def test_labels_that_are_no_two_classes_are_refused_before_any_fit(study, y, message):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match=message):
            study(NUMBERS, y, groups=PATIENT)
