"""Checks of the data of a study before anything is fitted."""

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from .._validation._cells import is_path
from .._validation._columns import DATASET, GROUP, is_present
from ..exceptions import DataQualityWarning, warn_user
from ._leakage import report_leakage
from ._same_images import image_marks, path_columns

__all__ = [
    "check_classes",
    "check_images_of_folds",
    "check_labels",
    "warn_of_group_features",
    "warn_of_images_in_groups",
    "warn_of_other_groups",
]


def check_classes(y, name):
    """Return y as an array, or raise an error if it is not a column of classes.

    Parameters
    ----------
    y : array-like of shape (n_samples,)

    name : str
        Name of the function, for the error.

    Returns
    -------
    y : ndarray of shape (n_samples,)
        A copy.

    Raises
    ------
    ValueError
        If a label is missing, y is continuous, or it holds fewer than two classes.
    """
    y = check_labels(y)
    classes = np.unique(y)
    if len(classes) < 2:
        raise ValueError(
            f"{name} needs two classes or more in y. Got {classes.tolist()!r} only. "
            "Add the rows of another class."
        )
    return y


def check_labels(y):
    """Return y as an array, or raise an error if it is not a column of labels.

    Parameters
    ----------
    y : array-like of shape (n_samples,)

    Returns
    -------
    y : ndarray of shape (n_samples,)
        A copy.

    Raises
    ------
    ValueError
        If a label is missing, or y is continuous.
    """
    y = np.array(column_or_1d(y, warn=True))
    missing = np.flatnonzero(pd.isna(y))
    if len(missing):
        raise ValueError(
            f"Expected a class label in every row of y. Got none in {len(missing)} "
            f"rows, the first of which is row {missing[0]}. Drop these rows."
        )
    check_classification_targets(y)
    return y


def warn_of_group_features(X, estimators):
    """Warn where a model reads a numeric column of groups as a feature.

    Parameters
    ----------
    X : DataFrame, list or ndarray
        Images or features, in any form.

    estimators : list of (str, classifier)
        A model that holds a ColumnTransformer, a FunctionTransformer or a part of
        skfusion selects its columns, and is not warned of.
    """
    if not isinstance(X, pd.DataFrame) or path_columns(X):
        return
    numbers = X.select_dtypes(["number", "bool"]).columns
    found = [column for column in (GROUP, DATASET) if column in numbers]
    models = [name for name, model in estimators if not _selects_columns(model)]
    if found and models:
        warn_user(
            f"X has the numeric column {found[0]!r}, which the models {models!r} read "
            "as a feature if they take all columns. Pass groups and drop the column "
            "from X, or begin the models with a ColumnTransformer that selects the "
            "features.",
            DataQualityWarning,
        )


def _selects_columns(model):
    """Return whether a model selects its columns, or reads none."""
    selectors = ColumnTransformer | DummyClassifier | FunctionTransformer
    parts = [model, *model.get_params().values()]
    return any(
        isinstance(part, selectors) or type(part).__module__.startswith("skfusion.")
        for part in parts
    )


def warn_of_other_groups(X, groups):
    """Warn where `groups` separate rows that the column ``group`` keeps together.

    Parameters
    ----------
    X : DataFrame, list or ndarray

    groups : ndarray of shape (n_samples,)
        Groups that the folds keep together.
    """
    if not isinstance(X, pd.DataFrame) or GROUP not in X.columns:
        return
    n_separated = _count_separated(X[GROUP], groups)
    if n_separated:
        warn_user(
            "The parameter groups separates rows that the column 'group' of X keeps "
            f"together, in {n_separated} of its groups. A split may separate them too. "
            "Leave groups out to use the column, or drop the column.",
            DataQualityWarning,
        )


def warn_of_images_in_groups(X, groups):
    """Warn where one image is in rows of several groups, by the text of its path.

    Parameters
    ----------
    X : DataFrame, list or ndarray
        Images, in any form.

    groups : ndarray of shape (n_samples,)
        Groups that the folds keep together.
    """
    counts = [
        _count_separated(column[has_path].astype(str), groups[has_path])
        for column in path_columns(X)
        for has_path in [column.map(is_path).to_numpy(bool) & is_present(column)]
    ]
    if any(counts):
        warn_user(
            "Rows of different groups hold the same image, by its path. Number of such "
            f"images: {sum(counts)}. A split may have them on both sides. Give all "
            "rows of an image the same group, usually the patient.",
            DataQualityWarning,
        )


def check_images_of_folds(X, splits, on_leakage):
    """Report where one image is on both sides of a fold.

    Parameters
    ----------
    X : DataFrame, list or ndarray
        Images, in any form. Tables of features are not compared.

    splits : list of (train, test)
        Rows of both sides of each fold.

    on_leakage : {"raise", "warn", "ignore"}

    Raises
    ------
    LeakageError
        If `on_leakage` is "raise".
    """
    if on_leakage == "ignore":
        return
    marks = image_marks(X, features=False)
    marks = marks[marks["mark"].duplicated(keep=False)]
    if not len(marks):
        return
    report = pd.concat(
        [_find_crossing(fold, *split, marks) for fold, split in enumerate(splits)],
        ignore_index=True,
    )
    if len(report):
        first = report.iloc[0]
        report_leakage(
            "Expected each image on one side of a split. Got "
            f"{(report['fold'] == first['fold']).sum()} rows in the test part of fold "
            f"{first['fold']} whose image (the same file, or one of equal content) is "
            f"in its training part: the first is row {first['test_row']} of X, the "
            f"same as row {first['train_row']}. Its score would be too good. Give "
            "all rows of an image the same group, usually the patient, or leave "
            "copies out. on_leakage='warn' goes on with a warning.",
            on_leakage,
            report,
        )


def _find_crossing(fold, train, test, marks):
    """Return the rows to test with the first row to train that holds their image."""
    in_train = marks[marks["row"].isin(train)].drop_duplicates("mark")
    in_test = marks.loc[marks["row"].isin(test), ["row", "mark"]]
    in_train = in_train.rename(columns={"row": "train_row"})
    in_test = in_test.rename(columns={"row": "test_row"})
    crossing = in_test.merge(in_train, on="mark").drop_duplicates("test_row")
    crossing = crossing.sort_values("test_row", kind="stable").assign(fold=fold)
    return crossing[["fold", "train_row", "test_row", "kind"]]


def _count_separated(names, groups):
    """Count the names whose rows are in several groups."""
    codes = pd.Series(pd.factorize(groups)[0])
    return int((codes.groupby(names.to_numpy(), sort=False).nunique() > 1).sum())
