"""The one gate for X, y and groups.

An image table is a DataFrame with the column ``image`` (paths). Whatever form of
X holds paths becomes one; everything else goes through scikit-learn's own
validation and comes out as an array of two to four dimensions.
"""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    _num_samples,
    check_consistent_length,
    column_or_1d,
    validate_data,
)

from .exceptions import DataQualityWarning

_PATH_TYPES = (str, Path)
_NO_TARGET = "no_validation"
_MOST_CHANNELS = 4
_SCALE_SAMPLE = 32
_MOST_PLAUSIBLE = 10


def holds_paths(X):
    """Whether X holds paths of images rather than their pixels.

    Parameters
    ----------
    X : object
        Any form of X.

    Returns
    -------
    holds_paths : bool

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion._validation import holds_paths
    >>> holds_paths(["left.png", "right.png"]), holds_paths(np.zeros((2, 8, 8)))
    (True, False)
    """
    if isinstance(X, pd.DataFrame):
        return "image" in X.columns or (
            X.shape[1] == 1 and _first_is_path(X.iloc[:, 0].to_numpy())
        )
    if isinstance(X, list | tuple | pd.Series | np.ndarray):
        return _first_is_path(X)
    return False


def _first_is_path(values):
    if isinstance(values, np.ndarray) and values.dtype.kind not in "OUT":
        return False
    for value in values:
        while isinstance(value, list | tuple | np.ndarray) and len(value) == 1:
            value = value[0]
        if isinstance(value, _PATH_TYPES):
            return True
        if not _is_missing(value):
            return False
    return False


def _holds_text(column):
    values = column.to_numpy()
    if values.dtype.kind not in "OUST":
        return False
    return any(isinstance(value, str | bytes | Path) for value in values)


def _is_missing(value):
    return pd.api.types.is_scalar(value) and pd.isna(value)


def image_table(X):
    """Put any form of X that holds paths into an image table.

    Parameters
    ----------
    X : DataFrame, Series, list, or ndarray of shape (n_samples,) or (n_samples, 1)
        Paths of images.

    Returns
    -------
    table : DataFrame of shape (n_samples, n_columns)
        With the column ``image``; the columns of a DataFrame are kept.

    Raises
    ------
    ValueError
        If a row has no path, or has several.
    """
    if isinstance(X, pd.DataFrame):
        table = X if "image" in X.columns else X.set_axis(["image"], axis=1)
    elif isinstance(X, pd.Series):
        table = X.rename("image").to_frame()
    else:
        table = pd.DataFrame({"image": _one_column(X)})
    _check_paths(table["image"].to_numpy())
    return table


def _one_column(X):
    values = np.empty(len(X), dtype=object)
    for row, value in enumerate(X):
        while isinstance(value, list | tuple | np.ndarray) and len(value) == 1:
            value = value[0]
        values[row] = value
    return values


def _check_paths(values):
    for row, value in enumerate(values):
        if not isinstance(value, _PATH_TYPES):
            raise ValueError(
                f"Expected the path of an image (str or Path) in row {row} of X. "
                f"Got {_name_kind(value)} instead. Drop the row or give it a path."
            )


def _name_kind(value):
    # Never the value itself: there may be a path in it, and a patient in the path.
    return repr(value) if _is_missing(value) else type(value).__name__


def check_images(estimator, X, y=_NO_TARGET, *, image_shape=None, reset=False):
    """Validate X, and y if it is given, for an estimator of images.

    Sets ``n_features_in_``, ``feature_names_in_`` and, where X holds pixels,
    ``image_shape_`` when `reset` is true; checks X against them otherwise.

    Parameters
    ----------
    estimator : estimator
        For its name, tags and fitted attributes.

    X : object
        Any form of X (see the user guide).

    y : array-like of shape (n_samples,), default="no_validation"
        Class labels.

    image_shape : tuple of (height, width[, n_channels]), default=None
        Shape of the flattened images in a 2-D numeric X.

    reset : bool, default=False
        True in ``fit``, False in ``predict`` and ``transform``.

    Returns
    -------
    X : DataFrame, or ndarray of shape (n_samples, height, width[, n_channels])
        Image table or pixels.

    y : ndarray of shape (n_samples,)
        Only if `y` was given.
    """
    if holds_paths(X) or (isinstance(X, pd.DataFrame) and "image" in X.columns):
        return _check_paths_and_target(estimator, X, y, reset)
    _check_columns(X)
    if not reset and getattr(estimator, "image_shape_", False) is None:
        raise ValueError(
            f"{type(estimator).__name__} was fitted on paths of images, and X holds "
            f"{type(X).__name__} without paths. Pass paths, or a DataFrame with the "
            "column 'image'."
        )
    if isinstance(X, list | tuple) and not X:
        raise _no_samples(estimator)
    if isinstance(X, np.ndarray) and X.ndim > 2 and not reset:
        _check_shape(estimator, X, reset)
    checked = validate_data(
        estimator, X, y, reset=reset, dtype="numeric", allow_nd=True
    )
    X, targets = (checked, ()) if y is _NO_TARGET else (checked[0], checked[1:])
    X = _as_images(X, image_shape, estimator)
    _check_shape(estimator, X, reset)
    return (X, *targets) if targets else X


def _check_columns(X):
    """Raise where paths stand in a table, and none of its columns is ``image``."""
    if isinstance(X, str | Path):
        raise ValueError("Expected several images in X. Got one path: pass [path].")
    _check_no_text(X)
    is_table = isinstance(X, np.ndarray) and X.dtype.kind in "OU" and X.ndim == 2
    if is_table:
        X = pd.DataFrame(X)
    if not isinstance(X, pd.DataFrame):
        return
    texts = [name for name in X.columns if _holds_text(X[name])]
    if texts:
        raise ValueError(
            "Expected the paths of images in a column 'image' of X. Got the columns "
            f"{list(X.columns)!r} instead, of which {texts!r} hold text. Rename the "
            "column of the paths: X.rename(columns={...: 'image'})."
        )


