"""Validation of X and y for estimators of images.

Any form of X that holds paths becomes an image table. Any other X passes
scikit-learn's own validation and becomes an array of three or four dimensions.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    check_consistent_length,
    column_or_1d,
    validate_data,
)

from ._blanks import warn_of_blanks
from ._columns import IMAGE, NAMES_BACK
from ._image_table import holds_paths, image_table
from ._private import _num_samples
from ._scale import as_one_array, warn_of_few_bits, warn_of_rows

__all__ = ["check_images", "check_labels", "check_target", "no_samples"]

_NO_TARGET = "no_validation"
_MOST_CHANNELS = 4


def check_images(estimator, X, y=_NO_TARGET, *, image_shape=None, reset=False):
    """Validate X, and y if it is given, for an estimator of images.

    Sets ``n_features_in_``, ``feature_names_in_`` and, where X holds pixels,
    ``image_shape_`` when `reset` is true; checks X against them otherwise.

    Parameters
    ----------
    estimator : estimator
        Its name, tags and fitted attributes are used.

    X : object
        Any form of X (see the user guide).

    y : array-like of shape (n_samples,), default="no_validation"
        Class labels.

    image_shape : tuple of (height, width[, n_channels]), default=None
        Shape of the flattened images in a 2-D numeric X. It is used if `reset` is
        true; otherwise the shape of ``fit`` is used.

    reset : bool, default=False
        True in ``fit``, False in ``predict`` and ``transform``.

    Returns
    -------
    X : DataFrame, or ndarray of shape (n_samples, height, width[, n_channels])
        Image table or pixels.

    y : ndarray of shape (n_samples,)
        Only if `y` was given.

    Raises
    ------
    ValueError
        If X cannot become images of one shape, or differs from that of ``fit``.
    """
    if holds_paths(X):
        return _check_paths_and_target(estimator, X, y, reset)
    X = _check_form(estimator, X, reset)
    checked = validate_data(
        estimator, X, y, reset=reset, dtype="numeric", allow_nd=True
    )
    X, targets = (checked, ()) if y is _NO_TARGET else (checked[0], checked[1:])
    X = _as_images(X, image_shape if reset else estimator.image_shape_, estimator)
    _check_shape(estimator, X, reset)
    _check_pixels(X)
    if reset:
        warn_of_few_bits(X, estimator)
    return (X, *targets) if targets else X


def _check_form(estimator, X, reset):
    """Raise errors about X that scikit-learn's validation would not explain."""
    _check_columns(X)
    X = as_one_array(X)
    if hasattr(X, "permute"):  # a tensor
        _check_axes(tuple(X.shape), "X.permute(0, 2, 3, 1)")
    if not reset and getattr(estimator, "image_shape_", False) is None:
        raise ValueError(
            f"{type(estimator).__name__} was fitted on paths of images, and X holds "
            f"{type(X).__name__} without paths. Pass paths, or a DataFrame with the "
            "column 'image'."
        )
    if isinstance(X, list | tuple) and not X:
        raise no_samples(estimator)
    if isinstance(X, np.ndarray) and not reset and not _is_table(X, estimator):
        _check_shape(estimator, X, reset)
    return X


def _check_columns(X):
    """Raise where a table holds paths, but no column ``image``."""
    if isinstance(X, str | Path):
        raise ValueError(
            "Expected several images in X. Got one path: pass [path] for one image, "
            "skfusion.images.scan_images(path) for all images of a folder."
        )
    _check_no_text(X)
    is_array = isinstance(X, np.ndarray) and X.dtype.kind in "OU" and X.ndim == 2
    if is_array:
        X = pd.DataFrame(X)
    if not isinstance(X, pd.DataFrame):
        return
    texts = [name for name in X.columns if _holds_text(X[name])]
    if texts and is_array:
        raise ValueError(
            f"Expected the paths of images in one column. Got an array of "
            f"{X.shape[1]} columns without names, of which {texts!r} hold text. Pass "
            f"the column 'image' of the table alone, X[['image']]. {NAMES_BACK}"
        )
    if texts:
        raise ValueError(
            "Expected the paths of images in a column 'image' of X. Got the columns "
            f"{list(X.columns)!r} instead, of which {texts!r} hold text. Rename the "
            "column of the paths: X.rename(columns={...: 'image'})."
        )


def _holds_text(column):
    values = column.to_numpy()
    if values.dtype.kind not in "OUST":
        return False
    return any(isinstance(value, str | bytes | Path) for value in values)


def _check_no_text(X):
    """Raise where a path, or bytes, is among numbers; no message may show it."""
    if not isinstance(X, list | tuple | pd.Series):
        return
    for row, value in enumerate(X):
        if isinstance(value, str | bytes | Path):
            raise ValueError(
                "Expected paths (str or Path) or numbers in X, not both. Got "
                f"{type(value).__name__} in row {row}. Convert paths of bytes with "
                "os.fsdecode."
            )


def no_samples(estimator):
    """Return the error of an X without rows, with the message of scikit-learn."""
    return ValueError(
        "Found array with 0 sample(s) while a minimum of 1 is required by "
        f"{type(estimator).__name__}."
    )


