"""The results of a comparison: tables, tests and plots."""

import numpy as np

from ._tables import (
    fold_table,
    prediction_table,
    row_table,
    summary_table,
    training_table,
)

__all__ = ["ModelComparison"]


class ModelComparison:
    """Results of several models on the same folds.

    :func:`compare_models` returns it.

    Attributes
    ----------
    folds : DataFrame
        One row for each ``model``, ``fold`` and ``modality`` ("all", then each), with
        ``n`` images, ``kappa`` and ``accuracy``. The rows of "all" have ``fit_time``
        and ``score_time`` (seconds), and ``test_<name>`` of each scorer of `scoring`.

    summary : DataFrame
        One row for each ``model``, ``modality`` and ``measure`` of
        :func:`~skfusion.metrics.classification_summary` over the pooled predictions,
        with ``estimate``, ``lower``, ``upper``, ``n`` images and ``n_groups``.

    predictions : DataFrame
        One row for each ``model``, ``fold`` and predicted ``row`` of X, with ``group``
        (a number, not the name) and ``modality`` if they are known, ``y_true``,
        ``y_pred`` and ``y_score``, the score of the positive class. It holds no path.

    training : DataFrame
        One row for each ``model``, ``fold`` and ``epoch`` of each trained network, with
        ``train_loss`` and, with early stopping, ``valid_loss``.

    splits : list of (ndarray, ndarray)
        Training rows and predicted rows, the same for every model.

    labels : ndarray of shape (n_classes,)
        All classes, the positive one of two last.
    """

    def __init__(self, results, data, estimators, *, error_score=np.nan):
        rows = row_table(data)
        self.splits = data.splits
        self.labels = data.labels
        self.predictions = prediction_table(results, data.splits, rows)
        self.folds = fold_table(
            results, data.splits, rows, self.predictions, error_score
        )
        self.training = training_table(results)
        self.summary = summary_table(self.predictions, data.labels)
        self._data = data
        self._estimators = dict(estimators)
