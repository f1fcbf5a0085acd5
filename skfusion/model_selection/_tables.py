"""The tables of a comparison."""

import numpy as np
import pandas as pd
from sklearn.utils.multiclass import unique_labels

from .._validation._columns import GROUP, IMAGE_COLUMNS, MODALITY
from ..exceptions import DataQualityWarning, warn_user
from ..metrics import classification_summary
from ..metrics._intervals import summarise
from ..metrics._predictions import check_predictions, describe_lone_folds

__all__ = [
    "ALL",
    "CROSS_VALIDATION",
    "check_part",
    "fold_table",
    "measure_folds",
    "prediction_table",
    "row_table",
    "summary_table",
    "training_table",
    "warn_of_lone_folds",
]

# Names of the data and the modality of a comparison without any other.
ALL, CROSS_VALIDATION = "all", "cross-validation"


def row_table(data):
    """Tabulate what is known of each row, without its path and its patient.

    Parameters
    ----------
    data : CheckedData
        The groups become numbers.

    Returns
    -------
    rows : DataFrame of shape (n_samples, n_columns)
        The columns are ``row``, ``group`` (if known), those of ``modality``, ``view``,
        ``laterality`` and ``dataset`` that X has, and ``y_true``.
    """
    rows = pd.DataFrame({"row": np.arange(len(data.y))})
    if data.groups is not None:
        rows[GROUP] = pd.factorize(data.groups)[0]
    if isinstance(data.X, pd.DataFrame):
        for column in IMAGE_COLUMNS[1:]:  # not the path
            if column != GROUP and column in data.X.columns:
                rows[column] = data.X[column].to_numpy()
    return rows.assign(y_true=data.y)


def prediction_table(results, splits, rows):
    """Concatenate the out-of-fold predictions of every model.

    Parameters
    ----------
    results : dict of str to list of dict
        Results of ``fit_fold`` on each fold, by the name of the model.

    splits : list of (train, test)
        Rows of each fold.

    rows : DataFrame
        Table of the rows.

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


def _parts(table, by=None):
    """Yield all rows, then those of each modality, or those of each value of `by`."""
    if by is not None:
        yield from table.groupby(by, sort=True, dropna=False, observed=True)
        return
    yield ALL, table
    if MODALITY in table.columns:
        yield from table.groupby(MODALITY, sort=True)


def fold_table(results, splits, rows, predictions, error_score):
    """Compute kappa and accuracy of every fold, in total and for each modality.

    Parameters
    ----------
    results : dict of str to list of dict
        Results of ``fit_fold`` on each fold, by the name of the model.

    splits : list of (train, test)
        Rows of each fold.

    rows : DataFrame
        Table of the rows.

    predictions : DataFrame
        Out-of-fold predictions.

    error_score : float
        Kappa and accuracy of a fold on which the model failed.

    Returns
    -------
    folds : DataFrame
        One row for each model, fold and modality.
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
            # Both measures do not depend on which class is positive.
            labels = unique_labels(part["y_true"], part["y_pred"])
            estimate = classification_summary(
                part["y_true"], part["y_pred"], labels=labels, n_resamples=0
            )["estimate"]
            record |= estimate[["kappa", "accuracy"]].to_dict()
        yield record | times | scores if modality == ALL else record


def training_table(results):
    """Tabulate the losses of every epoch of the trained networks.

    Parameters
    ----------
    results : dict of str to list of dict
        Results of ``fit_fold`` on each fold, by the name of the model.

    Returns
    -------
    training : DataFrame
        The columns are ``model``, ``fold``, ``member``, ``epoch``, ``train_loss`` and
        ``valid_loss``. It is empty if no model is a network.
    """
    records = [
        {"model": name, "fold": fold, **epoch}
        for name, folds in results.items()
        for fold, result in enumerate(folds)
        for epoch in result.get("history", [])
    ]
    columns = ["model", "fold", "member", "epoch", "train_loss", "valid_loss"]
    return pd.DataFrame.from_records(records, columns=columns)


def summary_table(
    predictions, classes, *, data=CROSS_VALIDATION, by=None, combine=None
):
    """Summarise the pooled predictions of every model, in total and by modality.

    Parameters
    ----------
    predictions : DataFrame
        Predictions of every model.

    classes : ndarray of shape (n_classes,)
        All classes, the positive one of two last.

    data : str, default="cross-validation"
        Name of the data that were predicted.

    by : str, default=None
        Column of `predictions`, for one part a value. If None, the parts are all rows,
        and those of each modality.

    combine : callable, default=None
        Combines the images of a part to breasts or patients.

    Returns
    -------
    summary : DataFrame
        One row for each model, part and measure. The columns of interest come first
        and last, because a narrow print leaves out those in the middle.
    """
    tables, lone = [], {}
    for name, table in predictions.groupby("model", sort=False):
        for value, part in _parts(table, by):
            part = part if combine is None else combine(part)
            checked, groups = check_part(part, classes)
            summary = summarise(checked)
            summary.insert(0, "model", name)
            tables.append(
                summary.assign(
                    n=len(part),
                    n_groups=groups.nunique(),
                    data=data,
                    **{by or MODALITY: value},
                    measure=summary.index,
                )
            )
            # Of equal warnings only the first one, that of all modalities, is given.
            lone.setdefault(describe_lone_folds(checked), value)
    warn_of_lone_folds(lone)
    return pd.concat(tables, ignore_index=True)


def warn_of_lone_folds(lone):
    """Warn of the samples that the AUC leaves out.

    Parameters
    ----------
    lone : dict of str to str
        The part of the predictions, by the reason; an empty reason is none.
    """
    for reason, modality in lone.items():
        if reason:
            prefix = "" if modality == ALL else f"For {modality!r}: "
            warn_user(f"{prefix}{reason}", DataQualityWarning)


def check_part(part, classes):
    """Check some predictions of one model.

    Parameters
    ----------
    part : DataFrame
        Some rows of the table of predictions.

    classes : ndarray of shape (n_classes,)
        All classes, the positive one of two last.

    Returns
    -------
    checked : CheckedPredictions
        Without scores where one is missing.

    groups : Series
        Groups, or rows without groups.
    """
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


def measure_folds(table, classes, measure):
    """Compute a measure of one model on each fold.

    Parameters
    ----------
    table : DataFrame
        Predictions of one model.

    classes : ndarray of shape (n_classes,)
        All classes, the positive one of two last.

    measure : str
        Measure of the summary.

    Returns
    -------
    scores : Series of shape (n_folds,)
        By the number of the fold; NaN where the fold does not define the measure.
    """
    return pd.Series(
        {
            fold: summarise(check_part(part, classes)[0], n_resamples=0).at[
                measure, "estimate"
            ]
            for fold, part in table.groupby("fold")
        },
        dtype=np.float64,
    )
