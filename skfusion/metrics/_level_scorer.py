"""A scorer that counts each breast, or each patient, once."""

import numpy as np
import pandas as pd
from sklearn.metrics import cohen_kappa_score
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import unique_labels

from .._validation._positive_class import warn_of_positive_class
from .._validation._private import StrOptions, validate_params
from .._validation._units import level_of_rows
from ._aggregation import METHODS, combine_scores

__all__ = ["make_level_scorer"]


class _LevelScorer:
    """Scorer that is called with an estimator, X and y."""

    def __init__(self, by, metric, method, response_method, labels):
        self.by = by
        self.metric = metric
        self.method = method
        self.response_method = response_method
        self.labels = labels

    def __call__(self, estimator, X, y):
        codes = pd.factorize(level_of_rows(X, self.by))[0]
        y = column_or_1d(y)
        if self.response_method == "predict":
            y_pred = column_or_1d(estimator.predict(X))
            labels = self._find_labels(estimator, y, y_pred)
            true, pred = (_worst(_rank(v, labels), codes) for v in (y, y_pred))
            return self.metric(labels[true], labels[pred])
        probabilities = _check_two_columns(estimator.predict_proba(X))
        labels = self._find_labels(estimator, y)
        true = _worst(_rank(y, labels), codes)
        column = int(np.argmax(estimator.classes_ == labels[-1]))
        score = combine_scores(probabilities[:, column], codes, self.method)
        # Metrics of scores take the greater label as positive, which is the last one.
        return self.metric(labels[true] if self.labels is None else true, score)

    def _find_labels(self, estimator, *present):
        """Return all classes in order, the worst one last."""
        classes = unique_labels(*present, getattr(estimator, "classes_", present[0]))
        if self.labels is not None:
            return _check_order(self.labels, classes)
        if len(classes) > 2:
            raise ValueError(
                "Expected labels, in order and the worst one last, where there are "
                f"more than two classes. Got labels=None and {classes.tolist()!r}: "
                "neither names nor codes show which class is the worst. Pass labels to "
                "make_level_scorer."
            )
        warn_of_positive_class(classes, "make_level_scorer")
        return classes

    def __repr__(self):
        name = getattr(self.metric, "__name__", repr(self.metric))
        return (
            f"make_level_scorer(by={self.by!r}, metric={name}, "
            f"method={self.method!r}, response_method={self.response_method!r}, "
            f"labels={self.labels!r})"
        )


def _check_order(labels, classes):
    labels = column_or_1d(labels)
    strange = np.setdiff1d(classes, labels)
    if len(strange) or len(np.unique(labels)) < len(labels):
        raise ValueError(
            f"Expected labels to hold each of the classes {classes.tolist()!r} once, "
            f"in order and the worst one last. Got labels={labels.tolist()!r}."
        )
    return labels


def _check_two_columns(probabilities):
    if probabilities.shape[1] != 2:
        raise ValueError(
            "Expected 2 classes for response_method='predict_proba'. Got "
            f"{probabilities.shape[1]}. Use response_method='predict'."
        )
    return probabilities


def _rank(y, labels):
    """Position of each label in all labels."""
    return pd.Index(labels).get_indexer(y)


def _worst(ranks, codes):
    """Greatest rank of each breast or patient."""
    return pd.Series(ranks).groupby(codes).max().to_numpy()


@validate_params(
    {
        "by": [str],
        "metric": [callable],
        "method": [StrOptions(set(METHODS))],
        "response_method": [StrOptions({"predict", "predict_proba"})],
        "labels": ["array-like", None],
    },
    prefer_skip_nested_validation=True,
)
def make_level_scorer(
    by="breast",
    metric=cohen_kappa_score,
    *,
    method="mean",
    response_method="predict",
    labels=None,
):
    """Make a scorer that counts each breast, or each patient, once.

    The true class of a breast is the worst class of its images, the last one in
    `labels`. With ``response_method="predict"`` its predicted class is the worst
    predicted class of its images; with "predict_proba" `method` combines the scores of
    its images. Without `labels` the greater of two labels is the worse one, and a
    warning names it if the alphabet alone decides. More than two classes require
    `labels`, because "normal" comes after "malignant". A
    :class:`~skfusion.fusion.LevelAggregator` predicts the same for all images of a
    breast.

    Parameters
    ----------
    by : str, default="breast"
        "breast" (the columns ``group`` and ``laterality`` of X), or a column of X, such
        as "group", the patient.

    metric : callable, default=cohen_kappa_score
        Function of the true labels and the predicted labels or scores that returns a
        number. Greater is better.

    method : {"mean", "max", "noisy_or"}, default="mean"
        How the scores of the images of a breast are combined, the same as in
        :class:`~skfusion.fusion.LevelAggregator`. It is used with
        ``response_method="predict_proba"`` only.

    response_method : {"predict", "predict_proba"}, default="predict"
        Method of the estimator whose output `metric` receives. Use "predict_proba",
        the probability of the positive class, for a metric of scores such as
        ``roc_auc_score``. (With "predict", an area under the ROC curve is that of
        labels, and too small.)

    labels : array-like of shape (n_classes,), default=None
        All classes in order, the worst one last, such as ["normal", "benign",
        "malignant"]. It is required for more than two classes. With "predict_proba",
        `metric` receives 1 for the last class and 0 for the other one; otherwise it
        receives labels.

    Returns
    -------
    scorer : callable
        Scorer for the parameter `scoring` of ``cross_val_score``, ``GridSearchCV`` and
        similar tools. It raises a ValueError if there are more than two classes and no
        `labels`, or if `labels` does not hold every class once.

    See Also
    --------
    skfusion.fusion.LevelAggregator : Classifier of breasts or patients.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.dummy import DummyClassifier
    >>> from skfusion.metrics import make_level_scorer
    >>> X = pd.DataFrame({"group": ["anna", "anna", "berta"]})
    >>> model = DummyClassifier(strategy="constant", constant=1).fit(X, [0, 1, 1])
    >>> make_level_scorer("group")(model, X, [0, 1, 0])
    0.0
    """
    return _LevelScorer(by, metric, method, response_method, labels)
