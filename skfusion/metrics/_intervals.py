"""Every measure of some predictions, with its bootstrap interval."""

import numpy as np
import pandas as pd
from sklearn.utils import check_random_state

from ._bootstrap import resample_groups
from ._measures import (
    BINARY_MEASURES,
    MULTICLASS_MEASURES,
    WeightedAUC,
    confusion_measures,
)

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
    n_groups = predictions.group.max() + 1
    measure = _Measures(predictions, n_groups)
    estimate = measure(np.ones((1, n_groups)))[0]
    lower, upper = np.full((2, len(estimate)), np.nan)
    if n_resamples > 0 and n_groups > 1:
        rng = check_random_state(random_state)
        n_rows = len(predictions.true)
        blocks = resample_groups(n_groups, n_resamples, n_rows, rng)
        values = np.concatenate([measure(weights) for weights in blocks])
        lower, upper = _percentiles(values, confidence_level)
    summary = pd.DataFrame(
        {"estimate": estimate, "lower": lower, "upper": upper},
        index=pd.Index(measure.names, name="measure"),
    )
    return summary.where(summary["estimate"].notna())


class _Measures:
    """All measures for each row of group weights."""

    def __init__(self, predictions, n_groups):
        true, pred = predictions.true, predictions.pred
        n_classes = predictions.n_classes
        self.names = BINARY_MEASURES if n_classes == 2 else MULTICLASS_MEASURES
        self.group = predictions.group
        self.n_classes = n_classes
        self.counts = np.zeros((n_groups, n_classes * n_classes))
        np.add.at(self.counts, (self.group, n_classes * true + pred), 1)
        self.area = None
        if predictions.score is not None:
            self.area = WeightedAUC(true == 1, predictions.score, predictions.fold)

    def __call__(self, weights):
        shape = (len(weights), self.n_classes, self.n_classes)
        measures = confusion_measures((weights @ self.counts).reshape(shape))
        if self.area is not None:
            measures["AUC"] = self.area(weights[:, self.group])
        undefined = np.full(len(weights), np.nan)
        return np.column_stack([measures.get(name, undefined) for name in self.names])


def _percentiles(values, confidence_level):
    """Bounds over the resamples in which a measure is defined."""
    tails = [(1 - confidence_level) / 2, (1 + confidence_level) / 2]
    bounds = np.full((2, values.shape[1]), np.nan)
    defined = ~np.isnan(values).all(axis=0)
    bounds[:, defined] = np.nanquantile(values[:, defined], tails, axis=0)
    return bounds
