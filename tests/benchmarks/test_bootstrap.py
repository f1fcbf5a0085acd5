"""Speed of the intervals of many predictions."""

import numpy as np
import pytest

from skfusion.metrics import classification_summary

pytestmark = pytest.mark.benchmark
LIMIT = 5  # seconds


def test_ten_thousand_resamples_take_seconds(seconds, check_ratios):
    """10,000 resamples of 2,500 patients with 10,000 images, all measures / 5 s."""
    rng = np.random.default_rng(0)
    groups = np.arange(10_000) // 4
    y_true = rng.integers(2, size=2500)[groups]
    y_score = y_true + rng.normal(size=2500)[groups] + rng.normal(size=10_000)

    def summarise():
        classification_summary(
            *(y_true, (y_score > 0.5).astype(int)),
            **{"y_score": y_score, "groups": groups, "folds": groups % 5},
            n_resamples=10_000,
        )

    check_ratios([seconds(summarise) / LIMIT for _ in range(3)], at_most=1)
