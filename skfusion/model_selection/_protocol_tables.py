"""What each protocol claims, and by how much more than the reference."""

from dataclasses import replace

import numpy as np
import pandas as pd

from ..metrics._intervals import summarise
from ..metrics._paired import paired_differences
from ..metrics._predictions import describe_lone_folds
from ._protocols import PROTOCOLS, REFERENCE
from ._tables import check_part, warn_of_lone_folds

__all__ = ["DIFFERENCE", "protocol_table"]

# Columns of the difference from the reference, and of its interval.
DIFFERENCE = ["optimism", "optimism_lower", "optimism_upper"]


def protocol_table(predictions, classes):
    """Summarise every protocol of every model, and compare it with the reference.

    Parameters
    ----------
    predictions : DataFrame
        Predictions of all models and protocols. ``group`` is the number of a patient.

    classes : ndarray of shape (n_classes,)
        All classes, the positive one of two last.

    Returns
    -------
    summary : DataFrame
        One row for each model, protocol and measure.
    """
    parts = predictions.groupby(["model", "protocol"], sort=False)
    checked = {key: check_part(part, classes) for key, part in parts}
    tables, lone = [], {}
    for (model, protocol), (part, groups) in checked.items():
        lone[describe_lone_folds(part), protocol] = None
        table = summarise(part)
        table.insert(0, "model", model)
        table.insert(1, "protocol", protocol)
        table.insert(2, "sound", PROTOCOLS[protocol])
        table[DIFFERENCE] = np.nan
        if protocol != REFERENCE:
            table[DIFFERENCE] = _compare((part, groups), checked[model, REFERENCE])
        table = table.assign(n=len(groups), n_groups=groups.nunique())
        tables.append(table.assign(measure=table.index))
    for reason, name in lone:  # once for each protocol
        warn_of_lone_folds({reason: name})
    return pd.concat(tables, ignore_index=True)


def _compare(*both):
    """Difference of every measure, on the same resamples of patients."""
    # The rows differ, and the patients have the same numbers.
    groups = np.concatenate([each for _, each in both])
    codes = np.unique(groups, return_inverse=True)[1]
    coded = np.split(codes, [len(both[0][1])])
    parts = [
        replace(part, group=each) for (part, _), each in zip(both, coded, strict=True)
    ]
    return paired_differences(*parts)[["difference", "lower", "upper"]]
