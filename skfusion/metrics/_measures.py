"""Measures of agreement, vectorised over weighted resamples."""

import numpy as np

__all__ = ["BINARY_MEASURES", "MULTICLASS_MEASURES", "confusion_measures"]

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
