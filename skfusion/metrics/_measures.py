"""Measures of agreement, vectorised over weighted resamples."""

import numpy as np

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
    """Compute every measure that a confusion matrix decides.

    Parameters
    ----------
    confusion : ndarray of shape (..., n_classes, n_classes), dtype float64
        Rows are the true classes, columns the predicted ones.

    Returns
    -------
    measures : dict of str to ndarray of shape (...)
        NaN where a measure is not defined.
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
    """Area under the ROC curve of fixed scores under changing weights.

    A tie between a positive and a negative counts one half.

    Parameters
    ----------
    is_positive : ndarray of shape (n_samples,), dtype bool
        Whether each sample is of the positive class.

    y_score : ndarray of shape (n_samples,)
        Finite scores, greater for the positive class.
    """

    def __init__(self, is_positive, y_score):
        self._order = np.argsort(y_score, kind="stable")
        self._is_positive = is_positive[self._order]
        score = y_score[self._order]
        self._ties = np.flatnonzero(np.r_[True, score[1:] != score[:-1]])

    def __call__(self, weights):
        """Compute the area, once for each row of weights.

        Parameters
        ----------
        weights : ndarray of shape (n_resamples, n_samples), dtype float64
            Weight of each sample.

        Returns
        -------
        area : ndarray of shape (n_resamples,)
            NaN where a class has no weight.
        """
        weights = weights[:, self._order]
        positive = np.add.reduceat(weights * self._is_positive, self._ties, axis=1)
        negative = np.add.reduceat(weights * ~self._is_positive, self._ties, axis=1)
        below = np.cumsum(negative, axis=1) - negative / 2
        pairs = positive.sum(axis=1) * negative.sum(axis=1)
        with np.errstate(invalid="ignore"):
            return (positive * below).sum(axis=1) / pairs
