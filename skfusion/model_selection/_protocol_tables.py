"""What each protocol claims, and by how much more than the reference."""

import numpy as np
import pandas as pd
from sklearn.utils import check_random_state

from .._validation._columns import GROUP
from ..exceptions import DataQualityWarning, warn_user
from ..metrics._bootstrap import resample_groups
from ..metrics._intervals import summarise
from ..metrics._measures import WeightedAUC, confusion_measures
from ..metrics._predictions import check_predictions, describe_lone_folds
from ._protocols import PROTOCOLS, REFERENCE

__all__ = ["protocol_table"]

_N_RESAMPLES = 1000


def protocol_table(predictions, classes, *, random_state=0):
    """Summarise every protocol of every model, and compare it with the reference.

    Parameters
    ----------
    predictions : DataFrame
        Predictions of all models and protocols. ``group`` is the number of a patient,
        from 0.

    classes : ndarray of shape (n_classes,)
        All classes, the positive one of two last.

    random_state : int, default=0
        Determines the resamples, which are the same for all protocols.

    Returns
    -------
    summary : DataFrame
        One row for each model, protocol and measure.
    """
    parts = {key: p for key, p in predictions.groupby(["model", "protocol"])}
    checked = {key: _check(part, classes) for key, part in parts.items()}
    _warn_of_lone_folds(checked)
    n_groups = int(predictions[GROUP].max()) + 1
    n_rows = max(map(len, parts.values()))
    draws = {
        key: _draw(each, parts[key][GROUP].to_numpy(), n_groups, n_rows, random_state)
        for key, each in checked.items()
    }
    order = predictions[["model", "protocol"]].drop_duplicates()
    tables = []
    for model, protocol in order.itertuples(index=False):
        key = model, protocol
        table = summarise(checked[key], random_state=random_state)
        table = table.join(_compare(draws[key], draws[model, REFERENCE]))
        if protocol == REFERENCE:
            table[["optimism", "optimism_lower", "optimism_upper"]] = np.nan
        table.insert(0, "model", model)
        table.insert(1, "protocol", protocol)
        table.insert(2, "sound", PROTOCOLS[protocol])
        table = table.assign(n=len(parts[key]), n_groups=parts[key][GROUP].nunique())
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


def _draw(checked, group, n_groups, n_rows, random_state):
    """Every measure of all rows (first), and of resamples of whole groups."""
    n_classes = checked.n_classes
    counts = np.zeros((n_groups, n_classes**2))
    np.add.at(counts, (group, n_classes * checked.true + checked.pred), 1)
    area = None
    if checked.score is not None:
        area = WeightedAUC(checked.true == 1, checked.score, checked.fold)
    rng = check_random_state(random_state)
    blocks = [np.ones((1, n_groups))]
    blocks += resample_groups(n_groups, _N_RESAMPLES, n_rows, rng)
    tables = []
    for weights in blocks:
        shape = (len(weights), n_classes, n_classes)
        measures = confusion_measures((weights @ counts).reshape(shape))
        if area is not None:
            measures["AUC"] = area(weights[:, group])
        tables.append(pd.DataFrame(measures))
    return pd.concat(tables, ignore_index=True)


def _compare(draws, reference):
    """Difference of two protocols on the same resamples of patients."""
    difference = draws - reference
    resampled = difference.iloc[1:]
    return pd.DataFrame(
        {
            "optimism": difference.iloc[0],
            "optimism_lower": resampled.quantile(0.025),
            "optimism_upper": resampled.quantile(0.975),
        }
    )
