"""Pairs that share a label, not a woman, and what must be said of them."""

import pandas as pd

from ..exceptions import DataQualityWarning, warn_user

PAIR_WARNING = (
    "Each pair shares a label, not a woman: a mammogram of one and an ultrasound image "
    "of another. Two independent looks at one label raise accuracy by arithmetic, "
    "whatever the method. What is measured on such pairs says nothing of what fusion "
    "is worth to a patient."
)

# A column, because it survives whatever takes rows, copies them or puts them together.
PAIRED_BY = "paired_by"
BY_LABEL = "label"


def warn_of_label_pairs(X):
    """Warn where X holds pairs that share a label only.

    Parameters
    ----------
    X : DataFrame, list or ndarray
        Images, or samples, in any form.

    Returns
    -------
    warning : str
        The text of the warning; empty where there is none.

    Examples
    --------
    >>> from skfusion._validation._pair_warning import warn_of_label_pairs
    >>> warn_of_label_pairs(["a.png"])
    ''
    """
    if not isinstance(X, pd.DataFrame) or PAIRED_BY not in X.columns:
        return ""
    if not (X[PAIRED_BY] == BY_LABEL).any():
        return ""
    warn_user(
        PAIR_WARNING,
        DataQualityWarning,
    )
    return PAIR_WARNING
