"""Names that differ in blanks at their ends only: mostly one thing, typed twice."""

import pandas as pd

from ..exceptions import DataQualityWarning, warn_user


def warn_of_blanks(classes, name):
    """Warn where two class labels differ in blanks at their ends only.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        Labels.

    name : str
        Of the estimator or function, for the warning.
    """
    twins = _twins(classes)
    if len(twins):
        warn_user(
            f"{name} takes {[str(label) for label in twins]!r} for different classes, "
            "though they differ in blanks at their ends only. Strip the labels if they "
            "are one class, as y.str.strip() of pandas does.",
            DataQualityWarning,
        )


def warn_of_blanks_in_groups(groups):
    """Warn where two groups differ in blanks at their ends only, by their rows.

    Parameters
    ----------
    groups : ndarray of shape (n_samples,)
        Of each row; none is shown.
    """
    twins = _twins(groups)
    if len(twins):
        rows = twins.index[twins.str.strip() == twins.iloc[0].strip()]
        warn_user(
            f"The groups of rows {rows[0]} and {rows[1]} differ in blanks at their "
            "ends only, and count as two: a split may part them. Strip the groups if "
            "they are one patient, as groups.str.strip() of pandas does.",
            DataQualityWarning,
        )


def _twins(names):
    """Distinct texts that differ in blanks only, by their first row."""
    names = pd.Series(names, dtype=object).drop_duplicates()
    texts = names[[isinstance(name, str) for name in names]]
    return texts[texts.str.strip().duplicated(keep=False)]
