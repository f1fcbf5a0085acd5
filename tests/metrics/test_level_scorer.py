import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

from skfusion.metrics import make_level_scorer


class Constant(ClassifierMixin, BaseEstimator):
    """Returns the scores in a column."""

    classes_ = np.array([0, 1])

    def fit(self, X, y):
        return self

    def predict_proba(self, X):
        return np.column_stack([1 - X["score"], X["score"]])


@pytest.mark.parametrize(
    ("method", "expected"),
    [("mean", [0.45, 0.5]), ("max", [0.8, 0.5]), ("noisy_or", [0.82, 0.75])],
)
def test_the_scores_of_a_patient_are_combined(method, expected):
    X = pd.DataFrame({"group": [1, 1, 2, 2], "score": [0.1, 0.8, 0.5, 0.5]})
    seen = []
    scorer = make_level_scorer(
        "group",
        lambda y_true, y_score: seen.extend([y_true, y_score]) or 0.0,
        method=method,
        response_method="predict_proba",
    )
    scorer(Constant(), X, np.array([0, 1, 0, 0]))
    np.testing.assert_array_equal(seen[0], [1, 0])
    np.testing.assert_allclose(seen[1], expected)
