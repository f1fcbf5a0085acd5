"""The part of a comparison that is drawn, and its description."""

import numpy as np
import pandas as pd

from ..._validation._columns import GROUP, MODALITY
from .._tables import ALL, CROSS_VALIDATION

__all__ = [
    "chance_of",
    "check_choice",
    "check_names",
    "check_two_classes",
    "class_name",
    "describe",
    "scored_predictions",
    "select_models",
    "select_predictions",
    "summary_rows",
    "title",
]


def check_choice(parameter, value, known):
    """Raise a ValueError unless a value is known.

    Parameters
    ----------
    parameter : str
        Name of the parameter, for the error.

    value : object

    known : list
        The values that are possible.
    """
    if value not in known:
        raise ValueError(
            f"Expected {parameter} to be one of {', '.join(map(repr, known))}. Got "
            f"{value!r} instead."
        )


def check_names(parameter, names, known):
    """Return a list of names, and raise a ValueError unless all are known.

    Parameters
    ----------
    parameter : str
        Name of the parameter, for the error.

    names : str or array-like of str
        At least one.

    known : list
        The names that are possible.

    Returns
    -------
    names : list of str
    """
    names = np.ravel(names).tolist()
    if not names:
        raise ValueError(
            f"Expected {parameter} to name at least one of "
            f"{', '.join(map(repr, known))}. Got an empty one."
        )
    for name in names:
        check_choice(parameter, name, known)
    return names


def select_models(comparison, models=None):
    """Check the names of models.

    Parameters
    ----------
    comparison : ModelComparison

    models : str, array-like of str or None, default=None
        None means all models.

    Returns
    -------
    names : list of str

    Raises
    ------
    ValueError
        If a model is unknown, or no model is named.
    """
    known = list(comparison.summary["model"].unique())
    return known if models is None else check_names("models", models, known)


def select_predictions(comparison, *, data=CROSS_VALIDATION, modality=ALL, models=None):
    """Take the predictions of each model on one data set and modality.

    Parameters
    ----------
    comparison : ModelComparison

    data : str, default="cross-validation"
        "cross-validation", or the name of an external data set.

    modality : str, default="all"
        "all", or one modality.

    models : str, array-like of str or None, default=None
        None means all models.

    Returns
    -------
    tables : dict of str to DataFrame
        The predictions of each model.

    Raises
    ------
    ValueError
        If the data set, the modality or a model is unknown.
    """
    names = select_models(comparison, models)
    known = comparison._tables()
    check_choice("data", data, list(known))
    table = known[data]
    known = table[MODALITY].dropna().unique() if MODALITY in table else []
    check_choice("modality", modality, [ALL, *sorted(known)])
    if modality != ALL:
        table = table[table[MODALITY] == modality]
    return {name: table[table["model"] == name] for name in names}


def scored_predictions(comparison, *, data=CROSS_VALIDATION, modality=ALL, models=None):
    """Take the predictions, and check that each of them has a score.

    Parameters
    ----------
    comparison, data, modality, models
        The same as in :func:`select_predictions`.

    Returns
    -------
    tables : dict of str to DataFrame
        The predictions of each model, with a column ``is_positive``.

    Raises
    ------
    ValueError
        If there are more than two classes, or a model has no scores.
    """
    check_two_classes(comparison)
    tables = select_predictions(comparison, data=data, modality=modality, models=models)
    _check_scores(comparison, tables)
    positive = comparison.labels[1]
    return {
        name: part.assign(is_positive=part["y_true"] == positive)
        for name, part in tables.items()
    }


def _check_scores(comparison, tables):
    """Raise unless each prediction has a score that is a number."""
    found = []
    for name, part in tables.items():
        has_scores = (
            comparison._has_probabilities[name] or part["y_score"].notna().any()
        )
        if part["y_score"].isna().any():
            what = "scores that are NaN" if has_scores else "no score"
            found.append(f"{what} from {name!r}")
    if found:
        raise ValueError(
            "Expected models with predict_proba or decision_function. Got "
            f"{', '.join(found)}: leave them out by models=[...]."
        )


def check_two_classes(comparison):
    """Raise a ValueError unless a comparison has two classes.

    Parameters
    ----------
    comparison : ModelComparison
    """
    if len(comparison.labels) != 2:
        raise ValueError(
            "Expected a comparison with two classes, because the curve needs a "
            f"positive class. Got labels={comparison.labels.tolist()!r}: use 'forest', "
            "'folds' or 'confusion'."
        )


def summary_rows(comparison, *, data=None, modality=None, models=None):
    """Take rows of the summary.

    Parameters
    ----------
    comparison : ModelComparison

    data, modality : str or None, default=None
        None means all of them.

    models : str, array-like of str or None, default=None
        None means all models.

    Returns
    -------
    summary : DataFrame

    Raises
    ------
    ValueError
        If the data set, the modality or a model is unknown.
    """
    names = select_models(comparison, models)
    table = pd.DataFrame(comparison.summary)
    # The rows are in the order of the names.
    table = pd.concat([table[table["model"] == name] for name in names])
    for column, value in (("data", data), (MODALITY, modality)):
        if value is not None:
            check_choice(column, value, list(table[column].unique()))
            table = table[table[column] == value]
    return table


def chance_of(prevalence, n_classes):
    """Values of a model that always predicts one class, or draws its scores.

    Parameters
    ----------
    prevalence : float
        Of the positive class; NaN if there are more than two classes.

    n_classes : int

    Returns
    -------
    chance : dict of str to float
        By measure, without those that depend on the model.
    """
    return {
        "kappa": 0.0,
        "AUC": 0.5,
        "accuracy": max(prevalence, 1 - prevalence),
        "balanced accuracy": 1 / n_classes,
        "PPV": prevalence,
        "NPV": 1 - prevalence,
    }


def describe(predictions, labels):
    """Describe some data: number of images, groups, repetitions, positive images.

    Parameters
    ----------
    predictions : DataFrame
        An image that is predicted several times is counted once.

    labels : array-like of shape (n_classes,)
        All classes, the positive one of two last.

    Returns
    -------
    description : str
    """
    rows = predictions.drop_duplicates("row")
    n_groups = rows[GROUP].nunique() if GROUP in rows else len(rows)
    text = f"{len(rows):,} images"
    if n_groups < len(rows):
        text += f" of {n_groups:,} groups"
    counts = predictions.groupby(["model", "row"]).size()
    low, high = counts.min(), counts.max()
    if high > 1:
        text += f", {low if low == high else f'{low} to {high}'} repetitions"
    if len(labels) != 2:
        return text
    share = 100 * (rows["y_true"] == labels[1]).mean()
    preposition = "" if isinstance(labels[1], str) else "of "
    return f"{text}, {share:.0f} % {preposition}{class_name(labels[1])}"


def class_name(label):
    """Name of a class.

    Parameters
    ----------
    label : str or int

    Returns
    -------
    name : str
        The label, or "class 1".
    """
    return str(label) if isinstance(label, str) else f"class {label}"


def title(predictions, *, data, modality, labels):
    """Title of a plot of some predictions.

    Parameters
    ----------
    predictions : DataFrame
        Predictions of one model.

    data, modality : str

    labels : array-like of shape (n_classes,)

    Returns
    -------
    title : str
        Two lines.
    """
    name = data if data != CROSS_VALIDATION else "Cross-validation"
    first = name if modality == ALL else f"{name}, {modality}"
    return f"{first}\n{describe(predictions, labels)}"
