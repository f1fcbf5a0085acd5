"""How much each modality contributed to a decision."""

from functools import cache

import numpy as np
import pandas as pd
import torch

from .._validation._private import _safe_indexing
from ._attribution import import_captum

__all__ = ["contributions_of"]


def contributions_of(estimator, X, columns, present, codes):
    """Return the Shapley value of the image in each column.

    Parameters
    ----------
    estimator : classifier
        Fitted. It predicts samples whose images are missing.

    X : DataFrame or array-like of shape (n_samples, n_columns)

    columns : list of str
        Columns of images.

    present : ndarray of shape (n_samples, n_columns), dtype bool

    codes : ndarray of shape (n_samples,)
        Column of the class that is explained.

    Returns
    -------
    contributions : DataFrame of shape (n_samples, n_columns)
    """
    rows = np.arange(len(present))

    @cache
    def scores_of(used):
        has_any = (present & np.array(used)).any(axis=1)
        scores = np.full(len(rows), _chance(estimator))
        if has_any.any():
            part = _without(_safe_indexing(X, rows[has_any]), columns, used)
            scores[has_any] = _scores(estimator, part, codes[has_any])
        return torch.from_numpy(scores)

    def function(used):  # captum uses or leaves out a column in all rows at once
        return scores_of(tuple(used[0].bool().tolist()))

    every = torch.ones(present.shape)
    found = import_captum().ShapleyValues(function).attribute(every, baselines=0)
    return pd.DataFrame(found.numpy(), columns=columns)


def _chance(estimator):
    is_probability = hasattr(estimator, "predict_proba")
    return 1 / len(estimator.classes_) if is_probability else 0.0


def _scores(estimator, X, codes):
    """Return the probability of the class of each row, or its decision value."""
    if hasattr(estimator, "predict_proba"):
        return estimator.predict_proba(X)[np.arange(len(codes)), codes]
    decision = estimator.decision_function(X)
    if decision.ndim == 2:
        return decision[np.arange(len(codes)), codes]
    return np.where(codes == 1, decision, -decision)


def _without(X, columns, used):
    """Return X in which the images of columns that are not used are missing."""
    pairs = zip(columns, used, strict=True)
    left_out = [column for column, is_used in pairs if not is_used]
    if isinstance(X, pd.DataFrame):
        return X.assign(**dict.fromkeys(left_out))
    X = np.array(X, dtype=object)
    X[:, [int(name.removeprefix("x")) for name in left_out]] = None
    return X
