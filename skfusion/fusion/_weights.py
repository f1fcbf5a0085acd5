"""The weights of modalities, and the mean that they weigh."""

import numpy as np
from scipy.special import expit
from sklearn.metrics import roc_auc_score
from sklearn.utils.validation import column_or_1d

__all__ = ["average_probabilities", "check_weights", "find_weights"]


def check_weights(weights, n_modalities):
    """Raise an error where weights are not those of the modalities.

    Parameters
    ----------
    weights : None, "cv" or array-like of shape (n_modalities,)

    n_modalities : int

    Raises
    ------
    ValueError
        If the weights are not as many as the modalities, or one is below 0, or all
        are 0.
    """
    if weights is None or isinstance(weights, str):
        return
    values = column_or_1d(weights).astype(np.float64)
    is_right = np.isfinite(values).all() and (values >= 0).all() and values.any()
    if len(values) != n_modalities or not is_right:
        raise ValueError(
            f"Expected {n_modalities} weights, one for each modality, all at least 0, "
            f"and one above 0. Got {weights!r}."
        )


def find_weights(weights, scores, codes):
    """Return the weights of the modalities, which sum to 1.

    Parameters
    ----------
    weights : None, "cv" or array-like of shape (n_modalities,)
        None weighs all alike. "cv" is the area under the ROC curve above that of
        chance, and weighs all alike where none is above.

    scores : ndarray of shape (n_samples, n_modalities)
        Scores in the inner folds, NaN where a modality is missing.

    codes : ndarray of shape (n_samples,), dtype int64
        1 for the positive class, 0 for the other.

    Returns
    -------
    weights : ndarray of shape (n_modalities,)
    """
    n_modalities = scores.shape[1]
    if weights is None:
        values = np.ones(n_modalities)
    elif isinstance(weights, str):
        values = np.array([_gain_over_chance(each, codes) for each in scores.T])
    else:
        values = column_or_1d(weights).astype(np.float64)
    if not values.any():
        values = np.ones(n_modalities)
    return values / values.sum()


def _gain_over_chance(scores, codes):
    """Return the area under the ROC curve above that of chance, or 0 if it is below."""
    present = ~np.isnan(scores)
    return max(roc_auc_score(codes[present], scores[present]) - 0.5, 0)


def average_probabilities(log_odds, weights):
    """Return the weighted mean of the probabilities of the modalities of each sample.

    Parameters
    ----------
    log_odds : ndarray of shape (n_samples, n_modalities)
        NaN where a modality is missing.

    weights : ndarray of shape (n_modalities,)

    Returns
    -------
    probabilities : ndarray of shape (n_samples,)
        0.5 for a sample without any modality.
    """
    weights = np.where(np.isnan(log_odds), 0, weights)
    # Where a sample has only modalities of weight 0, these weigh all alike.
    lost = weights.sum(axis=1) == 0
    weights[lost] = ~np.isnan(log_odds[lost])
    weights[np.isnan(log_odds).all(axis=1)] = 1  # of log-odds that are set to 0
    return np.average(expit(np.nan_to_num(log_odds)), axis=1, weights=weights)
