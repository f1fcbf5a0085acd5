"""The line between the log-odds of probabilities and those of the classes."""

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

__all__ = ["intercept_of", "slope_of"]


def slope_of(is_positive, y_prob, group):
    """Fit the slope of the log-odds, with its standard error between groups.

    Parameters
    ----------
    is_positive : ndarray of shape (n_samples,), dtype bool

    y_prob : ndarray of shape (n_samples,)
        Above 0 and below 1. The classes overlap.

    group : ndarray of shape (n_samples,), dtype int64
        Number of the group of each sample.

    Returns
    -------
    slope, error : float
        The error is NaN with a single group.
    """
    x = logit(y_prob)
    spread = x.std()
    x = (x - x.mean()) / spread  # for any scale of the log-odds
    # Of infinity, scikit-learn 1.8.0 warns.
    line = LogisticRegression(C=1e12, solver="newton-cholesky", tol=1e-10)
    line.fit(x[:, np.newaxis], is_positive)
    fitted = line.predict_proba(x[:, np.newaxis])[:, 1]
    columns = np.column_stack([np.ones(len(x)), x])
    error = _clustered_errors(columns, is_positive, fitted, group)[1]
    return line.coef_.item() / spread, error / spread


def intercept_of(is_positive, y_prob, group):
    """Fit the intercept beside the log-odds, whose slope is 1.

    Parameters
    ----------
    is_positive, y_prob, group
        The same as in :func:`slope_of`; the classes may be apart.

    Returns
    -------
    intercept, error : float
        The error is NaN with a single group.
    """
    x, n_positive = logit(y_prob), is_positive.sum()
    bound = np.abs(x).max() + np.log(len(x)) + 1  # beyond it, the mean is 0 or 1
    intercept = brentq(
        lambda shift: expit(x + shift).sum() - n_positive, -bound, bound, xtol=1e-12
    )
    columns, fitted = np.ones((len(x), 1)), expit(x + intercept)
    return intercept, _clustered_errors(columns, is_positive, fitted, group)[0]


def _clustered_errors(columns, is_positive, fitted, group):
    """Standard errors of a logistic regression, for samples that depend on a group.

    They are the sandwich estimates with the usual correction for few groups.
    """
    n, n_columns = columns.shape
    scores = columns * (is_positive - fitted)[:, np.newaxis]
    of_group = np.column_stack([np.bincount(group, score) for score in scores.T])
    n_groups = len(of_group)
    if n_groups < 2:
        return np.full(n_columns, np.nan)
    bread = np.linalg.inv(columns.T @ (columns * (fitted * (1 - fitted))[:, None]))
    variance = bread @ of_group.T @ of_group @ bread
    correction = n_groups / (n_groups - 1) * (n - 1) / (n - n_columns)
    return np.sqrt(correction * np.diag(variance))
