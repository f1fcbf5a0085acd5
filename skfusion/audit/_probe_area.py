"""How well a table of features predicts the label, out of fold, with an interval."""

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_random_state

from ..metrics._auc import WeightedAUC
from ..metrics._bootstrap import resample_groups
from ..metrics._score_interval import bootstrap_variance, score_interval

__all__ = ["N_FOLDS", "area_under_curve", "make_pixel_model", "make_table_model"]

N_FOLDS = 5
_N_RESAMPLES = 300


def make_table_model():
    """Make the model of columns: small boosted trees, which accept missing values.

    Returns
    -------
    model : HistGradientBoostingClassifier
    """
    return HistGradientBoostingClassifier(
        learning_rate=0.05,
        max_iter=50,
        max_leaf_nodes=4,
        min_samples_leaf=10,
        early_stopping=False,
        categorical_features="from_dtype",
        random_state=0,
    )


def make_pixel_model():
    """Make the model of thumbnails: a penalised logistic regression.

    Returns
    -------
    model : Pipeline
    """
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=200))


def area_under_curve(model, features, y, groups, *, confidence_level, random_state):
    """Compute the area under the ROC curve out of fold, with its interval.

    Parameters
    ----------
    model : estimator
        Classifier with ``predict_proba``.

    features : DataFrame of shape (n_samples, n_features)

    y : ndarray of shape (n_samples,)
        Labels, of two classes or more.

    groups : ndarray of shape (n_samples,)
        Groups, which no fold crosses.

    confidence_level : float
        Coverage of the interval, in (0, 1).

    random_state : int
        Determines folds and resamples.

    Returns
    -------
    area, low, high : float
        Of more than two classes, the mean of the areas of each class against the
        others, weighted by the share of the class.

    Notes
    -----
    As in :func:`skfusion.metrics.classification_summary`, only samples of the same fold
    are compared, and whole groups are resampled.
    """
    classes, codes = np.unique(y, return_inverse=True)
    group = pd.factorize(groups)[0]
    splitter = StratifiedGroupKFold(N_FOLDS, shuffle=True, random_state=random_state)
    folds = list(splitter.split(features, codes, group))
    scores = _predict_out_of_fold(model, features, codes, folds, len(classes))
    fold = np.zeros(len(codes), dtype=np.int64)
    for number, (_, test) in enumerate(folds):
        fold[test] = number
    measure, n_groups = _mean_area(scores, codes, group, fold), group.max() + 1
    rng = check_random_state(random_state)
    blocks = resample_groups(n_groups, _N_RESAMPLES, n_groups, rng)
    values = np.concatenate([measure(weights) for weights in blocks])[:, np.newaxis]
    area = measure(np.ones((1, n_groups)))
    rarest = np.array([pd.Series(group).groupby(codes).nunique().min()])
    low, high = score_interval(
        area,
        bootstrap_variance(values, rarest),
        rarest,
        limits=(np.zeros(1), np.ones(1)),
        has_certain_middle=True,
        n_groups=n_groups,
        level=confidence_level,
    )
    return float(area[0]), float(low[0]), float(high[0])


def _predict_out_of_fold(model, features, codes, folds, n_classes):
    """Probability of each class, by a model that learnt from the other folds."""
    scores = np.zeros((len(codes), n_classes))
    for train, test in folds:
        present = np.unique(codes[train])
        if len(present) > 1:
            model.fit(features.iloc[train], codes[train])
            predicted = model.predict_proba(features.iloc[test])
            scores[np.ix_(test, present)] = predicted
    return scores


def _mean_area(scores, codes, group, fold):
    """Return the function that computes the area, once for each row of weights."""
    share = np.bincount(codes) / len(codes)
    classes = [1] if len(share) == 2 else range(len(share))
    areas = [
        WeightedAUC(codes == c, scores[:, c], group, fold, n_groups=group.max() + 1)
        for c in classes
    ]

    def measure(weights):
        values = [area(weights) for area in areas]
        return np.average(values, axis=0, weights=share[list(classes)])

    return measure
