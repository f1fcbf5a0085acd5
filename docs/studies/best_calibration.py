"""Calibration of probabilities at a new site, before and after recalibration."""

import numpy as np
import pandas as pd
from best_runs import has_probabilities
from real_data import interval
from scipy.special import logit
from sklearn.model_selection import StratifiedGroupKFold

from skfusion.fusion._calibration import calibrate
from skfusion.metrics import calibration_summary

N_FOLDS, SEED = 5, 0
LEAST = 1e-4  # of a probability, and of its distance from 1


def describe_calibration(part):
    """Slope and intercept of probabilities, with intervals by patient.

    The slope is that of the logistic regression of the class on the log-odds. The
    intercept is that of the same regression with its slope fixed at 1.
    """
    if not has_probabilities(part):
        return {"slope": "-", "intercept": "-"}
    summary = calibration_summary(
        part["y_true"],
        part["y_score"].clip(LEAST, 1 - LEAST),
        groups=part["group"],
        n_resamples=0,
    )
    return {
        name: interval(summary.loc[f"calibration {name}"])
        for name in ("slope", "intercept")
    }


def log_odds(score):
    """Log-odds of probabilities, which are finite."""
    return logit(np.clip(score.to_numpy(), LEAST, 1 - LEAST))


def recalibrate(part):
    """Probabilities of a line that was learnt from other patients of the same site.

    The line is Platt's: a logistic regression of the class on the log-odds, or on the
    decision values, one for each seed. Five folds of the patients of the site take
    turns, so that no patient is scored by a line that learnt from her.
    """
    scores = log_odds(part["y_score"]) if has_probabilities(part) else part["y_score"]
    part = part.assign(scale=scores)
    return pd.concat(
        [recalibrate_model(rows) for _, rows in part.groupby(["test", "seed"])]
    ).drop(columns="scale")


def recalibrate_model(part):
    """Recalibrate the scores of one model at one site."""
    x, y = part["scale"].to_numpy(), part["y_true"].to_numpy()
    score = np.zeros(len(part))
    folds = StratifiedGroupKFold(N_FOLDS, shuffle=True, random_state=SEED)
    for train, test in folds.split(x, y, part["group"]):
        line = calibrate(x[train], y[train])
        score[test] = line.predict_proba(x[test][:, np.newaxis])[:, 1]
    return part.assign(y_score=score, y_pred=(score > 0.5).astype(int))
