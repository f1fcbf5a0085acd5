"""Models fitted on all data, and their predictions of another data set."""

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.exceptions import FitFailedWarning
from sklearn.utils import check_consistent_length, column_or_1d

from .._validation._blanks import warn_of_blanks_in_groups
from .._validation._groups import find_groups
from .._validation._unreadable import names_unreadable_images
from ..exceptions import DataQualityWarning, LeakageError, warn_user
from ._fit_fold import _fit, free_memory, predict_rows
from ._folds import CheckedData
from ._own_copies import own_data
from ._private_texts import error_text
from ._same_images import count_shared_groups, same_images
from ._tables import prediction_table, row_table
from ._thread_limit import limited_threads

__all__ = ["check_external", "predict_external", "refit_model"]


def refit_model(estimator, data, rows=None):
    """Fit a clone on all or some rows, with the groups and the threads of the folds.

    Parameters
    ----------
    estimator : classifier
        It is cloned.

    data : CheckedData

    rows : ndarray of int, default=None
        Rows from which it learns; all if None.

    Returns
    -------
    model : classifier
    """
    rows = np.arange(len(data.y)) if rows is None else rows
    return _refit(data.X, estimator, data, rows)


@names_unreadable_images
def _refit(X, estimator, data, rows):
    with limited_threads(data.threads_per_fit):
        return _fit(clone(estimator), X, data.y, rows, data.groups)


def check_external(name, X, y, groups, study, taken):
    """Check that a data set is another one than that of the study.

    Parameters
    ----------
    name : str

    X : DataFrame, list or ndarray
        Images, in any form.

    y : array-like of shape (n_samples,)
        Class labels.

    groups : array-like of shape (n_samples,) or None

    study : CheckedData
        Data of the comparison.

    taken : list of str
        Names that other data sets have.

    Returns
    -------
    data : CheckedData
        Its only split predicts every row.

    Raises
    ------
    ValueError
        If the name is taken, or a label is unknown.

    LeakageError
        If a group or an image is in the study.
    """
    if not isinstance(name, str) or not name or name in taken:
        raise ValueError(
            f"Expected name to be a text other than {taken!r}. Got {name!r}."
        )
    y = np.array(column_or_1d(y, warn=True))
    check_consistent_length(X, y)
    _check_labels(y, study.labels)
    groups = find_groups(X, groups)
    if groups is None:
        _warn_of_no_groups(name)
    else:
        warn_of_blanks_in_groups(groups)
        _check_no_shared_group(groups, study.groups)
    _check_no_shared_image(X, study.X)
    splits = [(np.arange(0), np.arange(len(y)))]
    return CheckedData(own_data(X), y, groups, splits, study.labels)


def _check_labels(y, labels):
    strange = ~pd.Series(y).isin(list(labels)).to_numpy()
    if strange.any():
        row = int(np.argmax(strange))
        raise ValueError(
            f"Expected the classes of the comparison, {labels.tolist()!r}, in y. Got "
            f"{y.tolist()[row]!r} in row {row}. Rename the labels, or leave such rows "
            "out."
        )


def _warn_of_no_groups(name):
    warn_user(
        f"No groups were passed for the external data set {name!r}, and X has no "
        "column 'group': the intervals treat the images of one patient as independent. "
        "Pass groups.",
        DataQualityWarning,
    )


def _check_no_shared_group(groups, known):
    n_shared = 0 if known is None else count_shared_groups(groups, known)
    if n_shared:
        raise LeakageError(
            "Expected an external data set of other groups (patients). Got "
            f"{n_shared} groups that have the same name in the comparison: their "
            "images would be in the training data. Leave them out. If they are other "
            "patients, rename the groups, for example to "
            "[f'external {group}' for group in groups]."
        )


def _check_no_shared_image(X, known):
    n_shared = same_images(X, known)["row"].nunique()
    if n_shared:
        raise LeakageError(
            f"Expected an external data set of other images. Got {n_shared} images "
            "(files of equal content, or equal pixels or features) that are in the "
            "comparison, too: every model would be fitted on them. Leave these rows "
            "out. The out-of-fold predictions of the comparison already score them."
        )


def predict_external(comparison, name, data):
    """Predict an external data set with every model, fitted on all other data.

    Parameters
    ----------
    comparison : ModelComparison

    name : str
        Name of the data set, for warnings and errors.

    data : CheckedData

    Returns
    -------
    predictions : DataFrame
        The columns of ``predictions`` of the comparison.

    Raises
    ------
    ValueError
        If every model fails.
    """
    results = {}
    for model in comparison._estimators:
        results[model] = [_predict(comparison, model, data)]
        free_memory()
    errors = {m: r[0]["error"] for m, r in results.items() if "error" in r[0]}
    if len(errors) == len(results):
        raise ValueError(
            f"All {len(errors)} models failed on the external data set {name!r}. The "
            f"first error was raised in {next(iter(errors.values()))}"
        )
    for model, error in errors.items():
        warn_user(
            f"The model {model!r} failed on the external data set {name!r} and is not "
            f"scored there. The error was raised in {error}",
            FitFailedWarning,
        )
    return prediction_table(results, data.splits, row_table(data))


def _predict(comparison, model, data):
    # A row in the error is one of the data that this step reads.
    step = "the fit to the data of the comparison"
    try:
        fitted = comparison.refit(model)
        step = "the prediction of the external data"
        with limited_threads(comparison._data.threads_per_fit):
            return predict_rows(fitted, data.X, data.labels)
    except Exception:
        if comparison._error_score == "raise":
            raise
        known = (comparison._data, data)
        text = error_text(*((each.X, each.groups) for each in known))
        return {"error": f"{step}:\n{text}"}
