"""Scores of the model of a modality, and their calibration."""

import numpy as np
from scipy.special import logit
from sklearn.linear_model import LogisticRegression

from ..exceptions import DataQualityWarning, warn_user

_TINY = 1e-12  # rounding errors of equal scores

__all__ = ["calibrate", "score_images", "warn_of_chance"]


def score_images(model, table, n_learnt):
    """Return the log-odds of the positive class, or the decision values, of images.

    The number of images that the model learnt from bounds the log-odds.

    Parameters
    ----------
    model : classifier
        Fitted, with ``predict_proba`` or ``decision_function``.

    table : DataFrame of shape (n_images, n_columns)
        Image table, or values.

    n_learnt : int
        Number of images that the model learnt from.

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
    """Fit Platt's line from scores to log-odds; it is flat where it would fall.

    Parameters
    ----------
    scores : ndarray of shape (n_images,)
        Scores of images that the model did not learn from, in any units.

    codes : ndarray of shape (n_images,), dtype int64
        1 for the positive class, 0 for the other.

    Returns
    -------
    line : LogisticRegression
    """
    n_benign, n_malignant = np.bincount(codes, minlength=2)
    targets = np.where(codes, (n_malignant + 1) / (n_malignant + 2), 1 / (n_benign + 2))
    # The solver stops too early for small scores, and gives equal ones a slope.
    has_spread = scores.std() > _TINY * np.abs(scores).max()
    middle, spread = scores.mean(), scores.std() if has_spread else 1
    scores = (scores - middle) / spread
    line = LogisticRegression(C=np.inf).fit(
        np.tile(scores, 2)[:, np.newaxis],
        np.repeat([1, 0], len(codes)),
        sample_weight=np.r_[targets, 1 - targets],
    )
    if has_spread and line.coef_[0, 0] > 0:
        line.coef_ /= spread
        line.intercept_ -= line.coef_[0] * middle
    else:
        line.coef_[:], line.intercept_[:] = 0, logit(targets.mean())
    return line


def warn_of_chance(calibrator, name, parts, wholes):
    """Warn where a calibrator is flat.

    Parameters
    ----------
    calibrator : LogisticRegression
        As `calibrate` returns it.

    name : str
        Name of the estimator.

    parts, wholes : str
        What its inner estimator scores, and what these scores are combined to.
    """
    if calibrator.coef_[0, 0] == 0:
        warn_user(
            f"In the inner folds, the {parts} of malignant {wholes} do not look more "
            f"suspicious than those of benign ones. {name} predicts the same "
            f"probability for all {wholes}. It needs more images, or a better "
            f"classifier of {parts}.",
            DataQualityWarning,
        )
