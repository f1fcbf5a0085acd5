"""Predictions of every model of a comparison at an operating point."""

from dataclasses import replace

import numpy as np
import pandas as pd

from ..exceptions import DataQualityWarning, warn_user
from ..fusion._inner_folds import split_inner
from ._folds import predict_folds
from ._inner_scores import check_both_classes, group_rows
from ._lost_in_pickles import require_data
from ._tables import CROSS_VALIDATION, row_table
from ._target import parse_target

__all__ = ["at_operating_point", "score_training_parts"]

_INNER_FOLDS = 5


def at_operating_point(comparison, at, combine=None):
    """Return the function that predicts classes at an operating point.

    The threshold of a fold is learnt from inner scores of its training part. An
    external data set is predicted by models that were fitted to all rows, so that its
    threshold is learnt from the predictions of the cross-validation.

    Parameters
    ----------
    comparison : ModelComparison

    at : str
        Such as "specificity=0.9".

    combine : callable, default=None
        Combines the images of a table of one model to breasts or patients. The target
        is then that of breasts or patients.

    Returns
    -------
    predict : callable
        It takes and returns a table of predictions of one model on ``data``.

    Raises
    ------
    ValueError
        If the target has another form, there are not two classes, a score is missing
        or infinite, a training part is too small for inner folds, or a fit in one of
        them fails.
    """
    target = parse_target(at, "at")
    _check_two_classes(comparison.labels.tolist())
    for data, table in comparison._tables().items():
        _check_scores(table, data)
    if comparison._inner is None:
        comparison._inner = score_training_parts(comparison)
    _check_scores(comparison._inner, "inner folds")
    tables = {CROSS_VALIDATION: comparison._inner}
    for data in comparison.externals:
        tables[data] = comparison.predictions.assign(part=0)
    thresholds = {
        data: _learn_thresholds(table, target, comparison.labels, combine)
        for data, table in tables.items()
    }
    _warn_of_one_class(thresholds[CROSS_VALIDATION], target)

    def predict(table, data):
        model = table["model"].iloc[0]
        table = table if combine is None else combine(table)
        limits = thresholds[data][model].reindex(table["fold"]).to_numpy()
        is_positive = table["y_score"].to_numpy() >= limits
        return table.assign(y_pred=comparison.labels[is_positive.astype(int)])

    return predict


def score_training_parts(comparison):
    """Score the training part of each fold, in inner folds that no group crosses.

    The models are fitted as those of the comparison are: in the same store, with as
    many jobs and threads.

    Parameters
    ----------
    comparison : ModelComparison

    Returns
    -------
    scores : DataFrame
        The columns of ``predictions`` of the comparison, where ``fold`` is the inner
        fold, and ``part``, the fold whose training part was scored. Each row of a
        training part is there once for each model.
    """
    require_data(comparison, "summary(at=...)")
    data = comparison._data
    splits, parts = _inner_splits(data)
    estimators = list(comparison._estimators.items())
    inner = replace(data, splits=splits)
    results = predict_folds(estimators, inner, error_score="raise", **comparison._runs)
    rows = row_table(data)
    return pd.concat(
        [
            rows.iloc[test].assign(
                model=name,
                fold=fold,
                part=part,
                y_pred=result["y_pred"],
                y_score=result["y_score"],
            )
            for name, folds in results.items()
            for fold, (result, (_, test), part) in enumerate(
                zip(folds, splits, parts, strict=True)
            )
        ],
        ignore_index=True,
    )


def _inner_splits(data):
    """Return the splits of all training parts, and the fold of each."""
    groups, _ = group_rows(data.X, data.groups)
    groups = pd.factorize(groups)[0]
    codes = (data.y == data.labels[1]).astype(np.int64)
    splits, parts = [], []
    for part, (train, _) in enumerate(data.splits):
        n_folds = _count_folds(codes[train], groups[train], part)
        present = np.ones((len(train), 1))
        for inner in split_inner(
            codes[train], present, groups[train], cv=n_folds, seed=part
        ):
            rows = tuple(train[side] for side in inner)
            check_both_classes(data.y[rows[0]])
            splits.append(rows)
            parts.append(part)
    return splits, parts


def _count_folds(codes, groups, part):
    """Return the number of inner folds, which is less than five for few rows."""
    n_folds = min(_INNER_FOLDS, len(np.unique(groups)), np.bincount(codes).max())
    if n_folds < 2:
        raise ValueError(
            "Expected at least two groups, and two samples of a class, to learn a "
            f"threshold from. Got {len(np.unique(groups))} groups of {len(codes)} "
            f"samples in the training part of fold {part}. Compare the models on more "
            "patients."
        )
    return n_folds


def _learn_thresholds(scores, target, labels, combine):
    """Return a threshold for each fold of each model."""
    thresholds = {}
    for model, table in scores.groupby("model", sort=False):
        thresholds[model] = pd.Series(
            {
                part: _learn(rows, target, labels, combine)
                for part, rows in table.groupby("part")
            }
        )
    return thresholds


def _learn(scores, target, labels, combine):
    if combine is not None:
        scores = combine(scores)
    is_positive = (scores["y_true"] == labels[1]).to_numpy()
    if is_positive.all() or not is_positive.any():
        raise ValueError(
            f"Expected both classes among those of which {target} is a target. Got "
            f"{len(scores)} breasts or patients of the class "
            f"{scores['y_true'].tolist()[0]!r} only. Summarise images: level='image'."
        )
    return target.find(scores["y_score"].to_numpy(), is_positive).threshold


def _check_two_classes(labels):
    if len(labels) != 2:
        raise ValueError(
            f"Expected two classes, which a threshold separates. Got {labels!r}."
        )


def _check_scores(predictions, data):
    for model, table in predictions.groupby("model", sort=False):
        n_strange = np.sum(~np.isfinite(table["y_score"]))
        if n_strange:
            raise ValueError(
                "Expected models with scores, predict_proba or decision_function, for "
                f"an operating point. Got {model!r} without a finite score for "
                f"{n_strange} rows of {data!r}. Leave it out of compare_models."
            )


def _warn_of_one_class(thresholds, target):
    for model, found in thresholds.items():
        folds = found.index[np.isinf(found)].tolist()
        if folds:
            warn_user(
                f"The model {model!r} reaches {target} in the inner folds only if it "
                f"predicts one class for every row, in the folds {folds[:10]!r}. Lower "
                "the target, or leave the model out.",
                DataQualityWarning,
            )
