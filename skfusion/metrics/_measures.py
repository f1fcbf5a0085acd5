"""Measures of agreement, vectorised over weighted resamples."""

import numpy as np

__all__ = [
    "BINARY_MEASURES",
    "MULTICLASS_MEASURES",
    "WeightedAUC",
    "confusion_measures",
]

MULTICLASS_MEASURES = ("kappa", "accuracy", "balanced accuracy")
BINARY_MEASURES = (
    *MULTICLASS_MEASURES,
    "sensitivity",
    "specificity",
    "PPV",
    "NPV",
    "AUC",
    "prevalence",
)


def confusion_measures(confusion):
    """Compute every measure that depends on the confusion matrix only.

    Parameters
    ----------
    confusion : ndarray of shape (..., n_classes, n_classes), dtype float64
        Rows are the true classes, columns the predicted ones.

    Returns
    -------
    measures : dict of str to ndarray of shape (...)
        Each measure; NaN where it is not defined.
    """
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    true, predicted = confusion.sum(axis=-1), confusion.sum(axis=-2)
    total = true.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        accuracy = hits.sum(axis=-1) / total
        chance = (true * predicted).sum(axis=-1) / total**2
        recall, precision = hits / true, hits / predicted
        measures = {
            "kappa": (accuracy - chance) / (1 - chance),
            "accuracy": accuracy,
            "balanced accuracy": recall.mean(axis=-1),
        }
        if confusion.shape[-1] == 2:
            measures |= {
                "sensitivity": recall[..., 1],
                "specificity": recall[..., 0],
                "PPV": precision[..., 1],
                "NPV": precision[..., 0],
                "prevalence": true[..., 1] / total,
            }
    return measures


class WeightedAUC:
    """Area under the ROC curve of fixed scores with changing weights.

    Only positive and negative samples of the same fold are compared. A tie between them
    counts one half.

    Parameters
    ----------
    is_positive : ndarray of shape (n_samples,), dtype bool
        Whether each sample is of the positive class.

    y_score : ndarray of shape (n_samples,)
        Finite scores, greater for the positive class.

    fold : ndarray of shape (n_samples,), default=None
        Number of the fold of each sample. If None, all samples are of one fold.
    """

    def __init__(self, is_positive, y_score, fold=None):
        fold = np.zeros(len(y_score)) if fold is None else fold
        self._order = np.lexsort((y_score, fold))
        self._is_positive = is_positive[self._order]
        score, fold = y_score[self._order], fold[self._order]
        is_new = np.r_[True, fold[1:] != fold[:-1]]
        self._ties = np.flatnonzero(is_new | np.r_[True, score[1:] != score[:-1]])
        self._folds = np.flatnonzero(is_new[self._ties])

    def __call__(self, weights):
        """Compute the area, once for each row of weights.

        Parameters
        ----------
        weights : ndarray of shape (n_resamples, n_samples), dtype float64
            Weight of each sample.

        Returns
        -------
        area : ndarray of shape (n_resamples,)
            NaN where no fold has weight in both classes.
        """
        weights = weights[:, self._order]
        positive = np.add.reduceat(weights * self._is_positive, self._ties, axis=1)
        negative = np.add.reduceat(weights * ~self._is_positive, self._ties, axis=1)
        below = np.cumsum(negative, axis=1) - negative / 2
        positives = np.add.reduceat(positive, self._folds, axis=1)
        negatives = np.add.reduceat(negative, self._folds, axis=1)
        # Samples of earlier folds do not count.
        before = np.cumsum(negatives, axis=1) - negatives
        above = (positive * below).sum(axis=1) - (positives * before).sum(axis=1)
        with np.errstate(invalid="ignore"):
            return above / (positives * negatives).sum(axis=1)
