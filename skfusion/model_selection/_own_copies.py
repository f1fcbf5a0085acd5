"""Copies of models and data, which a study keeps."""

from contextlib import suppress

import numpy as np
import pandas as pd
from sklearn.base import clone

__all__ = ["own_data", "own_models"]


def own_models(estimators):
    """Clone every model, so that the study does not change with that of the user.

    Parameters
    ----------
    estimators : list of (str, classifier)

    Returns
    -------
    estimators : list of (str, classifier)
        A model that cannot be cloned is kept: its fits will fail with the reason.
    """
    return [(name, _own(estimator)) for name, estimator in estimators]


def _own(estimator):
    with suppress(Exception):
        return clone(estimator)
    return estimator


def own_data(X):
    """Copy X, unless it holds pixels, of which the memory may have no room for two.

    Parameters
    ----------
    X : DataFrame, list or ndarray
        Images or samples, in any form.

    Returns
    -------
    X : DataFrame, list or ndarray
        An array of three or more dimensions is not copied, nor are the arrays that are
        cells of a table or items of a list.
    """
    if isinstance(X, list | pd.DataFrame | pd.Series):
        return X.copy()
    is_small = type(X) is np.ndarray and X.ndim < 3  # no array on disk
    return X.copy() if is_small else X
