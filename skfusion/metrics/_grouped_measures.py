"""Every measure of some predictions, for any weights of their groups."""

import numpy as np

from ._auc import WeightedAUC
from ._measures import BINARY_MEASURES, MULTICLASS_MEASURES, confusion_measures

__all__ = ["GroupedMeasures"]

_CERTAIN = ["kappa", "balanced accuracy", "AUC"]


class GroupedMeasures:
    """All measures of predictions whose groups have weights.

    Parameters
    ----------
    predictions : CheckedPredictions

    n_groups : int, default=None
        Number of groups, of which some may have no samples. If None, that of
        `predictions`.

    Attributes
    ----------
    names : tuple of str
        Names of the measures.

    n_groups : int
        Number of groups.

    limits : tuple of (ndarray, ndarray)
        Least and greatest value that each measure can have.

    has_certain_middle : ndarray of shape (n_measures,), dtype bool
        Whether a model that always predicts one class has the middle of `limits`.
    """

    def __init__(self, predictions, n_groups=None):
        true, pred = predictions.true, predictions.pred
        n_classes = predictions.n_classes
        self.names = BINARY_MEASURES if n_classes == 2 else MULTICLASS_MEASURES
        self.n_groups = n_groups or int(predictions.group.max()) + 1
        least = np.where(np.array(self.names) == "kappa", -1.0, 0.0)
        self.limits = least, np.ones(len(least))
        self.has_certain_middle = np.isin(self.names, _CERTAIN)
        self._n_classes = n_classes
        self._confusion = np.zeros((self.n_groups, n_classes * n_classes))
        np.add.at(self._confusion, (predictions.group, n_classes * true + pred), 1)
        self._area = None
        if predictions.score is not None:
            self._area = WeightedAUC(
                true == 1,
                predictions.score,
                predictions.group,
                predictions.fold,
                n_groups=self.n_groups,
            )

    def __call__(self, weights):
        """Compute every measure, once for each row of weights.

        Parameters
        ----------
        weights : ndarray of shape (n_resamples, n_groups), dtype float64
            Weight of each group.

        Returns
        -------
        values : ndarray of shape (n_resamples, n_measures)
            NaN where a measure is not defined.
        """
        shape = (len(weights), self._n_classes, self._n_classes)
        measures = confusion_measures((weights @ self._confusion).reshape(shape))
        if self._area is not None:
            measures["AUC"] = self._area(weights)
        undefined = np.full(len(weights), np.nan)
        return np.column_stack([measures.get(name, undefined) for name in self.names])

    def estimate(self):
        """Compute every measure with the weight 1 of each group.

        Returns
        -------
        estimate : ndarray of shape (n_measures,)
        """
        return self(np.ones((1, self.n_groups)))[0]

    def n_counted(self, *, of_rarest=True):
        """Count the groups that hold what each measure counts.

        Parameters
        ----------
        of_rarest : bool, default=True
            Whether the balanced accuracy and the AUC, which need every class, count the
            groups of the rarest class only, and otherwise all groups.

        Returns
        -------
        n_counted : ndarray of shape (n_measures,), dtype int64
            The groups with positive samples for the sensitivity, with samples that are
            predicted positive for the PPV, and all groups for kappa and the accuracy.
        """
        shape = (-1, self._n_classes, self._n_classes)
        holds = self._confusion.reshape(shape)
        true, predicted = ((holds.sum(axis=a) > 0).sum(axis=0) for a in (2, 1))
        counts = {}
        if of_rarest:
            counts |= {"balanced accuracy": true.min(), "AUC": true.min()}
        if self._n_classes == 2:
            counts |= {"specificity": true[0], "sensitivity": true[1]}
            counts |= {"NPV": predicted[0], "PPV": predicted[1]}
        return np.array([counts.get(name, self.n_groups) for name in self.names])
