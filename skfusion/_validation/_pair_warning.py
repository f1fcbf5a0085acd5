"""The mark of pairs that share a label, not a woman, and its warning."""

import pandas as pd

from ..exceptions import DataQualityWarning, warn_user

__all__ = ["BY_LABEL", "PAIRED_BY", "PAIR_WARNING", "warn_of_label_pairs"]

PAIR_WARNING = (
    "Each pair shares a label, not a woman: a mammogram of one and an ultrasound image "
    "of another. Two independent looks at one label raise accuracy by arithmetic, "
    "with any method. Results on such pairs show nothing about the value of fusion for "
    "a patient."
)

# The mark is a column, because columns stay where rows are selected or concatenated.
PAIRED_BY = "paired_by"
BY_LABEL = "label"


def warn_of_label_pairs(X):
    """Warn where X holds pairs that share a label only.

    Parameters
    ----------
    X : DataFrame, list or ndarray
        Images, or samples, in any form.

    Warns
    -----
    DataQualityWarning
        If a row of the column ``paired_by`` is "label".
    """
    if not isinstance(X, pd.DataFrame) or PAIRED_BY not in X.columns:
        return
    if (X[PAIRED_BY] == BY_LABEL).any():
        warn_user(PAIR_WARNING, DataQualityWarning)
