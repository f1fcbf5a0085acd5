"""Every measure of some predictions, with its interval."""

import numpy as np
import pandas as pd
from sklearn.utils import check_random_state

from ._bootstrap import resample_groups
from ._grouped_measures import GroupedMeasures
from ._score_interval import bootstrap_variance, score_interval

__all__ = ["summarise"]


def summarise(predictions, *, n_resamples=1000, confidence_level=0.95, random_state=0):
    """Compute every measure with its interval.

    Parameters
    ----------
    predictions : CheckedPredictions

    n_resamples, confidence_level, random_state
        The same as in :func:`classification_summary`.

    Returns
    -------
    summary : DataFrame of shape (n_measures, 3)
    """
    measures = GroupedMeasures(predictions)
    estimate = measures.estimate()
    lower, upper = np.full((2, len(estimate)), np.nan)
    if n_resamples > 0 and measures.n_groups > 1:
        rng = check_random_state(random_state)
        n_groups = measures.n_groups
        blocks = resample_groups(n_groups, n_resamples, n_groups, rng)
        values = np.concatenate([measures(weights) for weights in blocks])
        n_counted = measures.n_counted()
        lower, upper = score_interval(
            estimate,
            bootstrap_variance(values, n_counted),
            n_counted,
            limits=measures.limits,
            has_certain_middle=measures.has_certain_middle,
            n_groups=n_groups,
            level=confidence_level,
        )
    summary = pd.DataFrame(
        {"estimate": estimate, "lower": lower, "upper": upper},
        index=pd.Index(measures.names, name="measure"),
    )
    return summary.where(summary["estimate"].notna())
