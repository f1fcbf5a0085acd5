"""Which columns of a data set's table are probed, and why the others are left out."""

import re

import numpy as np
import pandas as pd

from .._validation._columns import GROUP, IMAGE, REGION, is_present

__all__ = ["as_features", "is_reading", "is_source", "split_columns"]

# The scanner, or the place where an image was made, whatever a publisher calls it.
_SOURCE_COLUMNS = (
    "dataset",
    "device",
    "machine",
    "machine_id",
    "manufacturer",
    "model",
    "scanner",
    "site",
    "site_id",
)

# Names of the label. VinDr-Mammo and INbreast make theirs from BI-RADS. A column of
# such a name is still probed where it does not determine the label.
_LABEL_WORDS = (
    "birads",
    "cancer",
    "class",
    "classification",
    "label",
    "malignant",
    "pathology",
    "severity",
    "target",
)

_FILE_NAME = re.compile(r"\.(?:png|jpe?g|dcm|tiff?|pgm|bmp|npy|jp2)\b", re.IGNORECASE)
_MOST_CATEGORIES = 200  # of a column; the model takes at most 255


def split_columns(metadata, y, groups):
    """Separate the columns that are probed from those that cannot be a shortcut.

    Parameters
    ----------
    metadata : DataFrame of shape (n_samples, n_columns)
        Table of the data set, such as ``frame`` of a loader.

    y : ndarray of shape (n_samples,)
        Labels.

    groups : ndarray of shape (n_samples,)
        Group of each row, usually the patient.

    Returns
    -------
    used : list of str
        Columns that are probed.

    left_out : dict of {str: str}
        Why each other column is not probed.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfusion.audit._probe_columns import split_columns
    >>> frame = pd.DataFrame(
    ...     {"file": ["a.png", "b.png"], "cancer": [0, 1], "age": [41.0, 52.0]}
    ... )
    >>> split_columns(frame, y=[0, 1], groups=[0, 1])
    (['age'], {'file': 'names of files', 'cancer': 'the label itself'})
    """
    reasons = {
        name: _reason_to_leave_out(name, metadata[name], y, groups) for name in metadata
    }
    used = [name for name, reason in reasons.items() if not reason]
    return used, {name: reason for name, reason in reasons.items() if reason}


def is_source(name):
    """Return whether a column names the machine or the place of the images.

    Parameters
    ----------
    name : str

    Returns
    -------
    is_source : bool
    """
    return str(name).lower() in _SOURCE_COLUMNS


def is_reading(name):
    """Return whether a column is the BI-RADS category or the density of the breast.

    Parameters
    ----------
    name : str

    Returns
    -------
    is_reading : bool
    """
    name = re.sub("[^a-z]", "", str(name).lower())
    return "birads" in name or "density" in name


def _reason_to_leave_out(name, column, y, groups):
    """Return why a column is not probed, or empty text."""
    values = column.astype(object).where(is_present(column), None)
    if not values.map(pd.api.types.is_hashable).all():
        return "no numbers and no text"
    if values.nunique(dropna=False) < 2:
        return "one value in every row"
    if name in (IMAGE, GROUP):
        return "the image" if name == IMAGE else "the patient or group"
    if name == REGION:
        return "the box of the lesion"
    if _is_label(name, values, y):
        return "the label itself"
    if column.dtype.kind == "f":
        return ""
    is_text = values.map(lambda value: isinstance(value, str))
    if is_text.any() and values[is_text].str.contains(_FILE_NAME).all():
        return "names of files"
    return _reason_of_identifiers(values, groups)


def _reason_of_identifiers(values, groups):
    """Return why a column of text or whole numbers names single rows or patients."""
    groups_of_value = pd.Series(np.asarray(groups)).groupby(values.to_numpy()).nunique()
    n_groups = len(pd.unique(np.asarray(groups)))
    if len(groups_of_value) == values.notna().sum() and len(groups_of_value) > 2:
        return "another value in every row"
    if len(groups_of_value) > n_groups / 2 and (groups_of_value == 1).all():
        return "another value in every group"
    return ""


def _is_label(name, values, y):
    """Return whether a column is named like a label, and determines it."""
    words = re.split(r"[^a-z]+", str(name).lower().replace("-", ""))
    if not set(words) & set(_LABEL_WORDS):
        return False
    classes_of_value = pd.Series(np.asarray(y)).groupby(_codes(values)).nunique()
    return bool((classes_of_value == 1).all())


def _codes(values):
    return pd.factorize(values, use_na_sentinel=False)[0]


def as_features(metadata):
    """Return columns as numbers and categories, in which a missing value is missing.

    Parameters
    ----------
    metadata : DataFrame of shape (n_samples, n_columns)

    Returns
    -------
    features : DataFrame of shape (n_samples, n_columns)
        float64 for numbers and truth values, and categories for everything else. A
        missing value stays missing. Only the 200 most frequent values are categories
        of their own.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfusion.audit._probe_columns import as_features
    >>> frame = pd.DataFrame({"Age": ["61", "54"], "site": ["north", None]})
    >>> as_features(frame).dtypes.map(str).tolist()
    ['float64', 'category']
    """
    return pd.DataFrame({name: _as_feature(metadata[name]) for name in metadata})


def _as_feature(column):
    column = column.where(is_present(column), None)
    numbers = pd.to_numeric(column, errors="coerce")
    if (numbers.isna() == column.isna()).all():
        return numbers.astype(np.float64)
    values = column.map(str, na_action="ignore").astype(object)
    frequent = values.value_counts().index[:_MOST_CATEGORIES]
    return values.where(values.isin(frequent) | values.isna(), "other").astype(
        "category"
    )
