"""Classes from the labels of a user's table."""

import numpy as np
import pandas as pd

from .._validation._positive_class import warn_of_positive_class
from ..exceptions import DataQualityWarning, warn_user
from ._image_table_misspelt import warn_of_misspelt_labels

__all__ = ["encode_labels", "show_labels"]

_N_LABELS_SHOWN = 10


def encode_labels(labels, positive, column):
    """Encode labels as the classes 0, 1, 2 ...

    Parameters
    ----------
    labels : Series
        A label in each row.

    positive : label, list of labels or None
        Labels of class 1; all others are class 0. If None, every label is a class, in
        sorted order.

    column : str
        Name of the column, for messages.

    Returns
    -------
    target : ndarray of shape (n_rows,), dtype int64

    target_names : list of str
        With `positive`, class 0 of several labels is "not malignant", for example.

    Raises
    ------
    ValueError
        If there are fewer than two classes, labels of several types, or no such
        positive label.

    Warns
    -----
    DataQualityWarning
        If labels differ only in case and blanks, labels may be misspelt, or the
        alphabet alone decides which of two labels is positive.
    """
    classes = _sorted_labels(labels, column)
    _warn_of_twins(classes, column)
    if positive is None:
        warn_of_misspelt_labels(labels, [], column)
        warn_of_positive_class(np.array(classes, dtype=object), *_advice(classes))
        target = [classes.index(label) for label in labels]
        return np.array(target, dtype=np.int64), list(map(str, classes))
    positives = list(positive) if pd.api.types.is_list_like(positive) else [positive]
    _check_positives(positives, classes, column)
    warn_of_misspelt_labels(labels, positives, column)
    target = labels.isin(positives).to_numpy(dtype=np.int64)
    return target, _class_names(classes, positives)


def _class_names(classes, positives):
    """Return short names of class 0 and class 1."""
    negative, positive = (
        [str(label) for label in classes if (label in positives) == side]
        for side in (False, True)
    )
    others = f"not {positive[0]}" if len(positive) == 1 else "other"
    named = " or ".join(positive[:2])
    if len(positive) > 2:
        named = f"{positive[0]} or {len(positive) - 1} others"
    return [negative[0] if len(negative) == 1 else others, named]


def _sorted_labels(labels, column):
    """Return the distinct labels, sorted; whole floats become integers."""
    classes = labels.unique().tolist()
    if all(isinstance(label, float) and label.is_integer() for label in classes):
        classes = [int(label) for label in classes]
    if len(classes) < 2:
        raise ValueError(
            f"Expected two labels or more in the column {column!r}. Got {classes!r} "
            "only. Add the rows of another class."
        )
    try:
        return sorted(classes)
    except TypeError as error:
        types = sorted({type(label).__name__ for label in classes})
        raise ValueError(
            f"Expected labels of one type in the column {column!r}. Got the types "
            f"{types!r}. Convert them, for example to str."
        ) from error


def _advice(classes):
    """Return the function and the advice of the warning of the positive class."""
    negative, positive = classes[0], classes[-1]
    return (
        "load_image_table",
        f"Pass positive={positive!r} to confirm this, or positive={negative!r} to make "
        f"{negative!r} the positive class.",
    )


def _check_positives(positives, classes, column):
    unknown = [label for label in positives if label not in classes]
    if unknown or not 0 < len(set(positives)) < len(classes):
        raise ValueError(
            f"Expected positive to be some of the labels of the column {column!r}, "
            f"but not all of them: {show_labels(classes)}. Got {positives!r} instead."
        )


def _warn_of_twins(classes, column):
    texts = pd.Series(classes).astype(str).str.strip().str.casefold()
    twins = [
        label
        for label, is_twin in zip(classes, texts.duplicated(keep=False), strict=True)
        if is_twin
    ]
    if twins:
        warn_user(
            f"The labels {show_labels(twins)} of the column {column!r} differ in case "
            "or in blanks at their ends only, and are different labels. If they are "
            f"one: table[{column!r}] = table[{column!r}].str.strip().str.lower().",
            DataQualityWarning,
        )


def show_labels(labels):
    """Return the first of some labels as text.

    Parameters
    ----------
    labels : list

    Returns
    -------
    text : str
    """
    more = ", ..." if len(labels) > _N_LABELS_SHOWN else ""
    return ", ".join(repr(label) for label in labels[:_N_LABELS_SHOWN]) + more