def _check_no_text(X):
    """Raise where a path, or bytes, stands among numbers: no message may show it."""
    if not isinstance(X, list | tuple | pd.Series):
        return
    for row, value in enumerate(X):
        if isinstance(value, str | bytes | Path):
            raise ValueError(
                "Expected paths (str or Path) or numbers in X, not both. Got "
                f"{type(value).__name__} in row {row}. Paths of bytes become str by "
                "os.fsdecode."
            )


def _no_samples(estimator):
    return ValueError(
        "Found array with 0 sample(s) while a minimum of 1 is required by "
        f"{type(estimator).__name__}."
    )


def _check_paths_and_target(estimator, X, y, reset):
    name = type(estimator).__name__
    if y is None:
        raise ValueError(f"{name} requires y to be passed, but the target y is None.")
    if _num_samples(X) == 0:
        raise _no_samples(estimator)
    shape = getattr(estimator, "image_shape_", None)
    if not reset and shape is not None and len(shape) == 3 and shape[2] != 1:
        raise ValueError(
            f"{name} was fitted on arrays of shape {shape!r}, and X holds paths, which "
            "are read as images of one channel. Fit on paths, or on grey images."
        )
    table = image_table(X)
    if reset:
        estimator.feature_names_in_ = np.array(["image"], dtype=object)
        estimator.n_features_in_ = 1
        estimator.image_shape_ = None
    if y is _NO_TARGET:
        return table
    y = column_or_1d(y, warn=True)
    check_consistent_length(table, y)
    return table, y


def _as_images(X, image_shape, estimator):
    if X.ndim > 4 or (X.ndim == 4 and X.shape[3] > _MOST_CHANNELS):
        raise ValueError(
            "Expected X of shape (n_samples, height, width) or (n_samples, height, "
            f"width, n_channels) with at most {_MOST_CHANNELS} channels. Got an array "
            f"of shape {X.shape!r} instead. Put channels that come first last: "
            "X.transpose(0, 2, 3, 1)."
        )
    if X.ndim > 2:
        return X
    shape = (1, X.shape[1]) if image_shape is None else tuple(image_shape)
    if np.prod(shape) != X.shape[1]:
        raise ValueError(
            f"The 'image_shape' parameter of {type(estimator).__name__} is {shape!r}, "
            f"that is {np.prod(shape)} pixels. Got X of shape {X.shape!r} instead."
        )
    return X.reshape(len(X), *shape)


def _check_shape(estimator, X, reset):
    if reset:
        estimator.image_shape_ = X.shape[1:]
    elif X.shape[1:] != estimator.image_shape_:
        raise ValueError(
            f"Expected images of shape {estimator.image_shape_!r}, as in fit of "
            f"{type(estimator).__name__}. Got {X.shape[1:]!r} instead. "
            "Resize them first."
        )


def check_labels(y, name):
    """Encode class labels as column indices.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        Class labels of any kind.

    name : str
        Name of the estimator, for the error.

    Returns
    -------
    classes : ndarray of shape (n_classes,)
        Sorted labels.

    codes : ndarray of shape (n_samples,), dtype int64
        Index of each label in `classes`.

    Raises
    ------
    ValueError
        If `y` is not a classification target or has a single class.
    """
    if pd.isna(y).any():
        row = int(np.argmax(pd.isna(y)))
        raise ValueError(
            f"Expected a class label in every row of y. Row {row} has none. "
            f"Leave out what {name} cannot learn from."
        )
    check_classification_targets(y)
    classes, codes = np.unique(y, return_inverse=True)
    if len(classes) < 2:
        raise ValueError(
            f"{name} needs samples of at least 2 classes in y. Got 1 class instead: "
            f"{classes.tolist()[0]!r}. Check the labels, or how the folds were drawn."
        )
    return classes, codes.astype(np.int64)


def check_channels(n_channels, estimator):
    """Raise a ValueError unless a pretrained network can see so many channels.

    Parameters
    ----------
    n_channels : int
        1 (repeated) or 3.

    estimator : estimator
        For its name.
    """
    if n_channels not in (1, 3):
        raise ValueError(
            f"{type(estimator).__name__} expects images with 1 or 3 channels, on the "
            f"last axis. Got {n_channels!r} instead. Move the channels to the last "
            "axis with numpy.moveaxis, or choose three of them."
        )


def is_beyond_unit_range(images):
    """Whether numbers that are taken as they are go far beyond [0, 1].

    Augmented images leave [0, 1] a little; images of 8 bits that became floats leave
    it by far.

    Parameters
    ----------
    images : DataFrame or ndarray
        Validated X. Of an array, the first images are looked at.

    Returns
    -------
    is_beyond : bool
    """
    if isinstance(images, pd.DataFrame) or images.dtype in (np.uint8, np.uint16):
        return False
    return bool(np.max(images[:_SCALE_SAMPLE], initial=0) > _MOST_PLAUSIBLE)


def warn_of_scale(images, estimator):
    """Warn where numbers that a network takes as they are go far beyond [0, 1].

    Parameters
    ----------
    images : DataFrame or ndarray
        Validated X.

    estimator : estimator
        For its name.
    """
    if is_beyond_unit_range(images):
        warnings.warn(
            f"{type(estimator).__name__} expects numbers in [0, 1] (uint8 and uint16 "
            f"are scaled to it). Got {images.dtype} up to "
            f"{np.max(images[:_SCALE_SAMPLE]):g}: divide X by its greatest possible "
            "value.",
            DataQualityWarning,
            stacklevel=3,
        )
