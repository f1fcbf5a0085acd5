"""Names that differ only in blanks at their ends, usually by a typing error."""

import pandas as pd

from ..exceptions import DataQualityWarning, warn_user

__all__ = ["warn_of_blanks", "warn_of_blanks_in_groups"]


def warn_of_blanks(classes, name):
    """Warn where two class labels differ only in blanks at their ends.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        Labels.

    name : str
        Name of the estimator or function, for the warning.
    """
    twins = _twins(classes)
    if len(twins):
        warn_user(
            f"{name} treats {[str(label) for label in twins]!r} as different classes, "
            "though they differ in blanks at their ends only. Strip the labels if they "
            "are one class, for example with y.str.strip() of pandas.",
            DataQualityWarning,
        )


def warn_of_blanks_in_groups(groups):
    """Warn where two groups differ only in blanks at their ends, and name their rows.

    Parameters
    ----------
    groups : ndarray of shape (n_samples,)
        Group of each row. The message shows none of them.
    """
    twins = _twins(groups)
    if len(twins):
        rows = twins.index[twins.str.strip() == twins.iloc[0].strip()]
        warn_user(
            f"The groups of rows {rows[0]} and {rows[1]} differ in blanks at their "
            "ends only. They are two groups, which a split may separate. Strip the "
            "groups if they are one patient, for example with groups.str.strip() of "
            "pandas.",
            DataQualityWarning,
        )


def _twins(names):
    """Return the distinct texts that differ only in blanks, by their first row."""
    names = pd.Series(names, dtype=object).drop_duplicates()
    texts = names[[isinstance(name, str) for name in names]]
    return texts[texts.str.strip().duplicated(keep=False)]
