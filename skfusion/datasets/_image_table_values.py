"""Labels, sides, views and modalities of a user's table."""

import numpy as np
import pandas as pd

from .._validation._positive_class import warn_of_positive_class
from ..exceptions import DataQualityWarning, warn_user

__all__ = [
    "MODALITIES",
    "as_laterality",
    "as_modality",
    "as_text",
    "as_view",
    "encode_labels",
    "is_filled",
]

MODALITIES = ("mammography", "ultrasound")
_N_LABELS_SHOWN = 10
_MODALITIES = {
    "mammography": "mammography",
    "mammogram": "mammography",
    "mammo": "mammography",
    "mg": "mammography",
    "ultrasound": "ultrasound",
    "ultrasonography": "ultrasound",
    "sonography": "ultrasound",
    "us": "ultrasound",
}
_SIDES = {"l": "L", "left": "L", "r": "R", "right": "R"}
_VIEWS = {"craniocaudal": "CC", "mediolateraloblique": "MLO"}


def is_filled(values):
    """Find the cells of a column that hold more than blanks.

    Parameters
    ----------
    values : Series

    Returns
    -------
    is_filled : ndarray of shape (n_rows,), dtype bool
    """
    blank = [isinstance(value, str) and not value.strip() for value in values]
    return values.notna().to_numpy(dtype=bool) & ~np.array(blank, dtype=bool)


def as_laterality(values, problems):
    """Return L or R for each row, and None where there is no value.

    Parameters
    ----------
    values : Series
        Text such as "left" or "R".

    problems : Problems
        Receives the rows with another value.

    Returns
    -------
    sides : Series of str
    """
    return _translate(values, _SIDES, problems, "'L', 'R', 'left' or 'right'")


def as_modality(values, problems):
    """Return mammography or ultrasound for each row, and None without a value.

    Parameters
    ----------
    values : Series
        Text such as "mammography" or "US".

    problems : Problems
        Receives the rows with another value.

    Returns
    -------
    modalities : Series of str
    """
    return _translate(values, _MODALITIES, problems, "'mammography' or 'ultrasound'")


def _translate(values, words, problems, expected):
    found = [words.get(str(value).strip().lower()) for value in values]
    found = pd.Series(found, index=values.index, dtype=object)
    problems.add(
        values.index[found.isna() & is_filled(values)],
        f"an unknown value of {values.name!r}",
        f"Write {expected}, or leave the cell empty.",
    )
    return found


def as_text(values):
    """Return identifiers as text: 7, which pandas may have read as 7.0, is "7".

    Parameters
    ----------
    values : Series

    Returns
    -------
    texts : Series of str
    """
    texts = [
        str(int(value) if isinstance(value, float) and value.is_integer() else value)
        for value in values
    ]
    return pd.Series(texts, index=values.index, dtype=object)


def as_view(values):
    """Return CC, MLO or another view in upper case for each row.

    Parameters
    ----------
    values : Series

    Returns
    -------
    views : Series of str
        None where there is no value.
    """
    views = [
        _VIEWS.get(str(value).lower().replace("-", "").replace(" ", ""))
        or str(value).strip().upper()
        for value in values
    ]
    views = pd.Series(views, index=values.index, dtype=object)
    return views.where(is_filled(values), None)


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

    Raises
    ------
    ValueError
        If there are fewer than two classes, labels of several types, or no such
        positive label.

    Warns
    -----
    DataQualityWarning
        If labels differ only in case and blanks, or the alphabet alone decides which
        of two labels is positive.
    """
    classes = _sorted_labels(labels, column)
    _warn_of_twins(classes, column)
    if positive is None:
        warn_of_positive_class(np.array(classes, dtype=object), *_advice(classes))
        target = [classes.index(label) for label in labels]
        return np.array(target, dtype=np.int64), list(map(str, classes))
    positives = list(positive) if pd.api.types.is_list_like(positive) else [positive]
    _check_positives(positives, classes, column)
    names = [
        " or ".join(str(label) for label in classes if (label in positives) == side)
        for side in (False, True)
    ]
    return labels.isin(positives).to_numpy(dtype=np.int64), names


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
            f"but not all of them: {_show(classes)}. Got {positives!r} instead."
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
            f"The labels {_show(twins)} of the column {column!r} differ in case or in "
            "blanks at their ends only, and are different labels. If they are one, "
            f"write table[{column!r}] = table[{column!r}].str.strip().str.lower().",
            DataQualityWarning,
        )


def _show(labels):
    more = ", ..." if len(labels) > _N_LABELS_SHOWN else ""
    return ", ".join(repr(label) for label in labels[:_N_LABELS_SHOWN]) + more
