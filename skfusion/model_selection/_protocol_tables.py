"""What each protocol claims, and by how much more than the reference."""

from dataclasses import replace

import numpy as np
import pandas as pd

from .._validation._columns import GROUP
from ..exceptions import DataQualityWarning, warn_user
from ..metrics._intervals import summarise
from ..metrics._paired import paired_differences
from ..metrics._predictions import check_predictions, describe_lone_folds
from ._protocols import PROTOCOLS, REFERENCE

__all__ = ["protocol_table"]


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
    keys = ["model", "protocol"]
    parts = dict(list(predictions.groupby(keys, sort=False)))
    checked = {key: _check(part, classes) for key, part in parts.items()}
    _warn_of_lone_folds(checked)
    tables = []
    for (model, protocol), part in parts.items():
        table = summarise(checked[model, protocol])
        table = table.join(_compare(parts, checked, model, protocol))
        table.insert(0, "model", model)
        table.insert(1, "protocol", protocol)
        table.insert(2, "sound", PROTOCOLS[protocol])
        table = table.assign(n=len(part), n_groups=part[GROUP].nunique())
        tables.append(table.reset_index())
    return pd.concat(tables, ignore_index=True)


def _check(part, classes):
    has_scores = len(classes) == 2 and part["y_score"].notna().all()
    return check_predictions(
        part["y_true"],
        part["y_pred"],
        y_score=part["y_score"] if has_scores else None,
        groups=part[GROUP],
        folds=part["fold"],
        labels=classes,
    )


def _warn_of_lone_folds(checked):
    reasons = {}
    for (_, protocol), each in checked.items():
        reasons.setdefault(protocol, describe_lone_folds(each))
    for protocol, reason in reasons.items():
        if reason:
            warn_user(f"With the split {protocol!r}: {reason}", DataQualityWarning)


def _compare(parts, checked, model, protocol):
    """Difference from the reference, on the same resamples of patients."""
    names = {
        "difference": "optimism",
        "lower": "optimism_lower",
        "upper": "optimism_upper",
    }
    keys = [(model, protocol), (model, REFERENCE)]
    if protocol == REFERENCE:
        return pd.DataFrame(columns=list(names.values()), dtype=np.float64)
    # The rows differ, and the patients have the same numbers. Those who have no rows
    # under a protocol, because a sampler dropped them, are numbered first.
    present = [parts[key][GROUP].to_numpy() for key in keys]
    everybody = np.unique(np.concatenate(present))
    has_both = np.isin(everybody, present[0]) & np.isin(everybody, present[1])
    number = pd.Series(np.argsort(np.argsort(has_both, kind="stable")), everybody)
    both = [
        replace(checked[key], group=number[groups].to_numpy())
        for key, groups in zip(keys, present, strict=True)
    ]
    return paired_differences(*both).rename(columns=names)[list(names.values())]