def _check_paths_and_target(estimator, X, y, reset):
    name = type(estimator).__name__
    if y is None:
        raise ValueError(f"{name} requires y to be passed, but the target y is None.")
    if _num_samples(X) == 0:
        raise no_samples(estimator)
    shape = getattr(estimator, "image_shape_", None)
    if not reset and shape is not None and len(shape) == 3 and shape[2] != 1:
        raise ValueError(
            f"{name} was fitted on arrays of shape {shape!r}, and X holds paths, which "
            "are read as images of one channel. Fit on paths, or on grey images."
        )
    table = image_table(X)
    if reset:
        estimator.feature_names_in_ = np.array([IMAGE], dtype=object)
        estimator.n_features_in_ = 1
        estimator.image_shape_ = None
    if y is _NO_TARGET:
        return table
    return table, check_target(table, y)


def check_target(X, y):
    """Validate the class labels of a table.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_columns)

    y : array-like of shape (n_samples,) or (n_samples, 1)
        Class labels.

    Returns
    -------
    y : ndarray of shape (n_samples,)

    Raises
    ------
    ValueError
        If y has several columns, or another length than X.
    """
    y = column_or_1d(y, warn=True)
    check_consistent_length(X, y)
    return y


def _check_axes(shape, remedy="numpy.asarray(X).transpose(0, 2, 3, 1)"):
    """Raise where the channels are not on the last axis."""
    if len(shape) > 4 or (len(shape) == 4 and shape[3] > _MOST_CHANNELS):
        raise ValueError(
            "Expected X of shape (n_samples, height, width) or (n_samples, height, "
            f"width, n_channels) with at most {_MOST_CHANNELS} channels. Got an array "
            f"of shape {shape!r} instead. Move channels from the first axis to the "
            f"last: {remedy}."
        )


def _as_images(X, image_shape, estimator):
    _check_axes(X.shape)
    if X.ndim > 2:
        return X
    if image_shape is None:
        warn_of_rows(X, estimator)
    shape = (1, X.shape[1]) if image_shape is None else tuple(image_shape)
    if np.prod(shape) != X.shape[1]:
        raise ValueError(
            f"The 'image_shape' parameter of {type(estimator).__name__} is {shape!r}, "
            f"that is {np.prod(shape)} pixels. Got X of shape {X.shape!r} instead."
        )
    return X.reshape(len(X), *shape)


def _is_table(X, estimator):
    """Return whether X has one row per image, rather than being images itself."""
    is_one_image = X.shape == estimator.image_shape_ and len(X) > 1
    return X.ndim < 3 and not is_one_image


def _check_shape(estimator, X, reset):
    if reset:
        estimator.image_shape_ = X.shape[1:]
    elif X.shape[1:] != estimator.image_shape_:
        raise ValueError(
            f"Expected images of shape {estimator.image_shape_!r}, the shape in fit of "
            f"{type(estimator).__name__}. Got {X.shape[1:]!r} instead."
            f"{_remedy(X.shape, estimator.image_shape_)}"
        )


def _remedy(shape, fitted):
    """Return advice for X whose shape differs from that of the images of ``fit``."""
    if shape == fitted:
        return " Pass one image as X[numpy.newaxis]."
    if len(shape) == 4 and shape[1] <= _MOST_CHANNELS and shape[2:] == fitted[:2]:
        return " Put the channels last: numpy.moveaxis(X, 1, -1)."
    if shape[1:3] == fitted[:2]:
        n_channels = fitted[2] if len(fitted) == 3 else 1
        target = "grey" if n_channels == 1 else f"{n_channels} channels"
        return f" Convert them to {target} first."
    return " Resize them first."


def _check_pixels(X):
    """Raise where images have no pixel, or a number is too large for a network."""
    if 0 in X.shape[1:]:
        raise ValueError(
            "Expected images of at least 1 x 1 pixel in X. Got an array of shape "
            f"{X.shape!r} instead."
        )
    limit = np.finfo(np.float32).max
    is_wide = X.dtype.kind == "f" and X.dtype.itemsize > 4
    if is_wide and (X.max() > limit or X.min() < -limit):
        raise ValueError(
            f"Expected numbers that float32 can hold in X, up to {limit:.2g}. Got "
            f"{X.dtype} up to {max(X.max(), -X.min()):.2g} instead. Divide X by its "
            "greatest possible value."
        )


def check_labels(y, name):
    """Encode class labels as column indices.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        Class labels of any kind.

    name : str
        Name of the estimator, for errors and warnings.

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
            f"Leave such rows out before fitting {name}."
        )
    check_classification_targets(y)
    classes, codes = np.unique(y, return_inverse=True)
    warn_of_blanks(classes, name)
    if len(classes) < 2:
        raise ValueError(
            f"{name} needs samples of at least 2 classes in y. Got 1 class instead: "
            f"{classes.tolist()[0]!r}. Check the labels, or the folds."
        )
    return classes, codes.astype(np.int64)
