"""The tables of a comparison."""

import numpy as np
import pandas as pd
from sklearn.utils.multiclass import unique_labels

from .._validation._columns import GROUP, MODALITY
from ..exceptions import DataQualityWarning, warn_user
from ..metrics import classification_summary
from ..metrics._intervals import summarise
from ..metrics._predictions import check_predictions, describe_lone_folds

_ALL = "all"


def row_table(data):
    """Tabulate what is known of each row, without its path and its patient.

    Parameters
    ----------
    data : CheckedData
        The groups become numbers.

    Returns
    -------
    rows : DataFrame of shape (n_samples, n_columns)
        With ``row``, ``group`` and ``modality`` where known, and ``y_true``.
    """
    rows = pd.DataFrame({"row": np.arange(len(data.y))})
    if data.groups is not None:
        rows[GROUP] = pd.factorize(data.groups)[0]
    if isinstance(data.X, pd.DataFrame) and MODALITY in data.X.columns:
        rows[MODALITY] = data.X[MODALITY].to_numpy()
    return rows.assign(y_true=data.y)


def prediction_table(results, splits, rows):
    """Put the out-of-fold predictions of every model below each other.

    Parameters
    ----------
    results : dict of str to list of dict
        By name of the model, what ``fit_fold`` returned for each fold.

    splits : list of (train, test)
        Rows of each fold.

    rows : DataFrame
        What is known of each row.

    Returns
    -------
    predictions : DataFrame
        `rows` with ``model``, ``fold``, ``y_pred`` and ``y_score``.
    """
    tables = []
    for name, folds in results.items():
        for fold, (result, (_, test)) in enumerate(zip(folds, splits, strict=True)):
            if "error" in result:
                continue
            table = rows.iloc[test].assign(
                y_pred=result["y_pred"], y_score=result["y_score"]
            )
            table.insert(0, "fold", fold)
            table.insert(0, "model", name)
            tables.append(table)
    return pd.concat(tables, ignore_index=True)


def _parts(table):
    """All rows, then those of each modality."""
    yield _ALL, table
    if MODALITY in table.columns:
        yield from table.groupby(MODALITY, sort=True)


def fold_table(results, splits, rows, predictions, error_score):
    """Score every fold, whole and by modality.

    Parameters
    ----------
    results : dict of str to list of dict
        By name of the model, what ``fit_fold`` returned for each fold.

    splits : list of (train, test)
        Rows of each fold.

    rows : DataFrame
        What is known of each row.

    predictions : DataFrame
        Out-of-fold predictions.

    error_score : float
        Kappa and accuracy of a fold that failed.

    Returns
    -------
    folds : DataFrame
        A row for each model, fold and modality.
    """
    by_fold = dict(iter(predictions.groupby(["model", "fold"])))
    records = []
    for name, folds in results.items():
        for fold, (result, (_, test)) in enumerate(zip(folds, splits, strict=True)):
            table = by_fold.get((name, fold), rows.iloc[test])
            records += _fold_records(name, fold, table, result, error_score)
    return pd.DataFrame.from_records(records)


def _fold_records(name, fold, table, result, error_score):
    has_failed = "error" in result
    scores = {f"test_{key}": value for key, value in result.get("scores", {}).items()}
    times = {key: result.get(key, np.nan) for key in ("fit_time", "score_time")}
    for modality, part in _parts(table):
        record = {"model": name, "fold": fold, "modality": modality, "n": len(part)}
        if has_failed:
            record |= {"kappa": error_score, "accuracy": error_score}
        else:
            # Both measures are the same whichever class is positive.
            labels = unique_labels(part["y_true"], part["y_pred"])
            estimate = classification_summary(
                part["y_true"], part["y_pred"], labels=labels, n_resamples=0
            )["estimate"]
            record |= estimate[["kappa", "accuracy"]].to_dict()
        yield record | times | scores if modality == _ALL else record


def summary_table(predictions, classes):
    """Summarise the pooled predictions of every model, whole and by modality.

    Parameters
    ----------
    predictions : DataFrame
        Out-of-fold predictions.

    classes : ndarray of shape (n_classes,)
        All classes, the positive one of two last.

    Returns
    -------
    summary : DataFrame
        A row for each model, modality and measure. Where a print is too narrow, pandas
        leaves out the columns in the middle.
    """
    tables, lone = [], {}
    for name, table in predictions.groupby("model", sort=False):
        for modality, part in _parts(table):
            checked, groups = _check_part(part, classes)
            summary = summarise(checked)
            summary.insert(0, "model", name)
            tables.append(
                summary.assign(
                    n=len(part),
                    n_groups=groups.nunique(),
                    modality=modality,
                    measure=summary.index,
                )
            )
            # Of equal warnings only the first one, that of all modalities, is given.
            lone.setdefault(describe_lone_folds(checked), modality)
    _warn_of_lone_folds(lone)
    return pd.concat(tables, ignore_index=True)


def _warn_of_lone_folds(lone):
    for reason, modality in lone.items():
        if reason:
            of = "" if modality == _ALL else f"Of {modality!r}: "
            warn_user(
                f"{of}{reason}",
                DataQualityWarning,
            )


def _check_part(part, classes):
    """Predictions of one model for one modality, and their groups."""
    # A row that is predicted in several folds (repeated folds) is one group too.
    groups = part[GROUP] if GROUP in part else part["row"]
    has_scores = len(classes) == 2 and part["y_score"].notna().all()
    checked = check_predictions(
        part["y_true"],
        part["y_pred"],
        y_score=part["y_score"] if has_scores else None,
        groups=groups,
        folds=part["fold"],
        labels=classes,
    )
    return checked, groups
