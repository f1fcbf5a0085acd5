"""Kappa that counts each breast, or each patient, once."""

import numpy as np
import pandas as pd
from sklearn.metrics import cohen_kappa_score
from sklearn.utils._param_validation import StrOptions, validate_params

from .._levels import level_of_rows
from ._summary import warn_of_positive_class

__all__ = ["make_level_scorer"]


class _LevelScorer:
    """Callable of an estimator, X and y, as ``scoring`` takes it."""

    def __init__(self, by, metric, response_method):
        self.by = by
        self.metric = metric
        self.response_method = response_method

    def __call__(self, estimator, X, y):
        codes = pd.factorize(level_of_rows(X, self.by))[0]
        table = pd.DataFrame({"true": np.asarray(y), "pred": self._ask(estimator, X)})
        labels = table if self.response_method == "predict" else table["true"]
        warn_of_positive_class(
            np.unique(labels.to_numpy()), "make_level_scorer", "Else pass y of 0 and 1."
        )
        # Malignant, the greater label, where any of its images is; so with scores.
        once = table.groupby(codes).max()
        return self.metric(once["true"], once["pred"])

    def _ask(self, estimator, X):
        """Labels, or probabilities of the positive class."""
        if self.response_method == "predict":
            return estimator.predict(X)
        probabilities = estimator.predict_proba(X)
        if probabilities.shape[1] != 2:
            raise ValueError(
                "Expected 2 classes for response_method='predict_proba'. Got "
                f"{probabilities.shape[1]}. Use response_method='predict'."
            )
        return probabilities[:, 1]

    def __repr__(self):
        name = getattr(self.metric, "__name__", repr(self.metric))
        return (
            f"make_level_scorer(by={self.by!r}, metric={name}, "
            f"response_method={self.response_method!r})"
        )


@validate_params(
    {
        "by": [str],
        "metric": [callable],
        "response_method": [StrOptions({"predict", "predict_proba"})],
    },
    prefer_skip_nested_validation=True,
)
def make_level_scorer(
    by="breast", metric=cohen_kappa_score, *, response_method="predict"
):
    """Make a scorer that counts each breast, or each patient, once.

    A breast is malignant where one of its images is, in truth and as predicted: of two
    labels the greater one counts as malignant, and a warning says which one that is
    where it is but the last in the alphabet. Behind a
    :class:`~skfusion.fusion.LevelAggregator` all images of a breast are predicted
    alike; behind any other model it is the most suspicious image that decides.

    Parameters
    ----------
    by : str, default="breast"
        "breast" (the columns ``group`` and ``laterality`` of X), or a column of X, such
        as "group", the patient.

    metric : callable, default=cohen_kappa_score
        From true labels and what the estimator says, labels or scores, to a number,
        greater is better.

    response_method : {"predict", "predict_proba"}, default="predict"
        What `metric` is given. "predict_proba", for a metric of scores such as
        ``roc_auc_score``: the probability of the positive class; of a breast, the
        greatest of its images. (With "predict", an area under the ROC curve is that of
        labels, and too small.)

    Returns
    -------
    scorer : callable
        For the parameter `scoring` of ``cross_val_score``, ``GridSearchCV`` and the
        like.

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
    return _LevelScorer(by, metric, response_method)
