"""The results of a comparison: tables, tests and plots."""

import numpy as np

from .._validation._private import StrOptions, validate_params
from ._plot import DISPLAYS
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

    @validate_params(
        {"kind": [StrOptions(set(DISPLAYS))]}, prefer_skip_nested_validation=True
    )
    def plot(self, kind="forest", *, ax=None, **kwargs):
        """Draw the comparison.

        Read more in the :ref:`User Guide <plots>`.

        Parameters
        ----------
        kind : str, default="forest"
            - "forest": estimates with intervals, :class:`ForestDisplay`;
            - "folds": scores of the folds, :class:`FoldsDisplay`;
            - "roc": ROC curves, :class:`RocDisplay`;
            - "precision_recall": precision and recall,
              :class:`PrecisionRecallDisplay`;
            - "calibration": reliability curves, :class:`CalibrationDisplay`;
            - "confusion": confusion matrices, :class:`ConfusionDisplay`;
            - "training": losses of the networks, :class:`TrainingDisplay`.

        ax : matplotlib Axes or array-like of Axes, default=None
            Axes to draw on, as many as the plot has panels. None makes a new figure.

        **kwargs
            Passed to ``from_comparison`` of the Display.

        Returns
        -------
        display : Display
            With the attributes ``figure_`` and ``ax_``.

        Raises
        ------
        ValueError
            If the kind is unknown, or the comparison lacks what the plot needs.
        """
        return DISPLAYS[kind].from_comparison(self, ax=ax, **kwargs)
