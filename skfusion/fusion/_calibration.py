"""What the model of a modality says, and how far it is to be believed."""

import numpy as np
from scipy.special import logit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

__all__ = ["calibrate", "gain_over_chance", "score_images"]


def score_images(model, table, n_learnt):
    """Score images: log-odds of the positive class, or what the model decides by.

    No model can be surer than it has seen images.

    Parameters
    ----------
    model : classifier
        Fitted, with ``predict_proba`` or ``decision_function``.

    table : DataFrame of shape (n_images, n_columns)
        Image table.

    n_learnt : int
        Number of images from which the model learnt.

    Returns
    -------
    scores : ndarray of shape (n_images,)
    """
    if not hasattr(model, "predict_proba"):
        return model.decision_function(table)
    with np.errstate(divide="ignore"):
        log_odds = logit(model.predict_proba(table)[:, 1])
    return np.clip(log_odds, -np.log(n_learnt + 1), np.log(n_learnt + 1))


def calibrate(scores, codes):
    """Fit Platt's line from scores to log-odds; flat where they say the opposite.

    Parameters
    ----------
    scores : ndarray of shape (n_images,)
        Of images from which the model did not learn.

    codes : ndarray of shape (n_images,), dtype int64
        1 for the positive class.

    Returns
    -------
    line : LogisticRegression
    """
    n_benign, n_malignant = np.bincount(codes, minlength=2)
    targets = np.where(codes, (n_malignant + 1) / (n_malignant + 2), 1 / (n_benign + 2))
    line = LogisticRegression(C=np.inf).fit(
        np.tile(scores, 2)[:, np.newaxis],
        np.repeat([1, 0], len(codes)),
        sample_weight=np.r_[targets, 1 - targets],
    )
    if line.coef_[0, 0] < 0:
        line.coef_[:], line.intercept_[:] = 0, logit(targets.mean())
    return line


def gain_over_chance(scores, codes):
    """Area under the ROC curve above that of chance; 0 where it is below.

    Parameters
    ----------
    scores : ndarray of shape (n_samples,)
        NaN where the modality is missing.

    codes : ndarray of shape (n_samples,), dtype int64
        1 for the positive class.

    Returns
    -------
    gain : float
    """
    there = ~np.isnan(scores)
    return max(roc_auc_score(codes[there], scores[there]) - 0.5, 0)
